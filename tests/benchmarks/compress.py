"""Shortening: what of a text is kept that the next reader needs, beside other methods, and how long it takes.

`python -m tests.benchmarks.compress --data FILE --json` takes rows of the form `{"text"|"turns","query","gold":[...]}`;
`python -m tests.benchmarks.transcripts` makes such rows.
"""

import argparse
import sys
import time
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import track

from bot.core.tokens import count_tokens
from tests.benchmarks import compress_tuning
from tests.benchmarks.compress_data import Case, Kept, WrongRowsError, kept, load
from tests.benchmarks.compress_methods import METHODS, OURS, QUICK, SLOW, missing_package
from tests.benchmarks.memory_data import SHARED
from tests.benchmarks.memory_methods import percentile
from tests.benchmarks.rows import Row, bench_row, print_rows
from tests.benchmarks.transcript_sources import SOURCES
from tests.benchmarks.transcript_styles import STYLES
from tests.benchmarks.transcripts import transcripts

_row = partial(bench_row, "compress")
MEETINGS = "qmsum.jsonl.gz"
SHARE = 0.3
"""Of the tokens of a text, to be kept."""
SEED, EACH = 2026, 6
"""Transcripts are made with seeds that no constant was chosen on, a seed for each style, so many of each source."""
SLOW_CASES, SLOW_TOKENS = 8, 6_000
"""Methods that take seconds are measured on so many texts, none longer than that."""
SPEEDS = {"4k": 4_000, "16k": 16_000, "64k": 64_000}
TIMES = 20


def rows() -> list[Row]:
    """Meetings, transcripts by where their code is from, each style beside head and tail, tuning, and speed."""
    measured, path = list[Row](), SHARED / MEETINGS
    meetings = load(path) if path.exists() else []
    measured += (
        set_rows("meetings", meetings) if meetings else [_row(f"{MEETINGS} is missing: left out", None, None, "")]
    )
    made = {
        (source, style): [Case(one.text, one.query, (), one.files, one.lines) for one in found]
        for source in SOURCES
        for number, style in enumerate(STYLES)
        if (found := list(transcripts(source, style, SEED + number, EACH)))
    }
    for source in SOURCES:
        of_source = [case for key, cases in made.items() if key[0] == source for case in cases]
        name = f"transcripts of {source}"
        measured += set_rows(name, of_source) if of_source else [_row(f"{name}: no code, left out", None, None, "")]
    for style in STYLES:
        measured += style_rows(style, [case for key, cases in made.items() if key[1] == style for case in cases])
    return measured + compress_tuning.rows(meetings) + speed_rows([one for cases in made.values() for one in cases])


def set_rows(name: str, cases: Sequence[Case]) -> list[Row]:
    """Each kind of gold that the cases have: ours beside each other method."""
    ours = measure(OURS, cases)
    measured = [row for method in QUICK if not missing_package(method) for row in _beside(name, ours, method, cases)]
    short = [case for case in cases if count_tokens(case.text) <= SLOW_TOKENS][:SLOW_CASES]
    for method in SLOW:
        if missing_package(method):
            measured.append(_row(f"{method} is not installed: left out", None, None, ""))
        elif short:
            measured += _beside(f"{name}, {len(short)} short ones", measure(OURS, short), method, short)
    return measured


def style_rows(style: str, cases: Sequence[Case]) -> list[Row]:
    """One way to write transcripts down."""
    return _beside(f"transcripts, {style}", measure(OURS, cases), "head + tail", cases)


def measure(method: str, cases: Sequence[Case]) -> Kept:
    """What is kept of the gold at `SHARE` of the tokens."""
    shorten = METHODS[method]
    bar: Iterable[Case] = track(cases, method, console=Console(stderr=True), transient=True)
    return kept([(case, shorten(case.text, case.query, int(SHARE * count_tokens(case.text)))) for case in bar])


def speed_rows(cases: Sequence[Case]) -> list[Row]:
    """CPU time of ours at three sizes, the slowest of twenty texts, beside what else takes time on the same texts."""
    measured = []
    for name, size in SPEEDS.items():
        texts = [_of_size(cases, size, n) for n in range(TIMES)]
        ours = [_milliseconds(OURS, case) for case in texts]
        for method in (method for method in QUICK if not missing_package(method)):
            theirs = [_milliseconds(method, case) for case in texts]
            for percent in (50, 95):
                case = f"{name} tokens, p{percent}, beside {method}"
                measured.append(_row(case, percentile(ours, percent), percentile(theirs, percent), "ms"))
    return measured


def _of_size(cases: Sequence[Case], tokens: int, number: int) -> Case:
    """Whole texts, one after the other, cut to about so many tokens."""
    order = [*cases[number % len(cases) :], *cases[: number % len(cases)]]
    text = ""
    for case in order:
        text += f"{case.text}\n"
        if len(text) > 4 * tokens:
            break
    return Case(text[: int(len(text) * min(1.0, tokens / count_tokens(text)))], order[0].query)


def _milliseconds(method: str, case: Case) -> float:
    budget = int(SHARE * count_tokens(case.text))
    began = time.process_time()
    METHODS[method](case.text, case.query, budget)
    return 1000 * (time.process_time() - began)


def _beside(name: str, ours: Kept, method: str, cases: Sequence[Case]) -> list[Row]:
    theirs = measure(method, cases)
    pairs = (
        ("gold span", ours.spans, theirs.spans),
        ("files", ours.files, theirs.files),
        ("lines", ours.lines, theirs.lines),
    )
    return [
        _row(f"{name}: {kind} kept, beside {method}", mine, other, "%")
        for kind, mine, other in pairs
        if mine is not None and other is not None
    ]


def main() -> None:
    """Measure one file, or what `make bench` measures."""
    parser = argparse.ArgumentParser(description="Measure what shortening keeps.")
    parser.add_argument("--data", type=Path, help="a set of your own, .jsonl or .jsonl.gz")
    parser.add_argument("--json", action="store_true", help="print rows as JSON")
    arguments = parser.parse_args()
    began = time.monotonic()
    try:
        cases = load(arguments.data) if arguments.data else []
    except (OSError, WrongRowsError) as error:
        sys.exit(str(error))
    measured = set_rows(arguments.data.name, cases) + speed_rows(cases) if cases else rows()
    print_rows(measured, time.monotonic() - began, as_json=arguments.json)


if __name__ == "__main__":
    main()
