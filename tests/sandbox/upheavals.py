"""Things that happen only in a workspace that fights back: what vanishes, merges, comes in pieces.

They follow the same rules as `events`: who calls decides when, `rng` decides to what.
"""

from __future__ import annotations

import copy
import math
import random
from dataclasses import dataclass

from . import people, telephony
from .companies import make_company
from .contact_lists import merge, show_lists
from .conversations import add_part
from .events import Event, Events
from .knowledge import make_article
from .shelves.stocktaking import Stocktaking
from .telephony import Line
from .tickets import make_ticket
from .workspace import Workspace

_FEWEST = 8  # of everything that can be deleted, so many stay
_FIRST_SPARE_TAG = 7_790_000
_FIRST_NEW_COLLECTION = 9_000
_SPARE_TAGS = 6
_LONGEST_CALL = 5_100
_DAY = 86_400
# Among so many newest parts a redaction falls: they will not leave the 500 shown before it is seen.
_REDACTED_AMONG = 100


# A transcript that came in part is whole this long after, at the latest.
_WHOLE_AFTER_SECONDS = 12 * 3_600


@dataclass(frozen=True)
class _Rest:
    call_id: str
    lines: list[Line]
    due: int  # epoch seconds


class Upheavals(Events):
    """Adds to the events those that make archives go wrong."""

    def __init__(self, workspace: Workspace, rng: random.Random) -> None:
        """Change this workspace; some tags that nothing carries are put into it at once."""
        super().__init__(workspace, rng)
        self._articles_made = len(workspace.articles)
        self._contacts_made = len(workspace.contacts)
        self._calls_made = len(workspace.calls)
        self._collections_made = 0
        self._companies_made = len(workspace.companies)
        self._tickets_made = len(workspace.tickets)
        self._spare_tags: list[str] = []
        self._tags_made = 0
        self._rests: list[_Rest] = []
        self._stocktaking = Stocktaking(workspace.stock, workspace.words, rng, workspace.vanished)
        for _ in range(_SPARE_TAGS):
            self.create_tag(workspace.start)

    # Conversations

    def redact_recent(self, at: int, index: int | None = None) -> Event:
        """One of the newest parts is redacted."""
        return self.redact(at, index, newest=_REDACTED_AMONG)

    def participants(self, at: int, index: int | None = None) -> Event:
        """A contact joins, or leaves where there are two or more."""
        index, conversation = self.own(index)
        there = conversation.document["contacts"]["contacts"]
        leaves = len(there) > 1
        if leaves:
            gone = there.pop(self.rng.randrange(len(there)))
            key = (conversation.id, "contact", str(gone["id"]))
            self.workspace.vanished.note("conversation_participants", *key)
        else:
            ids = {contact["id"] for contact in there}
            free = [c for c in self.workspace.contacts if c["id"] not in ids]
            new = self.rng.choice(free)
            there.append({"type": "contact", "id": new["id"], "external_id": new["external_id"]})
            key = (conversation.id, "contact", str(new["id"]))
            self.workspace.vanished.back("conversation_participants", *key)
        name = "participant_removed" if leaves else "participant_added"
        add_part(conversation, self.rng, name, at, self.workspace.words)
        return self.done(index, conversation, at)

    def whisper(self, at: int, index: int | None = None) -> Event:
        """A change that moves no `updated_at`: a tag off, the read flag, a remark on a rating."""
        index, conversation = self.own(index)
        document = conversation.document
        rating = document["conversation_rating"]
        choices = ["read"]
        choices += ["tag"] * 2 if document["tags"]["tags"] else []
        choices += ["remark"] * 2 if rating else []
        choice = self.rng.choice(choices)
        if choice == "tag":
            self.untag(conversation)
        elif choice == "remark":
            rating["remark"] = self.workspace.words.sentence(self.rng)
        else:
            document["read"] = not document["read"]
        self.workspace.touch(index)
        return "conversations", conversation.id

    def delete_conversation(self, at: int, index: int | None = None) -> Event:
        """A conversation is deleted."""
        index = self.any_conversation() if index is None else index
        conversation_id = self.workspace.conversation(index).id
        self.workspace.delete(index, at)
        return "deleted_conversations", conversation_id

    # Contacts

    def create_contact(self, at: int) -> Event:
        """A new contact."""
        workspace = self.workspace
        index = self._contacts_made
        contact, references = people.make_contact(
            workspace.seed, index, at, workspace.words, workspace.setting.tags
        )
        self._contacts_made += 1
        there = {company.id for company in workspace.companies}
        references.companies[:] = [one for one in references.companies if one in there]
        contact |= {"created_at": at, "updated_at": at}
        workspace.settle_contact(index, contact, references)
        workspace.contacts.append(contact)
        return "contacts", str(contact["id"])

    def _remove_contact(self, contact: people.Document) -> str:
        self.workspace.contacts.remove(contact)
        contact_id = str(contact["id"])
        self.workspace.vanished.note("contacts", contact_id)
        del self.workspace.contact_lists[contact_id]
        return contact_id

    def merge_contacts(self, at: int) -> Event:
        """A lead becomes part of a user, who gets an attribute; the API merges nothing else."""
        leads = [one for one in self.workspace.contacts if one["role"] == "lead"]
        users = [one for one in self.workspace.contacts if one["role"] == "user"]
        if len(self.workspace.contacts) <= _FEWEST or not leads or not users:
            return self.create_contact(at)
        source = self._remove_contact(self.rng.choice(leads))
        stream, target = self.update_contact(at, self.rng.choice(users))
        self.workspace.merged[source] = target
        lists = self.workspace.contact_lists[target]
        lists.merges.insert(0, merge(source, "lead", at))
        return stream, target

    def delete_contact(self, at: int) -> Event:
        """A contact is deleted."""
        if len(self.workspace.contacts) <= _FEWEST:
            return self.create_contact(at)
        return "contacts", self._remove_contact(self.rng.choice(self.workspace.contacts))

    # Tickets

    def create_ticket(self, at: int) -> Event:
        """A new ticket."""
        workspace = self.workspace
        ticket = make_ticket(workspace.desk, self._tickets_made, at)
        self._tickets_made += 1
        ticket.document |= {"created_at": at, "updated_at": at}
        workspace.tickets.append(ticket)
        return "tickets", ticket.id

    def delete_ticket(self, at: int) -> Event:
        """A ticket is deleted; nothing but its absence tells."""
        tickets = self.workspace.tickets
        if len(tickets) <= _FEWEST:
            return self.create_ticket(at)
        gone = tickets.pop(self.rng.randrange(len(tickets))).id
        self.workspace.vanished.note("tickets", gone)
        return "tickets", gone

    # Companies

    def create_company(self, at: int) -> Event:
        """A new company."""
        workspace, index = self.workspace, self._companies_made
        self._companies_made += 1
        segments, admins = workspace.stock["segments"], workspace.admins
        company = make_company(workspace.seed, index, at, workspace.words, admins, segments)
        company.document |= {"created_at": at, "updated_at": at}
        workspace.companies.append(company)
        return "companies", company.id

    def delete_company(self, at: int) -> Event:
        """A company is deleted, with its notes."""
        companies = self.workspace.companies
        if len(companies) <= _FEWEST:
            return self.create_company(at)
        gone = companies.pop(self.rng.randrange(len(companies)))
        self.workspace.vanished.note("companies", gone.id)
        for contact in self.workspace.contacts:
            lists = self.workspace.contact_lists[str(contact["id"])]
            if gone.id in lists.company_ids:
                lists.company_ids.remove(gone.id)
                show_lists(contact, lists)
        for note in gone.notes:
            self.workspace.vanished.note("company_notes", str(note.document["id"]))
        return "companies", gone.id

    # Calls

    def call_ends(self, at: int) -> Event:
        """A new call, over since a while; its transcript is still to come."""
        workspace = self.workspace
        ids = [conversation_id for _, conversation_id in workspace.by_update[-200:]]
        call = telephony.make_call(
            workspace.seed,
            self._calls_made,
            at,
            workspace.words,
            ids,
            workspace.setting.contacts,
            begun=at - _LONGEST_CALL,
        )
        self._calls_made += 1
        api = f"https://api.intercom.io/calls/{call.id}"
        call.form, call.lines, call.updated_at = "empty", [], at
        call.document |= {
            "updated_at": telephony.spell(call.index, at),
            "recording_url": f"{api}/recording",
            # The address is there from the start, so the call itself will not change any more.
            "transcription_url": f"{api}/transcript",
        }
        workspace.calls.append(call)
        return "calls", call.id

    def update_call(self, at: int) -> Event:
        """A call gets another recording and jumps to the front."""
        call = self.rng.choice(self.workspace.calls)
        call.updated_at = at
        call.document["updated_at"] = telephony.spell(call.index, at)
        call.document["recording_url"] = f"https://api.intercom.io/calls/{call.id}/recording/{at}"
        return "calls", call.id

    def delete_call(self, at: int) -> Event:
        """A call vanishes, and what was said on it."""
        calls = self.workspace.calls
        if len(calls) <= _FEWEST:
            return self.call_ends(at)
        gone = calls.pop(self.rng.randrange(len(calls)))
        self._rests = [rest for rest in self._rests if rest.call_id != gone.id]
        self.workspace.vanished.note("calls", gone.id)
        if gone.speaks:
            self.workspace.vanished.note("call_transcriptions", gone.id)
        return "calls", gone.id

    def hear(self, at: int) -> Event:
        """A transcript comes, the call itself unchanged: first in part, within a day whole."""
        if self._rests and self.rng.random() < 0.5:
            return self._finish(self._rests.pop(0))
        unfinished = {rest.call_id for rest in self._rests}
        since = at - 30 * _DAY + 3_600
        waiting = [
            call
            for call in self.workspace.calls
            if call.form == "empty" and call.created_at > since and call.id not in unfinished
        ]
        if not waiting:
            return self.call_ends(at)
        call = self.rng.choice(waiting)
        call.form = self.rng.choice(("text", "json"))
        call.lines = telephony.make_lines(self.rng, self.workspace.words)
        self._rests.append(_Rest(call.id, call.lines, at + _WHOLE_AFTER_SECONDS))
        call.lines = call.lines[: max(1, len(call.lines) // 3)]
        return "call_transcriptions", call.id

    def _finish(self, rest: _Rest) -> Event:
        call = self.workspace.call(rest.call_id)
        assert call is not None, "a call that vanishes takes its rest along"
        call.lines = rest.lines
        return "call_transcriptions", rest.call_id

    def finish_transcripts(self, due: float = math.inf) -> None:
        """Let every transcript be whole that is to be at the second `due`."""
        while self._rests and self._rests[0].due <= due:
            self._finish(self._rests.pop(0))

    # The help centre, tags, admins, what lies on shelves

    def restock(self, at: int) -> Event:
        """Something on a shelf is new, changed, or gone."""
        return self._stocktaking.happen(at)

    def create_article(self, at: int) -> Event:
        """A new article."""
        workspace = self.workspace
        article = make_article(workspace.seed, self._articles_made, at, workspace.words)
        self._articles_made += 1
        article.document |= {"created_at": at, "updated_at": at}
        workspace.articles.append(article)
        return "articles", str(article.document["id"])

    def delete_article(self, at: int) -> Event:
        """An article is deleted, and those after it slide up."""
        articles = self.workspace.articles
        if len(articles) <= _FEWEST:
            return self.create_article(at)
        article = articles.pop(self.rng.randrange(len(articles)))
        gone = str(article.document["id"])
        self.workspace.vanished.note("articles", gone)
        for version in article.versions:
            self.workspace.vanished.note("article_versions", version.id)
        return "articles", gone

    def update_collection(self, at: int) -> Event:
        """A collection gets another name and jumps to the front."""
        collection = self.rng.choice(self.workspace.collections)
        name = self.workspace.words.phrase(self.rng, 4)
        collection |= {"name": name, "updated_at": at}
        return "collections", str(collection["id"])

    def create_collection(self, at: int) -> Event:
        """A new collection, made after another."""
        new = copy.deepcopy(self.rng.choice(self.workspace.collections))
        number = str(_FIRST_NEW_COLLECTION + self._collections_made)
        self._collections_made += 1
        new |= {
            "id": number,
            "name": self.workspace.words.phrase(self.rng, 4),
            "url": f"https://help.example.com/collections/{number}",
            "created_at": at,
            "updated_at": at,
        }
        self.workspace.collections.append(new)
        return "collections", number

    def delete_collection(self, at: int) -> Event:
        """A collection is deleted that no other is inside of."""
        collections = self.workspace.collections
        parents = {collection["parent_id"] for collection in collections}
        leaves = [c for c in collections if c["id"] not in parents]
        if len(leaves) <= _FEWEST:
            return self.create_collection(at)
        gone = self.rng.choice(leaves)
        collections.remove(gone)
        self.workspace.vanished.note("collections", str(gone["id"]))
        return "collections", str(gone["id"])

    def create_tag(self, at: int) -> Event:
        """A new tag, which nothing will carry."""
        number = str(_FIRST_SPARE_TAG + self._tags_made)
        self._tags_made += 1
        name = f"{self.workspace.words.phrase(self.rng, 2)} {number}"
        self.workspace.tags.append({"type": "tag", "id": number, "name": name})
        self._spare_tags.append(number)
        return "tags", number

    def delete_tag(self, at: int) -> Event:
        """A tag that nothing carries is deleted."""
        if not self._spare_tags:
            return self.create_tag(at)
        gone = self._spare_tags.pop(self.rng.randrange(len(self._spare_tags)))
        self.workspace.tags[:] = [tag for tag in self.workspace.tags if tag["id"] != gone]
        self.workspace.vanished.note("tags", gone)
        return "tags", gone

    def update_admin(self, at: int) -> Event:
        """An admin goes away or comes back."""
        admin = self.rng.choice(self.workspace.admins)
        admin["away_mode_enabled"] = not admin["away_mode_enabled"]
        return "admins", str(admin["id"])

    def delete_admin(self, at: int) -> Event:
        """An admin leaves, and the teams with them; never the one whose token it is."""
        admins = self.workspace.admins
        if len(admins) <= _FEWEST:
            return self.update_admin(at)
        gone = admins.pop(self.rng.randrange(1, len(admins)))
        number = int(gone["id"])
        for team in self.workspace.teams:
            level = team["admin_priority_level"]
            for ids in (team["admin_ids"], *level.values()):
                ids[:] = [i for i in ids if i != number]
        self.workspace.vanished.note("admins", str(gone["id"]))
        return "admins", str(gone["id"])
