"""What the program itself found out about a run's result. No word of an agent counts here, but the review's verdict."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bot.core.repository import RemoteCommit
from bot.core.testplan import TestRun

Verdict = Literal["proven", "unproven", "refuted"]
ReviewVerdict = Literal["approve", "request_changes", "none"]
PROTECTED = (".github/workflows/", ".github/actions/", ".git/", ".github/devflow.yml")
"""Paths an agent may never change: they decide what runs with the repository's own rights."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Measured by the program, after the fact."""

    planned: tuple[str, ...] | None
    """None where there was no plan of files, as in a revision."""
    changed: tuple[str, ...]
    tests: TestRun
    tree: str
    """The git tree of the final checkout on this machine."""
    verdict: ReviewVerdict
    branch: str = ""
    head: str | None = None
    """What GitHub says the branch points at, None if the branch is not there."""
    pushed: str | None = None
    """The commit that we made for it."""
    commit: RemoteCommit | None = None
    stopped: str = ""
    """The phase that a limit stopped, empty if none did."""
    unreviewed: str = ""
    """Why there is no review, where that is as it should be."""
    unbuilt: tuple[str, ...] = ()
    """Ids of the planned tasks that were not built."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: `state` is ok, note (worth knowing) or fail."""

    check: str
    found: str
    state: Literal["ok", "note", "unknown", "fail"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """The table, and what it amounts to; `reason` is the first thing that is wrong."""

    rows: tuple[Row, ...]
    verdict: Verdict
    reason: str = ""


def check(facts: Facts) -> Evidence:
    """Compare what was found with what has to be true: any `fail` refutes, any `unknown` leaves it unproven."""
    rows = [*_whole(facts), _tests(facts), *_tree(facts), *_files(facts), _review(facts)]
    if facts.branch:
        rows[:0] = _branch(facts)
    failed = [row for row in rows if row.state == "fail"]
    unknown = [row for row in rows if row.state == "unknown"]
    if failed:
        return Evidence(tuple(rows), "refuted", f"{failed[0].check}: {failed[0].found}")
    if unknown:
        return Evidence(tuple(rows), "unproven", f"{unknown[0].check}: {unknown[0].found}")
    return Evidence(tuple(rows), "proven")


def protected_paths(changed: Sequence[str]) -> list[str]:
    """Those of the changed paths that no agent may change, sorted."""
    return [path for path in sorted(changed) if path.lower().startswith(PROTECTED)]


def _branch(facts: Facts) -> list[Row]:
    if facts.head is None:
        return [Row("Branch", f"`{facts.branch}` is not on GitHub", "fail")]
    if facts.head != facts.pushed or facts.commit is None:
        return [
            Row(
                "Branch", f"`{facts.branch}` is at {facts.head[:12]}, not at {(facts.pushed or 'nothing')[:12]}", "fail"
            )
        ]
    same = facts.commit.tree == facts.tree
    return [
        Row("Branch", f"`{facts.branch}` is at `{facts.head[:12]}`, read back from GitHub", "ok"),
        Row(
            "Content",
            f"the branch holds byte for byte what was {'tested' if facts.tests.tree else 'built'}"
            if same
            else "the branch is not what was tested",
            "ok" if same else "fail",
        ),
        Row(
            "Signature",
            "verified by GitHub" if facts.commit.verified else "not signed (the token is not an App's)",
            "ok" if facts.commit.verified else "note",
        ),
    ]


def _tests(facts: Facts) -> Row:
    t = facts.tests
    if t.state == "none_found":
        return Row("Tests", t.reason or "no tests found", "unknown")
    if t.state == "not_run":
        return Row("Tests", f"not run: {t.reason}", "unknown")
    tally = f", {t.passed} passed" if t.passed is not None else ""
    tally += f", {t.failed} failed" if t.failed else ""
    found = f"`{t.command}` ended with exit code {t.exit_code}{tally}, {t.seconds:.1f} s, sandbox: {t.sandbox}"
    return Row("Tests", found, "ok" if t.state == "passed" else "fail")


def _whole(facts: Facts) -> list[Row]:
    rows = [Row("Complete", f"no: a limit stopped it in {facts.stopped}", "fail")] if facts.stopped else []
    return rows + ([Row("Tasks", f"not built: {', '.join(facts.unbuilt)}", "fail")] if facts.unbuilt else [])


def _tree(facts: Facts) -> list[Row]:
    if not facts.tests.tree or facts.tests.state == "not_run":
        return []
    if facts.tests.tree == facts.tree:
        return [Row("Tested state", f"the tests ran on the final files (tree `{facts.tree[:12]}`)", "ok")]
    return [Row("Tested state", "the files changed after the tests ran", "fail")]


def _files(facts: Facts) -> list[Row]:
    changed = set(facts.changed)
    if not changed:
        return [Row("Files", "nothing was changed", "fail")]
    protected = protected_paths(facts.changed)
    stops = [Row("Protected paths", _paths(protected), "fail")] if protected else []
    if facts.planned is None:
        return [Row("Files", f"{len(changed)} changed: {_paths(sorted(changed))}", "ok"), *stops]
    return [*_against_plan(facts, set(facts.planned), changed), *stops]


def _against_plan(facts: Facts, planned: set[str], changed: set[str]) -> list[Row]:
    missing, extra = sorted(planned - changed), sorted(changed - planned)
    rows = [Row("Files", f"{len(changed & planned)} of {len(planned)} planned files changed", "ok")]
    if missing:
        rows.append(Row("Planned, but unchanged", _paths(missing), "fail"))
    if extra:
        reviewed = facts.verdict == "approve"
        rows.append(
            Row(
                "Beyond the plan",
                _paths(extra) + (", approved in review" if reviewed else ""),
                "note" if reviewed else "fail",
            )
        )
    return rows


def _review(facts: Facts) -> Row:
    match facts.verdict:
        case "approve":
            return Row("Review", "approved", "ok")
        case "request_changes":
            return Row("Review", "changes are still requested", "fail")
        case "none" if facts.unreviewed:
            return Row("Review", f"there was none: {facts.unreviewed}", "note")
        case "none":
            return Row("Review", "there was none", "unknown")


def _paths(paths: Sequence[str], most: int = 8) -> str:
    shown = ", ".join(f"`{path}`" for path in paths[:most])
    return shown + (f" and {len(paths) - most} more" if len(paths) > most else "")
