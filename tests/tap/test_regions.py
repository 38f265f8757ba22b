"""Which host each region's requests go to, and what goes with them; no such host is on loopback."""

from __future__ import annotations

import pytest
import requests_mock

from tap_intercom_archive.clock import Stop
from tap_intercom_archive.errors import ApiError
from tap_intercom_archive.run import connect
from tap_intercom_archive.settings import Settings

TOKEN = "synthetic-token"
HOSTS = {"us": "api.intercom.io", "eu": "api.eu.intercom.io", "au": "api.au.intercom.io"}


@pytest.mark.parametrize(("region", "host"), HOSTS.items())
def test_each_region_has_its_host(
    region: str, host: str, requests_mock: requests_mock.Mocker
) -> None:
    answer = {"app": {"id_code": "synth", "region": region.upper()}}
    requests_mock.get(
        f"https://{host}/me", json=answer, headers={"Content-Type": "application/json"}
    )
    settings = Settings.read(
        {"access_token": TOKEN, "region": region, "api_version": "2.16"}, "tests"
    )
    assert connect(settings, Stop()).workspace().id == "synth"
    sent = requests_mock.request_history[0].headers
    assert sent["Authorization"] == f"Bearer {TOKEN}"
    assert sent["Intercom-Version"] == "2.16"
    assert sent["User-Agent"] == "tests"


def test_token_is_not_taken_to_where_a_redirect_points(
    requests_mock: requests_mock.Mocker,
) -> None:
    elsewhere = requests_mock.get("https://elsewhere.example.com/me", json={})
    requests_mock.get(
        "https://api.intercom.io/me",
        status_code=302,
        headers={"Location": "https://elsewhere.example.com/me"},
    )
    settings = Settings.read({"access_token": TOKEN}, "tests")
    with pytest.raises(ApiError):
        connect(settings, Stop()).workspace()
    assert not elsewhere.called
