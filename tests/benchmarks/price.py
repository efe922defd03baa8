"""What runs will cost, said before they begin: coverage and pinball loss in simulated repositories.

`python -m tests.benchmarks.price [--json]`. Every run of a history is estimated from those before it.
"""

import argparse
import json
import random
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from bot.core import planning
from bot.core.estimates import Rates, estimate
from bot.core.expected import Range
from bot.core.history import PastRun, Spent
from bot.core.prices import cost_usd, price_of
from bot.core.repository import NO_SHA, Repo
from bot.core.runs import Mode, Request, Run, RunId
from bot.core.usual import usual
from tests.benchmarks.rows import Row, bench_row

_row = partial(bench_row, "price")
RUNS, HISTORIES = 30, 12
QUANTILES = (0.1, 0.5, 0.9)
MODEL = "claude-sonnet-5-5"
RATES = Rates(lambda model, usage: cost_usd(usage, price_of(model)), MODEL)


@dataclass(frozen=True)
class Repository:
    """How runs are in a simulated repository. Costs are `factor` times what is usual, with log-normal luck of a run and
    of each phase; `words` makes long requests dearer by that power; `fixes` is the chance of rounds that cost as much
    again three times; `drift` multiplies what runs cost in the second half of its history."""

    factor: float = 1.0
    luck: float = 0.3
    phases: float = 0.3
    words: float = 0.0
    fixes: float = 0.0
    drift: float = 1.0
    modes: tuple[Mode, ...] = ("quick",)
    tasks: tuple[int, int] = (2, 4)
    dear: float = 1.0
    """How much more than usual a comprehensive run costs beside a quick one."""

    def run(self, number: int, dice: random.Random) -> tuple[Run, int, PastRun]:
        """(the run as it is asked for, the number of its tasks, what it came to)."""
        mode, words = dice.choice(self.modes), round(dice.lognormvariate(4.5, 1.0))
        request = Request("word " * words, 1, "", "", "ada", 0, "main", NO_SHA)
        plan = planning.plan(9.0, [], mode)
        run = Run(RunId(f"r{number}"), Repo("acme", "widget"), request, plan)
        tasks = dice.randint(*self.tasks)
        whole = self.factor * dice.lognormvariate(0, self.luck) * (max(words, 1) / 90) ** self.words
        whole *= self.drift if number >= RUNS // 2 else 1.0
        whole *= self.dear if mode == "comprehensive" else 1.0
        fixed = 4.0 if dice.random() < self.fixes else 1.0
        spent = {}
        for phase in plan.phases:
            plain = usual(plan, tasks, RATES.price, MODEL, [phase.name])
            if plain.usd:
                more = whole * dice.lognormvariate(0, self.phases) * (fixed if phase.name == "testing" else 1.0)
                spent[phase.name] = Spent(plain.usd * more, plain.seconds * more)
        return run, tasks, PastRun(run, spent, (("developer", 60.0),) * tasks)


NAMED = {
    "steady": Repository(0.4, 0.15, 0.2),
    "dear and uneven": Repository(2.5, 0.6, 0.4),
    "long requests cost more": Repository(0.7, 0.25, words=0.5),
    "two modes": Repository(0.5, 0.3, modes=("quick", "comprehensive")),
}
OTHERS = {
    "many tasks or few": Repository(0.6, 0.3, tasks=(1, 12)),
    "rounds of fixes": Repository(0.8, 0.3, fixes=0.25),
    "cheaper models half way": Repository(1.2, 0.3, drift=0.4),
    "modes unlike each other": Repository(0.5, 0.4, modes=("quick", "comprehensive", "learning"), dear=2.0),
}
"""What the method was not thought out for: its constants were guessed before, and kept (see `price_tuning`)."""
Guess = Callable[[Sequence[float]], Range]


def _mean(costs: Sequence[float]) -> Range:
    """The mean of all runs, with the tenths of a normal distribution."""
    middle = statistics.mean(costs)
    spread = 1.2816 * statistics.stdev(costs) if len(costs) > 1 else 0.0
    return Range(max(middle - spread, 0.0), middle, middle + spread)


def _last(costs: Sequence[float]) -> Range:
    """What the last one cost."""
    return Range(costs[-1], costs[-1], costs[-1])


BASELINES: dict[str, Guess] = {"mean of all runs": _mean, "last run": _last}


@dataclass(frozen=True)
class Score:
    """Shares of runs inside the range, and the mean pinball loss as a share of the mean cost."""

    inside: float
    loss: float


def scores(repository: Repository, name: str, histories: int = HISTORIES) -> dict[str, Score]:
    """By method, over all histories; `ours, tasks known` is the estimate once the tasks are planned."""
    found: dict[str, list[tuple[Range, float]]] = {}
    for history in range(histories):
        dice = random.Random(f"{name} {history}")
        past, costs = list[PastRun](), list[float]()
        for number in range(RUNS):
            run, tasks, ended = repository.run(number, dice)
            cost = sum(spent.usd for spent in ended.phases.values())
            if number:
                guesses = {who: guess(costs) for who, guess in BASELINES.items()}
                guesses["ours"] = estimate(run, past[::-1], RATES).usd
                guesses["ours, tasks known"] = estimate(run, past[::-1], RATES, tasks=tasks).usd
                for who, guess in guesses.items():
                    found.setdefault(who, []).append((guess, cost))
            past.append(ended)
            costs.append(cost)
    return {who: _score(pairs) for who, pairs in found.items()}


def _score(pairs: Sequence[tuple[Range, float]]) -> Score:
    inside = statistics.mean(guess.low <= cost <= guess.high for guess, cost in pairs)
    losses = [
        max(q * (cost - value), (q - 1) * (cost - value))
        for guess, cost in pairs
        for q, value in zip(QUANTILES, (guess.low, guess.mid, guess.high), strict=True)
    ]
    return Score(inside, statistics.mean(losses) / statistics.mean(cost for _, cost in pairs))


def rows() -> list[Row]:
    """Every simulated repository beside every baseline."""
    made = []
    for label, kinds in (("", NAMED), (" (other)", OTHERS)):
        for name, repository in kinds.items():
            found = scores(repository, name)
            ours, known = found["ours"], found["ours, tasks known"]
            for who in BASELINES:
                theirs = found[who]
                made.append(_row(f"{name}{label}, beside {who}", ours.loss, theirs.loss, "pinball loss / mean cost"))
            made.append(_row(f"{name}{label}, tasks known, beside before", known.loss, ours.loss, "pinball loss"))
            made.append(
                _row(f"{name}{label}, inside p10 to p90", ours.inside, found["mean of all runs"].inside, "share")
            )
    return made


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description="Measure what is said of a run's cost before it begins.")
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    for row in rows():
        line = f"{row['case']:<60} {row['ours']:>8} {row['baseline']:>8} {row['ratio']}"
        print(json.dumps(row) if as_json else line)


if __name__ == "__main__":
    main()
