"""Whatever happens to an archive of versions, compacted or not: every text still there is exact."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.examples import examples
from tests.target.compacting import compact, texts
from tests.target.growing import END, SCHEMA, payload, payload_id, versions
from tests.target.harness import Archive, record

OBJECTS = 2
FLAG = '"redacted": true'
# Some versions have redactions, so that `honour_redactions` empties some of the others.
POOL = [
    [text.replace('"author"', f'{FLAG}, "author"', number // 3) for number, text in enumerate(made)]
    for made in (versions(seed, 7) for seed in range(OBJECTS))
]

Config = dict[str, Any]
Step = tuple[Any, ...]

CONFIGS = st.fixed_dictionaries({"honour_redactions": st.booleans(), "hard_delete": st.booleans()})
CHOICES = st.tuples(st.integers(0, OBJECTS - 1), st.integers(0, len(POOL[0]) - 1))
STEPS = st.one_of(
    st.tuples(st.just("arrive"), st.lists(CHOICES, min_size=1, max_size=6)),
    st.tuples(st.just("compact")),
    st.tuples(st.just("compact")),
    st.tuples(st.just("delete"), CHOICES),
    st.tuples(st.just("activate"), st.lists(CHOICES, max_size=4)),
    st.tuples(st.just("replace"), CHOICES, CHOICES),
    st.tuples(st.just("move"), CHOICES),
    st.tuples(st.just("keep"), st.sampled_from(["all", "latest"])),
)
GROWN: list[Step] = [("arrive", [(0, n) for n in range(5)]), ("compact",)]
# Most histories would otherwise end before there is a chain to break.
HISTORIES = st.lists(STEPS, min_size=3, max_size=9).map(lambda steps: [*GROWN, *steps])
PLAIN: Config = {"honour_redactions": False, "hard_delete": False}
HARD = PLAIN | {"hard_delete": True}
# The base of a version with a redaction has none, and is emptied by a later one.
REDACTED: list[Step] = [("arrive", [(0, 3), (0, 0)]), ("compact",), ("arrive", [(0, 4)])]
# A text given up for a redaction is sent again once its row is retired.
RETIRED: list[Step] = [*GROWN, ("activate", []), ("replace", (0, 0), (0, 0))]
# One object's delta has its base in the other, whose older versions are dropped.
MOVED: list[Step] = [*GROWN, ("move", (0, 4)), ("keep", "latest"), ("arrive", [(1, 2)])]


def text_of(choice: tuple[int, int]) -> str:
    return POOL[choice[0]][choice[1]]


def key_of(choice: tuple[int, int]) -> str:
    return payload_id(text_of(choice), str(choice[0]))


def line_of(choice: tuple[int, int], **more: Any) -> str:
    return json.dumps({**json.loads(payload(text_of(choice), str(choice[0]))), **more})


@dataclass
class Model:
    """What must be in the archive: each key with its object and its text, None where emptied."""

    config: Config
    rows: dict[str, tuple[int, str | None]] = field(default_factory=dict)
    version: int = 0
    only_latest: bool = False
    emptied: dict[str, str] = field(default_factory=dict)

    def arrive(self, choice: tuple[int, int]) -> None:
        key, text, number = key_of(choice), text_of(choice), choice[0]
        if key in self.rows:
            return
        if self.only_latest:
            self.rows = {k: row for k, row in self.rows.items() if row[0] != number}
        elif self.config["honour_redactions"]:
            for other, (owner, older) in self.rows.items():
                if owner == number and older and older.count(FLAG) < text.count(FLAG):
                    self.rows[other] = (owner, None)
                    self.emptied[other] = older
        self.rows[key] = (number, text)

    def lines(self, step: Step) -> list[str]:
        """Take a step and give the messages that make the target take it."""
        kind, *facts = step
        if kind == "arrive":
            for choice in facts[0]:
                self.arrive(choice)
            return [line_of(choice) for choice in facts[0]]
        if kind == "activate":
            return self._activate(facts[0])
        choice = facts[0]
        key = key_of(choice)
        if key not in self.rows:
            return []
        if kind == "delete":
            if self.config["hard_delete"]:
                del self.rows[key]
            gone = {"id": key, "_sdc_deleted_at": "2026-01-02T03:04:05Z"}
            return [record("raw_payloads", gone)]
        if kind == "move":
            number, text = self.rows[key]
            self.rows[key] = (1 - number, text)
            return [record("raw_payloads", {"id": key, "record_id": str(1 - number)})]
        # Without its object a record is no version, and takes the place of what has its key; the
        # very text that was given up for a redaction does not come back.
        owner, text = self.rows[key]
        if text is not None or self.emptied[key] != text_of(facts[1]):
            self.rows[key] = (owner, text_of(facts[1]))
        return [record("raw_payloads", {"id": key, "payload": text_of(facts[1])})]

    def _activate(self, choices: list[tuple[int, int]]) -> list[str]:
        self.version += 1
        for choice in choices:
            self.arrive(choice)
        shown = {key_of(choice) for choice in choices}
        if self.config["hard_delete"]:
            self.rows = {key: row for key, row in self.rows.items() if key in shown}
        ends = {"type": "ACTIVATE_VERSION", "stream": "raw_payloads", "version": self.version}
        return [*(line_of(c, version=self.version) for c in choices), json.dumps(ends), END]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of other objects, so many that there is a dictionary."""
    archive = Archive(tmp_path_factory.mktemp("template"))
    others = [payload(versions(100 + n, 2)[-1], f"other {n}") for n in range(110)]
    archive.feed(SCHEMA, *others)
    assert archive.query("SELECT count(*) FROM _dictionaries") == [(1,)]
    return archive.path


def live(template: Path, config: Config, history: list[Step]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        archive = Archive(Path(folder), **config)
        shutil.copy(template, archive.path)
        model, others = Model(config), texts(archive.path).keys()
        for step in history:
            if step[0] == "compact":
                compact(archive.path)
            elif step[0] == "keep":
                archive.configure(**config, payload_history=step[1])
                model.only_latest = step[1] == "latest"
            elif lines := model.lines(step):
                archive.feed(SCHEMA, *lines)
            found = texts(archive.path)
            wanted = {key: text for key, (_, text) in model.rows.items()}
            assert {key: text for key, text in found.items() if key not in others} == wanted


@examples(30)
@given(CONFIGS, HISTORIES)
@example(HARD, [*GROWN, ("delete", (0, 4)), ("delete", (0, 2))])
@example(HARD, [*GROWN, ("activate", [(0, 0), (0, 3)])])
@example(PLAIN, [*GROWN, ("replace", (0, 4), (0, 1)), ("replace", (0, 2), (1, 1))])
@example(PLAIN | {"honour_redactions": True}, REDACTED)
@example(PLAIN | {"honour_redactions": True}, RETIRED)
@example(PLAIN, MOVED)
# Two dictionaries of nearly the same texts.
@example(PLAIN, [("arrive", [(0, 0)]), ("replace", (0, 0), (0, 1))])
def test_any_history_keeps_every_text(template: Path, config: Config, history: list[Step]) -> None:
    live(template, config, history)


@pytest.mark.prove
@pytest.mark.timeout(1800)
@examples(30)
@given(CONFIGS, st.lists(STEPS, max_size=25))
def test_long_histories_keep_every_text(
    template: Path, config: Config, history: list[Step]
) -> None:
    live(template, config, history)
