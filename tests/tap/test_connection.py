"""What goes out over a connection: headers, and what the environment says of the way."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
import requests_mock
from requests_mock import ANY

from tap_intercom_archive.connection import Connection
from tap_intercom_archive.settings import Settings

TOKEN = "synthetic-token"
# Nobody listens on port 9 of loopback: whoever reaches it by another way was sent there.
NOWHERE = "http://127.0.0.1:9"
NAMES = (
    "CURL_CA_BUNDLE",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "REQUESTS_CA_BUNDLE",
    "NETRC",
)


@dataclass
class Seen:
    """A loopback server and the requests that reached it: their targets and headers."""

    url: str
    targets: list[str] = field(default_factory=list)
    headers: list[Message] = field(default_factory=list)


@pytest.fixture
def server() -> Iterator[Seen]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            seen.targets.append(self.path)
            seen.headers.append(self.headers)
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: Any) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        listening.daemon_threads = True
        seen = Seen(f"http://127.0.0.1:{listening.server_port}")
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield seen
        listening.shutdown()


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def connection(url: str) -> Connection:
    return Connection(Settings.read({"access_token": TOKEN, "api_url": url}, "tests"))


def test_proxy_of_the_environment_is_used(server: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", server.url)
    used = connection(NOWHERE)
    for path in ("/me", "/tags"):
        assert used.send("GET", path)[1] == b"{}"
    assert server.targets == [f"{NOWHERE}/me", f"{NOWHERE}/tags"]


def test_no_proxy_of_the_environment_is_heeded(
    server: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", NOWHERE)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    connection(server.url).send("GET", "/me")
    assert server.targets == ["/me"]


def test_token_goes_out_even_where_a_netrc_names_the_host(
    server: Seen, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password secret\n", "utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    connection(server.url).send("GET", "/me")
    assert [headers["Authorization"] for headers in server.headers] == [f"Bearer {TOKEN}"]


@pytest.mark.parametrize("bundle", [None, "/synthetic/authorities.pem"])
def test_certificates_are_checked_against_what_the_environment_names(
    bundle: str | None, monkeypatch: pytest.MonkeyPatch, requests_mock: requests_mock.Mocker
) -> None:
    if bundle:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
    requests_mock.get("https://api.example.com/me", json={})
    connection("https://api.example.com").send("GET", "/me")
    assert requests_mock.request_history[0].verify == (bundle or True)


@pytest.mark.parametrize("base", ["https://api.example.com", "https://bücher.example.com/a b"])
@pytest.mark.parametrize(
    ("params", "json"),
    [
        ((), None),
        ((("per_page", "150"), ("starting_after", "a b&c=/é+%")), None),
        ((), {"query": {"field": "updated_at", "value": 1}, "x": "é"}),
    ],
)
def test_a_request_is_what_requests_makes_of_it(
    base: str,
    params: tuple[tuple[str, str], ...],
    json: Any,
    requests_mock: requests_mock.Mocker,
) -> None:
    requests_mock.register_uri(ANY, ANY, json={})
    connection(base).send("POST", "/things/1%2F2", params, json)
    requests.request("POST", f"{base}/things/1%2F2", params=params, json=json)
    ours, plain = requests_mock.request_history
    assert ours.url == plain.url
    assert ours.body == plain.body
    assert ours.headers.get("Content-Type") == plain.headers.get("Content-Type")
    assert {"Intercom-Version", "User-Agent", "Authorization"} <= set(ours.headers)
