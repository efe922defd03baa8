"""Ways to find memories: ours, through the store, and what others use."""

import asyncio
import re
import sqlite3
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from bot.adapters.store import SqlStore
from tests.benchmarks.memory_data import Issue, Task

WORD = re.compile(r"\w+")


class Method(Protocol):
    """Remembers the issues of one repository, and finds the ids that fit one, best first."""

    def add(self, issue: Issue) -> None: ...

    def search(self, issue: Issue, limit: int) -> list[str]: ...


class Ours(AbstractContextManager["Ours"]):
    """A store in a file of its own. Issues that it merges are found together."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._runner = asyncio.Runner()
        self._store = SqlStore(f"sqlite:///{self._folder.name}/memories.db")
        self._runner.run(self._store.open())
        self._merged: defaultdict[str, list[str]] = defaultdict(list)

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._store.close())
        self._runner.close()
        self._folder.cleanup()

    def add(self, issue: Issue) -> None:
        remembered = self._runner.run(self._store.remember(issue.memory()))
        self._merged[remembered.memory.id].append(issue.id)

    def search(self, issue: Issue, limit: int) -> list[str]:
        found = self._runner.run(self._store.recall(issue.query(limit)))
        return [one for memory in found for one in self._merged[memory.memory.id]]


class Recency:
    """The newest first."""

    def __init__(self) -> None:
        self._ids: list[str] = []

    def add(self, issue: Issue) -> None:
        self._ids.append(issue.id)

    def search(self, issue: Issue, limit: int) -> list[str]:
        return self._ids[::-1][:limit]


class NaiveFts5:
    """One table of texts, and a search for any of the words."""

    def __init__(self) -> None:
        self._database = sqlite3.connect(":memory:")
        self._database.execute("CREATE VIRTUAL TABLE texts USING fts5(id UNINDEXED, text)")

    def add(self, issue: Issue) -> None:
        self._database.execute("INSERT INTO texts VALUES (?, ?)", (issue.id, issue.text))

    def search(self, issue: Issue, limit: int) -> list[str]:
        words = " OR ".join(f'"{word}"' for word in dict.fromkeys(WORD.findall(issue.text.lower())))
        found = "SELECT id FROM texts WHERE texts MATCH ? ORDER BY rank LIMIT ?"
        return [row[0] for row in self._database.execute(found, (words, limit))]


class RankBm25:
    """The package `rank_bm25`, as its README has it."""

    def __init__(self) -> None:
        self._issues: list[Issue] = []
        self._index: object = None

    def add(self, issue: Issue) -> None:
        self._issues.append(issue)
        self._index = None

    def search(self, issue: Issue, limit: int) -> list[str]:
        from rank_bm25 import BM25Okapi

        self._index = self._index or BM25Okapi([WORD.findall(one.text.lower()) for one in self._issues])
        scores = self._index.get_scores(WORD.findall(issue.text.lower()))  # type: ignore[attr-defined]
        order = sorted(range(len(scores)), key=lambda number: -scores[number])
        return [self._issues[number].id for number in order[:limit]]


class Bm25s:
    """The package `bm25s` with its own tokenizer and English stop words."""

    def __init__(self) -> None:
        self._issues: list[Issue] = []
        self._index: object = None

    def add(self, issue: Issue) -> None:
        self._issues.append(issue)
        self._index = None

    def search(self, issue: Issue, limit: int) -> list[str]:
        import bm25s

        if self._index is None:
            self._index = bm25s.BM25()
            texts = bm25s.tokenize([one.text for one in self._issues], stopwords="en", show_progress=False)
            self._index.index(texts, show_progress=False)  # type: ignore[attr-defined]
        words = bm25s.tokenize([issue.text], stopwords="en", show_progress=False)
        most = min(limit, len(self._issues))
        found, _ = self._index.retrieve(words, k=most, show_progress=False)  # type: ignore[attr-defined]
        return [self._issues[number].id for number in found[0]]


@dataclass(frozen=True, slots=True)
class Timed:
    """A method whose searches are timed, in milliseconds of CPU: these machines are shared."""

    method: Method
    spent: list[float]

    def add(self, issue: Issue) -> None:
        self.method.add(issue)

    def search(self, issue: Issue, limit: int) -> list[str]:
        began = time.process_time()
        found = self.method.search(issue, limit)
        self.spent.append(1000 * (time.process_time() - began))
        return found


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that so many percent do not exceed."""
    return sorted(values)[min(len(values) * percent // 100, len(values) - 1)] if values else 0.0


BASELINES: dict[str, Callable[[], Method]] = {
    "recency": Recency,
    "FTS5, OR of all words": NaiveFts5,
    "rank_bm25": RankBm25,
    "bm25s": Bm25s,
}


def answers(method: Method, task: Task, tick: Callable[[], None] = lambda: None) -> list[list[str]]:
    """What the method finds for each question, when it knows what came before it."""
    known = 0
    found = []
    for question in task.questions:
        for issue in task.issues[known : question.after]:
            method.add(issue)
        known = max(known, question.after)
        ids: Sequence[str] = method.search(question.issue, 11)
        found.append([one for one in ids if one != question.issue.id])
        tick()
    return found


def missing_package(name: str) -> bool:
    """Whether a baseline cannot be measured here."""
    from importlib.util import find_spec

    return name in {"rank_bm25", "bm25s"} and find_spec(name) is None
