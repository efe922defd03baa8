"""A command line taken apart: its name or a slip of it, its words, its flags and their values."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bot.core.markdown import CommandLine
from bot.core.text import inline_code

AFTER_NAME = ".,;:!?)*_`\\…\u200b\u200c\u200d\u2060\ufeff"
"""What people and phones leave at the end of a name."""
_NAME_LIKE = re.compile(r"[A-Za-z][A-Za-z0-9_\u2010-\u2015-]{0,39}")
_WORD = re.compile(r"\S+")
_FLAG = re.compile(r"(--|[\u2012-\u2015])([A-Za-z][\w-]*)(=?)")
_CODE = re.compile(r"(?<!`)(`{1,9})(?!`).*?(?<!`)\1(?!`)")
_QUOTED = re.compile(r"\"([^\"]*)\"|[“”„]([^“”\"]*)[“”\"]|'([^']*)'|[‘’]([^‘’']*)[‘’']|`([^`]*)`")
_QUOTES = tuple("\"“”„'‘’`")


@dataclass(frozen=True, slots=True)
class Flag:
    """A word that starts with two dashes; `value` names what must follow it, if anything."""

    name: str
    summary: str
    value: str = ""

    @property
    def usage(self) -> str:
        return f"{self.name} {self.value}".strip()


@dataclass(frozen=True, slots=True)
class Words:
    """A command's line: the words that are no flags (raw) and the column of the first; flags with value and column."""

    line: CommandLine
    text: str
    starts: int
    flags: dict[str, tuple[str, int]] = field(default_factory=dict)


class WrongWordError(Exception):
    """A word of a command line is wrong; `position` is its 0-based column."""

    def __init__(self, position: int, problem: str, hint: str) -> None:
        super().__init__(problem)
        self.position, self.problem, self.hint = position, problem, hint


def name_in(line: str) -> str | None:
    """The word after the slash, None if it cannot be a command's name (a path, for one)."""
    word = line.split(maxsplit=1)[0][1:].rstrip(AFTER_NAME)
    return word if _NAME_LIKE.fullmatch(word) else None


def is_near(word: str, name: str) -> bool:
    """Whether a name was probably meant. Long ones bear two slips, others one; in the shortest only swapped letters
    count, for `/pin` is another bot's command."""
    word, name = letters(word), letters(name)
    if word == name:
        return True
    if len(name) < 6:
        return len(word) == len(name) and sorted(word) == sorted(name) and distance(word, name) == 1
    long = len(name) >= 10
    slips = 2 if long else 1
    close = abs(len(word) - len(name)) <= slips and distance(word, name) <= slips
    return close or (long and word.startswith(name))


def letters(word: str) -> str:
    """The lower-case letters and digits of a word."""
    return re.sub(r"[^a-z0-9]", "", word.lower())


def distance(a: str, b: str) -> int:
    """Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours."""
    rows = [list(range(len(b) + 1))]
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            cost = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and y == a[i - 2]:
                cost = min(cost, rows[-2][j - 2] + 1)
            row.append(cost)
        rows.append(row)
    return rows[-1][-1]


def suggestion(word: str, known: Iterable[str]) -> str:
    """A sentence: the known name that was probably meant, else all of them."""
    names = list(known)
    near = [name for name in names if distance(word[:40], name) <= 2 or (len(word) > 4 and name.startswith(word))]
    if near:
        return f"Did you mean `{near[0]}`?"
    return f"There are {', '.join(f'`{name}`' for name in names)}." if names else "It has no flags."


def read_words(line: CommandLine, command: str, flags: Sequence[Flag]) -> Words:
    """Take the flags out of a command line. Words in code are never flags, nor are those after a bare `--`.

    Raises `WrongWordError` for an unknown flag, one that is there twice, and a value that is missing or too many.
    """
    text = line.text.removesuffix("\\") if line.rest else line.text
    masked = _CODE.sub(lambda code: "x" * len(code[0]), text)
    start = at = done = _skip_space(text, len(text.split(maxsplit=1)[0]))
    found: dict[str, tuple[str, int]] = {}
    pieces = []
    while word := _WORD.search(masked, at):
        at = word.end()
        if word[0] == "--":
            pieces.append(text[done : word.start()])
            done = _skip_space(text, at)
            break
        if flag := _flag(word, text[word.start() : at], command, flags):
            pieces.append(text[done : word.start()])
            value, done = _value(text, word, flag)
            if flag.name in found:
                raise WrongWordError(word.start(), f"`{flag.name}` is there twice.", "Give it once.")
            found[flag.name] = value
            at = done
    return Words(line, "".join([*pieces, text[done:]]).strip(), start, found)


def _skip_space(text: str, at: int) -> int:
    after = _WORD.search(text, at)
    return after.start() if after else len(text)


def _flag(word: re.Match[str], raw: str, command: str, flags: Sequence[Flag]) -> Flag | None:
    """The flag a word is, None for prose. An unknown word after a long dash is prose, after two dashes an error."""
    match = _FLAG.match(word[0])
    if not match:
        return None
    name = f"--{match[2].lower()}"
    flag = next((flag for flag in flags if flag.name == name), None)
    if flag and (match[3] or not word[0][match.end() :].strip(AFTER_NAME)):
        return flag
    if match[1] != "--":
        return None
    hint = f"{suggestion(name, [flag.name for flag in flags])} Put ` -- ` before words that are no flags."
    raise WrongWordError(word.start(), f"`/{command}` has no flag {inline_code(raw)}.", hint)


def _value(text: str, word: re.Match[str], flag: Flag) -> tuple[tuple[str, int], int]:
    """((the flag's value, its column), where the next word starts)."""
    joined = word[0].find("=") + 1
    if not flag.value:
        if joined:
            extra = inline_code(text[word.start() + joined : word.end()])
            raise WrongWordError(word.start(), f"`{flag.name}` takes no value, and got {extra}.", "Leave it out.")
        return ("", word.start()), _skip_space(text, word.end())
    start = word.start() + joined if joined else _skip_space(text, word.end())
    if quoted := _QUOTED.match(text, start):
        value = next(group for group in quoted.groups() if group is not None)
        return (value.strip(), start), _skip_space(text, quoted.end())
    if text[start : start + 1] in _QUOTES:
        raise WrongWordError(start, "This quote is never closed.", "Close it, or leave the quotes out.")
    plain = _WORD.match(text, start)
    if plain is None or _FLAG.match(plain[0]):
        raise WrongWordError(word.start(), f"`{flag.name}` needs a value.", f"Write `{flag.usage}`.")
    return (plain[0].rstrip(".,;:!?"), start), _skip_space(text, plain.end())
