"""A command that was not understood, and how that is told: with a caret under the wrong word."""

import unicodedata
from dataclasses import dataclass

from bot.core.text import fence


@dataclass(frozen=True, slots=True)
class CommandError:
    """A command that was not understood: `position` is the 0-based column of the wrong word in `text`, its line."""

    line_number: int
    text: str
    position: int
    problem: str
    hint: str


def render_error(error: CommandError) -> str:
    """The error as Markdown: what is wrong, the line with a caret under the wrong word, and what to do."""
    line, column = _excerpt(error.text, error.position)
    pointer = fence(f"{line}\n{' ' * column}^", "text")
    return f"{error.problem}\n\n{pointer}\n\n{error.hint}".rstrip()


def _excerpt(text: str, position: int) -> tuple[str, int]:
    """(part of a line around a position with nothing hidden in it, the column where the position is displayed)."""
    first, last = max(0, position - 60), position + 60
    shown, column = "…" if first else "", 1 if first else 0
    for at, char in enumerate(text[first:last], first):
        kind = unicodedata.category(char)
        piece = "    " if char == "\t" else "\ufffd" if kind in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} else char
        shown += piece
        if at < position:
            wide = unicodedata.east_asian_width(char) in {"W", "F"}
            column += 0 if kind in {"Mn", "Me"} else 2 if wide else len(piece)
    return shown + ("…" if last < len(text) else ""), column
