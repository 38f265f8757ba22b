"""The SQL statements of a stream's table, from plain facts about its columns. Pure.

Running them, and knowing what the file holds already, is left to ``tables.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from target_sqlite_archive.columns import Property, Role
from target_sqlite_archive.naming import quote

ROWID = "rowid"
DELETED_AT = "_sdc_deleted_at"
TABLE_VERSION = "_sdc_table_version"
SYNC_STARTED = "_sdc_sync_started_at"
# Of these every row has its own.
ROW_ARRIVAL = ("_sdc_extracted_at", "_sdc_received_at", "_sdc_batched_at", "_sdc_sequence")
# Facts about the arrival, not about the object: a row that differs in nothing else is unchanged.
ARRIVAL_COLUMNS = (
    ("_sdc_extracted_at", "TEXT"),
    ("_sdc_received_at", "TEXT"),
    ("_sdc_batched_at", "TEXT"),
    ("_sdc_sequence", "INTEGER"),
    (TABLE_VERSION, "INTEGER"),
    (SYNC_STARTED, "INTEGER"),
)
METADATA_PROPERTIES = frozenset({DELETED_AT, *(name for name, _ in ARRIVAL_COLUMNS)})


def sha256_of(column: str) -> str:
    """Name what stands beside a compressed column: the hash of the text that went in."""
    return f"_{column}_sha256"


def emptied_at_of(column: str) -> str:
    """Name what stands beside a compressed column: when its text was given up for a redaction."""
    return f"_{column}_emptied_at"


def base_rowid_of(column: str) -> str:
    """Name what stands beside a compressed column: the row that its frame is a delta on, if any."""
    return f"_{column}_base_rowid"


def beside(column: str) -> list[tuple[str, str]]:
    """Give all that stands beside a compressed column, with the types."""
    return [
        (sha256_of(column), "BLOB"),
        (emptied_at_of(column), "TEXT"),
        (base_rowid_of(column), "INTEGER"),
    ]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a stream's table: its property, and its SQL type in the file."""

    source: Property
    name: str
    declared: str

    @property
    def sha256(self) -> str:
        """Beside a compressed column: the hash of the text that went in."""
        return sha256_of(self.name)

    @property
    def emptied_at(self) -> str:
        """Beside a compressed column: when its text was given up for a redaction."""
        return emptied_at_of(self.name)

    @property
    def base_rowid(self) -> str:
        """Beside a compressed column: the row that its frame is a delta on, if any."""
        return base_rowid_of(self.name)

    def own_columns(self) -> list[tuple[str, str]]:
        """All columns of the table that this property needs, with their types."""
        own = [(self.name, self.declared)]
        return own + beside(self.name) if self.source.role is Role.BLOB else own


def define(name: str, declared: str, references: tuple[str, str] | None) -> str:
    """Write one column's definition; links are declared for readers and never enforced."""
    parts = [quote(name)]
    if declared:
        parts.append(declared)
    if references:
        table, column = references
        parts.append(f"REFERENCES {quote(table)} ({quote(column)})")
    return " ".join(parts)


def create_table(table: str, definitions: Sequence[str]) -> str:
    """Write CREATE TABLE with a row id of its own, which no VACUUM renumbers."""
    return f"CREATE TABLE {quote(table)} ({', '.join(['rowid INTEGER PRIMARY KEY', *definitions])})"


def create_index(name: str, table: str, columns: Sequence[str], *, unique: bool) -> str:
    """Write CREATE INDEX."""
    kind = "UNIQUE INDEX" if unique else "INDEX"
    return f"CREATE {kind} {quote(name)} ON {quote(table)} ({', '.join(map(quote, columns))})"


def versions_index(table: str, column: str) -> str:
    """Name the index of the columns that say which object a payload is a version of."""
    return f"_versions_{table}_{column}"


def bases_index(table: str, column: str) -> str:
    """Name the index that finds the deltas on a row."""
    return f"_bases_{table}_{column}"


def create_bases_index(table: str, column: str) -> str:
    """Write CREATE INDEX for the deltas of a column; whole frames are not in it."""
    base = quote(base_rowid_of(column))
    return (
        f"CREATE INDEX IF NOT EXISTS {quote(bases_index(table, column))} "
        f"ON {quote(table)} ({base}) WHERE {base} IS NOT NULL"
    )


def insert(table: str, columns: Sequence[str], constants: Mapping[str, str]) -> str:
    """Write INSERT with one parameter per column; ``constants`` are columns with their SQL."""
    names = ", ".join(map(quote, [*columns, *constants]))
    values = ", ".join([*"?" * len(columns), *constants.values()])
    return f"INSERT INTO {quote(table)} ({names}) VALUES ({values})"


def upsert(
    table: str,
    columns: Sequence[str],
    constants: Mapping[str, str],
    keys: Sequence[str],
    compared: Sequence[str],
    told_by: Mapping[str, str],
) -> str:
    """Write an upsert that leaves a row alone unless one of the ``compared`` columns differs.

    ``told_by`` gives for some columns another one: where that is equal, they stay as they are.
    """
    text = insert(table, columns, constants) + f" ON CONFLICT ({', '.join(map(quote, keys))}) "
    changed = [quote(name) for name in (*columns, *constants) if name not in keys]
    if not changed or not compared:
        return text + "DO NOTHING"
    target = quote(table)
    stays = {
        quote(name): f"{target}.{quote(tells)} IS excluded.{quote(tells)}"
        for name, tells in told_by.items()
    }
    assignments = ", ".join(
        f"{name} = CASE WHEN {stays[name]} THEN {target}.{name} ELSE excluded.{name} END"
        if name in stays
        else f"{name} = excluded.{name}"
        for name in changed
    )
    guard = " OR ".join(f"{target}.{name} IS NOT excluded.{name}" for name in map(quote, compared))
    return f"{text}DO UPDATE SET {assignments} WHERE {guard}"


def where(columns: Sequence[str]) -> str:
    """Write a condition on the columns, one parameter each; NULL equals NULL."""
    return " AND ".join(f"{quote(name)} IS ?" for name in columns)
