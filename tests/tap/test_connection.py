"""What goes out over a connection, and what the environment says of the way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from urllib3 import HTTPSConnectionPool

from tap_intercom_archive.connection import Connection
from tap_intercom_archive.errors import Refusal
from tap_intercom_archive.settings import Settings
from tests.tap.listening import listening
from tests.tap.strategies import VALUES

TOKEN = "synthetic-token"
# Nobody listens on port 9 of loopback: whoever reaches it by another way was sent there.
NOWHERE = "http://127.0.0.1:9"
NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "NETRC")
BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin without any word of the machine's."""
    for name in (*NAMES, *BUNDLES):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def connection(url: str) -> Connection:
    return Connection(Settings.read({"access_token": TOKEN, "api_url": url}, "tests"))


def test_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        used = connection(f"{NOWHERE}/prefix")
        for path in ("/me", "/tags"):
            assert used.send("GET", path).data == b"{}"
    assert [asked.target for asked in proxy.asked] == [
        f"{NOWHERE}/prefix/me",
        f"{NOWHERE}/prefix/tags",
    ]


def test_no_proxy_of_the_environment_is_heeded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", NOWHERE)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with listening() as api:
        connection(f"{api.url}/prefix/").send("GET", "/me")
    assert [asked.target for asked in api.asked] == ["/prefix/me"]


def test_token_goes_out_even_where_a_netrc_names_the_host(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password secret\n", "utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    with listening() as api:
        connection(api.url).send("GET", "/me")
    assert [asked.headers["Authorization"] for asked in api.asked] == [f"Bearer {TOKEN}"]


@pytest.mark.parametrize("name", BUNDLES)
def test_certificates_are_checked_against_what_the_environment_names(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bundle = tmp_path / "authorities.pem"
    monkeypatch.setenv(name, str(bundle))
    with pytest.raises(Refusal, match="REQUESTS_CA_BUNDLE"):
        connection("https://api.example.com")
    bundle.write_text("", "utf-8")
    pool = connection("https://api.example.com").pool
    assert isinstance(pool, HTTPSConnectionPool)
    assert (pool.cert_reqs, pool.ca_certs) == ("CERT_REQUIRED", str(bundle))


def test_certificates_are_always_checked() -> None:
    pool = connection("https://api.example.com").pool
    assert isinstance(pool, HTTPSConnectionPool)
    assert pool.cert_reqs == "CERT_REQUIRED"


@given(
    params=st.lists(st.tuples(st.text(min_size=1), st.text()), max_size=3).map(tuple),
    sent=VALUES,
)
@settings(max_examples=20)
def test_what_is_asked_arrives(params: tuple[tuple[str, str], ...], sent: Any) -> None:
    sent = {"query": sent}
    with listening() as api:
        used = connection(api.url)
        used.send("GET", "/things/1%2F2", params)
        used.send("POST", "/things/search", json=sent)
    got, posted = api.asked
    assert urlsplit(got.target).path == "/things/1%2F2"
    assert tuple(parse_qsl(urlsplit(got.target).query, keep_blank_values=True)) == params
    assert (got.method, got.body) == ("GET", b"")
    assert (posted.method, posted.target) == ("POST", "/things/search")
    assert posted.headers["Content-Type"] == "application/json"
    assert json.loads(posted.body) == json.loads(json.dumps(sent))
    assert posted.headers["Authorization"] == f"Bearer {TOKEN}"
