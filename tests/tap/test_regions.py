"""Which host each region's requests go to, and what goes with them; no such host is on loopback."""

from __future__ import annotations

import pytest
from urllib3.exceptions import ProxyError

from tap_intercom_archive.clock import Stop
from tap_intercom_archive.connection import Connection
from tap_intercom_archive.errors import ApiError
from tap_intercom_archive.run import connect
from tap_intercom_archive.settings import Settings
from tests.tap.listening import listening

TOKEN = "synthetic-token"
HOSTS = {"us": "api.intercom.io", "eu": "api.eu.intercom.io", "au": "api.au.intercom.io"}


@pytest.mark.parametrize(("region", "host"), HOSTS.items())
def test_each_region_has_its_host(region: str, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(status=502) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "")
        settings = Settings.read({"access_token": TOKEN, "region": region}, "tests")
        with pytest.raises(ProxyError):
            Connection(settings).send("GET", "/me")
    (asked,) = proxy.asked
    assert (asked.method, asked.target) == ("CONNECT", f"{host}:443")
    assert "Authorization" not in asked.headers


def test_token_version_and_name_go_out() -> None:
    answer = b'{"app": {"id_code": "synth"}}'
    with listening(body=answer) as api:
        settings = Settings.read(
            {"access_token": TOKEN, "api_url": api.url, "api_version": "2.16"}, "tests"
        )
        assert connect(settings, Stop()).workspace().id == "synth"
    (asked,) = api.asked
    assert (asked.method, asked.target) == ("GET", "/me")
    assert asked.headers["Authorization"] == f"Bearer {TOKEN}"
    assert asked.headers["Intercom-Version"] == "2.16"
    assert asked.headers["User-Agent"] == "tests"


def test_token_is_not_taken_to_where_a_redirect_points() -> None:
    with listening() as elsewhere, listening(302, {"Location": f"{elsewhere.url}/me"}) as api:
        settings = Settings.read({"access_token": TOKEN, "api_url": api.url}, "tests")
        with pytest.raises(ApiError):
            connect(settings, Stop()).workspace()
    assert [asked.target for asked in api.asked] == ["/me"]
    assert elsewhere.asked == []
