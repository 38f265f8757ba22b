"""The tap's settings: declared once, described where they are declared, checked in sentences.

The declaration is what `--about`, the README's table and `meltano.yml` are made from. Only
strings, integers, booleans and lists are used: the SDK reads no other kind from the
environment.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urlsplit

from singer_sdk import typing as th

from tap_intercom_archive.errors import Refusal
from tap_intercom_archive.resources.types import OLDEST_VERSION, has

REGION_HOSTS = {
    "us": "https://api.intercom.io",
    "eu": "https://api.eu.intercom.io",
    "au": "https://api.au.intercom.io",
}
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_NO_ADDRESS = "`api_url` is not an address: give one like https://api.intercom.io."
_SENT_AS_HEADERS = ("api_version", "user_agent")

DECLARATION = th.PropertiesList(
    th.Property(
        "access_token",
        th.StringType(min_length=1),
        required=True,
        secret=True,
        title="Access token",
        description=(
            "Access token of your Intercom app (Developer Hub > your app > Authentication)."
        ),
    ),
    th.Property(
        "region",
        th.StringType,
        default="us",
        allowed_values=list(REGION_HOSTS),
        title="Region",
        description="Where the workspace's data is hosted: us, eu or au.",
    ),
    th.Property(
        "api_url",
        th.StringType,
        title="API URL",
        description=(
            "Base address to use instead of the region's, for instance a proxy's: "
            "https, or http on loopback only."
        ),
    ),
    th.Property(
        "api_version",
        th.StringType,
        default="2.16",
        title="API version",
        description="Sent as Intercom-Version with every request and kept with every payload.",
    ),
    th.Property(
        "start_date",
        th.StringType,
        title="Start date",
        description=(
            "Archive what changed at or after this time (ISO 8601; without a zone it is UTC). "
            "Left out, everything is archived."
        ),
    ),
    th.Property(
        "end_date",
        th.StringType,
        title="End date",
        description="Archive what changed at or before this time (ISO 8601). Left out: up to now.",
    ),
    th.Property(
        "lookback_seconds",
        th.IntegerType(minimum=0),
        default=900,
        title="Lookback",
        description="How far behind the last run's end each run looks again, in seconds.",
    ),
    th.Property(
        "display_as",
        th.StringType,
        default="html",
        allowed_values=["html", "plaintext"],
        title="Display as",
        description="How message bodies are asked for. html keeps the original.",
    ),
    th.Property(
        "concurrency",
        th.IntegerType(minimum=1, maximum=256),
        default=32,
        title="Concurrency",
        description="The most calls in flight at once.",
    ),
    th.Property(
        "rate_limit_reserve_percent",
        th.IntegerType(minimum=0, maximum=90),
        default=10,
        title="Rate limit reserve",
        description="Share of the rate limit left to the workspace's other apps, in percent.",
    ),
    th.Property(
        "full_sweep_days",
        th.IntegerType(minimum=0),
        default=7,
        title="Full sweep",
        description=(
            "How many days may pass until contacts, tickets, calls, articles and deletions are "
            "read whole again; 0 reads them whole in every run."
        ),
    ),
    th.Property(
        "calls_overlap_pages",
        th.IntegerType(minimum=1),
        default=40,
        title="Calls overlap",
        description="Pages of known calls to read before a walk of calls may stop early.",
    ),
    th.Property(
        "articles_overlap_pages",
        th.IntegerType(minimum=1),
        default=3,
        title="Articles overlap",
        description="Pages of known articles to read before a walk of articles may stop early.",
    ),
    th.Property(
        "transcript_max_age_days",
        th.IntegerType(minimum=0),
        default=30,
        title="Transcript age",
        description="How long a missing transcript of an ended call is asked for again, in days.",
    ),
    th.Property(
        "accept_denied",
        th.ArrayType(th.StringType),
        default=[],
        title="Accepted denials",
        description="Streams whose missing scope is known and does not make a run incomplete.",
    ),
    th.Property(
        "custom_object_types",
        th.ArrayType(th.StringType),
        default=[],
        title="Custom object types",
        description=(
            "Identifiers of the custom object types to archive the instances of: the API cannot "
            "list them. Instances of a type that is no longer named count as gone."
        ),
    ),
    th.Property(
        "page_size",
        th.IntegerType(minimum=1, maximum=150),
        default=150,
        title="Page size",
        description="Objects per page where the API lets us choose; its own maximum still holds.",
    ),
    th.Property(
        "request_timeout",
        th.IntegerType(minimum=1),
        default=60,
        title="Request timeout",
        description="How long to wait for an answer, in seconds.",
    ),
    th.Property(
        "user_agent",
        th.StringType,
        title="User agent",
        description="User-Agent header to send instead of the tap's own.",
    ),
    th.Property(
        "replay_path",
        th.StringType,
        title="Replay path",
        description=(
            "An archive file of target-sqlite-archive to read instead of the API: all payload "
            "versions in fetch order, without a request, a token or a state."
        ),
    ),
    th.Property(
        "emit_activate_version_messages",
        th.BooleanType,
        default=True,
        title="Emit ACTIVATE_VERSION",
        description=(
            "Tell the target, after a complete listing, to retire the rows that are gone. "
            "Switch off for targets that crash on ACTIVATE_VERSION."
        ),
    ),
)


@dataclass(frozen=True)
class Settings:
    """The settings of one run; times are epoch seconds, UTC."""

    access_token: str
    base_url: str
    region: str
    api_version: str
    start: int | None
    end: int | None
    lookback_seconds: int
    display_as: str
    concurrency: int
    rate_limit_reserve_percent: int
    full_sweep_days: int
    calls_overlap_pages: int
    articles_overlap_pages: int
    transcript_max_age_days: int
    accept_denied: frozenset[str]
    custom_object_types: tuple[str, ...]
    page_size: int
    request_timeout: int
    user_agent: str
    replay_path: str | None

    @classmethod
    def read(cls, config: Mapping[str, Any], default_user_agent: str) -> Settings:
        """Read a validated configuration; raises Refusal with the sentence to show."""
        config = _given(config)
        return cls(
            access_token=config.get("access_token", "").strip(),
            base_url=base_url(config),
            region=config.get("region", "us"),
            api_version=config.get("api_version", "2.16"),
            start=epoch_setting(config, "start_date"),
            end=epoch_setting(config, "end_date"),
            lookback_seconds=config.get("lookback_seconds", 900),
            display_as=config.get("display_as", "html"),
            concurrency=config.get("concurrency", 32),
            rate_limit_reserve_percent=config.get("rate_limit_reserve_percent", 10),
            full_sweep_days=config.get("full_sweep_days", 7),
            calls_overlap_pages=config.get("calls_overlap_pages", 40),
            articles_overlap_pages=config.get("articles_overlap_pages", 3),
            transcript_max_age_days=config.get("transcript_max_age_days", 30),
            accept_denied=frozenset(config.get("accept_denied", ())),
            custom_object_types=tuple(dict.fromkeys(config.get("custom_object_types", ()))),
            page_size=config.get("page_size", 150),
            request_timeout=config.get("request_timeout", 60),
            user_agent=config.get("user_agent") or default_user_agent,
            replay_path=config.get("replay_path") or None,
        )


def _given(config: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out settings that are null: they stand for the default."""
    return {name: value for name, value in config.items() if value is not None}


