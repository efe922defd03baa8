"""What a run will take is drawn from those that are most like it, and says from which."""

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.core import planning
from bot.core.estimates import Rates, estimate
from bot.core.expected import Estimate, Range, from_json, to_json
from bot.core.history import PastRun, Spent
from bot.core.prices import cost_usd, price_of
from bot.core.repository import Repo
from bot.core.runs import Mode, Run, RunId
from bot.core.usual import TASKS, usual
from tests.samples import a_request, a_run

MODEL = "claude-sonnet-5-5"
RATES = Rates(lambda model, usage: cost_usd(usage, price_of(model)), MODEL)


def asked(number: int = 0, mode: Mode = "quick", repo: str = "acme/widget", words: int = 3) -> Run:
    request = a_request(description="word " * words, issue_title="", issue_body="")
    return a_run(id=RunId(f"r{number}"), repo=Repo.parse(repo), plan=planning.plan(5.0, [], mode), request=request)


def past(number: int, factor: float = 1.0, *, tasks: int = TASKS, run: Run | None = None) -> PastRun:
    """A run that was so many times as dear as is usual."""
    run = replace(run or asked(), id=RunId(f"p{number}"))
    spent = {}
    for phase in run.plan.phases:
        plain = usual(run.plan, tasks, RATES.price, MODEL, [phase.name])
        spent[phase.name] = Spent(plain.usd * factor, plain.seconds * factor)
    return PastRun(run, {name: each for name, each in spent.items() if each.usd}, (("developer", 9.0),) * tasks)


def factor_of(found: Estimate, run: Run) -> float:
    return found.usd.mid / usual(run.plan, found.tasks or TASKS, RATES.price, MODEL).usd


def test_without_history_it_is_what_is_usual() -> None:
    """From list prices, with a wide range, and it says so."""
    found = estimate(asked(), [], RATES)
    assert (found.source, found.runs) == ("prices", 0)
    assert factor_of(found, asked()) == pytest.approx(1.0)
    assert found.usd.high > 3 * found.usd.mid > 9 * found.usd.low
    assert found.seconds.mid > 60


def test_many_runs_that_were_alike_leave_little_doubt() -> None:
    """The range closes around what they cost; each more run makes it narrower."""
    known = [past(n, 0.5) for n in range(30)]
    few, many = estimate(asked(), known[:3], RATES), estimate(asked(), known, RATES)
    assert (many.source, many.runs) == ("kind", 30)
    assert factor_of(many, asked()) == pytest.approx(0.5, rel=0.1)
    widths = [math.log(found.usd.high / found.usd.low) for found in (many, few, estimate(asked(), [], RATES))]
    assert widths == sorted(widths)
    assert widths[0] < widths[2] / 2


@pytest.mark.parametrize(
    ("others", "source", "runs"),
    [
        ([asked()] * 3, "kind", 3),
        ([asked()] * 2 + [asked(words=100)], "mode", 3),
        ([asked()] * 2 + [asked(mode="comprehensive")], "repository", 3),
        ([asked()] * 2 + [asked(repo="acme/other")], "organisation", 3),
        ([asked()] * 2 + [asked(repo="umbrella/widget")], "server", 3),
        ([asked()] * 2, "kind", 2),
        ([asked(repo="umbrella/widget")], "server", 1),
    ],
)
def test_it_says_which_runs_it_comes_from(others: Sequence[Run], source: str, runs: int) -> None:
    """The narrowest sort that has enough, or all there are."""
    found = estimate(asked(), [past(n, run=run) for n, run in enumerate(others)], RATES)
    assert (found.source, found.runs) == (source, runs)


def test_runs_of_its_own_kind_count_for_more() -> None:
    """Than as many of others."""
    dear = [past(n, 4.0, run=asked(repo="acme/other")) for n in range(5)]
    cheap = [past(9 + n, 0.5) for n in range(5)]
    assert factor_of(estimate(asked(), [*dear, *cheap], RATES), asked()) < 1


def test_newer_runs_count_for_more() -> None:
    """The first is the newest."""
    cheap, dear = [past(n, 0.5) for n in range(15)], [past(20 + n, 4.0) for n in range(15)]
    found = [factor_of(estimate(asked(), known, RATES), asked()) for known in ([*cheap, *dear], [*dear, *cheap])]
    assert found[0] < math.sqrt(2) < found[1]


def test_only_what_is_left_is_estimated() -> None:
    """By what past runs paid for the same phases; one that has nothing of them says nothing."""
    planned = replace(past(1), phases={"requirements": Spent(9.0, 9.0)})
    rest = ["testing", "review"]
    whole, left = estimate(asked(), [past(2)], RATES), estimate(asked(), [planned, past(2)], RATES, only=rest)
    assert left.usd.mid < whole.usd.mid / 2
    assert left.runs == 1
    assert estimate(asked(), [planned], RATES).source == "prices"
    assert estimate(asked(), [], RATES, only=["delivery"]).usd == Range(0, 0, 0)


def test_more_tasks_cost_more_once_they_are_known() -> None:
    """By the task: a history of long plans does not make a short one dear."""
    known = [past(n, tasks=10) for n in range(20)]
    one, ten, unknown = (estimate(asked(), known, RATES, tasks=tasks) for tasks in (1, 10, None))
    assert one.usd.mid < unknown.usd.mid
    assert one.usd.mid < ten.usd.mid / 2
    assert factor_of(ten, asked()) == pytest.approx(1.0, rel=0.05)
    assert unknown.usd.mid == pytest.approx(ten.usd.mid, rel=0.15)


def test_a_run_says_nothing_of_itself() -> None:
    """It may have ended already when it is asked again."""
    run = asked()
    assert estimate(run, [replace(past(1), run=run)], RATES).source == "prices"


def test_an_estimate_comes_back_from_json() -> None:
    """As it went, with what was spent before on top."""
    found = Estimate(Range(1, 2, 3), Range(10, 20, 30), "mode", 4, 5)
    assert from_json(to_json(found)) == found
    assert found.after(1, 60) == replace(found, usd=Range(2, 3, 4), seconds=Range(70, 80, 90))
