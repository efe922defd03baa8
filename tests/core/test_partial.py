"""What a stopped run says of itself."""

from bot.core.limits import Cap, Limits, Refusal
from bot.core.partial import limit_data, missing, stop_of, unbuilt
from bot.core.planning import Task
from tests.samples import a_phase

TASKS = [Task(name, f"Do {name}", "", "developer", ()) for name in ("T1", "T2", "T3")]
BUDGET = Refusal(Cap("run", "r", "", Limits(usd=1.0)), "usd")


def test_the_first_phase_that_was_stopped_is_named() -> None:
    """With the sentence and the budget that may help."""
    stopped = a_phase("testing", "failed", **limit_data(BUDGET))
    later = a_phase("review", "failed", **limit_data(BUDGET))
    stop = stop_of([a_phase("design"), None, stopped, later])
    assert stop is not None
    assert (stop.phase, stop.more_usd) == ("testing", 2.0)
    assert stop.reason.startswith("The next call could pass the budget of $1.00.")
    assert stop_of([a_phase("design"), None]) is None
    assert limit_data(None) == {}


def test_what_is_missing_is_counted_by_the_program() -> None:
    """Tasks by their commits, tests and review by their results."""
    commits = [{"task": "T1"}, {"task": "", "unfinished": "T2"}]
    results = {"implementation": a_phase("implementation", "failed", commits=commits)}
    assert [task.id for task in unbuilt(TASKS, results)] == ["T2", "T3"]
    assert missing(TASKS, results) == [
        "T2 (Do T2): begun, not finished",
        "T3 (Do T3): not built",
        "the tests were not run",
        "there was no review",
    ]
    results["testing"] = a_phase("testing", "failed", tests={"state": "failed"})
    results["review"] = a_phase("review", verdict="request_changes")
    assert missing(TASKS, results)[2:] == ["the tests fail", "changes that the review asked for"]
