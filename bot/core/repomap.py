"""A map of a repository for a prompt: files with the names they define, the most likely ones first, within a budget."""

import ast
import re
from collections.abc import Callable, Sequence

from bot.core.tokens import estimate_tokens

Read = Callable[[str], str | None]

_PATTERNS = {
    "js": r"^(?:export\s+)?(?:default\s+)?(?:async\s+)?"
    r"(?:function\*?|class|const|interface|type|enum)\s+([A-Za-z_$][\w$]*)",
    "go": r"^(?:func\s+(?:\([^)]*\)\s*)?|type\s+)([A-Za-z_]\w*)",
    "rs": r"^\s*(?:pub(?:\([^)]*\))?\s+)?(?:async\s+)?(?:fn|struct|enum|trait|mod)\s+([A-Za-z_]\w*)",
    "java": r"^\s*(?:(?:public|protected|private|abstract|final|static)\s+)*"
    r"(?:class|interface|enum|record)\s+([A-Za-z_]\w*)",
    "rb": r"^\s*(?:def\s+(?:self\.)?|class\s+|module\s+)([A-Za-z_][\w:?!]*)",
    "php": r"^\s*(?:abstract\s+|final\s+)?(?:class|interface|trait|function)\s+([A-Za-z_]\w*)",
    "c": r"^[A-Za-z_][\w\s*]{0,80}?\b([A-Za-z_]\w{0,60})\s{0,4}\([^;()]{0,200}\)\s{0,4}\{?\s*$",
}
_ENDINGS = {
    "jsx": "js",
    "mjs": "js",
    "ts": "js",
    "tsx": "js",
    "kt": "java",
    "cs": "java",
    "cc": "c",
    "cpp": "c",
    "h": "c",
    "hpp": "c",
}
LONGEST_LINE = 500
MOST_SYMBOLS = 40
MOST_READ = 200
"""Files of one map. Taking a large one apart is slow, and a budget has room for many that define little."""


def symbols(path: str, text: str) -> list[str]:
    """Names a file defines: classes with their public methods, functions; empty for languages we do not know."""
    language = _language(path)
    if language in {"", "py"}:
        return _python(text) if language else []
    pattern = _PATTERNS[language]
    lines = (line for line in text.splitlines() if len(line) <= LONGEST_LINE)
    return list(dict.fromkeys(m[1] for line in lines if (m := re.match(pattern, line))))[:MOST_SYMBOLS]


def _language(path: str) -> str:
    """A key of `_PATTERNS`, `py`, or nothing for a language we do not know."""
    ending = path.rpartition(".")[2].lower()
    language = _ENDINGS.get(ending, ending)
    return language if language == "py" or language in _PATTERNS else ""


def repository_map(files: Sequence[str], read: Read, wish: str, budget: int) -> str:
    """One line a file, `path: names`; files the wish speaks of first. `budget` is in estimated tokens.

    What does not fit is counted in a last line beyond the budget. Only files near the top of the order are read, and
    none of a language we do not know.
    """
    words = {word.lower() for word in re.findall(r"[A-Za-z_]{3,}", wish)}
    ordered = sorted(files, key=lambda path: (-_relevance(path, words), path.count("/"), path))
    shown: list[tuple[str, str]] = []
    room, reads = budget, 0
    for path in ordered:
        known = bool(_language(path)) and reads < MOST_READ
        reads += known
        line = _line(path, read) if known else path
        room -= estimate_tokens(line) + 1
        if room < 0:
            break
        shown.append((path, line))
    left = len(files) - len(shown)
    lines = [line for _, line in sorted(shown)]
    return "\n".join([*lines, *([f"... and {left} more files; use Glob and Grep"] if left else [])])


def _line(path: str, read: Read) -> str:
    names = symbols(path, text) if (text := read(path)) else []
    return f"{path}: {', '.join(names)}" if names else path


def _relevance(path: str, words: set[str]) -> int:
    parts = set(re.findall(r"[a-z]{3,}", re.sub(r"([a-z])([A-Z])", r"\1 \2", path).lower()))
    return len(parts & words)


def _python(text: str) -> list[str]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    found: list[str] = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.append(node.name)
        elif isinstance(node, ast.ClassDef):
            methods = [n.name for n in node.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
            public = [name for name in methods if not name.startswith("_")]
            found.append(f"{node.name}({' '.join(public[:12])})" if public else node.name)
    return found[:MOST_SYMBOLS]
