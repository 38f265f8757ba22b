"""The streams of the tap: one class for each row of the table and for each stream cut out of one.

Also chosen here: the reader that a row is read by. What streams do is left to `streams`.
"""

from __future__ import annotations

from tap_intercom_archive.appending import AppendReader
from tap_intercom_archive.feeding import CallReader, DeletionReader
from tap_intercom_archive.readers import Reader, WholeReader
from tap_intercom_archive.resources import RAW_PAYLOADS, RESOURCES, Cut, Resource
from tap_intercom_archive.scrolling import ScrollReader
from tap_intercom_archive.searching import WindowReader
from tap_intercom_archive.streams import ArchiveStream, ResourceStream
from tap_intercom_archive.walking import WalkReader


def stream_classes() -> list[type[ArchiveStream]]:
    """Make one class per stream of the table: the SDK expects a class to be one stream."""
    classes = []
    for resource in RESOURCES:
        classes.append(_class_of(resource))
        classes.extend(
            _stream_class(cut, f"Cut out of the payloads of {resource.name}.")
            for cut in resource.made
        )
    return [*classes, _stream_class(Cut(RAW_PAYLOADS, ("id",)), "The payloads of all streams.")]


def _reader_of(resource: Resource) -> type[Reader]:
    if resource.listing is not None and resource.listing.pager == "scroll":
        return ScrollReader
    if resource.method == "log":
        return AppendReader
    if resource.method == "full":
        return WholeReader
    if resource.method == "windows":
        return WindowReader
    if resource.tombstones_of:
        return DeletionReader
    return CallReader if resource.fed else WalkReader


def _class_of(resource: Resource) -> type[ArchiveStream]:
    facts = {
        "name": resource.name,
        "keys": resource.keys,
        "selected_by_default": resource.selected,
        "resource": resource,
        "reader_class": _reader_of(resource),
        "replication_key": None if resource.method == "full" else resource.time_field,
        "__doc__": f"Read from {resource.source.path}.",
    }
    return type(_class_name(resource.name), (ResourceStream,), facts)


def _stream_class(cut: Cut, doc: str) -> type[ArchiveStream]:
    facts = {"name": cut.name, "keys": cut.keys, "__doc__": doc}
    return type(
        _class_name(cut.name), (ArchiveStream,), {**facts, "selected_by_default": cut.selected}
    )


def _class_name(stream: str) -> str:
    return "".join(word.capitalize() for word in stream.split("_")) + "Stream"
