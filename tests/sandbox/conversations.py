"""Conversations: the first message, the parts that follow, and the object that sums them up.

A conversation is made from its plan alone, so any one can be made at any time, and comes out the
same. What happens to it later goes through `add_part` and `settle`, as at its making.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from . import extras, parts, prose
from .features import Plan
from .parts import KINDS, Cast, Document, Part
from .prose import Body
from .statistics_block import make_statistics
from .vocabulary import EMOJI, RIGHT_TO_LEFT, Vocabulary

_MOST_PARTS = 10_000  # part ids of one conversation lie in a range of this size
_FIRST_PART = 23_000_000_000
_NEVER_BY_CHANCE = ("participant_added", "participant_removed", "merged_primary_conversation")


@dataclass(frozen=True)
class Setting:
    """What conversations are made from: the people and groups of the workspace, its language."""

    seed: int
    words: Vocabulary
    admins: list[Document]
    teams: list[Document]
    tags: list[Document]
    companies: list[Document]
    contacts: list[Document]


@dataclass
class Conversation:
    """One conversation: the API object without its parts, the parts, the texts behind the HTML."""

    index: int
    document: Document
    source_text: str | None
    parts: list[Part]
    cast: Cast
    odd: bool = False
    shows_statistics: bool = True

    @property
    def id(self) -> str:
        """Its id, digits."""
        return str(self.document["id"])


def add_part(
    conversation: Conversation, rng: random.Random, name: str, at: int, words: Vocabulary
) -> Part:
    """Let a part of kind `name` happen at second `at`, with its effect on the conversation."""
    document = conversation.document
    state = KINDS[name].state
    if state is not None:
        document["state"] = state
        document["open"] = state != "closed"
        document["snoozed_until"] = at + 86_400 if state == "snoozed" else None
    part_id = str(_FIRST_PART + conversation.index * _MOST_PARTS + len(conversation.parts))
    part = parts.make_part(
        rng,
        part_id,
        name,
        at,
        conversation.cast,
        words,
        document["state"],
        email=document["source"]["type"] == "email",
    )
    target = part.document["assigned_to"]
    if KINDS[name].assigns:
        kind = target["type"] if target else "admin"
        document[f"{kind}_assignee_id"] = int(target["id"]) if target else 0
    conversation.parts.append(part)
    return part


def settle(conversation: Conversation, updated_at: int) -> None:
    """Bring the summing-up fields in step with the parts; `updated_at` in epoch seconds."""
    document = conversation.document
    document["updated_at"] = updated_at
    if conversation.shows_statistics:
        document["statistics"] = make_statistics(
            document["source"], document["created_at"], conversation.parts
        )
    wrote = dict.fromkeys(
        part.document["author"]["id"]
        for part in conversation.parts
        if part.document["author"]["type"] == "admin"
    )
    document["teammates"] = (
        {"type": "admin.list", "teammates": [{"type": "admin", "id": i} for i in wrote]}
        if wrote
        else None
    )
    written = [p.document for p in conversation.parts if p.document["part_type"] == "comment"]
    from_contact = bool(written) and written[-1]["author"]["type"] in ("user", "lead")
    waits = from_contact and document["state"] == "open"
    document["waiting_since"] = written[-1]["created_at"] if waits else None


def _source_body(rng: random.Random, features: frozenset[str], words: Vocabulary) -> Body:
    if "null_body" in features:
        return prose.NO_BODY
    if features & {"empty_body", "redacted_source"}:
        return prose.EMPTY_BODY
    if "every_block" in features:
        return prose.show_everything(rng, words)
    if "inline_image" in features:
        return parts.signed_image(rng, words)
    if "right_to_left" in features:
        return prose.join(*(prose.paragraph(line) for line in RIGHT_TO_LEFT))
    if "emoji" in features:
        return prose.join(prose.paragraph(" ".join(EMOJI)), prose.paragraph("a/b </script> \\"))
    return prose.write(rng, words, 4)


def _choose_cast(rng: random.Random, plan: Plan, setting: Setting) -> Cast:
    count = 3 if "three_contacts" in plan.features else 1
    if "no_contact" in plan.features:
        count = 0
    return Cast(
        contacts=tuple(rng.sample(setting.contacts, count)),
        admins=tuple(rng.sample(setting.admins, 3)),
        teams=tuple(setting.teams),
    )


def _part_names(rng: random.Random, plan: Plan) -> list[str]:
    if "every_part" in plan.features:
        return list(parts.KIND_NAMES)
    names = rng.choices(parts.KIND_NAMES, parts.KIND_WEIGHTS, k=plan.parts)
    names = ["comment" if name in _NEVER_BY_CHANCE else name for name in names]
    if names and "snoozed_now" in plan.features:
        names[-1] = "snoozed"
    elif names and rng.random() < 0.6:
        names[-1] = "close"
    return names


def make_conversation(plan: Plan, setting: Setting) -> Conversation:
    """The conversation of this plan as it stands when the workspace opens."""
    rng = random.Random(f"conversation {setting.seed} {plan.index}")
    features, words = plan.features, setting.words
    cast = _choose_cast(rng, plan, setting)
    body = _source_body(rng, features, words)
    document = extras.make_document(rng, plan, cast, body.html, setting.tags, words)
    conversation = Conversation(
        index=plan.index,
        document=document,
        source_text=body.text,
        parts=[],
        cast=cast,
        odd="odd" in features,
        shows_statistics="no_statistics" not in features,
    )
    names = _part_names(rng, plan)
    span = plan.updated_at - plan.created_at
    moments = sorted(plan.created_at + 1 + int(rng.random() * (span - 1)) for _ in names)
    if moments:
        moments[-1] = plan.updated_at
    for name, at in zip(names, moments, strict=True):
        add_part(conversation, rng, name, at, words)
    if "redacted_parts" in features:
        for part in conversation.parts[::3]:
            if part.document["body"] is not None:
                parts.redact(part)
    if "attachments" in features and conversation.parts:
        files = [parts.make_attachment(rng, words) for _ in range(2)]
        conversation.parts[0].document["attachments"] = files
    company = rng.choice(setting.companies) if "company" in features else None
    extras.decorate(rng, document, conversation.parts, features, words, company)
    settle(conversation, plan.updated_at)
    return conversation
