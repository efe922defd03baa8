"""Who gets the work follows from results, and the same history always gives the same choice."""

import pytest

from bot.core.routing.choice import ENOUGH, EXPLORE, choose
from bot.core.routing.kinds import Kind, kind_of
from bot.core.routing.tally import HALF_LIFE_DAYS, Tally


def tally(**results: str) -> Tally:
    """Of each agent's backend work: `+` went well, `-` did not."""
    found = Tally()
    for agent, marks in results.items():
        for mark in marks:
            found.note(agent, "backend", float(mark == "+"), usd=0.4)
    return found


def quiet(reason: str = "exploring") -> str:
    """A seed whose choice does not explore."""
    return next(s for s in map(str, range(100)) if choose(["a", "b"], "backend", Tally(), seed=s).reason != reason)


@pytest.mark.parametrize(
    ("files", "words", "kind"),
    [
        (["api/views.py", "tests/test_views.py"], "", "backend"),
        (["tests/test_views.py"], "", "tests"),
        (["web/theme.css", "web/App.tsx", "server.py"], "", "frontend"),
        (["db/migrations/0001_users.sql"], "", "data"),
        (["docs/guide.md", "README.md"], "", "docs"),
        (["Dockerfile", ".github/workflows/ci.yml"], "", "build"),
        ([], "Write the migration for users", "data"),
        ([], "Add a database migration", "data"),
        ([], "", "backend"),
    ],
)
def test_files_say_what_sort_of_work_it_is(files: list[str], words: str, kind: Kind) -> None:
    """Words count only where no files are known; tests go with the code they test."""
    assert kind_of(files, words) == kind
    assert kind_of(files[::-1], words) == kind_of(files, words)


def test_who_was_never_tried_is_tried() -> None:
    """One success does not lock the choice onto whoever had it first."""
    assert choose(["a", "b"], "backend", tally(a="+-"), seed=quiet()).name == "b"


def test_results_elsewhere_say_something() -> None:
    """Of two that are new to a kind of work, the one that does well at others comes first."""
    found = Tally()
    for _ in range(5):
        found.note("a", "docs", 0.0)
        found.note("b", "docs", 1.0)
    assert found.rate("b", "backend") > found.rate("a", "backend")


def test_a_suggestion_stays_until_another_is_clearly_better() -> None:
    """Neither two lucky results nor a small lead take a task away from whom the plan names."""
    both = ["a", "b"]
    assert choose(both, "backend", tally(a="-" * 9, b="+" * 2), seed=quiet(), suggested="a").name == "a"
    assert choose(both, "backend", tally(a="+" * 8 + "-" * 2, b="+" * 8 + "-"), seed=quiet(), suggested="a").name == "a"
    chosen = choose(both, "backend", tally(a="-" * 6 + "+" * 3, b="+" * 8 + "-"), seed=quiet(), suggested="a")
    assert (chosen.name, chosen.reason) == ("b", "best")
    assert chosen.why == "b: 8 of 9 backend tasks went well here, $0.40 each; chosen over a (3 of 9)"


def test_who_has_done_too_little_is_not_taken_from() -> None:
    """An agent that the plan names keeps its task while nothing is known of it."""
    chosen = choose(["a", "b"], "backend", tally(b="+" * int(ENOUGH + 4)), seed=quiet(), suggested="a")
    assert (chosen.name, chosen.reason) == ("a", "suggested")


def test_of_equals_the_cheaper_one_works() -> None:
    """Cost decides only where the results do not."""
    found = Tally()
    for _ in range(8):
        found.note("a", "backend", 1.0, usd=0.9)
        found.note("b", "backend", 1.0, usd=0.3)
    assert choose(["a", "b"], "backend", found, seed=quiet()).reason == "cheapest"
    assert choose(["a", "b"], "backend", found, seed=quiet()).name == "b"


def test_a_small_share_explores_and_a_restart_changes_nothing() -> None:
    """The run's id is the seed."""
    found = tally(a="+" * 20, b="-" * 20)
    chosen = [choose(["a", "b"], "backend", found, seed=f"run-{n}") for n in range(4000)]
    share = sum(c.reason == "exploring" for c in chosen) / len(chosen)
    assert EXPLORE / 2 < share < EXPLORE * 2
    assert chosen == [choose(["a", "b"], "backend", found, seed=f"run-{n}") for n in range(4000)]


def test_old_results_weigh_less() -> None:
    """An agent that broke is noticed soon, and last year's results count a quarter."""
    assert tally(a="+" * 60 + "-" * 50).rate("a", "backend") < 0.5
    old = Tally()
    old.note("a", "backend", 1.0, days_old=2 * HALF_LIFE_DAYS)
    assert old.weight("a", "backend") == pytest.approx(0.25)


def test_nobody_to_choose_from() -> None:
    with pytest.raises(ValueError, match="nobody"):
        choose([], "backend", Tally(), seed="1")
