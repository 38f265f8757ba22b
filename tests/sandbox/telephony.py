"""Phone calls and what was said on them, as text, as JSON, as nothing.

A call keeps its lines; how they are spelled out over HTTP is decided here too, because the API
answers in more than one way.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from .clock import iso
from .people import Document
from .vocabulary import Vocabulary

_FIRST_CALL = 61_000_000
_DAY = 86_400


@dataclass(frozen=True)
class Line:
    """One thing said: seconds from the start of the call, who, what."""

    start: int
    end: int
    speaker: str
    content: str


@dataclass
class Call:
    """A call as the API shows it, its transcript, and how that is answered."""

    index: int
    document: Document
    created_at: int  # epoch seconds, however the document spells them
    updated_at: int
    form: str  # "text", "json", "empty" or "none"
    lines: list[Line] = field(default_factory=list)

    @property
    def id(self) -> str:
        """Its id, digits."""
        return str(self.document["id"])

    @property
    def speaks(self) -> bool:
        """Whether there is a transcript with something in it."""
        return bool(self.lines) and self.form in ("text", "json")


def make_lines(rng: random.Random, words: Vocabulary) -> list[Line]:
    """A conversation on the phone, 3 to 30 lines."""
    lines: list[Line] = []
    moment = rng.randrange(5)
    for number in range(rng.randint(3, 30)):
        length = rng.randrange(2, 15)
        speaker = "User" if number % 2 else "Teammate 1"
        lines.append(Line(moment, moment + length, speaker, words.sentence(rng)))
        # Some calls last beyond the hour, where minutes alone would wrap.
        moment += length + rng.choice((1, 2, 3, 400))
    return lines


def spell(call_index: int, epoch_seconds: int) -> int | str:
    """A time as calls show it: seconds, or ISO 8601 in one of two spellings."""
    if call_index % 4 == 1:
        return iso(epoch_seconds)
    if call_index % 4 == 3:
        return iso(epoch_seconds).replace("Z", ".000+00:00")
    return epoch_seconds


def make_call(
    seed: int,
    index: int,
    start: int,
    words: Vocabulary,
    conversation_ids: list[str],
    contacts: list[Document],
    begun: int | None = None,
) -> Call:
    """The call of this index; a few belong to no conversation, some share one.

    It began at second `begun`, or within 200 days before `start`, and lasted up to 5,000 seconds.
    """
    rng = random.Random(f"call {seed} {index}")
    long_ago = start - 7_200 - rng.randrange(200 * _DAY)
    begun = long_ago if begun is None else begun
    missed = index % 7 == 6
    answered = None if missed else begun + rng.randrange(3, 40)
    ended = begun + rng.randrange(60, 5_000)
    updated = ended + 1
    form = "none" if missed else ("text", "json", "text", "empty", "json", "none")[index % 6]
    number = str(_FIRST_CALL + 17 * index)
    api = f"https://api.intercom.io/calls/{number}"
    fin = index % 9 == 2
    # Of every form some belong to no conversation, and have their transcript asked for singly.
    alone = index % 8 == 4 or index % 24 in (5, 9)
    lines = make_lines(rng, words) if form in ("text", "json") else []

    def moment(epoch_seconds: int | None) -> int | str | None:
        return None if epoch_seconds is None else spell(index, epoch_seconds)

    document: Document = {
        "type": "call",
        "id": number,
        "conversation_id": None if alone else rng.choice(conversation_ids),
        "admin_id": None if missed else str(990_100 + index % 14),
        "contact_id": None if index % 10 == 7 else rng.choice(contacts)["id"],
        "state": "completed",
        "initiated_at": moment(begun),
        "answered_at": moment(answered),
        "ended_at": moment(ended),
        "created_at": moment(begun),
        "updated_at": moment(updated),
        "recording_url": None if missed else f"{api}/recording",
        "transcription_url": f"{api}/transcript" if lines else None,
        "call_type": "fin_voice" if fin else "phone",
        "direction": rng.choice(("inbound", "outbound")),
        "ended_reason": "missed" if missed else "answered",
        "phone": f"+1555{index:07d}" if index % 3 else None,
        "fin_recording_url": f"{api}/fin_recording" if fin else None,
        "fin_transcription_url": None,
    }
    return Call(index, document, begun, updated, form, lines)


def clock_time(seconds: int) -> str:
    """Seconds from the start of a call as HH:MM:SS."""
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def transcript_text(call: Call) -> str:
    """The download that the API describes: a line of time, speaker and quoted words each."""
    return "\n".join(
        f'[{clock_time(line.start)}] {line.speaker}: "{line.content}"' for line in call.lines
    )


def transcript_objects(call: Call) -> list[Document]:
    """The transcript as JSON. A call without one has one empty object, or no object at all."""
    if call.speaks:
        return [
            {
                "start_time": line.start,
                "end_time": line.end,
                "speaker": line.speaker,
                "content": line.content,
            }
            for line in call.lines
        ]
    return [] if call.form == "none" else [{}]
