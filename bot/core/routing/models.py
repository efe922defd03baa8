"""On which model an agent works: a cheap one where history says that it suffices, a stronger one after a failure."""

import random
from collections.abc import Sequence

from bot.core.routing.choice import ENOUGH, Choice, record
from bot.core.routing.tally import Tally

SUFFICES = 0.8
"""A cheaper model is taken from this rate on, or if it does no worse than the usual one."""
TRY = 0.1
"""The share of work that tries a cheaper model of which too little is known."""


def choose_model(
    models: Sequence[str], usual: str, kind: str, tally: Tally, *, seed: str, failed_with: str = ""
) -> Choice:
    """One of `models`, which go from cheap to strong, the usual one among them; the same again for the same seed.

    `failed_with` is the model of a failed attempt at this work: the next stronger one follows.
    """
    if failed_with:
        return _stronger(models, failed_with)
    dice = random.Random(f"{seed}/model")  # noqa: S311 - nobody gains by guessing it
    enough = min(SUFFICES, tally.rate(usual, kind))
    for model in models[: models.index(usual)]:
        known = tally.weight(model, kind) >= ENOUGH
        if known and tally.rate(model, kind) >= enough:
            return Choice(model, "suffices", f"{record(model, kind, tally)}; cheaper than {usual}")
        if not known and dice.random() < TRY:
            return Choice(model, "exploring", f"{record(model, kind, tally)}; tried to learn whether it suffices")
    cheaper = "" if usual == models[0] else "; nothing cheaper is known to suffice"
    return Choice(usual, "usual", f"{record(usual, kind, tally)}{cheaper}")


def _stronger(models: Sequence[str], failed_with: str) -> Choice:
    after = models[models.index(failed_with) + 1 :]
    if not after:
        return Choice(failed_with, "escalated", f"{failed_with}: an attempt on it failed, and there is none stronger")
    return Choice(after[0], "escalated", f"{after[0]}: an attempt on {failed_with} failed")
