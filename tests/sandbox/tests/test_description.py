"""The answers keep to the official API description, where INTERCOM_OPENAPI names its file."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.sandbox.process import Sandbox
from tests.sandbox.tests.client import UPDATED_SINCE_EVER, call

NAMED = os.environ.get("INTERCOM_OPENAPI")
pytestmark = pytest.mark.skipif(
    not NAMED, reason="INTERCOM_OPENAPI does not name the API description's file"
)

GETS = [
    ("/me", "/me"),
    ("/admins", "/admins"),
    ("/teams", "/teams"),
    ("/tags", "/tags"),
    ("/help_center/collections", "/help_center/collections?per_page=150"),
    ("/contacts", "/contacts?per_page=150"),
    ("/conversations", "/conversations?per_page=150"),
    ("/conversations/deleted", "/conversations/deleted?per_page=60"),
    ("/calls", "/calls"),
    ("/articles", "/articles?per_page=100"),
    ("/segments", "/segments?include_count=true"),
    ("/subscription_types", "/subscription_types"),
    ("/data_attributes", "/data_attributes?model=contact&include_archived=true"),
    ("/data_attributes", "/data_attributes?model=company&include_archived=true"),
    ("/conversations/attributes", "/conversations/attributes?include_archived=true"),
    ("/ticket_types", "/ticket_types"),
    ("/ticket_states", "/ticket_states"),
    ("/companies/scroll", "/companies/scroll"),
    ("/internal_articles", "/internal_articles"),
    ("/help_center/help_centers", "/help_center/help_centers"),
    ("/content_snippets", "/content_snippets?per_page=50"),
    ("/audiences", "/audiences?per_page=50"),
    ("/ai/content_import_sources", "/ai/content_import_sources"),
    ("/ai/external_pages", "/ai/external_pages"),
    ("/macros", "/macros?per_page=150"),
    ("/news/news_items", "/news/news_items"),
    ("/news/newsfeeds", "/news/newsfeeds"),
    ("/brands", "/brands"),
    ("/emails", "/emails"),
    ("/away_status_reasons", "/away_status_reasons"),
    ("/office_hours_schedules", "/office_hours_schedules"),
    ("/admins/activity_log_event_types", "/admins/activity_log_event_types"),
    ("/admins/activity_logs", "/admins/activity_logs?created_at_after=1"),
    (
        "/custom_object_instances/{custom_object_type_identifier}",
        "/custom_object_instances/Order?per_page=150",
    ),
]
# Lists of one object: the description's path, ours, the stream whose ids are asked for.
BELOW = [
    (
        "/office_hours_schedules/{office_hours_schedule_id}/office_hours_exceptions",
        "/office_hours_schedules/{id}/office_hours_exceptions",
        "office_hours_schedules",
    ),
    (
        "/help_center/help_centers/{help_center_id}/redirects",
        "/help_center/help_centers/{id}/redirects",
        "help_centers",
    ),
    ("/news/newsfeeds/{newsfeed_id}/items", "/news/newsfeeds/{id}/items", "newsfeeds"),
    ("/companies/{company_id}/segments", "/companies/{id}/segments", "companies"),
    ("/companies/{company_id}/notes", "/companies/{id}/notes", "companies"),
    ("/contacts/{contact_id}/tags", "/contacts/{id}/tags", "contacts"),
    ("/contacts/{contact_id}/notes", "/contacts/{id}/notes", "contacts"),
    ("/contacts/{contact_id}/companies", "/contacts/{id}/companies", "contacts"),
    ("/contacts/{contact_id}/segments", "/contacts/{id}/segments", "contacts"),
    ("/contacts/{contact_id}/subscriptions", "/contacts/{id}/subscriptions", "contacts"),
    ("/articles/{article_id}/versions", "/articles/{id}/versions", "articles"),
    (
        "/conversations/{id}/side_conversations",
        "/conversations/{id}/side_conversations",
        "conversations",
    ),
    ("/conversations/{id}/handling_events", "/conversations/{id}/handling_events", "conversations"),
]


# Its examples hold numbers and booleans, which its schemas leave out.
_ANY_OBJECT = {"type": ["object", "null"]}


def _loosened(value: Any) -> Any:
    """The schema with null allowed everywhere.

    The description's own examples send null where its schemas do not allow it; everything else it
    says is kept. `oneOf` becomes `anyOf`, since null now fits every branch.
    """
    if isinstance(value, list):
        return [_loosened(item) for item in value]
    if not isinstance(value, dict):
        return value
    loose = {
        "anyOf" if key == "oneOf" else key: _ANY_OBJECT
        if key == "custom_attributes"
        else _loosened(item)
        for key, item in value.items()
        if key not in ("nullable", "example", "examples", "default")
    }
    if isinstance(loose.get("type"), str):
        loose["type"] = [loose["type"], "null"]
    if isinstance(loose.get("enum"), list):
        loose["enum"] = [*loose["enum"], None]
    return loose


@cache
def _description() -> Any:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(Path(NAMED or "").read_text("utf-8"), Loader=loader)


@cache
def _schemas() -> Any:
    return _loosened(_description()["components"])


def check(template: str, method: str, status: str, document: object) -> None:
    operation = _description()["paths"][template][method]
    schema = operation["responses"][status]["content"]["application/json"]["schema"]
    whole = {"components": _schemas(), "allOf": [_loosened(schema)]}
    jsonschema.validate(document, whole, cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize(("template", "path"), GETS)
def test_lists_are_as_described(sandbox: Sandbox, template: str, path: str) -> None:
    check(template, "get", "200", call(sandbox, path).json)


@pytest.mark.parametrize(("template", "path", "stream"), BELOW)
def test_lists_of_single_objects_are_as_described(
    sandbox: Sandbox, template: str, path: str, stream: str
) -> None:
    for object_id in sandbox.ids(stream)[:12]:
        check(template, "get", "200", call(sandbox, path.replace("{id}", object_id)).json)


def test_every_conversation_is_as_described(sandbox: Sandbox) -> None:
    template = "/conversations/{conversation_id}"
    # Checking a large one takes long and says no more than a small one.
    small = [row["id"] for row in sandbox.truth("conversations") if row["parts_total_count"] < 60]
    for conversation_id in small[:60]:
        check(template, "get", "200", call(sandbox, f"/conversations/{conversation_id}").json)


def test_searches_are_as_described(sandbox: Sandbox) -> None:
    body = {"query": UPDATED_SINCE_EVER, "pagination": {"per_page": 100}}
    for template in ("/conversations/search", "/contacts/search", "/tickets/search"):
        check(template, "post", "200", call(sandbox, template, body).json)
    ids = [row["conversation_id"] for row in sandbox.truth("calls") if row["conversation_id"]]
    found = call(sandbox, "/calls/search", {"conversation_ids": ids[:20]})
    check("/calls/search", "post", "200", found.json)


def test_single_objects_are_as_described(sandbox: Sandbox) -> None:
    call_id, article_id = sandbox.ids("calls")[1], sandbox.ids("articles")[0]
    check("/calls/{call_id}", "get", "200", call(sandbox, f"/calls/{call_id}").json)
    for ticket_id in sandbox.ids("tickets")[:6]:
        check("/tickets/{ticket_id}", "get", "200", call(sandbox, f"/tickets/{ticket_id}").json)
    check("/articles/{article_id}", "get", "200", call(sandbox, f"/articles/{article_id}").json)


def test_errors_are_as_described(sandbox: Sandbox) -> None:
    check("/admins", "get", "401", call(sandbox, "/admins", token="wrong").json)
    missing = call(sandbox, "/conversations/1").json
    check("/conversations/{conversation_id}", "get", "404", missing)
    none = call(sandbox, "/calls/search", {"conversation_ids": []}).json
    check("/calls/search", "post", "400", none)
