"""The workspace: all objects as they stand now, and the bytes they are served as.

Conversations are made when first asked for and come out the same each time; only changed ones are
kept as objects. HTTP is in `server`, queries in `search`, what happens over time in `changes`.
"""

from __future__ import annotations

import bisect
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

from . import clock, knowledge, people, serialise, telephony
from .activity import make_logs
from .companies import make_company
from .contact_lists import ContactLists, Shared, make_lists, show_lists
from .conversations import Conversation, Setting, make_conversation
from .features import SHOWN_PARTS, Plan, deleted_number_of, make_plans, number_of
from .knowledge import Article
from .people import Document
from .shelves import make_stock
from .telephony import Call
from .tickets import Desk, make_ticket
from .vanished import Vanished
from .vocabulary import make_vocabulary

_DAY = 86_400
_CACHE_BYTES = 192 * 1024 * 1024
_RECENT = 600  # made conversations that are kept at hand

_Position = tuple[int, str]  # updated_at, id


@dataclass(frozen=True)
class Sizes:
    """How many of some things there are; 0 for as many as suit the conversations."""

    contacts: int = 0
    calls: int = 0
    articles: int = 0


AS_SUITS = Sizes()


class Workspace:
    """All state of one synthetic workspace. Same seed and size: same workspace."""

    def __init__(
        self, seed: int, conversations: int, timezone: str = "UTC", sizes: Sizes = AS_SUITS
    ) -> None:
        """Make a workspace of this many conversations; everything else grows with them."""
        self.seed = seed
        self.timezone = timezone
        self.start = clock.start_of(seed)
        self.words = make_vocabulary(seed)
        words, start = self.words, self.start
        admins = people.make_admins(seed, words)
        tags = people.make_tags(seed, words)
        made = [
            people.make_contact(seed, index, start, words, tags)
            for index in range(sizes.contacts or max(40, conversations // 5))
        ]
        contacts = [contact for contact, _ in made]
        self.setting = Setting(
            seed=seed,
            words=words,
            admins=admins,
            teams=people.make_teams(admins, seed, words),
            tags=tags,
            companies=people.make_companies(seed, words, start),
            contacts=contacts,
        )
        # Those that are listed now. The setting's own lists never change: conversations that are
        # still to be made are made from them.
        self.admins, self.tags = list(admins), list(tags)
        self.contacts, self.teams = list(contacts), list(self.setting.teams)
        self.merged: dict[str, str] = {}  # a merged contact's id, the id of the one it became
        self.vanished = Vanished()
        self.me = people.make_me(seed, start, timezone)
        self.stock = make_stock(seed, words, start, admins)
        self.shared = Shared(
            seed,
            words,
            admins,
            tags,
            list(self.stock["segments"]),
            list(self.stock["subscription_types"]),
        )
        self.contact_lists: dict[str, ContactLists] = {}
        for index, (contact, references) in enumerate(made):
            self.settle_contact(index, contact, references)
        self.companies = [
            make_company(seed, index, start, words, admins, self.stock["segments"])
            for index in range(max(130, min(450, conversations // 4)))
        ]
        self.activity = make_logs(seed, start, words, admins)
        self.desk = Desk(
            seed, words, admins, contacts, self.stock["ticket_types"], self.stock["ticket_states"]
        )
        self.tickets = [
            make_ticket(self.desk, index, start) for index in range(max(40, conversations // 8))
        ]
        self.collections = knowledge.make_collections(
            seed, max(24, min(60, conversations // 20)), start, words
        )
        self.articles = [
            knowledge.make_article(seed, index, start, words)
            for index in range(sizes.articles or max(30, min(2_000, conversations // 10)))
        ]
        ids = [str(number_of(index)) for index in range(conversations)]
        self.calls = [
            telephony.make_call(seed, index, start, words, ids, contacts)
            for index in range(sizes.calls or max(30, conversations // 10))
        ]
        self.deleted: list[Document] = [
            {
                "type": "conversation",
                "id": str(deleted_number_of(index)),
                "metrics_retained": index % 3 == 0,
                "deleted_at": start - 3_600 - 5_000 * index,
            }
            for index in range(max(25, conversations // 20))
        ]
        self.plans: list[Plan] = make_plans(seed, conversations, start)
        self.changed: dict[int, Conversation] = {}
        self._updated = [plan.updated_at for plan in self.plans]
        self.by_update: list[_Position] = sorted(
            (plan.updated_at, str(plan.number)) for plan in self.plans
        )
        self._index_of = {identifier: index for index, identifier in enumerate(ids)}
        self._gone: set[int] = set()
        self._recent: OrderedDict[int, Conversation] = OrderedDict()
        self._full: OrderedDict[int, bytes] = OrderedDict()
        self._full_bytes = 0
        self._hits: dict[int, bytes] = {}

    def settle_contact(self, index: int, contact: Document, references: people.References) -> None:
        """Give a contact its lists; of every six, one shows its subscriptions itself."""
        lists = make_lists(self.shared, index, contact, references)
        self.contact_lists[str(contact["id"])] = lists
        if index % 6 == 4:
            contact["opted_in_subscription_types"] = {}
            contact["opted_out_subscription_types"] = {}
        show_lists(contact, lists)

    # Conversations

    def conversation_count(self) -> int:
        """How many conversations there ever were; indexes run up to here."""
        return len(self._updated)

    def is_there(self, index: int) -> bool:
        """Whether the conversation of this index has not been deleted."""
        return index not in self._gone

    def part_count(self, index: int) -> int:
        """How many parts a conversation has, without making it where nothing happened to it."""
        changed = self.changed.get(index)
        return self.plans[index].parts if changed is None else len(changed.parts)

    def index_of(self, conversation_id: str) -> int | None:
        """The index of a conversation by its id; None where there is none."""
        return self._index_of.get(conversation_id)

    def conversation(self, index: int) -> Conversation:
        """The conversation of this index as it stands now. To read only: see `own`."""
        changed = self.changed.get(index)
        if changed is not None:
            return changed
        made = self._recent.get(index)
        if made is None:
            made = make_conversation(self.plans[index], self.setting)
            self._recent[index] = made
            if len(self._recent) > _RECENT:
                self._recent.popitem(last=False)
        return made

    def conversations(self, first: int = 0, count: int | None = None) -> Iterator[Conversation]:
        """Conversations by index, from `first` on, without those that were deleted."""
        last = self.conversation_count() if count is None else first + count
        for index in range(first, min(last, self.conversation_count())):
            if self.is_there(index):
                yield self.conversation(index)

    def own(self, index: int) -> Conversation:
        """The conversation of this index, to be changed; call `touch` when done."""
        conversation = self.conversation(index)
        self.changed[index] = conversation
        self._recent.pop(index, None)
        return conversation

    def adopt(self, conversation: Conversation) -> None:
        """Take in a new conversation; its index must be the next."""
        index = len(self._updated)
        self.changed[index] = conversation
        self._updated.append(conversation.document["updated_at"])
        bisect.insort(self.by_update, (self._updated[index], conversation.id))
        self._index_of[conversation.id] = index

    def touch(self, index: int) -> None:
        """Note that an own conversation has changed: its place in time, its bytes."""
        conversation = self.changed[index]
        before = (self._updated[index], conversation.id)
        after = (conversation.document["updated_at"], conversation.id)
        if after != before:
            del self.by_update[bisect.bisect_left(self.by_update, before)]
            bisect.insort(self.by_update, after)
            self._updated[index] = after[0]
        self._hits.pop(index, None)
        self._full_bytes -= len(self._full.pop(index, b""))

    def delete(self, index: int, at: int) -> None:
        """Delete a conversation at second `at`."""
        conversation_id = self.conversation(index).id
        position = (self._updated[index], conversation_id)
        del self.by_update[bisect.bisect_left(self.by_update, position)]
        del self._index_of[conversation_id]
        self._gone.add(index)
        self.deleted.append(
            {
                "type": "conversation",
                "id": conversation_id,
                "metrics_retained": index % 3 == 0,
                "deleted_at": at,
            }
        )
        self.vanished.note("conversations", conversation_id)

    def hit_template(self, index: int) -> bytes:
        """A conversation as lists and searches show it, without its parts, addresses unsigned."""
        hit = self._hits.get(index)
        if hit is None:
            conversation = self.conversation(index)
            hit = serialise.encode(conversation.document, conversation.id, conversation.odd)
            self._hits[index] = hit
            # Who finds a conversation will fetch it: making it costs far more than writing it.
            self.full_template(index)
        return hit

    def full_template(self, index: int) -> bytes:
        """A conversation with the parts that the API shows, addresses unsigned."""
        full = self._full.get(index)
        if full is None:
            conversation = self.conversation(index)
            document = full_document(conversation)
            full = serialise.encode(document, conversation.id, conversation.odd)
            self._full[index] = full
            self._full_bytes += len(full)
            while self._full_bytes > _CACHE_BYTES:
                _, dropped = self._full.popitem(last=False)
                self._full_bytes -= len(dropped)
        return full

    # Everything else

    def call(self, call_id: str) -> Call | None:
        """A call by its id."""
        return next((call for call in self.calls if call.id == call_id), None)

    def article(self, article_id: str) -> Article | None:
        """An article by its id."""
        return next((a for a in self.articles if a.document["id"] == article_id), None)


def full_document(conversation: Conversation, plain: bool = False) -> Document:
    """The object of `GET /conversations/{id}`; `plain` with texts in the place of HTML."""
    shown = conversation.parts[-SHOWN_PARTS:]
    document = dict(conversation.document)
    own_parts = [part.document for part in shown]
    if plain:
        document["source"] = document["source"] | {"body": conversation.source_text}
        own_parts = [part.document | {"body": part.text} for part in shown]
    document["conversation_parts"] = {
        "type": "conversation_part.list",
        "conversation_parts": own_parts,
        "total_count": len(conversation.parts),
    }
    return document