def base_url(config: Mapping[str, Any]) -> str:
    """Give the address that requests go to, without a trailing slash; raises Refusal."""
    given = config.get("api_url")
    if not given:
        return REGION_HOSTS[config.get("region", "us")]
    try:
        parts = urlsplit(given)
    except ValueError:
        raise Refusal(_NO_ADDRESS) from None
    if parts.username or parts.password or parts.query or parts.fragment:
        raise Refusal("`api_url` holds more than an address: give scheme, host and path only.")
    if not parts.hostname or parts.scheme not in {"http", "https"}:
        raise Refusal(_NO_ADDRESS)
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise Refusal(
            "`api_url` is not https, so the access token would travel unencrypted: "
            "use https (plain http is for loopback only)."
        )
    return str(given).rstrip("/")


def epoch_setting(config: Mapping[str, Any], name: str) -> int | None:
    """Read a time setting as epoch seconds; raises Refusal where it is no time."""
    given = config.get(name)
    if not given:
        return None
    try:
        moment = datetime.fromisoformat(str(given).strip().replace("Z", "+00:00"))
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone.utc)
        return int(moment.astimezone(timezone.utc).timestamp())
    except (ValueError, OverflowError):
        raise Refusal(
            f"`{name}` is not a time: write it like 2024-01-31 or 2024-01-31T13:00:00Z."
        ) from None


