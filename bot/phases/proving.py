"""Testing: the program runs the repository's tests, and what fails goes back to the developer."""

import json

from bot.core.comments import test_output
from bot.core.context import Piece, request_pieces
from bot.core.runs import PhaseResult, PhaseState
from bot.core.testplan import TestRun
from bot.core.text import truncate_middle
from bot.phases.work import Work, bench_of, commit, diff_piece
from bot.testing import run_tests, to_json


async def prove(work: Work) -> PhaseResult:
    """Testing: an agent adds what tests are missing, the program runs them, and failures go back to the developer."""
    bench = await bench_of(work)
    diff = await diff_piece(work, work.start)
    outcome = await work.agent("testing", work.phase.agent, work.start, [*work.needed(), diff])
    if outcome.state == "failed":
        return work.ended(outcome)
    tree = outcome.tree
    commits = (
        [{"subject": "Add tests", "task": "", "agent": work.phase.agent, "tree": tree}] if tree != work.start else []
    )
    tests = await run_tests(work.ports, work.checkout, tree, bench)
    history, trouble = [tests], ""
    for attempt in range(1, work.rules.fix_rounds + 1):
        if tests.state != "failed":
            break
        pieces = [*request_pieces(work.run), await diff_piece(work, tree), tests_piece(tests)]
        fix = await work.agent(f"testing/fix{attempt}", "developer", tree, pieces, attempt=attempt)
        if fix.state == "failed":
            trouble = f"\n\nThe developer could not mend it: {fix.reason} {fix.hint}".rstrip()
            break
        tree = fix.tree
        commits.append(commit("Mend what the tests found", "developer", tree))
        tests = await run_tests(work.ports, work.checkout, tree, bench)
        history.append(tests)
    data = {"tree": tree, "commits": commits, "tests": json.loads(to_json(tests)), "runs": len(history)}
    state: PhaseState = "failed" if tests.state == "failed" else "done"
    return work.result(state, tests_summary(history) + trouble, outcome.text, {**data, "go_on": True})


def tests_piece(tests: TestRun) -> Piece:
    """A test run as an agent sees it, measured by the program."""
    facts = [
        f"command: {tests.command or 'none'}",
        f"state: {tests.state}",
        f"exit code: {tests.exit_code}",
        tests.reason,
    ]
    head = "\n".join(filter(None, facts))
    return Piece("tests", f"{head}\n\n{truncate_middle(tests.output, 16_000)}", (("measured-by", "program"),))


def tests_summary(history: list[TestRun]) -> str:
    """What the program saw, run by run, for the comment of the phase."""
    lines = []
    for number, tests in enumerate(history, 1):
        tally = "" if tests.passed is None else f", {tests.passed} passed, {tests.failed or 0} failed"
        found = (
            tests.reason if tests.exit_code is None else f"exit code {tests.exit_code}{tally}, {tests.seconds:.1f} s"
        )
        lines.append(f"{number}. `{tests.command or 'no command'}`: {found}")
    last = history[-1]
    return "\n".join([*lines, *(["", test_output(last.output)] if last.output else [])])
