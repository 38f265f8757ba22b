"""`--test` as a doctor: is the token good, whose workspace is it, which streams may it read.

A few small requests per resource, by every route that a run takes to it; nothing is written to
stdout.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from tap_intercom_archive.client import Client, Request
from tap_intercom_archive.errors import ApiError, Denied, Gone
from tap_intercom_archive.listing import Lists, within
from tap_intercom_archive.normalize import record_id
from tap_intercom_archive.paging import read_page
from tap_intercom_archive.payload import parse
from tap_intercom_archive.resources import (
    RAW_PAYLOADS,
    RESOURCES,
    TRANSCRIPT_SEARCH,
    Record,
    Resource,
    object_path,
)
from tap_intercom_archive.settings import Settings

Say = Callable[[str], None]
ALLOWED, DENIED, UNSERVED, FAILED = "allowed", "denied", "not served", "failed"
# A person waits for the answer; a run is more patient.
_TRIES = 2
_LOG_SECONDS = 3_600


@dataclass(frozen=True)
class Verdict:
    """What was found: one of the four words, and the sentence that says why."""

    word: str
    why: str = ""


@dataclass(frozen=True)
class Finding:
    """The verdict on some streams, with the scope they need; `resource` is what was refused.

    `counts` says whether a bad verdict makes the whole bad: for streams selected by default.
    """

    resource: str
    streams: tuple[str, ...]
    scope: str
    verdict: Verdict
    counts: bool


def examine(client: Client, settings: Settings, say: Say) -> bool:
    """Say what the token may read, line by line; give whether a run would be complete.

    Raises TokenRefused where the token is no good.
    """
    workspace = client.workspace()
    say(
        f"Token accepted. Workspace {workspace.name or '(unnamed)'} ({workspace.id}), "
        f"region {workspace.region or 'not told'}, time zone {workspace.timezone or 'not told'}."
    )
    findings = [
        finding for resource in RESOURCES for finding in _examine(client, settings, resource)
    ]
    for finding in findings:
        for stream in finding.streams:
            say(_line(stream, finding, finding.resource in settings.accept_denied))
    say(f"  {RAW_PAYLOADS:30} {ALLOWED} (no scope of its own: the payloads of the others)")
    wanted = [finding for finding in findings if finding.counts]
    denied = [finding for finding in wanted if finding.verdict.word == DENIED]
    denied = [finding for finding in denied if finding.resource not in settings.accept_denied]
    failed = [finding for finding in wanted if finding.verdict.word == FAILED]
    if denied:
        scopes = ", ".join(f"*{scope}*" for scope in sorted({one.scope for one in denied}))
        say(
            f"Denied: {_names(denied)}. Grant {scopes} under Developer Hub > your app > "
            "Authentication, deselect the streams, or name them in `accept_denied`."
        )
    if failed:
        say(f"Could not be examined: {_names(failed)}. Each line above says why; try again later.")
    if all(finding.verdict.word == ALLOWED for finding in findings):
        say("Every stream may be read.")
    return not denied and not failed


def _names(findings: list[Finding]) -> str:
    return ", ".join(dict.fromkeys(finding.resource for finding in findings))


def _line(stream: str, finding: Finding, is_accepted: bool) -> str:
    verdict = finding.verdict
    accepted = " but accepted" if is_accepted and verdict.word == DENIED else ""
    idle = "" if finding.counts else ", not selected by default"
    why = f": {verdict.why}" if verdict.why else ""
    return f"  {stream:30} {verdict.word}{accepted} (scope {finding.scope}{idle}){why}"


def _examine(client: Client, settings: Settings, resource: Resource) -> list[Finding]:
    own = (resource.name, *(cut.name for cut in resource.cuts if cut.follow_up is None))
    fed = tuple(cut.name for cut in resource.fed)
    found: list[Record] = []
    if resource.is_served_by(settings.api_version):
        verdict = _verdict(lambda: found.extend(_read(client, settings, resource)))
    else:
        why = f"`api_version` {resource.since} and later have it"
        verdict = Verdict(UNSERVED, why)
    findings = [Finding(resource.name, own, resource.scope, verdict, resource.selected)]
    if fed:
        name = resource.name
        if verdict.word == ALLOWED:
            # What is refused here is refused to these streams alone.
            name = fed[0]
            verdict = _verdict(lambda: _transcripts(client, resource, found))
        findings.append(Finding(name, fed, resource.scope, verdict, resource.selected))
    first = next(filter(None, map(record_id, found)), None)
    for cut in resource.cuts:
        if cut.follow_up is None:
            continue
        if not resource.is_served_by(settings.api_version, cut):
            verdict = Verdict(UNSERVED, f"`api_version` {resource.since_of(cut)} and later have it")
        elif findings[0].verdict.word == ALLOWED and first is not None:
            scope = resource.scope_of(cut)
            lists = Lists(client.send, settings, cut.follow_up.listing, scope)
            verdict = _verdict(partial(_sample, lists, first))
        else:
            verdict = findings[0].verdict
        scope = resource.scope_of(cut)
        findings.append(Finding(cut.name, (cut.name,), scope, verdict, cut.selected))
    return findings


def _sample(lists: Lists, value: str) -> None:
    """An object that lacks it, or is gone, was asked for by a route that is open."""
    with suppress(Gone):
        lists.sample(1, _TRIES, value)


def _verdict(attempt: Callable[[], None]) -> Verdict:
    try:
        attempt()
    except Denied as denied:
        return Verdict(DENIED, str(denied))
    except ApiError as error:
        return Verdict(FAILED, str(error))
    return Verdict(ALLOWED)


def _read(client: Client, settings: Settings, resource: Resource) -> list[Record]:
    """Read one object by every route of the row; raises ApiError. Gives what was listed."""
    found: list[Record] = []
    if resource.search is not None:
        body = {
            "query": {"field": resource.time_field, "operator": ">", "value": 0},
            "pagination": {"per_page": 1},
        }
        request = Request(
            "POST", resource.search.path, json=body, scope=resource.scope, tries=_TRIES
        )
        answer = client.send(request)
        found += map(parse, read_page(answer, resource.search.items).items)
    if resource.listing is not None:
        # Not every object has what the fed streams are asked for by: a whole page of them.
        count = (resource.listing.per_page or 1) if resource.fed else 1
        listing, now = resource.listing, int(client.now())
        if resource.method == "log":
            listing = within(listing, now - _LOG_SECONDS, now)
        lists = Lists(client.send, settings, listing, resource.scope)
        page = lists.sample(count, _TRIES)
        if page is not None and resource.listing.bare is None:
            found += map(parse, page.items)
    first = next(filter(None, map(record_id, found)), None)
    if resource.hydrate is not None and first is not None:
        path = object_path(resource.hydrate, first)
        _send_for_one(client, Request("GET", path, scope=resource.scope, route=resource.hydrate))
    return found


def _transcripts(client: Client, resource: Resource, calls: list[Record]) -> None:
    """Ask for the transcripts of one listed call's conversation; raises ApiError."""
    conversation = next(filter(None, (call.get("conversation_id") for call in calls)), None)
    if conversation is not None:
        body = {"conversation_ids": [str(conversation)]}
        _send_for_one(client, Request("POST", TRANSCRIPT_SEARCH, json=body, scope=resource.scope))


def _send_for_one(client: Client, request: Request) -> None:
    """An object that is gone by now was asked for by a route that is open."""
    with suppress(Gone):
        client.send(replace(request, tries=_TRIES))
