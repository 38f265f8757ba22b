"""The errors of a run, chosen by what the run should do next.

```
ArchiveError
├── Refusal          the run cannot begin or go on: exit 1, nothing changes
│   └── TokenRefused the token itself is no good
├── Stopped          a signal asked the run to end: state so far is good
└── ApiError         one request to Intercom did not give what was asked
    ├── Denied       401/403 while the token is good: skip the stream, run incomplete
    ├── Gone         404/410: the object is not there: owed, unless its deletion is known
    ├── BadRequest   any other 4xx: ours to mend, retrying does not help
    └── Retriable    may go well a moment later
        ├── Throttled  429: wait for the window to end, then again
        └── Faulty     5xx, no connection, time-out, cut or empty or foreign body
            └── LostPlace  a list's cursor expired or came round: list again from the start
```

A message is one or two whole sentences: what happened, where, what to do next. It never
holds a token, a body, a customer's id or address.
"""

from __future__ import annotations


class ArchiveError(Exception):
    """Base of all errors that a person is to read as one line."""


class Refusal(ArchiveError):
    """The run cannot begin or go on; the message names the cure."""


class TokenRefused(Refusal):
    """Intercom does not know the access token."""


class Stopped(ArchiveError):
    """A signal asked the run to end.

    `signum` is the signal's number; the exit code is 128 plus it.
    """

    def __init__(self, signum: int) -> None:
        """Name the signal."""
        super().__init__(f"Stopped by signal {signum}; the state written so far is good.")
        self.signum = signum


class ApiError(ArchiveError):
    """One request did not give what was asked.

    `status` is the HTTP status, or None where no answer came.
    """

    def __init__(self, message: str, status: int | None = None) -> None:
        """Keep the sentence and the status."""
        super().__init__(message)
        self.status = status


class Denied(ApiError):
    """The token is good but may not read this resource."""


class Gone(ApiError):
    """The object is not there: deleted, merged or never was."""


class BadRequest(ApiError):
    """Intercom refused the request as such.

    `code` is its own word for why, where it gave one.
    """

    def __init__(self, message: str, status: int | None = None, code: str | None = None) -> None:
        """Keep the sentence, the status and the word."""
        super().__init__(message, status)
        self.code = code


class Retriable(ApiError):
    """May go well a moment later."""


class Throttled(Retriable):
    """The rate limit is used up; `wait_seconds` is how long Intercom asks us to wait."""

    def __init__(self, message: str, wait_seconds: float) -> None:
        """Keep the sentence and the wait."""
        super().__init__(message, 429)
        self.wait_seconds = wait_seconds


class Faulty(Retriable):
    """A server's or a network's fault."""


class LostPlace(Faulty):
    """A list's cursor expired or came round in a circle."""
