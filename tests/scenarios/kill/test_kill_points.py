"""SIGKILL all over a run: after a restart its end is that of the run that nobody disturbed."""

from collections import Counter
from dataclasses import fields
from types import FunctionType

import pytest

from tests.scenarios.kill.killings import Killings
from tests.scenarios.kill.lines import KINDS
from tests.scenarios.kill.story import Ending, MissedError
from tests.scenarios.kill.tales import Cancelled, Killed, KilledAt, Tale, delivered_again, killed_after_202, stopped

pytestmark = [pytest.mark.kill, pytest.mark.slow]
POINTS = [KilledAt(kind, index) for kind, (_, wanted) in KINDS.items() for index in range(wanted)]
BUILT = "SqlStore.save_phase implementation done #1 after"
BRANCH = "POST /repos/acme/widget/git/refs #1 after"
PULL = "POST /repos/acme/widget/pulls #1 after"
TROUBLES: list[Tale] = [
    Killed("three times", ("SqlStore.finish_turn design 0 #1 after", "ToolBox.call Write #1 after", PULL)),
    Killed("while it starts", (BUILT, "DbosDurable.launch #1 before", "DbosDurable.launch #1 after")),
    Killed("while it takes up the run", (BUILT, "GitWorkspaces.open #1 before", "GitWorkspaces.restore #2 after")),
    Killed("before it knows the pull request", (PULL, "GET /repos/acme/widget/pulls #2 before")),
    Killed("as people start it", ("POST /repos/acme/widget/issues/1/comments #3 after", BRANCH), command=True),
    killed_after_202,
    delivered_again,
    stopped,
]
LOSSES: dict[Tale, str] = {
    Killed("between phases", (BUILT,), files_go=True): "nothing",
    Killed("in the middle of a task", ("ToolBox.call Write #1 after",), files_go=True): "implementation/T1",
    Killed("in the middle of the tests", ("Sandbox.run #1 before",), files_go=True): "testing",
    Killed("while the change is delivered", (BRANCH,), files_go=True): "nothing",
}
"""When the files go, and what has to be asked again for that."""
CANCELS = [
    Cancelled("SqlStore.add_effect cancel-N #1 after"),
    Cancelled("SqlStore.set_run_state cancelled #1 after"),
    Cancelled("DbosDurable.cancel #1 after"),
    Cancelled("SqlStore.effect_done cancel-N #1 before"),
]


def name(tale: Tale) -> str:
    return tale.__name__.replace("_", " ") if isinstance(tale, FunctionType) else str(tale)


def same_end(ending: Ending, expected: Ending) -> None:
    """Nothing is missing, and nothing is there twice."""
    for part in fields(Ending):
        assert getattr(ending, part.name) == getattr(expected, part.name), part.name


def test_the_undisturbed_run_has_one_of_everything(killings: Killings) -> None:
    """What the others are compared with is a run that went well."""
    ending = killings.undisturbed.ending
    assert (killings.undisturbed.wrongs, killings.undisturbed.unused) == ([], [])
    phases = ["requirements", "design", "tasks", "implementation", "testing", "review", "delivery"]
    assert [key for key, _ in ending.comments] == ["status", *phases]
    assert (len(ending.branches), len(ending.pulls), ending.reactions) == (1, 1, ["rocket"])
    assert ending.runs == [("succeeded", "", "2")]


@pytest.mark.parametrize("tale", POINTS, ids=name)
def test_a_killed_run_ends_like_the_undisturbed_one(killings: Killings, tale: Tale) -> None:
    """Same comments once, one branch with the same commits, one pull request, one run, and no turn lost."""
    outcome = killings.outcome(tale)
    assert (outcome.wrongs, outcome.unused) == ([], [])
    same_end(outcome.ending, killings.undisturbed.ending)


@pytest.mark.parametrize("tale", TROUBLES, ids=name)
def test_no_trouble_changes_the_end(killings: Killings, tale: Tale) -> None:
    """Nor do several kills, a kill of what starts again, a stop in good order, lost and repeated deliveries."""
    outcome = killings.outcome(tale)
    assert (outcome.wrongs, outcome.unused) == ([], [])
    same_end(outcome.ending, killings.undisturbed.ending)


@pytest.mark.parametrize("tale", LOSSES, ids=name)
def test_a_run_goes_on_without_its_files(killings: Killings, tale: Tale) -> None:
    """Finished phases are written again from the database; only the work of the phase under way is done again."""
    outcome = killings.outcome(tale)
    assert [wrong for wrong in outcome.wrongs if LOSSES[tale] not in wrong] == []
    same_end(outcome.ending, killings.undisturbed.ending)


@pytest.mark.parametrize("tale", CANCELS, ids=name)
def test_a_cancel_is_carried_out_to_its_end(killings: Killings, tale: Tale) -> None:
    """Whoever asked for it was told that it will be stopped, so it is: one answer, nothing on GitHub but comments."""
    outcome = killings.outcome(tale)
    ending = outcome.ending
    assert outcome.wrongs == []
    assert ending.runs == [("cancelled", "Stopped by @maintainer.", "None")]
    assert (ending.branches, ending.pulls, ending.reactions) == ({}, [], ["confused"])
    keys = Counter(key for key, _ in ending.comments)
    assert (keys["status"], keys["requirements"], keys["cancel-N"]) == (1, 1, 1)
    assert max(keys.values()) == 1
    assert dict(ending.comments)["status"].startswith("### ⏹️ Cancelled")


@pytest.mark.soak
def test_every_line(killings: Killings) -> None:
    """The long way: `kill -9` at each line that a run passes."""
    tales = [Killed(line, (line,)) for line in killings.lines]
    for tale in tales:
        killings.start(tale)
    wrong = [f"{tale}: {problem}" for tale in tales for problem in _problems(killings, tale)]
    assert wrong == []


def _problems(killings: Killings, tale: Tale) -> list[str]:
    """What is not as it was without the kill; a line that depends on chance may be missed."""
    try:
        outcome = killings.outcome(tale)
    except MissedError:
        return []
    expected = killings.undisturbed.ending
    parts = [part.name for part in fields(Ending)]
    differing = [part for part in parts if getattr(outcome.ending, part) != getattr(expected, part)]
    return [*outcome.wrongs, *outcome.unused, *differing]
