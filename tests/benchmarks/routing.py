"""Who gets the work: regret of our choice beside the usual policies, in simulated worlds and on logged results.

`python -m tests.benchmarks.routing [--data FILE] [--json]`. Lines of FILE are results in their order
(`{"agent", "task", "ok", "cost"?, "seconds"?}`; `task` is the sort of work), worlds (`{"agents": [...], "p": [[...]]}`,
the chance of success by agent and sort of work), or both.
"""

import argparse
import gzip
import json
import math
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

from bot.core.routing.choice import choose
from bot.core.routing.tally import Tally
from tests.benchmarks.routing_worlds import HELD_OUT, NAMED, OTHERS, World
from tests.benchmarks.rows import Row, bench_row

_row = partial(bench_row, "routing")
Key = tuple[str, str]
SEEDS = 40


class Policy(Protocol):
    """Chooses an agent for a sort of work, and learns what came of it."""

    def choose(self, agents: Sequence[str], kind: str) -> str: ...

    def learn(self, agent: str, kind: str, ok: float, usd: float) -> None: ...


class Ours:
    """The choice that runs make."""

    def __init__(self, seed: str) -> None:
        self._seed, self._tally, self._round = seed, Tally(), 0

    def choose(self, agents: Sequence[str], kind: str) -> str:
        self._round += 1
        return choose(agents, kind, self._tally, seed=f"{self._seed}/{self._round}").name

    def learn(self, agent: str, kind: str, ok: float, usd: float) -> None:
        self._tally.note(agent, kind, ok, usd=usd)


@dataclass
class Counts:
    """What the usual policies know; `score` says how good a look has an agent."""

    score: Callable[[float, float, float, random.Random], float]
    dice: random.Random
    good: Counter[Key] = field(default_factory=Counter)
    all: Counter[Key] = field(default_factory=Counter)

    def choose(self, agents: Sequence[str], kind: str) -> str:
        total = sum(self.all[agent, kind] for agent in agents)
        scores = [self.score(self.good[agent, kind], self.all[agent, kind], total, self.dice) for agent in agents]
        best = max(scores)
        return self.dice.choice([agent for agent, score in zip(agents, scores, strict=True) if score == best])

    def learn(self, agent: str, kind: str, ok: float, usd: float) -> None:
        self.good[agent, kind] += int(ok)
        self.all[agent, kind] += 1


def _best_so_far(good: float, count: float, total: float, dice: random.Random) -> float:
    return good / count if count else 0.0


def _wilson(good: float, count: float, total: float, dice: random.Random) -> float:
    if not count:
        return math.inf
    p, z = good / count, 1.96
    spread = z * math.sqrt(p * (1 - p) / count + z * z / (4 * count * count))
    return (p + z * z / (2 * count) - spread) / (1 + z * z / count)


def _ucb1(good: float, count: float, total: float, dice: random.Random) -> float:
    return math.inf if not count else good / count + math.sqrt(2 * math.log(total) / count)


def _thompson(good: float, count: float, total: float, dice: random.Random) -> float:
    return dice.betavariate(1 + good, 1 + count - good)


def _greedy(good: float, count: float, total: float, dice: random.Random) -> float:
    return (good + 2) / (count + 2)


BASELINES = {
    "best so far": _best_so_far,
    "Wilson": _wilson,
    "UCB1": _ucb1,
    "Thompson": _thompson,
    "greedy (s+2)/(n+2)": _greedy,
}


def policy(name: str, seed: str) -> Policy:
    """`ours`, or a baseline by its name."""
    return Ours(seed) if name == "ours" else Counts(BASELINES[name], random.Random(seed))


def regret(world: World, made: Policy, seed: str) -> tuple[float, float]:
    """(how many more pieces of work the best agents would have done well, what all of it cost)."""
    dice, lost, usd = random.Random(seed), 0.0, 0.0
    agents = [f"a{n}" for n in range(len(world.stages[0]))]
    for number in range(world.rounds):
        skills = world.skills(number)
        kind, luck = dice.randrange(len(skills[0])), dice.random()
        name = made.choose(agents, str(kind))
        agent = agents.index(name)
        cost = world.costs[agent] if world.costs else 0.0
        made.learn(name, str(kind), float(luck < skills[agent][kind]), cost)
        lost += max(row[kind] for row in skills) - skills[agent][kind]
        usd += cost
    return lost, usd


def rows(seeds: int = SEEDS) -> list[Row]:
    """Every world beside every policy, each on the same work and the same luck."""
    made = []
    for label, worlds in (("", NAMED), (" (other)", OTHERS), (" (held out)", HELD_OUT)):
        for name, make in worlds.items():
            made += _world_rows(f"{name}{label}", [make(random.Random(f"{name} {n}")) for n in range(seeds)])
    return made


def _world_rows(name: str, worlds: Sequence[World]) -> list[Row]:
    def means(who: str) -> tuple[float, float]:
        ends = [regret(world, policy(who, f"{name} {n}"), f"{name} {n}") for n, world in enumerate(worlds)]
        return sum(lost for lost, _ in ends) / len(ends), sum(usd for _, usd in ends) / len(ends)

    lost, usd = means("ours")
    made = []
    for who in BASELINES:
        theirs = means(who)
        made.append(_row(f"{name}, {who}", lost, theirs[0], "failures more than the best"))
        if worlds[0].costs and who == "Thompson":
            made.append(_row(f"{name}, {who}, cost", usd, theirs[1], "$"))
    return made


def data_rows(path: Path) -> list[Row]:
    """The same on a file's worlds and results."""
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    lines = [json.loads(line) for line in text.splitlines() if line.strip()]
    worlds = [World([line["p"]]) for line in lines if "p" in line]
    logged = [line for line in lines if "agent" in line]
    made = [row for n, world in enumerate(worlds, 1) for row in _world_rows(f"{path.name} {n}", [world] * SEEDS)]
    return made + (_logged_rows(path.name, logged) if logged else [])


def _logged_rows(name: str, logged: Sequence[Row]) -> list[Row]:
    """Rounds where a policy chooses whom the log has count and are learned from, the others are passed over (L. Li et
    al., Unbiased Offline Evaluation of Contextual-bandit-based News Article Recommendation Algorithms, 2011)."""
    ours = _replayed(logged, policy("ours", name))
    return [
        _row(f"{name}, {who}", ours, _replayed(logged, policy(who, name)), "share that went well") for who in BASELINES
    ]


def _replayed(logged: Sequence[Row], made: Policy) -> float:
    agents, good, count = sorted({str(row["agent"]) for row in logged}), 0.0, 0
    for row in logged:
        kind, ok = str(row["task"]), float(bool(row["ok"]))
        if made.choose(agents, kind) == row["agent"]:
            made.learn(str(row["agent"]), kind, ok, float(str(row.get("cost") or 0.0)))
            good, count = good + ok, count + 1
    return good / count if count else 0.0


def main() -> None:
    """Measure, on a file's data if one is named."""
    parser = argparse.ArgumentParser(description="Measure who gets the work.")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    made = data_rows(arguments.data) if arguments.data else rows()
    for row in made:
        print(
            json.dumps(row)
            if arguments.json
            else f"{row['case']:<60} {row['ours']:>8} {row['baseline']:>8} {row['ratio']}"
        )


if __name__ == "__main__":
    main()
