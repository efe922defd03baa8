"""Sets of issues as tasks of retrieval: what is remembered when a question comes, and what should be found."""

import gzip
import json
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from bot.core.memory.memories import Memory, Query, Source
from bot.core.repository import Repo

SHARED = Path(__file__).parents[3] / "shared" / "bench" / "data"
SWE, GITBUGS = "swe_issues.jsonl.gz", "gitbugs_hadoop.jsonl.gz"
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Issue:
    """A row of a set."""

    id: str
    repo: str
    text: str
    """Its first line is the title."""
    order: int
    files: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    dups: tuple[str, ...] = ()

    @property
    def place(self) -> Repo:
        owner, _, name = self.repo.rpartition("/")
        return Repo(owner or "bench", name)

    def memory(self) -> Memory:
        title, _, text = self.text.partition("\n")
        source = Source("run", self.id, "")
        names = {"files": self.files, "symbols": self.symbols}
        return Memory(self.id, self.place, "result", title, text, source, LONG_AGO, **names)

    def query(self, limit: int) -> Query:
        return Query(self.place, self.text, limit=limit)


@dataclass(frozen=True, slots=True)
class Question:
    """An issue, when it comes, and the ids that should be found."""

    issue: Issue
    after: int
    """So many of the repository's issues are remembered."""
    gold: frozenset[str]


@dataclass(frozen=True, slots=True)
class Task:
    """The issues of one repository in their order, and what is asked of them."""

    issues: tuple[Issue, ...]
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Quality:
    """Percent: questions with a hit in the first ten, nDCG of the first ten, and how many of the gold are in them."""

    hit: float
    ndcg: float
    recall: float


def load(path: Path) -> list[Issue]:
    """Rows `{"id","repo","title"?,"text","files"?,"syms"?,"dups"?}`, one a line."""
    whole = path.read_bytes()
    lines = (gzip.decompress(whole) if path.suffix == ".gz" else whole).decode().split("\n")
    return [_issue(json.loads(line), number) for number, line in enumerate(lines) if line.strip()]


def _issue(row: dict[str, object], number: int) -> Issue:
    def names(key: str) -> tuple[str, ...]:
        found = row.get(key) or []
        return tuple(str(name) for name in found) if isinstance(found, list) else ()

    text = "\n".join(str(row[key]) for key in ("title", "text") if row.get(key)).lstrip()
    order = int(str(row.get("num", number)))
    return Issue(str(row["id"]), str(row["repo"]), text, order, names("files"), names("syms"), names("dups"))


def kind_of(issues: Sequence[Issue]) -> Literal["files", "dups"]:
    """Which gold is there."""
    return "dups" if any(issue.dups for issue in issues) else "files"


def tasks(issues: Sequence[Issue]) -> list[Task]:
    """`dups`: find the known duplicate among all others. `files`: find earlier issues whose fix changed the same."""
    by_repo: defaultdict[str, list[Issue]] = defaultdict(list)
    for issue in sorted(issues, key=lambda issue: issue.order):
        by_repo[issue.repo].append(issue)
    ask = _duplicates if kind_of(issues) == "dups" else _same_files
    return [Task(tuple(theirs), tuple(ask(theirs))) for theirs in by_repo.values()]


def _duplicates(issues: list[Issue]) -> Iterator[Question]:
    known = {issue.id for issue in issues}
    for issue in issues:
        if gold := known.intersection(issue.dups) - {issue.id}:
            yield Question(issue, len(issues), frozenset(gold))


def _same_files(issues: list[Issue]) -> Iterator[Question]:
    for number, issue in enumerate(issues):
        files = set(issue.files)
        if gold := {other.id for other in issues[:number] if files.intersection(other.files)}:
            yield Question(issue, number, frozenset(gold))


def quality(answers: Sequence[tuple[Question, Sequence[str]]]) -> Quality:
    """Of ranked ids, best first."""
    ten = [(question.gold, list(found[:10])) for question, found in answers]
    return Quality(
        _mean(float(not gold.isdisjoint(found)) for gold, found in ten),
        _mean(_ndcg(gold, found) for gold, found in ten),
        _mean(len(gold.intersection(found)) / len(gold) for gold, found in ten),
    )


def _ndcg(gold: frozenset[str], found: list[str]) -> float:
    gained = sum(1 / math.log2(rank + 2) for rank, one in enumerate(found) if one in gold)
    return gained / sum(1 / math.log2(rank + 2) for rank in range(min(len(gold), 10)))


def _mean(values: Iterator[float]) -> float:
    all_of_them = list(values)
    return 100 * sum(all_of_them) / max(len(all_of_them), 1)
