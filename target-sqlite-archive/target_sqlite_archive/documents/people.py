"""Names of teammates, teams and contacts by their ids, looked up once each."""

from __future__ import annotations

from target_sqlite_archive.documents.model import Role
from target_sqlite_archive.reading import OpenArchive

_NOBODY = frozenset({None, "", "0"})
_ROLES = {
    "admin": Role.TEAMMATE,
    "team": Role.TEAMMATE,
    "teammate": Role.TEAMMATE,
    "user": Role.CUSTOMER,
    "lead": Role.CUSTOMER,
    "contact": Role.CUSTOMER,
    "visitor": Role.CUSTOMER,
    "bot": Role.BOT,
}
_TABLES = {"admin": "admins", "teammate": "admins", "team": "teams"}


def role_of(kind: str | None) -> Role:
    """Give the side that an author of this type is on."""
    return _ROLES.get(kind or "", Role.SYSTEM)


class People:
    """The people of one archive."""

    def __init__(self, archive: OpenArchive) -> None:
        """Look names up in this archive."""
        self._archive = archive
        self._known: dict[tuple[str, str], str | None] = {}

    def name(self, kind: str | None, number: str | None) -> str | None:
        """Give a person's or team's name, else its id; None for nobody."""
        if number in _NOBODY or number is None:
            return None
        table = _TABLES.get(kind or "", "contacts")
        if (table, number) not in self._known:
            self._known[table, number] = self._look_up(table, number)
        return self._known[table, number] or f"{kind or 'contact'} {number}"

    def _look_up(self, table: str, number: str) -> str | None:
        for row in self._archive.rows(table, id=number):
            found = row.get("name") or row.get("email")
            if found:
                return str(found)
        return None
