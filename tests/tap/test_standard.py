"""The SDK's own suite for taps passes against a workspace."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from singer_sdk.testing import SuiteConfig, get_tap_test_class

from tap_intercom_archive.tap import TapIntercomArchive
from tests.sandbox.process import Sandbox
from tests.sandbox.shelves.office import CUSTOM_OBJECT_TYPES
from tests.tap.running import select


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# The suite wants its settings before any fixture runs, so the port is chosen beforehand.
PORT = _free_port()
TOKEN = "synthetic-token"

CONFIG = {
    "access_token": TOKEN,
    "api_url": f"http://127.0.0.1:{PORT}",
    "custom_object_types": list(CUSTOM_OBJECT_TYPES),
}


def _everything() -> dict[str, Any]:
    catalog = json.loads(TapIntercomArchive(config=CONFIG).catalog_json_text)
    return select(catalog, *(stream["tap_stream_id"] for stream in catalog["streams"]))


TestStandardSuite = get_tap_test_class(
    TapIntercomArchive,
    config=CONFIG,
    suite_config=SuiteConfig(max_records_limit=50),
    catalog=_everything(),
)


@pytest.fixture(scope="module", autouse=True)
def workspace() -> Iterator[None]:
    """The workspace that the suite reads."""
    with Sandbox.start(seed=9, conversations=60, port=PORT, api_token=TOKEN):
        yield
