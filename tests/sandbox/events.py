"""Things that happen to the objects of a workspace, each moving `updated_at` as Intercom would.

When they happen and in which order is decided by who calls: `changes` on request, `live` while the
workspace is being read.
"""

from __future__ import annotations

import random

from . import extras, parts, prose, telephony
from .activity import make_log
from .article_versions import make_version
from .companies import FIRST_NEW_NOTE, MOST_NOTES, make_note
from .contact_lists import applied, make_event, show_lists
from .conversations import Conversation, add_part, make_conversation, settle
from .features import Plan, number_of
from .knowledge import make_article
from .people import Document
from .tickets import add_part as add_ticket_part
from .workspace import Workspace

Event = tuple[str, str]  # stream, id of what changed


class Events:
    """Lets things happen at a second; what is not said is chosen by `rng`.

    An `index` names the conversation that it happens to; None: any.
    """

    def __init__(self, workspace: Workspace, rng: random.Random) -> None:
        """Change this workspace; `rng` may be replaced at any time."""
        self.workspace = workspace
        self.rng = rng
        self._notes_made = 0

    def any_conversation(self) -> int:
        """The index of some conversation that is there."""
        while True:
            index = self.rng.randrange(self.workspace.conversation_count())
            if self.workspace.is_there(index):
                return index

    def own(self, index: int | None) -> tuple[int, Conversation]:
        """A conversation that may be changed."""
        index = self.any_conversation() if index is None else index
        return index, self.workspace.own(index)

    def done(self, index: int, conversation: Conversation, at: int) -> Event:
        """Bring a changed conversation and the workspace in step."""
        settle(conversation, at)
        self.workspace.touch(index)
        return "conversations", conversation.id

    def _part(self, name: str, at: int, index: int | None) -> Event:
        index, conversation = self.own(index)
        add_part(conversation, self.rng, name, at, self.workspace.words)
        return self.done(index, conversation, at)

    def reply(self, at: int, index: int | None = None) -> Event:
        """A message or a note."""
        name = self.rng.choice(("comment", "comment", "note", "quick_reply"))
        return self._part(name, at, index)

    def close(self, at: int, index: int | None = None) -> Event:
        """It is closed."""
        return self._part("close", at, index)

    def reopen(self, at: int, index: int | None = None) -> Event:
        """It is opened or snoozed."""
        name = self.rng.choice(("open", "assign_and_reopen", "snoozed"))
        return self._part(name, at, index)

    def assign(self, at: int, index: int | None = None) -> Event:
        """It is assigned."""
        return self._part(self.rng.choice(("assignment", "default_assignment")), at, index)

    def rate(self, at: int, index: int | None = None) -> Event:
        """It is rated, with a remark."""
        index, conversation = self.own(index)
        remark = self.workspace.words.sentence(self.rng)
        document = conversation.document
        document["conversation_rating"] = extras.make_rating(self.rng, document, at, remark)
        add_part(conversation, self.rng, "conversation_rating_changed", at, self.workspace.words)
        return self.done(index, conversation, at)

    def tag(self, at: int, index: int | None = None) -> Event:
        """Put a tag on, or take one off."""
        index, conversation = self.own(index)
        tags = conversation.document["tags"]["tags"]
        if tags and self.rng.random() < 0.4:
            self.untag(conversation)
        else:
            used = {tag["id"] for tag in tags}
            free = [tag for tag in self.workspace.setting.tags if tag["id"] not in used]
            tag: Document = self.rng.choice(free)
            tags.append(extras.make_applied_tag(tag, at, conversation.cast))
            self.workspace.vanished.back("conversation_tags", conversation.id, tag["id"])
        return self.done(index, conversation, at)

    def untag(self, conversation: Conversation) -> None:
        """Take one of the tags off that a conversation has."""
        tags = conversation.document["tags"]["tags"]
        tag = tags.pop(self.rng.randrange(len(tags)))
        self.workspace.vanished.note("conversation_tags", conversation.id, tag["id"])

    def redact(self, at: int, index: int | None = None, newest: int = 10_000) -> Event:
        """One of the `newest` parts is redacted, or the first message where none has words."""
        index, conversation = self.own(index)
        written = [part for part in conversation.parts[-newest:] if part.document["body"]]
        if written:
            part = self.rng.choice(written)
            parts.redact(part)
            part.document["updated_at"] = at
        else:
            conversation.document["source"] |= {"redacted": True, "body": "", "attachments": []}
            conversation.source_text = prose.EMPTY_BODY.text
        return self.done(index, conversation, at)

    def begin(self, at: int) -> Event:
        """A new conversation."""
        index = self.workspace.conversation_count()
        plan = Plan(index, number_of(index), at - 1, at, 1, frozenset())
        conversation = make_conversation(plan, self.workspace.setting)
        self.workspace.adopt(conversation)
        return "conversations", conversation.id

    def work_on_ticket(self, at: int) -> Event:
        """Something happens to a ticket."""
        ticket = self.rng.choice(self.workspace.tickets)
        add_ticket_part(ticket, self.workspace.desk, self.rng, at)
        return "tickets", ticket.id

    def update_company(self, at: int) -> Event:
        """A company spends more, gets a note, and belongs to other segments."""
        workspace = self.workspace
        company = self.rng.choice(workspace.companies)
        company.document |= {"monthly_spend": self.rng.randrange(9_000), "updated_at": at}
        if len(company.notes) < MOST_NOTES:
            self._notes_made += 1
            number = FIRST_NEW_NOTE + self._notes_made
            admin = self.rng.choice(workspace.admins)
            note = make_note(self.rng, workspace.words, number, at, admin, company.document)
            company.notes.insert(0, note)
        for segment in company.segments:
            key = (company.id, str(segment["id"]))
            workspace.vanished.note("company_segments", *key)
        count = self.rng.randrange(len(workspace.stock["segments"]))
        company.segments = self.rng.sample(workspace.stock["segments"], count)
        for segment in company.segments:
            workspace.vanished.back("company_segments", company.id, str(segment["id"]))
        return "companies", company.id

    def update_contact(self, at: int, contact: Document | None = None) -> Event:
        """A contact is seen and gets an attribute."""
        contact = contact or self.rng.choice(self.workspace.contacts)
        contact["updated_at"] = at
        contact["custom_attributes"]["last_mood"] = self.workspace.words.phrase(self.rng, 2)
        contact["last_seen_at"] = at
        self._relate(contact, at)
        return "contacts", str(contact["id"])

    def _relate(self, contact: Document, at: int) -> None:
        """A tag on or off, another note, other segments, another choice of messages."""
        workspace, rng = self.workspace, self.rng
        contact_id, shared = str(contact["id"]), workspace.shared
        lists = workspace.contact_lists[contact_id]
        tag = rng.choice(shared.tags)
        if any(own["id"] == tag["id"] for own in lists.tags):
            lists.tags = [own for own in lists.tags if own["id"] != tag["id"]]
            workspace.vanished.note("contact_tags", contact_id, str(tag["id"]))
        else:
            lists.tags.append(applied(tag, at, "990100"))
            workspace.vanished.back("contact_tags", contact_id, str(tag["id"]))
        if len(lists.notes) < MOST_NOTES:
            self._notes_made += 1
            number = FIRST_NEW_NOTE + self._notes_made
            admin = rng.choice(workspace.admins)
            lists.notes.insert(0, make_note(rng, workspace.words, number, at, admin, contact))
        lists.segments = rng.sample(shared.segments, rng.randrange(4))
        lists.subscriptions = rng.sample(shared.subscription_types, rng.randrange(3))
        show_lists(contact, lists)
        number = len(lists.events)
        lists.events.insert(0, make_event(shared.seed, number, contact, at))

    def log_activity(self, at: int) -> Event:
        """An admin does something that the log keeps."""
        workspace = self.workspace
        number, admins = len(workspace.activity), workspace.admins
        log = make_log(workspace.seed, number, at, workspace.words, admins)
        workspace.activity.append(log)
        return "activity_logs", str(log["id"])

    def update_article(self, at: int) -> Event:
        """An article gets another title and text."""
        index = self.rng.randrange(len(self.workspace.articles))
        article = self.workspace.articles[index]
        # Another seed writes another text for the same place in the help centre.
        seed = self.workspace.seed + self.rng.randrange(1, 10**6)
        other = make_article(seed, index, at, self.workspace.words)
        article.document |= {
            "title": other.document["title"],
            "body": other.document["body"],
            "updated_at": at,
        }
        article.text = other.text
        drafted = not article.document["has_unpublished_changes"]
        article.document["has_unpublished_changes"] = drafted
        article.document["draft_updated_at"] = at if drafted else None
        number = len(article.versions)
        article.versions.insert(0, make_version(article.document, other.text, number, at))
        if not drafted:
            key = str(article.document["id"])
            self.workspace.vanished.note("article_drafts", key)
        else:
            self.workspace.vanished.back("article_drafts", str(article.document["id"]))
        return "articles", str(article.document["id"])

    def transcribe(self, at: int) -> Event:
        """A transcript comes late, with the call marked as changed."""
        silent = [call for call in self.workspace.calls if not call.speaks]
        call = self.rng.choice(silent or self.workspace.calls)
        call.form = self.rng.choice(("text", "json"))
        call.lines = telephony.make_lines(self.rng, self.workspace.words)
        call.updated_at = at
        call.document["updated_at"] = telephony.spell(call.index, at)
        call.document["transcription_url"] = f"https://api.intercom.io/calls/{call.id}/transcript"
        return "calls", call.id
