"""A comment as a terminal shows it: what GitHub folds is folded, what only an emoji says is a word."""

import re
from collections.abc import Mapping

from bot.core.comments import MARKS, STATES, TITLES
from bot.core.effects import without_marks

_WORDS: Mapping[str, str] = {mark: word for word, mark in [*STATES.items(), *MARKS.items()]}
_DETAILS = re.compile(r"<details>\s*<summary>(.*?)</summary>(.*?)</details>", re.DOTALL)
_EVIDENCE = re.compile(r"^\| \| check \| found \|\n(?:\|.*\n?)+", re.MULTILINE)
_ANCHOR = re.compile(r"\[([^\]\n]*)\]\(#issuecomment-\d+\)")
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_SYMBOLS = re.compile(r"^[^\w`*\[(]+")
_PHASES = {"requirements", "design", "tasks", "implementation", "testing", "review", *TITLES.values()}


def visible(text: str) -> str:
    """Foreign words without power over a terminal: controls are shown as their code."""
    return _CONTROLS.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def readable(body: str) -> str:
    """The Markdown of a comment, fit for a terminal."""
    text = _DETAILS.sub(_folded, without_marks(visible(body)))
    text = _EVIDENCE.sub("*(The evidence table stands below.)*\n", text)
    text = _ANCHOR.sub(r"\1", re.sub(r"</?(sub|sup|br)/?>", "", text))
    return "\n".join(_line(line) for line in text.splitlines()).strip()


def _folded(found: re.Match[str]) -> str:
    lines = sum(1 for line in found[2].splitlines() if line.strip() and not line.startswith("```"))
    return f"*({found[1].strip()}: {lines} lines, folded.)*"


def _line(line: str) -> str:
    if line.startswith("### "):
        return _heading(line.removeprefix("### "))
    if line.startswith("| "):
        first, _, rest = line.removeprefix("| ").partition(" |")
        return f"| {_WORDS[first]} |{rest}" if first in _WORDS else line
    return line


def _heading(text: str) -> str:
    """`✅ Design` becomes `Design: done`; other headings say it themselves."""
    words = _SYMBOLS.sub("", text)
    mark = text.removesuffix(words).strip()
    state = f": {_WORDS[mark]}" if mark in _WORDS and words.lower() in _PHASES else ""
    return f"**{words}{state}**\n"
