"""The SDK's own suite for taps passes against a workspace."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from singer_sdk.testing import SuiteConfig, get_tap_test_class

from tap_intercom_archive.tap import TapIntercomArchive
from tests.sandbox.process import Sandbox


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# The suite wants its settings before any fixture runs, so the port is chosen beforehand.
PORT = _free_port()
TOKEN = "synthetic-token"

TestStandardSuite = get_tap_test_class(
    TapIntercomArchive,
    config={"access_token": TOKEN, "api_url": f"http://127.0.0.1:{PORT}"},
    suite_config=SuiteConfig(max_records_limit=50),
)


@pytest.fixture(scope="module", autouse=True)
def workspace() -> Iterator[None]:
    """The workspace that the suite reads."""
    with Sandbox.start(seed=9, conversations=60, port=PORT, api_token=TOKEN):
        yield
