"""What of a long test output says why it failed: the lines are ranked, the best are shown in their order."""

import re
from collections.abc import Iterable, Sequence

_COLORS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_RANKED: tuple[tuple[int, re.Pattern[str]], ...] = tuple(
    (rank, re.compile(pattern))
    for rank, pattern in (
        # What a runner says of each failure: pytest, unittest, go, cargo, jest, mocha, TAP.
        (9, r"^(FAILED|ERROR) \S+(::| - )|^(FAIL|ERROR): |^\s*--- FAIL: |^test .* \.\.\. FAILED$|^\s+● |^not ok \d"),
        (
            9,
            r"^E\s{2,}\S|^\s*(\w+\.)*\w*(Error|Exception|Failure|Panic)\b[:( ]|panicked at|^panic: |^\s*AssertionError",
        ),
        (8, r"^(thread '|\s*(left|right|Expected|Received|expected|actual|got|want)\b.{0,20}[:=])"),
        (7, r"^\S+?:\d+(:\d+)?: (\w*Error|error|undefined|cannot|expected)|^error(\[E\d+\])?[: ]|\bfatal\b"),
        (7, r"^\S+?\(\d+,\d+\): error"),
        (6, r'^\s*File "[^"]+", line \d+|^\S+\.(py|js|ts|tsx|go|rs|rb|java):\d+\b|^\s+at .+:\d+:\d+'),
        (5, r"\b\d+ (failed|failures?|errors?)\b|^FAILED \(|^(FAIL|ok)\s+\S+\s+[\d.]+s|^Tests?:|^test result:"),
        (4, r"^>\s+\S|^[-+?]\s|^_{3,} .* _{3,}$|^-{3,}.*-{3,}$"),
        (2, r"(?i)\b(fail|error|assert|traceback|undefined|missing|refused|denied|not found)"),
    )
)
LINE = 500
"""Characters of one line that are shown."""
NEAR = 3
"""Lines around a telling one that are shown with it, as far as there is room."""
PLAIN = 0


def ranked(output: str, limit: int, paths: Iterable[str] = ()) -> str:
    """At most about `limit` characters of an output: all of it if it fits, else the lines that tell most, with their
    neighbours, in their order; what is left out is counted. Lines that name one of `paths` count for more.
    """
    text = _COLORS.sub("", output)
    if len(text) <= limit:
        return text
    lines = [line if len(line) <= LINE else f"{line[:LINE]} [line cut]" for line in text.splitlines()]
    chosen = _choose(lines, _scores(lines, tuple(paths)), limit)
    return "\n".join(_shown(lines, chosen))


def _scores(lines: Sequence[str], paths: Sequence[str]) -> list[int]:
    seen: dict[str, int] = {}
    scores = []
    for line in lines:
        rank = next((rank for rank, pattern in _RANKED if pattern.search(line)), PLAIN)
        rank += 3 if rank and any(path in line for path in paths) else 0
        # The same complaint a thousand times is one complaint.
        plain = re.sub(r"\d+", "#", line)
        seen[plain] = seen.get(plain, 0) + 1
        scores.append(rank if seen[plain] <= 3 else min(rank, 1))
    return scores


def _choose(lines: Sequence[str], scores: Sequence[int], limit: int) -> set[int]:
    """Best lines first, each with its neighbours; the end of the output, where runners sum up, is always among them."""
    chosen: set[int] = set()
    room = limit
    order = sorted(range(len(lines)), key=lambda n: (-scores[n], n))
    for middle in [len(lines) - 1, *order]:
        for near in sorted(range(middle - NEAR, middle + NEAR + 1), key=lambda n: abs(n - middle)):
            if 0 <= near < len(lines) and near not in chosen and len(lines[near]) + 1 <= room:
                chosen.add(near)
                room -= len(lines[near]) + 1
        if room < 80:
            break
    return chosen


def _shown(lines: Sequence[str], chosen: set[int]) -> Iterable[str]:
    left_out = 0
    for number, line in enumerate(lines):
        if number in chosen:
            if left_out:
                yield f"[... {left_out} lines left out ...]"
            left_out = 0
            yield line
        else:
            left_out += 1
    if left_out:
        yield f"[... {left_out} lines left out ...]"


def mentions(output: str, path: str) -> int:
    """How often an output names a file, by its path or as a dotted module."""
    dotted = path.removesuffix(".py").replace("/", ".")
    return len(re.findall(rf"(?<![\w/.]){re.escape(path)}(?!\w)", output)) + (
        len(re.findall(rf"(?<![\w.]){re.escape(dotted)}(?!\w)", output)) if "." in dotted else 0
    )
