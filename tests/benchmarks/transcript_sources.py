"""Real code with a change to it: commits of a repository, or functions of installed packages."""

import ast
import importlib.util
import random
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parents[2]
MOST_FILES = 60
"""Files that an agent can come across."""
LONGEST = 100_000
TEXT = (".py", ".md", ".toml", ".yml", ".yaml", ".html", ".sh", ".js", ".ts", ".c", ".go", ".rs")
PACKAGES = (
    "alembic",
    "anyio",
    "bm25s",
    "click",
    "fastapi",
    "hishel",
    "httpcore",
    "httpx",
    "hypothesis",
    "jinja2",
    "jsonschema",
    "markdown_it",
    "pydantic",
    "rich",
    "starlette",
    "structlog",
    "typer",
    "uvicorn",
)
_HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))?", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be done, the files as they are before it, and which of their lines it edits (from 0)."""

    task: str
    files: Mapping[str, tuple[str, ...]]
    edits: Mapping[str, tuple[int, ...]]


def git_changes(rng: random.Random, repository: Path = HERE) -> Iterator[Change]:
    """Commits that edit one to six files, in random order; none of a merge, none where nothing old is edited."""
    commits = _git(repository, "rev-list", "--no-merges", "--max-count=600", "HEAD").split()
    rng.shuffle(commits)
    for commit in commits:
        edits = _old_lines(_git(repository, "show", "--format=", "-U0", "--no-renames", commit))
        if not 1 <= len(edits) <= 6:
            continue
        paths = _git(repository, "ls-tree", "-r", "--name-only", f"{commit}^").split("\n")
        others = [path for path in paths if path.endswith(TEXT) and path not in edits]
        chosen = [*edits, *rng.sample(others, min(len(others), MOST_FILES))]
        files = {path: tuple(_git(repository, "show", f"{commit}^:{path}").split("\n")) for path in chosen}
        files = {path: lines for path, lines in files.items() if len(lines) > 5}
        kept = {
            path: tuple(n for n in numbers if n < len(files[path])) for path, numbers in edits.items() if path in files
        }
        if sum(map(len, kept.values())) >= 3 and all(kept.values()):
            yield Change(_git(repository, "show", "-s", "--format=%B", commit).strip(), files, kept)


def package_changes(rng: random.Random) -> Iterator[Change]:
    """Functions of installed packages of which some lines are to be edited; without end."""
    roots = [path for name in PACKAGES if (path := _package(name)) is not None]
    while roots:
        root = rng.choice(roots)
        found = {
            f"src/{path.relative_to(root.parent).as_posix()}": path.read_text(errors="replace")
            for path in rng.sample(sorted(root.rglob("*.py")), min(MOST_FILES, len(list(root.rglob("*.py")))))
        }
        files = {path: tuple(text.split("\n")) for path, text in found.items() if 200 < len(text) < LONGEST}
        edits, tasks = dict[str, tuple[int, ...]](), list[str]()
        for path in rng.sample(sorted(files), min(len(files), rng.randrange(1, 4))):
            functions = _functions("\n".join(files[path]))
            if functions:
                function = rng.choice(functions)
                edits[path] = _some_lines(function, rng)
                tasks.append(_wish(function, rng))
        if edits:
            yield Change("\n".join(tasks), files, edits)


SOURCES: dict[str, Callable[[random.Random], Iterator[Change]]] = {"git": git_changes, "packages": package_changes}


def _git(repository: Path, *arguments: str) -> str:
    command = ["git", "-C", str(repository), *arguments]
    return subprocess.run(command, capture_output=True, text=True, errors="replace", check=False).stdout


def _old_lines(diff: str) -> dict[str, tuple[int, ...]]:
    """Of each file that was there before: the numbers of the lines that the diff takes away."""
    edits: dict[str, tuple[int, ...]] = {}
    for part in diff.split("\ndiff --git "):
        path = re.search(r"^--- a/(.+)$", part, re.MULTILINE)
        if path is None or not path[1].endswith(TEXT):
            continue
        numbers = [
            n for start, count in _HUNK.findall(part) for n in range(int(start) - 1, int(start) - 1 + int(count or 1))
        ]
        if numbers:
            edits[path[1]] = tuple(numbers)
    return edits


def _package(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec is not None and spec.origin else None


def _functions(text: str) -> list[ast.FunctionDef]:
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return []
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    return [node for node in nodes if node.end_lineno is not None and node.end_lineno - node.lineno >= 6]


def _some_lines(function: ast.FunctionDef, rng: random.Random) -> tuple[int, ...]:
    """One to three runs of lines of the function's body, as edits are."""
    first, last = function.lineno, (function.end_lineno or function.lineno) - 1
    numbers: set[int] = set()
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(first, last + 1)
        numbers |= set(range(at, min(last + 1, at + rng.randrange(1, 6))))
    return tuple(sorted(numbers))


def _wish(function: ast.FunctionDef, rng: random.Random) -> str:
    """What an issue might say: seldom the function's name, mostly what it is about."""
    about = (ast.get_docstring(function) or "").split("\n\n")[0].replace("\n", " ")[:200]
    words = function.name.replace("_", " ").strip()
    if not about or rng.random() < 0.3:
        return f"It goes wrong in `{function.name}`: {words} should also hold when the value is empty."
    return f"{words.capitalize()} does not do what is promised. {about}"
