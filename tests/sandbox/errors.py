"""What the API says when it does not answer: a status and a list of errors with codes."""

from __future__ import annotations

from collections.abc import Mapping


class RefusedError(Exception):
    """A request that is turned down: HTTP status, error code, words for people, headers."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        """Refuse with this status and one error."""
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})

    def body(self, request_id: str) -> dict[str, object]:
        """The error list that the API description asks for."""
        return {
            "type": "error.list",
            "request_id": request_id,
            "errors": [{"code": self.code, "message": self.message}],
        }


def not_found(what: str = "Resource Not Found") -> RefusedError:
    """404."""
    return RefusedError(404, "not_found", what)
