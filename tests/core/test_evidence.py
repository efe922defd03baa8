"""The evidence believes nobody but the program."""

from dataclasses import replace

import pytest

from bot.core.evidence import Evidence, Facts, check
from bot.core.repository import RemoteCommit, Sha
from bot.core.testplan import TestRun

TREE = "a" * 40
HEAD = Sha("b" * 40)
GREEN = TestRun("python3 -m unittest", "passed", 0, 1.5, 12, 0, "OK", "", TREE, "bubblewrap")
GOOD = Facts(
    planned=("a.py", "b.py"),
    changed=("a.py", "b.py"),
    tests=GREEN,
    tree=TREE,
    verdict="approve",
    branch="devflow/issue-7-x",
    head=HEAD,
    pushed=HEAD,
    commit=RemoteCommit(HEAD, Sha(TREE), (), "m", True),
)


def states(evidence: Evidence) -> dict[str, str]:
    return {row.check: row.state for row in evidence.rows}


def test_everything_in_order_is_proven() -> None:
    """All rows hold and no reason is given."""
    found = check(GOOD)
    assert (found.verdict, found.reason) == ("proven", "")
    assert set(states(found).values()) == {"ok"}


@pytest.mark.parametrize(
    ("change", "row", "reason"),
    [
        ({"head": None}, "Branch", "Branch: `devflow/issue-7-x` is not on GitHub"),
        ({"head": Sha("c" * 40)}, "Branch", "Branch: `devflow/issue-7-x` is at cccccccccccc, not at bbbbbbbbbbbb"),
        ({"commit": None}, "Branch", None),
        ({"tests": replace(GREEN, state="failed", exit_code=1, failed=2)}, "Tests", None),
        (
            {"tests": replace(GREEN, tree="0" * 40)},
            "Tested state",
            "Tested state: the files changed after the tests ran",
        ),
        ({"changed": ()}, "Files", "Files: nothing was changed"),
        ({"changed": ("a.py",)}, "Planned, but unchanged", "Planned, but unchanged: `b.py`"),
        ({"verdict": "request_changes"}, "Review", "Review: changes are still requested"),
        ({"changed": ("a.py", "b.py", "c.py"), "verdict": "none"}, "Beyond the plan", "Beyond the plan: `c.py`"),
        (
            {"changed": ("a.py", "b.py", ".github/workflows/ci.yml")},
            "Protected paths",
            "Protected paths: `.github/workflows/ci.yml`",
        ),
    ],
)
def test_one_wrong_fact_refutes(change: dict[str, object], row: str, reason: str | None) -> None:
    """The row fails, and the first failing row is the reason."""
    found = check(replace(GOOD, **change))  # type: ignore[arg-type]
    assert found.verdict == "refuted"
    assert states(found)[row] == "fail"
    assert reason is None or found.reason == reason


def test_a_branch_with_other_content_than_tested_is_refuted() -> None:
    """The trees are compared, not the words about them."""
    assert GOOD.commit is not None
    found = check(replace(GOOD, commit=replace(GOOD.commit, tree=Sha("d" * 40))))
    assert states(found)["Content"] == "fail"


@pytest.mark.parametrize(
    ("tests", "reason"),
    [
        (TestRun("", "none_found", None, 0, None, None, "", "no tests found", TREE, "x"), "Tests: no tests found"),
        (TestRun("pytest", "not_run", None, 0, None, None, "", "no sandbox", TREE, ""), "Tests: not run: no sandbox"),
    ],
)
def test_tests_that_prove_nothing_never_count_as_success(tests: TestRun, reason: str) -> None:
    """No tests, or tests that could not run, leave the change unproven."""
    found = check(replace(GOOD, tests=tests))
    assert (found.verdict, found.reason) == ("unproven", reason)


def test_an_approved_file_beyond_the_plan_is_shown_but_allowed() -> None:
    """The reviewer saw the whole diff."""
    found = check(replace(GOOD, changed=("a.py", "b.py", "c.py")))
    assert (found.verdict, states(found)["Beyond the plan"]) == ("proven", "note")


def test_an_unsigned_commit_is_worth_a_note() -> None:
    """A personal token cannot make GitHub sign."""
    assert GOOD.commit is not None
    found = check(replace(GOOD, commit=replace(GOOD.commit, verified=False)))
    assert (found.verdict, states(found)["Signature"]) == ("proven", "note")


def test_many_paths_are_counted_not_listed() -> None:
    """The table stays readable."""
    changed = ("a.py", "b.py", *(f"x{n:02}.py" for n in range(30)))
    row = next(r for r in check(replace(GOOD, changed=changed)).rows if r.check == "Beyond the plan")
    assert row.found.endswith("`x07.py` and 22 more, approved in review")
