"""Whether the weights of shortening are fitted to one set: each set, with the weights that the others would choose."""

from collections.abc import Sequence
from functools import partial
from itertools import product

from rich.console import Console
from rich.progress import track

from bot.core.context.compress import compress
from bot.core.context.weights import WEIGHTS, Weights
from bot.core.tokens import count_tokens
from tests.benchmarks.compress_data import Case, kept
from tests.benchmarks.rows import Row, bench_row
from tests.benchmarks.transcripts import transcripts

_row = partial(bench_row, "compress")
SEED, EACH, SIZES = 100, 6, (14_000, 56_000)
SETS = (("git", "calls"), ("git", "markdown"), ("packages", "sweagent"), ("packages", "jsonl"))
MEETINGS = 20
CHOICES = [
    Weights(focus=focus, again=again, late=late, relevant=relevant)
    for focus, again, late, relevant in product((0.2, 0.4, 0.8), (0.4, 0.8), (0.4, 0.8), (0.3, 0.6))
]
SHARE = 0.3


def rows(meetings: Sequence[Case]) -> list[Row]:
    """For each set: what is kept with the weights that are best on all others, beside those best on itself."""
    sets = {
        f"{style} of {source}": [
            Case(one.text, one.query, (), one.files, one.lines) for one in transcripts(source, style, SEED, EACH, SIZES)
        ]
        for source, style in SETS
    }
    sets |= {"meetings": list(meetings[:: max(1, len(meetings) // MEETINGS)])} if meetings else {}
    jobs = [(weights, name) for weights in CHOICES for name in sets]
    bar = track(jobs, "tuning", console=Console(stderr=True), transient=True)
    found = {(weights, name): _kept(sets[name], weights) for weights, name in bar}
    made = []
    for judged in sets:
        chosen = max(CHOICES, key=lambda weights: sum(found[weights, name] for name in sets if name != judged))
        best = max(found[weights, judged] for weights in CHOICES)
        made.append(_row(f"{judged}: kept, tuned on all others, beside tuned on itself", found[chosen, judged], best))
        made.append(_row(f"{judged}: kept, our weights, beside tuned on itself", _kept(sets[judged], WEIGHTS), best))
    return made


def _kept(cases: Sequence[Case], weights: Weights) -> float:
    """The mean of what is kept of each kind of gold."""
    budgets = [int(SHARE * count_tokens(case.text)) for case in cases]
    found = [
        (case, compress(case.text, case.query, budget, weights)) for case, budget in zip(cases, budgets, strict=True)
    ]
    parts = kept(found)
    values = [value for value in (parts.spans, parts.files, parts.lines) if value is not None]
    return sum(values) / max(1, len(values))
