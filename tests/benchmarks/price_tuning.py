"""`python -m tests.benchmarks.price_tuning`: constants of the estimate, chosen with each repository left out.

They were guessed before any repository was simulated; this shows whether others would have been chosen, and what a
repository that had no say in the choice gets.
"""

from itertools import product
from unittest.mock import patch

from bot.core import estimates
from tests.benchmarks.price import NAMED, OTHERS, Score, scores

WANTED = 0.8
GRID = tuple(product((1.0, 2.0, 4.0), (0.5, 0.8, 1.1), (12.0, 30.0)))
"""(`PRIOR_RUNS`, `PRIOR_SPREAD`, `HALF_RUNS`)."""


def main() -> None:
    """Measure all, then choose without each."""
    kinds, found = {**NAMED, **OTHERS}, dict[tuple[float, ...], dict[str, Score]]()
    for values in GRID:
        names = dict(zip(("PRIOR_RUNS", "PRIOR_SPREAD", "HALF_RUNS"), values, strict=True))
        with patch.multiple(estimates, **names):
            found[values] = {name: scores(kind, name, histories=4)["ours"] for name, kind in kinds.items()}
        shown = " ".join(f"{score.inside:.2f}" for score in found[values].values())
        print(f"{values}: inside {shown}, off by {_off(found[values], ''):.3f}")
    for name in kinds:
        best = min(GRID, key=lambda values: _off(found[values], name))
        print(f"without {name}: {best}, there inside {found[best][name].inside:.2f}, loss {found[best][name].loss:.3f}")


def _off(found: dict[str, Score], left_out: str) -> float:
    """How far the share inside the range is from what was wanted, on average."""
    off = [abs(score.inside - WANTED) for name, score in found.items() if name != left_out]
    return sum(off) / len(off)


if __name__ == "__main__":
    main()
