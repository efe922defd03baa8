"""SIGKILL all over a run: after a restart its end is that of the run that nobody disturbed."""

import pytest

from tests.scenarios.kill.killings import Killings, same_end
from tests.scenarios.kill.lines import KINDS
from tests.scenarios.kill.tales import Killed, KilledAt, Tale, delivered_again, killed_after_202, stopped

pytestmark = pytest.mark.kill
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
LOSSES = [
    Killed("between phases", (BUILT,), files_go=True),
    Killed("in the middle of the implementation", ("ToolBox.call Write #1 after",), files_go=True),
    Killed("in the middle of the tests", ("BubblewrapSandbox.run #1 before",), files_go=True),
    Killed("while the change is delivered", (BRANCH,), files_go=True),
]


def name(tale: Tale) -> str:
    return str(tale) if isinstance(tale, Killed | KilledAt) else tale.__name__.replace("_", " ")  # type: ignore[attr-defined]


def test_the_undisturbed_run_has_one_of_everything(killings: Killings) -> None:
    """What the others are compared with is a run that went well."""
    ending = killings.undisturbed.ending
    assert killings.undisturbed.wrongs == []
    phases = ["requirements", "design", "tasks", "implementation", "testing", "review", "delivery"]
    assert [key for key, _ in ending.comments] == ["status", *phases]
    assert (len(ending.branches), len(ending.pulls), ending.reactions) == (1, 1, ["rocket"])
    assert ending.runs == [("succeeded", "", "2")]


@pytest.mark.parametrize("tale", POINTS, ids=name)
def test_a_killed_run_ends_like_the_undisturbed_one(killings: Killings, tale: Tale) -> None:
    """Same comments once, one branch with the same commits, one pull request, one run, and no turn lost."""
    outcome = killings.outcome(tale)
    assert outcome.wrongs == []
    same_end(outcome.ending, killings.undisturbed.ending)


@pytest.mark.parametrize("tale", TROUBLES, ids=name)
def test_no_trouble_changes_the_end(killings: Killings, tale: Tale) -> None:
    """Nor do several kills, a kill of what starts again, a stop in good order, lost and repeated deliveries."""
    outcome = killings.outcome(tale)
    assert outcome.wrongs == []
    same_end(outcome.ending, killings.undisturbed.ending)


@pytest.mark.parametrize("tale", LOSSES, ids=name)
def test_a_run_goes_on_without_its_files(killings: Killings, tale: Tale) -> None:
    """Finished phases are written again from the database; only the work of the phase under way is done again."""
    outcome = killings.outcome(tale)
    same_end(outcome.ending.without_costs(), killings.undisturbed.ending.without_costs())
