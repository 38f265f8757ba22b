"""Things that happen in a workspace while it is watched, seeded."""

from __future__ import annotations

import random
from collections.abc import Callable

from . import extras, parts, prose, telephony
from .clock import VirtualClock
from .conversations import add_part, make_conversation, settle
from .features import Plan, number_of
from .knowledge import make_article
from .workspace import Workspace

# The newest change is some seconds old when the answer comes, as it would be for any reader.
_SETTLING_SECONDS = 3

_Change = Callable[[int], "tuple[str, str]"]


class ChangeMaker:
    """Applies changes one after another; the seed and what was asked before decide which."""

    def __init__(self, workspace: Workspace, clock: VirtualClock) -> None:
        """Change this workspace and let time pass on this clock."""
        self._workspace = workspace
        self._clock = clock
        self._rng = random.Random(f"changes {workspace.seed}")

    def change(self, count: int, seconds: int) -> dict[str, list[str]]:
        """Let `seconds` pass and `count` changes happen meanwhile; the changed ids by stream."""
        begun = int(self._clock.now())
        self._clock.advance(seconds)
        latest = max(begun + 1, begun + seconds - _SETTLING_SECONDS)
        moments = sorted(self._rng.randint(begun + 1, latest) for _ in range(count))
        changed: dict[str, dict[str, None]] = {}
        kinds: tuple[tuple[_Change, int], ...] = (
            (self._reply, 30),
            (self._close, 12),
            (self._reopen, 8),
            (self._assign, 10),
            (self._rate, 6),
            (self._tag, 8),
            (self._redact, 4),
            (self._begin, 8),
            (self._update_contact, 8),
            (self._update_article, 3),
            (self._transcribe, 3),
        )
        for moment in moments:
            happen = self._rng.choices([k for k, _ in kinds], [weight for _, weight in kinds])[0]
            stream, record_id = happen(moment)
            changed.setdefault(stream, {})[record_id] = None
        return {stream: list(ids) for stream, ids in changed.items()}

    def _any_conversation(self) -> int:
        return self._rng.randrange(self._workspace.conversation_count())

    def _part(self, name: str, at: int) -> tuple[str, str]:
        index = self._any_conversation()
        conversation = self._workspace.own(index)
        add_part(conversation, self._rng, name, at, self._workspace.words)
        settle(conversation, at)
        self._workspace.touch(index)
        return "conversations", conversation.id

    def _reply(self, at: int) -> tuple[str, str]:
        return self._part(self._rng.choice(("comment", "comment", "note", "quick_reply")), at)

    def _close(self, at: int) -> tuple[str, str]:
        return self._part("close", at)

    def _reopen(self, at: int) -> tuple[str, str]:
        return self._part(self._rng.choice(("open", "assign_and_reopen", "snoozed")), at)

    def _assign(self, at: int) -> tuple[str, str]:
        return self._part(self._rng.choice(("assignment", "default_assignment")), at)

    def _rate(self, at: int) -> tuple[str, str]:
        index = self._any_conversation()
        conversation = self._workspace.own(index)
        remark = self._workspace.words.sentence(self._rng)
        document = conversation.document
        document["conversation_rating"] = extras.make_rating(self._rng, document, at, remark)
        add_part(conversation, self._rng, "conversation_rating_changed", at, self._workspace.words)
        settle(conversation, at)
        self._workspace.touch(index)
        return "conversations", conversation.id

    def _tag(self, at: int) -> tuple[str, str]:
        """Put a tag on, or take one off."""
        index = self._any_conversation()
        conversation = self._workspace.own(index)
        tags = conversation.document["tags"]["tags"]
        if tags and self._rng.random() < 0.4:
            tags.pop(self._rng.randrange(len(tags)))
        else:
            used = {tag["id"] for tag in tags}
            free = [tag for tag in self._workspace.setting.tags if tag["id"] not in used]
            tags.append(extras.make_applied_tag(self._rng.choice(free), at, conversation.cast))
        settle(conversation, at)
        self._workspace.touch(index)
        return "conversations", conversation.id

    def _redact(self, at: int) -> tuple[str, str]:
        index = self._any_conversation()
        conversation = self._workspace.own(index)
        written = [part for part in conversation.parts if part.document["body"]]
        if written:
            part = self._rng.choice(written)
            parts.redact(part)
            part.document["updated_at"] = at
        else:
            conversation.document["source"] |= {"redacted": True, "body": "", "attachments": []}
            conversation.source_text = prose.EMPTY_BODY.text
        settle(conversation, at)
        self._workspace.touch(index)
        return "conversations", conversation.id

    def _begin(self, at: int) -> tuple[str, str]:
        index = self._workspace.conversation_count()
        plan = Plan(index, number_of(index), at - 1, at, 1, frozenset())
        conversation = make_conversation(plan, self._workspace.setting)
        self._workspace.adopt(conversation)
        return "conversations", conversation.id

    def _update_contact(self, at: int) -> tuple[str, str]:
        contact = self._rng.choice(self._workspace.setting.contacts)
        contact["updated_at"] = at
        contact["custom_attributes"]["last_mood"] = self._workspace.words.phrase(self._rng, 2)
        contact["last_seen_at"] = at
        return "contacts", str(contact["id"])

    def _update_article(self, at: int) -> tuple[str, str]:
        index = self._rng.randrange(len(self._workspace.articles))
        article = self._workspace.articles[index]
        # Another seed writes another text for the same place in the help centre.
        seed = self._workspace.seed + self._rng.randrange(1, 10**6)
        other = make_article(seed, index, at, self._workspace.words)
        article.document |= {
            "title": other.document["title"],
            "body": other.document["body"],
            "updated_at": at,
        }
        article.text = other.text
        return "articles", str(article.document["id"])

    def _transcribe(self, at: int) -> tuple[str, str]:
        """A transcript comes late, with the call marked as changed."""
        silent = [call for call in self._workspace.calls if not call.speaks]
        call = self._rng.choice(silent or self._workspace.calls)
        call.form = self._rng.choice(("text", "json"))
        call.lines = telephony.make_lines(self._rng, self._workspace.words)
        call.updated_at = at
        call.document["updated_at"] = telephony.spell(call.index, at)
        call.document["transcription_url"] = f"https://api.intercom.io/calls/{call.id}/transcript"
        return "calls", call.id
