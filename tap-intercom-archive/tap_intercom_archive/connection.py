"""One thread's connection to the API: what is the same for all its requests is worked out once.

That is headers and token, and what the environment says of proxies and certificates. `requests`
works it out; sent is by the pool of `urllib3` that it gives, because `requests` would work it
out anew for every call. What is asked, and what an answer means, is left to `client`.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3 import BaseHTTPResponse, HTTPConnectionPool, Timeout

from tap_intercom_archive.errors import Refusal
from tap_intercom_archive.settings import Settings


class _Bearer(AuthBase):
    """The token as an auth object: with a bare header, a `.netrc` of the machine would win."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Connection:
    """Sends requests, one at a time, over one pooled connection."""

    def __init__(self, settings: Settings) -> None:
        """Work out headers, proxies and certificates.

        Raises InvalidURL or InvalidSchema of `requests` for an address or a proxy that is none,
        Refusal where the certificates that the environment names are not there.
        """
        session = requests.Session()
        session.auth = _Bearer(settings.access_token)
        session.headers.update(
            {
                "Accept": "application/json",
                "Intercom-Version": settings.api_version,
                "User-Agent": settings.user_agent,
            }
        )
        asked = session.prepare_request(requests.Request("GET", settings.base_url))
        url = asked.url or settings.base_url
        environment = session.merge_environment_settings(url, {}, None, None, None)
        proxies, verify = environment["proxies"], environment["verify"]
        adapter = HTTPAdapter(pool_connections=1, pool_maxsize=1)
        pool = adapter.get_connection_with_tls_context(asked, verify, proxies)
        assert isinstance(pool, HTTPConnectionPool), "the API speaks HTTP"
        self.pool = pool
        try:
            adapter.cert_verify(pool, url, verify, None)  # type: ignore[no-untyped-call]
        except OSError:
            raise Refusal(
                "The certificates that the environment names are not there: correct "
                "`REQUESTS_CA_BUNDLE` or `CURL_CA_BUNDLE`."
            ) from None
        # A proxy must be told the whole address.
        self._base = adapter.request_url(asked, proxies).rstrip("/")
        self._headers = dict(asked.headers)
        self._timeout = Timeout(connect=settings.request_timeout, read=settings.request_timeout)

    def send(
        self, method: str, path: str, params: tuple[tuple[str, str], ...] = (), json: Any = None
    ) -> BaseHTTPResponse:
        """Give the answer, its body read; follows no redirect.

        Raises HTTPError of `urllib3` where there is none.
        """
        target = self._base + path + (f"?{urlencode(params)}" if params else "")
        return self.pool.request(
            method,
            target,
            headers=self._headers,
            json=json,
            timeout=self._timeout,
            retries=False,
            redirect=False,
            assert_same_host=False,
        )
