"""Payload to records: pure functions, driven by the schema files.

One payload gives the record of its own stream, the records of the streams cut out of it, and
one record of `raw_payloads`. A value that does not fit becomes null and is counted, never a
crash; a field that no schema declares stays in the payload.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from tap_intercom_archive.columns import Unfit, stream_schema, value_at
from tap_intercom_archive.payload import Payload
from tap_intercom_archive.resources import Cut, Record, Resource
from tap_intercom_archive.times import epoch, iso

Unfits = Counter[tuple[str, str]]


def record_of(
    stream: str,
    document: Mapping[str, Any],
    payload_id: str,
    unfits: Unfits,
    parent: Mapping[str, Any] | None = None,
) -> Record:
    """Fill the columns of `stream` from one object.

    `parent` is the object that holds it, for columns that come from there. Values that do not
    fit are counted in `unfits` by (stream, column).
    """
    record: Record = {}
    for column in stream_schema(stream).columns:
        value = value_at(parent if column.from_parent else document, column.path)
        if value is not None:
            try:
                value = column.convert(value)
            except Unfit:
                unfits[stream, column.name] += 1
                value = None
        record[column.name] = value
    record["payload_id"] = payload_id
    return record


def main_record(resource: Resource, payload: Payload, unfits: Unfits) -> Record:
    """Give the record of the resource's own stream."""
    record = record_of(resource.name, payload.document, payload.id, unfits)
    if resource.finish:
        resource.finish(record)
    return record


def cut_records(cut: Cut, payload: Payload, unfits: Unfits) -> Iterator[Record]:
    """Give the records of a stream that is cut out of the payload."""
    if cut.derive:
        for derived in cut.derive(payload.document):
            yield from _with_key(cut, {**derived, "payload_id": payload.id}, unfits)
        return
    for items in cut.items:
        listed = value_at(payload.document, tuple(items.path.split(".")))
        for item in listed if isinstance(listed, list) else ():
            if isinstance(item, dict):
                whole = {**items.defaults, **{k: v for k, v in item.items() if v is not None}}
                record = record_of(cut.name, whole, payload.id, unfits, payload.document)
                yield from _with_key(cut, record, unfits)


def _with_key(cut: Cut, record: Record, unfits: Unfits) -> Iterator[Record]:
    """A row without its key could not be told from another: it is counted, the payload keeps it."""
    missing = [key for key in cut.keys if record[key] is None]
    if not missing:
        yield record
    unfits.update((cut.name, key) for key in missing)


def payload_record(payload: Payload, updated_at: float | None) -> Record:
    """Give the record of `raw_payloads`; `updated_at` is epoch seconds."""
    return {
        "id": payload.id,
        "sha256": payload.sha256,
        "stream": payload.stream,
        "record_id": payload.record_id,
        "updated_at": None if updated_at is None else iso(updated_at),
        "fetched_at": payload.fetched_at,
        "api_version": payload.api_version,
        "request": payload.request,
        "content_type": payload.content_type,
        "payload": payload.text,
    }


def time_of(resource: Resource, document: Mapping[str, Any]) -> float | None:
    """Give the object's time of change as epoch seconds; None where it has none."""
    return epoch(document.get(resource.time_field)) if resource.time_field else None


def record_id(document: Mapping[str, Any]) -> str | None:
    """Give the object's id as text; None where it has none."""
    value = document.get("id")
    if isinstance(value, str) and value:
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return None
