"""Simulated agents: how likely each does each sort of work well, and how that changes."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Skills = Sequence[Sequence[float]]
"""By agent and sort of work, the chance of success."""


@dataclass(frozen=True, slots=True)
class World:
    """Skills by stages of equal length; `costs` by agent, if they differ; how many pieces of work there are."""

    stages: Sequence[Skills]
    rounds: int = 500
    costs: Sequence[float] = ()

    def skills(self, number: int) -> Skills:
        return self.stages[number * len(self.stages) // self.rounds]


def _within(value: float) -> float:
    return min(0.97, max(0.03, value))


def _skilled(dice: random.Random, agents: int = 10, spread: float = 0.15) -> list[list[float]]:
    """A skill of the agent, and an affinity to each sort of work."""
    skills = [dice.uniform(0.3, 0.8) for _ in range(agents)]
    return [[_within(skill + dice.gauss(0, spread)) for _ in range(5)] for skill in skills]


def _uniform(dice: random.Random, low: float, high: float, agents: int = 10) -> list[list[float]]:
    return [[dice.uniform(low, high) for _ in range(5)] for _ in range(agents)]


def _independent(dice: random.Random) -> World:
    return World([_uniform(dice, 0, 1)])


def _specialists(dice: random.Random) -> World:
    good = [dice.randrange(5) for _ in range(10)]
    return World([[[dice.uniform(0.75, 0.95) if k == g else dice.uniform(0.1, 0.5) for k in range(5)] for g in good]])


def _skill(dice: random.Random) -> World:
    return World([_skilled(dice)])


def _breaks(dice: random.Random) -> World:
    before = _skilled(dice)
    best = max(before, key=sum)
    return World([before, [[0.1] * 5 if row is best else row for row in before]])


def _drift(dice: random.Random) -> World:
    stages = [_skilled(dice)]
    for _ in range(24):
        stages.append([[_within(p + dice.gauss(0, 0.05)) for p in row] for row in stages[-1]])
    return World(stages)


def _many(dice: random.Random) -> World:
    return World([_skilled(dice, agents=25)])


def _few(dice: random.Random) -> World:
    return World([_skilled(dice)], rounds=100)


def _rare(dice: random.Random) -> World:
    rows = _uniform(dice, 0.2, 0.5)
    rows[dice.randrange(10)] = [dice.uniform(0.8, 0.95) for _ in range(5)]
    return World([rows])


def _newcomer(dice: random.Random) -> World:
    before = _uniform(dice, 0.3, 0.7)
    best = dice.randrange(10)
    return World([before, [[0.95] * 5 if n == best else row for n, row in enumerate(before)]])


def _upheaval(dice: random.Random) -> World:
    return World([_skilled(dice) for _ in range(3)])


def _close(dice: random.Random) -> World:
    return World([_uniform(dice, 0.6, 0.8)])


def _priced(dice: random.Random) -> World:
    """Five equals of each skill, and each costs something else."""
    rows = [[p] * 5 for p in (0.9, 0.5) for _ in range(5)]
    return World([rows], costs=[dice.uniform(0.1, 2.0) for _ in rows])


def _two_sorts(dice: random.Random) -> World:
    """Agents either can do a sort of work or cannot."""
    return World([[[dice.choice([0.15, 0.85]) for _ in range(5)] for _ in range(10)]])


def _tires(dice: random.Random) -> World:
    """The best agent gets worse, a little at a time."""
    first = _skilled(dice)
    best = max(range(10), key=lambda n: sum(first[n]))
    shares = [1 - stage / 12 for stage in range(10)]
    return World([[[p * share for p in row] if n == best else row for n, row in enumerate(first)] for share in shares])


def _six_specialists(dice: random.Random) -> World:
    good = [dice.randrange(5) for _ in range(6)]
    return World(
        [[[dice.uniform(0.75, 0.95) if k == g else dice.uniform(0.1, 0.5) for k in range(5)] for g in good]], 300
    )


def _alike(dice: random.Random) -> World:
    """The sort of work makes next to no difference."""
    return World([_skilled(dice, spread=0.05)])


def _three(dice: random.Random) -> World:
    return World([_uniform(dice, 0.2, 0.9, agents=3)], rounds=150)


def _small(dice: random.Random) -> World:
    return World([_uniform(dice, 0.2, 0.9, agents=4)], rounds=200)


NAMED: dict[str, Callable[[random.Random], World]] = {
    "independent": _independent,
    "specialists": _specialists,
    "skill + affinity": _skill,
    "best agent breaks": _breaks,
}
"""Those that the target names."""
OTHERS: dict[str, Callable[[random.Random], World]] = {
    "drifting skills": _drift,
    "25 agents": _many,
    "100 runs": _few,
    "one rare good agent": _rare,
    "a poor agent becomes the best": _newcomer,
    "all change twice": _upheaval,
    "all nearly equal": _close,
    "equals at other costs": _priced,
}
"""Looked at, beside the target's own, when `KEEP` and `EXPLORE` were chosen."""
HELD_OUT: dict[str, Callable[[random.Random], World]] = {
    "agents that can or cannot": _two_sorts,
    "best agent tires": _tires,
    "6 specialists, 300 runs": _six_specialists,
    "sort of work hardly matters": _alike,
    "4 agents, 200 runs": _small,
    "3 agents, 150 runs": _three,
}
"""No constant was chosen by them. With three or four agents Thompson sampling itself is next to the best there is, and
nothing tried came under 0.65 of it: other priors, an upper bound instead of a mean, other shares of exploring."""
