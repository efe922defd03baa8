"""A long text taken apart: pieces as a reader sees lines, and units of them that are kept or left out together.

No piece is longer than a bound, so that no pattern can take long over one. Line numbers that tools print before a line
of code are found by counting: the line before or after has the number beside it.
"""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

BLOCK = (8, 24)
"""Lines of a block of code: it ends at a blank line after the first number, and at the second in any case."""
SHORT = 200
"""Characters of a line that is always one piece."""
RUN = 2
"""So many lines of code in a row that come again later are left out; one alone may be anything, as `return` is."""

_NUMBER = re.compile(r"[ \t]*(?:([\w./-]{1,200})[:-])?(\d{1,6})(?:[\t:|→-]|\\t) ?")
_CODE = re.compile(
    r"\s{2,}(?![-*•] |\d+[.)] )\S|\t|[+-](?:[^\s\[+-]|\s{2,}\S|--|\+\+)|@@|.*[{;]\s*$|[\])}]+[;,]?\s*$"
    r"|(?:def|class|import|from|return|if|for|async|const|let|func|fn|pub)\b.*[:({=]"
)
_CODE_EVEN_WITH_A_PATH = ("from ", "import ", "def ", "+", "-", " ", "\t")
STRUCTURE = re.compile(
    r"\s*(?:#{1,6} |[-*] \[[ xX]\]|\*\*[^*]{1,80}\*\*:?\s*$"
    r"|(?:\W{1,4}\s?)?(?:decision|decided|acceptance|risk|must|verdict)\w*\b.{0,40}:)",
    re.IGNORECASE,
)
"""Headings, checklists, acceptance and decisions."""
_KNOWN_ENDING = re.compile(
    r"\.(?:py|pyi|js|ts|tsx|jsx|go|rs|java|rb|c|h|cc|cpp|cs|kt|php|swift|md|rst|txt|toml|yml|yaml|json|ini|cfg|sql|css"
    r"|html|sh|lock)\b"
)
_IN_A_FOLDER = re.compile(r"/[\w.-]+\.[A-Za-z]\w{0,7}\b")
_BACKWARDS = re.compile(r"[\w./-]*")
_CHECKOUT = re.compile(r"[./-]*(?:(?:workspace|testbed|repo|[ab])/)?")


@dataclass(slots=True)
class Unit:
    """Some pieces, from `start` to `end`; `path` is the file that they are of, as far as one can tell."""

    start: int
    end: int
    text: str
    code: bool
    path: str
    tokens: float = 1.0
    weight: float = 0.0


@dataclass(frozen=True, slots=True)
class Parts:
    """The pieces of a text: `glue` follows each, `bare` is each without its number and the space around it."""

    pieces: Sequence[str]
    glue: Sequence[str]
    bare: Sequence[str]
    code: Sequence[bool]
    found: Sequence[bool]
    """Whether the piece is a hit of a search: a path, a number, a line."""
    paths: dict[int, list[str]]
    copies: Counter[str]
    units: list[Unit] = field(default_factory=list)


def take_apart(text: str, longest: int) -> Parts:
    """The pieces, none above `longest` characters, and the units, in the order of the text.

    What comes again later, word for word, is in no unit.
    """
    pieces, glue = _pieces(text, longest)
    bare, numbered, found = _without_numbers(pieces)
    paths = _paths_by_piece(pieces)
    code = _code(pieces, numbered, found, paths)
    parts = Parts(pieces, glue, bare, code, found, paths, Counter(line for line in bare if line))
    parts.units.extend(_units(parts, longest))
    return parts


def paths_in(text: str) -> list[tuple[int, str]]:
    """Paths of files, each with where it ends: those in a folder, and names with a well-known ending."""
    ends: dict[int, str] = {}
    for pattern in (_KNOWN_ENDING, _IN_A_FOLDER):
        for match in pattern.finditer(text):
            before = _BACKWARDS.match(text[max(0, match.start() - 120) : match.start()][::-1])
            begin = match.start() - (before.end() if before else 0)
            name = text[begin : match.end()]
            prefix = _CHECKOUT.match(name)
            ends[match.end()] = name[prefix.end() if prefix else 0 :]
    return sorted((end, name) for end, name in ends.items() if name[:1] != ".")


def _pieces(text: str, longest: int) -> tuple[list[str], list[str]]:
    """Lines; a line of JSON also at its escaped ends of lines, and any other long one between words."""
    pieces, glue = list[str](), list[str]()
    for line in text.split("\n"):
        if len(line) <= SHORT:
            pieces.append(line)
            glue.append("\n")
            continue
        inner = line.split("\\n") if line.count("\\n") >= RUN else [line]
        whole = [f"{part}\\n" for part in inner[:-1]] + inner[-1:]
        short = [part for one in whole for part in _not_longer(one, longest) if part]
        pieces += short
        glue += [""] * (len(short) - 1) + ["\n"]
    glue[-1] = ""
    return pieces, glue


