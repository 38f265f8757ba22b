"""Payload to records: pure functions, driven by the schema files.

One payload gives the record of its own stream, the records of the streams cut out of it, and
one record of `raw_payloads`. A value that does not fit becomes null and is counted, never a
crash; a field that no schema declares stays in the payload.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from tap_intercom_archive.columns import Column, Unfit, stream_schema, value_at
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
    schema = stream_schema(stream)
    record: Record = {**schema.empty, "payload_id": payload_id}
    for holder in schema.holders:
        held: Any = parent if holder.from_parent else document
        for name in holder.path:
            held = held.get(name) if isinstance(held, dict) else None
        if not isinstance(held, dict):
            continue
        for column, name, fits, convert in holder.columns:
            value = held.get(name)
            if value is None:
                continue
            if type(value) is not fits:
                try:
                    value = convert(value)
                except Unfit:
                    unfits[stream, column] += 1
                    continue
            record[column] = value
    for listed in schema.of_elements:
        value = value_at(parent if listed.from_parent else document, listed.path)
        try:
            record[listed.name] = None if value is None else listed.convert(value)
        except Unfit:
            unfits[stream, listed.name] += 1
    return record


def main_record(resource: Resource, payload: Payload, unfits: Unfits) -> Record:
    """Give the record of the resource's own stream."""
    has_parent = resource.listing is not None and resource.listing.each is not None
    parent = {"id": payload.record_id.partition(":")[0]} if has_parent else None
    record = record_of(resource.name, payload.document, payload.id, unfits, parent)
    if resource.finish:
        resource.finish(record)
    return record


def cut_records(
    cut: Cut, payload: Payload, unfits: Unfits, answer: Payload | None = None
) -> Iterator[Record]:
    """Give the records of a stream that is cut out of the payload.

    They are read from `answer`, where what the payload lacks was asked for separately.
    """
    if cut.derive:
        for derived in cut.derive(payload.document):
            yield from _with_key(cut, {**derived, "payload_id": payload.id}, unfits)
        return
    follow_up, document = cut.follow_up, (answer or payload).document
    for items in follow_up.rows if answer and follow_up else cut.items:
        for item in items_at(document, items.path):
            if not isinstance(item, dict):
                continue
            if items.defaults:
                given = {name: value for name, value in item.items() if value is not None}
                item = {**items.defaults, **given}
            record = record_of(cut.name, item, payload.id, unfits, payload.document)
            if follow_up:
                record["list_payload_id"] = answer.id if answer else None
            if cut.finish:
                cut.finish(record)
            yield from _with_key(cut, record, unfits)


def items_at(document: Mapping[str, Any], path: str) -> list[Any]:
    """Give the items at a path; the object itself where the path is empty."""
    if not path:
        return [document]
    listed = value_at(document, tuple(path.split(".")))
    return listed if isinstance(listed, list) else []


def _with_key(cut: Cut, record: Record, unfits: Unfits) -> tuple[Record, ...]:
    """A row without its key could not be told from another: it is counted, the payload keeps it."""
    missing = [key for key in cut.keys if record[key] is None]
    if not missing:
        return (record,)
    unfits.update((cut.name, key) for key in missing)
    return ()


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


def identity(
    resource: Resource, document: Mapping[str, Any], asked_for: str | None = None
) -> str | None:
    """Give what tells an object from others: its stream's key, several columns joined by colons.

    `asked_for` is what its list was asked for with. None where a part of the key is missing.
    """
    parts = []
    for column in _key_columns(resource.name, resource.keys):
        holder = {"id": asked_for} if column.from_parent else document
        part = _id(value_at(holder, column.path))
        if part is None:
            return None
        parts.append(part)
    return ":".join(parts)


@cache
def _key_columns(stream: str, keys: tuple[str, ...]) -> tuple[Column, ...]:
    columns = {column.name: column for column in stream_schema(stream).columns}
    return tuple(columns[key] for key in keys)


def record_id(document: Mapping[str, Any]) -> str | None:
    """Give the object's id as text; None where it has none."""
    return _id(document.get("id"))


def _id(value: Any) -> str | None:
    if isinstance(value, str) and value:
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return None
