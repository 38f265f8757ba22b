"""The people of a workspace and what they are grouped by: admins, teams, tags, companies, contacts.

All of them are API objects as plain JSON documents. Who takes part in what is decided elsewhere.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from typing import Any

from .clock import iso
from .vocabulary import Vocabulary, person_name

Document = dict[str, Any]

_DAY = 86_400
_FIRST_ADMIN = 990_100
_FIRST_TEAM = 4_400
_FIRST_TAG = 7_700_000
_FIRST_NOTE = 500_000
INLINE_LIMIT = 10


def hex_id(seed: int, kind: str, index: int) -> str:
    """A 24-digit hexadecimal id, different for every object and every seed."""
    return hashlib.sha256(f"{seed} {kind} {index}".encode()).hexdigest()[:24]


def workspace_id(seed: int) -> str:
    """The id of the workspace (`id_code`)."""
    return f"synth{seed:03d}"


def make_admins(seed: int, words: Vocabulary, count: int = 14, teams: int = 5) -> list[Document]:
    """Teammates: with and without a seat, a team, a role, an away reason."""
    rng = random.Random(f"admins {seed}")
    admins: list[Document] = []
    for index in range(count):
        own_teams = sorted(rng.sample(range(teams), k=index % 3))
        team_ids = [_FIRST_TEAM + team for team in own_teams]
        admin: Document = {
            "type": "admin",
            "id": str(_FIRST_ADMIN + index),
            "name": person_name(rng, index),
            "email": f"teammate{index}@example.com",
            "job_title": words.phrase(rng, 2) if index % 4 else "",
            "away_mode_enabled": index % 5 == 0,
            "away_mode_reassign": index % 10 == 0,
            "away_status_reason_id": 12_300 + index if index % 5 == 0 else None,
            "has_inbox_seat": index % 6 != 5,
            "team_ids": team_ids,
            "team_priority_level": {
                "primary_team_ids": team_ids[:1],
                "secondary_team_ids": team_ids[1:] or None,
            },
        }
        if index % 4 == 1:
            admin["role"] = {"type": "role", "id": str(31 + index), "name": words.phrase(rng, 2)}
        admins.append(admin)
    return admins


def with_avatar(admin: Document) -> Document:
    """An admin as shown to who asks for pictures; two of three have none."""
    number = int(admin["id"])
    if number % 3:
        return admin
    url = f"https://static.example.com/avatars/{number}.png"
    return admin | {"avatar": {"type": "avatar", "image_url": url}}


def make_teams(admins: list[Document], seed: int, words: Vocabulary) -> list[Document]:
    """Teams with the admins that say they belong to them; the last team is empty."""
    rng = random.Random(f"teams {seed}")
    teams: list[Document] = []
    for index in range(5):
        number = _FIRST_TEAM + index
        members = [] if index == 4 else [int(a["id"]) for a in admins if number in a["team_ids"]]
        team: Document = {
            "type": "team",
            "id": str(number),
            "name": f"Team {words.phrase(rng, 2)}",
            "admin_ids": members,
            "admin_priority_level": {
                "primary_admin_ids": members[:2],
                "secondary_admin_ids": members[2:],
            },
            "distribution_method": ("round_robin", "load_balanced", None)[index % 3],
        }
        if index % 3 == 1:
            team["assignment_limit"] = 10 + index
        teams.append(team)
    return teams


def make_tags(seed: int, words: Vocabulary, count: int = 30) -> list[Document]:
    """Tags, one of them named in another script."""
    rng = random.Random(f"tags {seed}")
    names = [f"{words.phrase(rng, 2)} {index}" for index in range(count)]
    names[3] = "Étiquette 例 🧪"
    return [
        {"type": "tag", "id": str(_FIRST_TAG + 13 * index), "name": name}
        for index, name in enumerate(names)
    ]


def make_companies(seed: int, words: Vocabulary, start: int, count: int = 12) -> list[Document]:
    """Companies as they appear on a conversation."""
    rng = random.Random(f"companies {seed}")
    return [
        {
            "type": "company",
            "id": hex_id(seed, "company", index),
            "company_id": f"customer-{index}",
            "app_id": workspace_id(seed),
            "name": f"Invented {words.phrase(rng, 2)} Ltd",
            "remote_created_at": start - 900 * _DAY,
            "created_at": start - 800 * _DAY + index,
            "updated_at": start - (20 + index) * _DAY,
            "monthly_spend": 100 * index,
            "session_count": 7 * index,
            "user_count": 1 + index,
            "size": 50 * index,
            "website": "https://company.example.com",
            "industry": "Make-believe",
            "plan": {"type": "plan", "id": str(index), "name": words.phrase(rng, 1)},
            "tags": {"type": "tag.list", "tags": []},
            "segments": {"type": "segment.list", "segments": []},
            "custom_attributes": {"tier": str(index % 3), "net": f"{1.5 * index}"},
        }
        for index in range(count)
    ]


def _custom_attributes(rng: random.Random, index: int, words: Vocabulary, start: int) -> Document:
    if index % 4 == 0:
        return {}
    attributes: Document = {
        "plan_name": words.phrase(rng, 2),
        "seats": rng.randrange(500),
        "spend": rng.randrange(1, 100_000) / 100,
        "trial": index % 2 == 0,
        "référence_客户": f"R-{index}",
        "renewal_at": start + rng.randrange(400) * _DAY,
        "nothing": None,
    }
    if index % 5 == 1:
        attributes["labels"] = ["a", 1, None, {"deep": [True]}]
        attributes["last_import_ms"] = (start - 5 * _DAY) * 1_000 + 123
    if index == 3:
        attributes["born_at"] = -315_619_200
    return attributes


@dataclass(frozen=True)
class References:
    """What a contact refers to, in full: ids of tags, notes and companies."""

    tags: list[str]
    notes: list[int]
    companies: list[str]


def references(contact_id: str, kind: str, one: str, ids: list[str]) -> Document:
    """A list inside a contact: at most ten, and how many there are."""
    return {
        "type": "list",
        "data": [{"type": one, "id": i, "url": f"/{kind}/{i}"} for i in ids[:INLINE_LIMIT]],
        "url": f"/contacts/{contact_id}/{kind}",
        "total_count": len(ids),
        "has_more": len(ids) > INLINE_LIMIT,
    }


def _device(platform: str, used: bool, last_seen: int | None) -> Document:
    return {
        f"{platform}_app_name": "Pretend App" if used else None,
        f"{platform}_app_version": "4.2.0" if used else None,
        f"{platform}_device": "Imaginary Phone 3" if used else None,
        f"{platform}_os_version": "17.1" if used else None,
        f"{platform}_sdk_version": "9.9.9" if used else None,
        f"{platform}_last_seen_at": last_seen if used else None,
    }


def _note_ids(index: int) -> list[int]:
    count = 12 if index % 37 == 8 else 53 if index == 13 else int(index % 5 == 3)
    return [_FIRST_NOTE + 100 * index + number for number in range(count)]


def _company_ids(seed: int, index: int) -> list[str]:
    if index % 31 == 9:
        return [hex_id(seed, "company", number) for number in range(13)]
    return [hex_id(seed, "company", index % 12)] if index % 4 == 1 else []


def make_contact(
    seed: int, index: int, start: int, words: Vocabulary, tags: list[Document]
) -> tuple[Document, References]:
    """The contact of this index, last changed within the 400 days before `start`."""
    rng = random.Random(f"contact {seed} {index}")
    contact_id = hex_id(seed, "contact", index)
    lead = index % 5 == 2
    updated = start - 3_600 - rng.randrange(400 * _DAY)
    created = updated - rng.randrange(1, 300 * _DAY)
    seen = updated - rng.randrange(2 * _DAY) if index % 3 else None
    # Older objects carry milliseconds here and there, in a field documented in seconds.
    signed_up = created * 1_000 if index % 23 == 5 else created
    tag_count = 13 if index % 29 == 7 else rng.choice((0, 0, 0, 1, 2, 4))
    tag_ids = [str(tag["id"]) for tag in rng.sample(tags, tag_count)]
    note_ids, company_ids = _note_ids(index), _company_ids(seed, index)
    contact: Document = {
        "type": "contact",
        "id": contact_id,
        "workspace_id": workspace_id(seed),
        "external_id": None if lead else f"ext-{index}",
        "role": "lead" if lead else "user",
        "email": f"person{index}@example.com" if index % 17 != 4 else None,
        "email_domain": "example.com" if index % 17 != 4 else None,
        "phone": f"+1555{index:07d}" if index % 6 == 0 else None,
        "name": person_name(rng, index) if index % 9 else None,
        "owner_id": str(_FIRST_ADMIN + index % 14) if index % 7 == 1 else None,
        "has_hard_bounced": index % 31 == 1,
        "marked_email_as_spam": index % 37 == 1,
        "unsubscribed_from_emails": index % 13 == 1,
        "created_at": created,
        "updated_at": updated,
        "signed_up_at": None if lead else signed_up,
        "last_seen_at": seen,
        "last_replied_at": seen if index % 2 else None,
        "last_contacted_at": updated if index % 4 == 1 else None,
        "last_email_opened_at": updated if index % 8 == 1 else None,
        "last_email_clicked_at": None,
        "language_override": "fr" if index % 11 == 0 else None,
        "browser": "pretend-browser" if index % 2 else None,
        "browser_version": "1.2.3" if index % 2 else None,
        "browser_language": "en" if index % 2 else None,
        "os": "Imaginary OS" if index % 2 else None,
        **_device("android", index % 10 == 3, seen),
        **_device("ios", index % 10 == 6, seen),
        "custom_attributes": _custom_attributes(rng, index, words, start),
        "avatar": (
            {"type": "avatar", "image_url": f"https://static.example.com/people/{index}.png"}
            if index % 6 == 1
            else None
        ),
        "tags": references(contact_id, "tags", "tag", tag_ids),
        "notes": references(contact_id, "notes", "note", [str(i) for i in note_ids]),
        "companies": references(contact_id, "companies", "company", company_ids),
        "location": {
            "type": "location",
            "country": rng.choice(("Ireland", "Côte d'Ivoire", "日本", None)),
            "region": words.phrase(rng, 1),
            "city": words.phrase(rng, 1),
            "country_code": "IRL",
            "continent_code": "EU",
        },
        "social_profiles": {
            "type": "list",
            "data": [
                {
                    "type": "social_profile",
                    "name": "Chirper",
                    "url": "https://chirper.example.com/x",
                }
            ]
            if index % 8 == 2
            else [],
        },
        "utm_campaign": words.phrase(rng, 2) if index % 12 == 0 else None,
        "referrer": "https://www.example.com/" if index % 3 == 0 else None,
        "enabled_push_messaging": None,
    }
    if index % 16 == 9:
        contact["field_of_the_future"] = {"known": False, "since": iso(created)}
    return contact, References(tag_ids, note_ids, company_ids)


def make_me(seed: int, start: int, timezone: str) -> Document:
    """The answer of `GET /me`: the admin that owns the token, and the workspace."""
    return {
        "type": "admin",
        "id": str(_FIRST_ADMIN),
        "email": "teammate0@example.com",
        "name": "Synthetic Sam",
        "email_verified": True,
        "app": {
            "type": "app",
            "id_code": workspace_id(seed),
            "name": f"Synthetic Workspace {seed}",
            "created_at": start - 1_000 * _DAY,
            "secure": False,
            "identity_verification": False,
            "timezone": timezone,
            "region": "US",
        },
        "avatar": {"type": "avatar", "image_url": "https://static.example.com/avatars/0.png"},
        "has_inbox_seat": True,
    }