def _not_longer(text: str, longest: int) -> list[str]:
    """Cut after a sentence, else between words, else anywhere."""
    parts, at = list[str](), 0
    while len(text) - at > longest:
        low, high = at + longest // 2, at + longest
        end = max(text.rfind(". ", low, high), text.rfind("? ", low, high))
        end = end if end > 0 else text.rfind(" ", low, high)
        parts.append(text[at : end + 1 if end > 0 else high])
        at += len(parts[-1])
    return [*parts, text[at:]]


def _without_numbers(pieces: Sequence[str]) -> tuple[list[str], list[bool], list[bool]]:
    """(each piece bare, whether it has the number of a line, whether it is a hit of a search)"""
    matches = [_NUMBER.match(piece) for piece in pieces]
    numbers = [int(match[2]) if match and not match[1] else -9 for match in matches] + [-9]
    bare, numbered, found = list[str](), list[bool](), list[bool]()
    for n, (piece, match) in enumerate(zip(pieces, matches, strict=True)):
        hit = bool(match and match[1] and ("." in match[1] or "/" in match[1]))
        number = numbers[n] >= 0 and (numbers[n - 1] + 1 == numbers[n] or numbers[n + 1] - 1 == numbers[n])
        numbered.append(number)
        found.append(hit)
        bare.append((piece[match.end() :] if match and (hit or number) else piece).strip())
    return bare, numbered, found


def _paths_by_piece(pieces: Sequence[str]) -> dict[int, list[str]]:
    starts, at = list[int](), 0
    for piece in pieces:
        starts.append(at)
        at += len(piece) + 1
    paths: dict[int, list[str]] = {}
    for end, name in paths_in("\n".join(pieces)):
        paths.setdefault(bisect_right(starts, end - 1) - 1, []).append(name)
    return paths


def _code(
    pieces: Sequence[str], numbered: Sequence[bool], found: Sequence[bool], paths: dict[int, list[str]]
) -> list[bool]:
    """Which pieces are code or output: in a fence, numbered, or looking so; a line with a path is rather a headline."""
    code, fenced = list[bool](), False
    for n, piece in enumerate(pieces):
        if piece.lstrip().startswith("```"):
            fenced = not fenced
            code.append(True)
        elif fenced or numbered[n]:
            code.append(not found[n])
        else:
            headline = n in paths and not piece.startswith(_CODE_EVEN_WITH_A_PATH)
            code.append(not found[n] and not headline and _CODE.match(piece) is not None)
    return code


def _units(parts: Parts, longest: int) -> list[Unit]:
    """Blocks of code, and every other piece for itself."""
    again = _again(parts)
    units, n, path = list[Unit](), 0, ""
    while n < len(parts.pieces):
        if not parts.bare[n] or again[n]:
            n += 1
            continue
        end = _block_end(parts, again, n, longest) if parts.code[n] else n + 1
        if n in parts.paths and not parts.code[n] and not parts.found[n]:
            path = parts.paths[n][-1]
        text = "".join(parts.pieces[k] + parts.glue[k] for k in range(n, end - 1)) + parts.pieces[end - 1]
        units.append(Unit(n, end, text, parts.code[n], path))
        n = end
    return units


def _again(parts: Parts) -> list[bool]:
    """Which pieces come once more later: in code only runs of them, else all that are not short."""
    last = {line: n for n, line in enumerate(parts.bare)}
    later = [not line or last[line] > n for n, line in enumerate(parts.bare)]
    again = [False] * len(later)
    n = 0
    while n < len(later):
        end = n
        while end < len(later) and later[end] and parts.code[end] == parts.code[n]:
            end += 1
        for k in range(n, end):
            again[k] = end - n >= RUN if parts.code[n] else len(parts.bare[k]) > 8
        n = max(end, n + 1)
    return again


def _block_end(parts: Parts, again: Sequence[bool], start: int, longest: int) -> int:
    """Where the block of code ends that starts there: at text, at what comes again, at a blank line, or by its size."""
    end, size = start + 1, len(parts.pieces[start])
    while end < len(parts.pieces) and end - start < BLOCK[1]:
        if again[end] or (parts.bare[end] and not parts.code[end]):
            break
        if end - start >= BLOCK[0] and not parts.bare[end - 1]:
            break
        size += len(parts.pieces[end])
        if size > longest:
            break
        end += 1
    while not parts.bare[end - 1]:
        end -= 1
    return end
