"""What all streams of one run share: settings, the one client, workers, the report, the wish
to stop. Made once, when the first stream needs it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tap_intercom_archive.client import Client, Workspace
from tap_intercom_archive.clock import ServerClock, Stop
from tap_intercom_archive.errors import Denied
from tap_intercom_archive.hydration import Workers
from tap_intercom_archive.pacing import Limiter
from tap_intercom_archive.report import Report
from tap_intercom_archive.settings import Settings

_UNKNOWN = Workspace(id="", name="", region="", timezone="", created_at=None)


@dataclass(frozen=True)
class Run:
    """One run's shared parts; `workspace` is whose data the token reads."""

    settings: Settings
    stop: Stop
    client: Client
    workers: Workers
    report: Report
    workspace: Workspace

    @classmethod
    def begin(
        cls, config: Mapping[str, Any], user_agent: str, stop: Stop, logger: logging.Logger
    ) -> Run:
        """Read the settings and ask whose workspace it is, unless an archive is replayed.

        Raises Refusal where the settings or the token are no good, Faulty where Intercom does
        not answer.
        """
        settings = Settings.read(config, user_agent)
        client = connect(settings, stop)
        # A replay asks Intercom nothing, so it cannot tell.
        workspace = _UNKNOWN if settings.replay_path else client.workspace()
        return cls(
            settings=settings,
            stop=stop,
            client=client,
            workers=Workers(settings.concurrency, stop, lambda: client.limiter.wanted),
            report=Report(logger, client, settings.rate_limit_reserve_percent),
            workspace=workspace,
        )

    def check_token(self, denied: Denied) -> None:
        """After a 401 or 403, raise TokenRefused where the token is good for nothing any more."""
        if denied.status == 401:
            self.client.workspace()


def connect(settings: Settings, stop: Stop) -> Client:
    """Give the one client of a run."""
    clock = ServerClock()
    limiter = Limiter(
        clock, stop, settings.rate_limit_reserve_percent, at_once=settings.concurrency
    )
    return Client(settings, clock, limiter, stop)