def problems(config: Mapping[str, Any]) -> list[str]:
    """Say in sentences what is wrong with a configuration; empty where nothing is.

    The values are never repeated: one of them is the token.
    """
    found: list[str] = []
    config = _given(config)
    found.extend(_token_problems(config))
    for name, declared in DECLARATION.to_dict()["properties"].items():
        if name in config and name != "access_token":
            found.extend(_type_problems(name, declared, config[name]))
    for name in _SENT_AS_HEADERS:
        value = config.get(name, "")
        if isinstance(value, str) and not (value.isascii() and value.isprintable()):
            found.append(f"`{name}` holds characters that no HTTP header may have: write it anew.")
    if not found:
        for check in _CHECKS:
            try:
                check(config)
            except Refusal as refusal:
                found.append(str(refusal))
    return list(dict.fromkeys(found))


def oddities(
    config: Mapping[str, Any], known: Iterable[str], fetched: Sequence[str]
) -> Iterator[str]:
    """Say in sentences what a valid configuration holds without effect.

    `known` are all settings' names, `fetched` the streams that may be denied.
    """
    unknown = sorted(set(config) - set(known))
    if unknown:
        names = ", ".join(f"`{name}`" for name in unknown)
        yield f"Unknown settings, left aside: {names}. See --about for those there are."
    idle = sorted(set(config.get("accept_denied") or ()) - set(fetched))
    if idle:
        yield (
            f"`accept_denied` has no effect for {', '.join(idle)}: it takes {', '.join(fetched)}."
        )


def _token_problems(config: Mapping[str, Any]) -> Iterator[str]:
    token = config.get("access_token", "")
    if not token and config.get("replay_path"):
        return
    if not isinstance(token, str) or not token.strip():
        yield (
            "`access_token` is missing or empty: set it to your Intercom app's access token "
            "(in CI, check that the secret is available to this job)."
        )
    elif not token.strip().isprintable() or not token.strip().isascii():
        yield "`access_token` holds characters that no token has: copy it once more."


def _check_start(config: Mapping[str, Any]) -> None:
    epoch_setting(config, "start_date")


def _check_end(config: Mapping[str, Any]) -> None:
    end = epoch_setting(config, "end_date")
    start = epoch_setting(config, "start_date") if end is not None else None
    if start is not None and end is not None and end < start:
        raise Refusal("`end_date` lies before `start_date`: swap them or leave one out.")


def _check_version(config: Mapping[str, Any]) -> None:
    version = config.get("api_version") or "2.16"
    if not re.fullmatch(r"\d+\.\d+|Preview|Unstable", version):
        raise Refusal("`api_version` is not a version: write it like 2.16, or Preview.")
    if not has(version, OLDEST_VERSION):
        raise Refusal(f"`api_version` is too old: this tap reads {OLDEST_VERSION} and later.")


_CHECKS = (base_url, _check_start, _check_end, _check_version)


def _type_problems(name: str, declared: dict[str, Any], value: Any) -> list[str]:
    kinds = declared.get("type", [])
    if "integer" in kinds:
        low, high = declared.get("minimum"), declared.get("maximum")
        if isinstance(value, bool) or not isinstance(value, int):
            return [f"`{name}` must be a whole number."]
        if (low is not None and value < low) or (high is not None and value > high):
            span = f"at least {low}" if high is None else f"{low} to {high}"
            return [f"`{name}` must be a whole number, {span}."]
    elif "boolean" in kinds:
        if not isinstance(value, bool):
            return [f"`{name}` must be true or false."]
    elif "array" in kinds:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            return [f"`{name}` must be a list of names."]
    elif not isinstance(value, str):
        return [f"`{name}` must be text."]
    elif "enum" in declared and value not in declared["enum"]:
        allowed = ", ".join(str(item) for item in declared["enum"])
        return [f"`{name}` is not one of: {allowed}."]
    return []
