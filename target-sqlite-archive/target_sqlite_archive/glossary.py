"""What the tables and columns that are the target's own hold, in a sentence each, as data.

The statements that make them are in ``internal.py`` and ``sql.py``. Of the tap's columns its
schemas tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from target_sqlite_archive.sql import (
    DELETED_AT,
    ROWID,
    SYNC_STARTED,
    TABLE_VERSION,
    base_rowid_of,
    emptied_at_of,
    sha256_of,
)


@dataclass(frozen=True, slots=True)
class Told:
    """What a table is for, and what each of its columns holds."""

    about: str
    columns: Mapping[str, str]


INTERNAL = {
    "_meta": Told(
        "What made the file and when, and since when something in it is not as usual.",
        {"key": "Name of the fact.", "value": "The fact; of those that begin, when they did."},
    ),
    "_streams": Told(
        "Which table and which columns a stream has become (names can clash).",
        {
            "stream": "Stream, as the tap names it.",
            "table_name": "Its table.",
            "columns": "Its columns by property, as a JSON object.",
            "key_properties": "The properties of its key, as a JSON list.",
        },
    ),
    "_states": Told(
        "The newest committed STATE messages, exactly as the tap sent them.",
        {
            "id": "Number of the state, in the order of the commits.",
            "committed_at": "When it was committed.",
            "value": "The state's JSON text.",
        },
    ),
    "_bookmarks": Told(
        "Hashes of the streams' bookmarks in committed states, to know a foreign one.",
        {
            "stream": "Stream that the bookmark is of.",
            "hash": "Hash of the bookmark.",
            "state_id": "Number of the newest state that brought it.",
        },
    ),
    "_versions_seen": Told(
        "Rows seen in a stream's version that has not been activated yet.",
        {
            "table_name": "The stream's table.",
            "version": "The version, as the tap numbers it.",
            "row_id": "`rowid` of the row seen; -1 stands for the active version itself, 0 for a "
            "record whose key cannot be read.",
        },
    ),
    "_quarantine": Told(
        "Records that could not be stored.",
        {
            "id": "Number of the record, in the order of arrival.",
            "stream": "Stream that the record is of.",
            "reason": "Why it could not be stored, without a value of it.",
            "received_at": "When it came first.",
            "sha256": "SHA-256 of the line.",
            "line": "The whole line as it came, a zstd frame.",
        },
    ),
    "_dictionaries": Told(
        "Trained dictionaries that compressed texts are read with.",
        {
            "id": "Number that zstd writes into each frame made with it.",
            "kind": "What kind of text it was trained on.",
            "created_at": "When it was trained.",
            "dictionary": "The dictionary itself.",
            "texts": "How many texts of the kind there were then.",
        },
    ),
    "_sightings": Told(
        "Stored payloads that were seen again after a newer version of their object.",
        {
            "id": "Number of the sighting, in the order of arrival.",
            "table_name": "Table of the payload.",
            "payload_id": "Key of the payload.",
            "fetched_at": "When it was seen again.",
            "row_id": "`rowid` of the payload.",
            "after_row_id": "`rowid` of the newest version that was there then.",
        },
    ),
    "_tombstones": Told(
        "Objects that were forgotten, as keyed hashes: their records are dropped or emptied.",
        {
            "stream": "Stream whose records are meant.",
            "within": "Compressed property whose JSON is meant; empty for the record itself.",
            "properties": "Properties that the object is known by, as a JSON list.",
            "hash": "Keyed hash of their values.",
            "blanks": "Properties to be emptied, as a JSON list; without any the record is "
            "dropped.",
            "forgotten_at": "When it was forgotten.",
        },
    ),
    "_mentions": Told(
        "Values that were forgotten, as keyed hashes: no text may hold them any more.",
        {
            "hash": "Keyed hash of the value.",
            "opening": "Keyed hash of its first word, to find it by.",
            "words": "How many words the value has.",
            "forgotten_at": "When it was forgotten.",
        },
    ),
}

# Of every stream's table.
ADDED = {
    ROWID: "The row's own number in this table; no VACUUM changes it.",
    "_sdc_extracted_at": "When the tap says that it read the record; as of the row's last change.",
    "_sdc_received_at": "When the row last changed in this archive.",
    "_sdc_batched_at": "When that change was taken into a batch to be written.",
    "_sdc_sequence": "The time of that change in milliseconds since 1970, to sort by.",
    TABLE_VERSION: "Version of the stream that the change came with; null where it has none.",
    SYNC_STARTED: "When the run of that change began, in milliseconds since 1970.",
    DELETED_AT: "When the row was found to be gone at the source; null while it is there.",
}


def told_beside(column: str) -> dict[str, str]:
    """Give what stands beside a compressed column, with what it holds."""
    return {
        sha256_of(column): f"SHA-256 of the text that `{column}` is compressed from.",
        emptied_at_of(column): f"When the text of `{column}` was given up for a redaction.",
        base_rowid_of(column): f"`rowid` of the row whose text `{column}` is the difference from; "
        "null for a whole frame.",
    }
