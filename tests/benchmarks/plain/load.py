"""The ceiling for a target: a bare loop that puts a tap's output into the same tables, no more.

`python -m tests.benchmarks.plain.load DATABASE < OUTPUT`: decode with msgspec, upsert with
`executemany`, the same unique index, full text and zstd frames with a dictionary. It validates
nothing, keeps no STATE, has no metadata columns, takes only what this tap writes into a fresh
file, and loses everything at an error. It counts what it stored on its last line.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_PREFIX = b'{"type":"RECORD","stream":"'
_ROWS_PER_COMMIT = 10_000
_SAMPLES, _DICTIONARY_BYTES = 200, 112 * 1024
_OPTIONS: dict[int, int] = {
    zstd.CompressionParameter.compression_level: 6,
    zstd.CompressionParameter.checksum_flag: 1,
}
_PYTHON = {"string": str, "integer": int, "number": float, "boolean": bool}
_SQL = {"string": "TEXT", "integer": "INTEGER", "number": "REAL", "boolean": "INTEGER"}

Row = tuple[Any, ...]


class Frames:
    """Compresses payloads: plainly until there are samples, then with their kind's dictionary."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Keep dictionaries in the file."""
        self._connection = connection
        connection.execute("CREATE TABLE _dictionaries (kind TEXT, dictionary BLOB)")
        self._samples: dict[str, list[bytes]] = {}
        self._compressors: dict[str, zstd.ZstdCompressor] = {}

    def compress(self, kind: str, text: bytes) -> bytes:
        """Give one frame."""
        if kind not in self._compressors:
            samples = self._samples.setdefault(kind, [])
            samples.append(text)
            if len(samples) <= _SAMPLES:
                return zstd.compress(text, options=_OPTIONS)
            size = min(_DICTIONARY_BYTES, sum(map(len, samples)) // 16)
            dictionary = zstd.train_dict(samples, size)
            self._connection.execute(
                "INSERT INTO _dictionaries VALUES (?, ?)", (kind, dictionary.dict_content)
            )
            self._compressors[kind] = zstd.ZstdCompressor(options=_OPTIONS, zstd_dict=dictionary)
            samples.clear()
        compressor = self._compressors[kind]
        return compressor.compress(text, zstd.ZstdCompressor.FLUSH_FRAME)


@dataclass
class Table:
    """A stream's table and the rows on their way into it."""

    name: str
    decode: Callable[[bytes], Any]
    nested: list[int]
    blob: int | None
    kind: int | None
    upsert: str
    texts: str
    rows: list[Row] = field(default_factory=list)
    stored: int = 0
    indexed: int = 0


class Load:
    """The loop: lines in, rows and frames out."""

    def __init__(self, path: str) -> None:
        """Make a fresh file, with the target's pages and durability."""
        self._connection = sqlite3.connect(path, isolation_level=None)
        for pragma in ("page_size = 16384", "journal_mode = WAL", "synchronous = FULL"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.execute("PRAGMA cache_size = -32000")
        self._connection.execute("BEGIN")
        self._frames = Frames(self._connection)
        self._tables: dict[bytes, Table] = {}

    def schema(self, message: dict[str, Any]) -> None:
        """Make the table of a stream."""
        name = message["stream"]
        properties: dict[str, Any] = message["schema"]["properties"]
        columns, fields = [], []
        for number, (column, declared) in enumerate(properties.items()):
            kind = next(kind for kind in declared["type"] if kind != "null")
            if isinstance(declared["type"], str):
                kind = declared["type"]
            is_blob = declared.get("contentMediaType") == "application/json"
            columns.append(f'"{column}" {"BLOB" if is_blob else _SQL.get(kind, "TEXT")}')
            typed = _PYTHON.get(kind, msgspec.Raw)
            default = msgspec.Raw(b"null") if typed is msgspec.Raw else None
            known = typed if typed is msgspec.Raw else typed | None
            fields.append((f"c{number}", known, default))
        names = {f"c{number}": column for number, column in enumerate(properties)}
        record = msgspec.defstruct("Record", fields, rename=names, gc=False)
        line = msgspec.defstruct("Line", [("record", record)], gc=False)
        media = [declared.get("contentMediaType") for declared in properties.values()]
        blob = media.index("application/json") if "application/json" in media else None
        listed = [f'"{column}"' for column in properties]
        if blob is not None:
            listed.append(f'"_{list(properties)[blob]}_sha256"')
            columns.append(f"{listed[-1]} BLOB")
        keys = [f'"{key}"' for key in message["key_properties"]]
        texts = ", ".join(
            f'"{c}"' for c, m in zip(properties, media, strict=True) if m == "text/plain"
        )
        run = self._connection.execute
        run(f'CREATE TABLE "{name}" (rowid INTEGER PRIMARY KEY, {", ".join(columns)})')
        run(f'CREATE UNIQUE INDEX "_key_{name}" ON "{name}" ({", ".join(keys)})')
        if texts:
            run(
                f'CREATE VIRTUAL TABLE "{name}_fts" USING fts5({texts}, content="{name}", '
                'content_rowid="rowid", tokenize="unicode61 remove_diacritics 2")'
            )
            for option, value in (("hashsize", 8 * 1024 * 1024), ("automerge", 8)):
                run(f'INSERT INTO "{name}_fts" ("{name}_fts", rank) VALUES (?, ?)', (option, value))
        assigned = ", ".join(f"{column} = excluded.{column}" for column in listed)
        self._tables[name.encode()] = Table(
            name=name,
            decode=msgspec.json.Decoder(line).decode,
            nested=[i for i, (_, known, _) in enumerate(fields) if known is msgspec.Raw],
            blob=blob,
            kind=list(properties).index("stream") if blob is not None else None,
            upsert=(
                f'INSERT INTO "{name}" ({", ".join(listed)}) '
                f"VALUES ({', '.join('?' * len(listed))}) "
                f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {assigned}"
            ),
            texts=texts,
        )

    def load(self) -> dict[str, int]:
        """Read all lines; give the rows stored by stream."""
        waiting, tables, astuple = 0, self._tables, msgspec.structs.astuple
        start = len(_PREFIX)
        for line in sys.stdin.buffer:
            if not line.startswith(_PREFIX):
                message = json.loads(line)
                if message["type"] == "SCHEMA":
                    self.schema(message)
                continue
            table = tables[line[start : line.index(b'"', start)]]
            row = astuple(table.decode(line).record)
            if table.nested:
                values = list(row)
                for index in table.nested:
                    text = bytes(values[index])
                    values[index] = None if text == b"null" else text.decode()
                row = tuple(values)
            if table.blob is not None and table.kind is not None:
                text = row[table.blob].encode()
                frame = self._frames.compress(row[table.kind], text)
                digest = hashlib.sha256(text).digest()
                row = (*row[: table.blob], frame, *row[table.blob + 1 :], digest)
            table.rows.append(row)
            waiting += 1
            if waiting == _ROWS_PER_COMMIT:
                self._write()
                waiting = 0
        self._write()
        self._connection.execute("COMMIT")
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._connection.close()
        return {table.name: table.stored for table in tables.values()}

    def _write(self) -> None:
        run = self._connection.execute
        for table in self._tables.values():
            if not table.rows:
                continue
            self._connection.executemany(table.upsert, table.rows)
            table.stored += len(table.rows)
            table.rows = []
            if table.texts:
                run(
                    f'INSERT INTO "{table.name}_fts" (rowid, {table.texts}) '
                    f'SELECT rowid, {table.texts} FROM "{table.name}" WHERE rowid > ?',
                    (table.indexed,),
                )
                (table.indexed,) = run(f'SELECT max(rowid) FROM "{table.name}"').fetchone()
        run("COMMIT")
        run("BEGIN")


if __name__ == "__main__":
    print(json.dumps(Load(sys.argv[1]).load()))
