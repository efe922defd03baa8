"""Writes to GitHub as data: stored first, found by their hidden mark, then made or edited once."""

import re
from dataclasses import dataclass
from typing import Literal

from bot.core.repository import Repo
from bot.core.runs import RunId

EffectKind = Literal["comment", "branch", "pull", "issue", "push", "review", "review_reply", "resolve"]
EffectState = Literal["pending", "done", "failed"]

_MARK = re.compile(r"<!-- devflow:run=(?P<run>\S+) key=(?P<key>\S+) -->")


def mark(run: str, key: str) -> str:
    """The hidden line that every comment and pull request of ours carries."""
    return f"<!-- devflow:run={run} key={key} -->"


def marks_in(body: str) -> list[tuple[str, str]]:
    """The (run, key) pairs of all marks in a body, in order."""
    return [(m["run"], m["key"]) for m in _MARK.finditer(body)]


def is_marked(body: str) -> bool:
    """Whether a body carries a mark of ours, or what is left of one."""
    return re.search(r"<!--\s*devflow:run=", body) is not None


@dataclass(frozen=True, slots=True)
class Effect:
    """One write. `key` is unique in its run; `target` is the issue, comment, branch or thread it goes to; `body` is its
    text (Markdown) or JSON (a branch, a pull request, an issue, a review)."""

    run: RunId
    key: str
    kind: EffectKind
    repo: Repo
    target: str
    body: str
    state: EffectState = "pending"
    remote: str = ""
    """What GitHub called the thing that was made: a comment id, a SHA, a pull request number."""


def without_marks(body: str) -> str:
    """A body as people see it."""
    return _MARK.sub("", body).rstrip()
