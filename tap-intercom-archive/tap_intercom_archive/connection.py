"""One thread's connection to the API: what is the same for all its requests is worked out once.

That is headers and token, and what the environment says of proxies and certificates, which
`requests` would look up for every call. What is asked, and what an answer means, is left to
`client`.
"""

from __future__ import annotations

from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from tap_intercom_archive.settings import Settings

# An answer is read in one go, or nearly.
_CHUNK_BYTES = 1 << 20


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
        """Work out headers, proxies and certificates; raises what `requests` raises."""
        self._timeout = settings.request_timeout
        self._session = session = requests.Session()
        session.auth = _Bearer(settings.access_token)
        session.headers.update(
            {
                "Accept": "application/json",
                "Intercom-Version": settings.api_version,
                "User-Agent": settings.user_agent,
            }
        )
        session.mount(settings.base_url, HTTPAdapter(pool_connections=1, pool_maxsize=1))
        self._prepared = session.prepare_request(requests.Request("GET", settings.base_url))
        self._base = (self._prepared.url or "").rstrip("/")
        self._environment = session.merge_environment_settings(self._base, {}, True, None, None)

    def send(
        self, method: str, path: str, params: tuple[tuple[str, str], ...] = (), json: Any = None
    ) -> tuple[requests.Response, bytes]:
        """Give the answer and its body; raises what `requests` raises, follows no redirect."""
        prepared = self._prepared.copy()
        prepared.method = method
        prepared.url = self._base + path
        if params:
            prepared.prepare_url(prepared.url, params)
        if json is not None:
            prepared.prepare_body(None, None, json)
        response = self._session.send(
            prepared, timeout=self._timeout, allow_redirects=False, **self._environment
        )
        return response, b"".join(response.iter_content(_CHUNK_BYTES))
