"""What sort of work a task is: from the files it changes, else from its words."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Literal

from bot.core.facts import is_documentation
from bot.core.planning import Task

Kind = Literal["backend", "frontend", "data", "docs", "build", "tests"]
KINDS: tuple[Kind, ...] = ("backend", "frontend", "data", "docs", "build", "tests")
_FILES: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("tests", re.compile(r"(^|/)(tests?|specs?|__tests__)/|(^|/)test_[^/]*$|[._-](test|spec)\.[a-z]+$")),
    ("data", re.compile(r"(^|/)(migrations?|alembic|prisma)/|(^|/)(schema|models?)(/|\.)|\.(sql|prisma)$")),
    ("frontend", re.compile(r"\.(html|css|scss|less|jsx|tsx|vue|svelte)$|(^|/)(templates|components|static)/")),
    (
        "build",
        re.compile(
            r"(^|/)(Makefile|Dockerfile|Containerfile|Jenkinsfile|Procfile)[^/]*$|(^|/)(docker-)?compose\.ya?ml$"
            r"|\.(tf|lock)$|(^|/)(helm|k8s|deploy|\.github)/|(^|/)(pyproject\.toml|package\.json|go\.mod|Cargo\.toml)$"
        ),
    ),
)
"""The first that fits a path holds."""
_WORDS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("tests", re.compile(r"\b(tests?|coverage|fixtures?)\b", re.IGNORECASE)),
    ("docs", re.compile(r"\b(docs?|document\w*|readme|changelog|guide|tutorial)\b", re.IGNORECASE)),
    ("data", re.compile(r"\b(database|sql|migrations?|schemas?|tables?|quer(?:y|ies))\b", re.IGNORECASE)),
    ("frontend", re.compile(r"\b(ui|css|layout|buttons?|pages?|theme|dashboard|frontend|front-end)\b", re.IGNORECASE)),
    ("build", re.compile(r"\b(deploy\w*|docker\w*|ci|pipelines?|packag\w*|releases?)\b", re.IGNORECASE)),
)


def kind_of(files: Sequence[str], words: str) -> Kind:
    """What most of the files are; tests beside other files do not count. Without files the words decide."""
    found = Counter(_of_path(path) for path in files)
    if len(found) > 1:
        del found["tests"]
    if found:
        # Of as many, the one that stands first in KINDS: the same whatever the order of the files.
        return max(KINDS, key=lambda kind: found[kind])
    return next((kind for kind, pattern in _WORDS if pattern.search(words)), "backend")


def kind_of_task(task: Task) -> Kind:
    """By its files; its words decide where it names none."""
    return kind_of(task.files, f"{task.title} {task.description}")


def _of_path(path: str) -> Kind:
    if is_documentation(path):
        return "docs"
    return next((kind for kind, pattern in _FILES if pattern.search(path)), "backend")
