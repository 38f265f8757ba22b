"""The objects that lie on shelves, as they stand now; what happens to them is in `stocktaking`."""

from __future__ import annotations

from ..people import Document
from ..vocabulary import Vocabulary
from . import labels, ticketing

Stock = dict[str, list[Document]]  # by stream


def make_stock(seed: int, words: Vocabulary, start: int, admins: list[Document]) -> Stock:
    """All of it, for a workspace of this seed."""
    states = ticketing.make_ticket_states(seed, words)
    return {
        "segments": labels.make_segments(seed, words, start),
        "subscription_types": labels.make_subscription_types(seed, words),
        "data_attributes": labels.make_data_attributes(seed, words, start, admins),
        "conversation_attributes": labels.make_conversation_attributes(seed, words, start),
        "ticket_types": ticketing.make_ticket_types(seed, words, start, states),
        "ticket_states": states,
    }
