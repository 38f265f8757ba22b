"""`--test` as a doctor: is the token good, whose workspace is it, which streams may it read.

One small request per resource; nothing is written to stdout.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from tap_intercom_archive.client import Client, Request
from tap_intercom_archive.errors import ApiError
from tap_intercom_archive.resources import RESOURCES, Resource

Say = Callable[[str], None]


@dataclass(frozen=True)
class Finding:
    """What the doctor found of one resource; `problem` is empty where it may be read."""

    streams: tuple[str, ...]
    scope: str
    problem: str


def examine(client: Client, say: Say) -> bool:
    """Say what the token may read, line by line; give whether that is everything.

    Raises TokenRefused where the token is no good.
    """
    workspace = client.workspace()
    say(
        f"Token accepted. Workspace {workspace.name or '(unnamed)'} ({workspace.id}), "
        f"region {workspace.region or 'not told'}, time zone {workspace.timezone or 'not told'}."
    )
    findings = [_examine(client, resource) for resource in RESOURCES]
    for finding in findings:
        for stream in finding.streams:
            say(f"  {stream:30} {'denied:  ' + finding.problem if finding.problem else 'allowed'}")
    refused = sorted({finding.scope for finding in findings if finding.problem})
    if refused:
        say(
            f"{sum(1 for finding in findings if finding.problem)} of {len(findings)} resources "
            "cannot be read. Grant "
            f"{', '.join(f'*{scope}*' for scope in refused)} under Developer Hub > your app > "
            "Authentication, deselect the streams, or name them in `accept_denied`."
        )
    else:
        say("Every stream may be read.")
    return not refused


def _examine(client: Client, resource: Resource) -> Finding:
    streams = (resource.name, *(cut.name for cut in (*resource.cuts, *resource.fed)))
    problem = ""
    for request in _smallest(resource):
        try:
            client.send(request)
        except ApiError as error:
            problem = str(error)
            break
    return Finding(streams, resource.scope, problem)


def _smallest(resource: Resource) -> list[Request]:
    listing = resource.listing
    params = listing.params if listing.pager == "single" else (*listing.params, ("per_page", "1"))
    request = Request("GET", listing.path, params, scope=resource.scope)
    if resource.search is None:
        return [request]
    body = {
        "query": {"field": resource.time_field, "operator": ">", "value": 0},
        "pagination": {"per_page": 1},
    }
    return [replace(request, method="POST", path=resource.search.path, params=(), json=body)]
