"""Testing: the program runs the repository's tests, and what fails goes back to the developer."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.core.comments import test_output
from bot.core.context import Piece, request_pieces
from bot.core.failures import mentions, ranked
from bot.core.limits import Refusal
from bot.core.partial import commits_of, limit_data
from bot.core.repository import Sha
from bot.core.runs import PhaseResult, PhaseState
from bot.core.testplan import TestRun, telling_lines
from bot.phases.work import Commit, Work, bench_of, commit, diff_piece, planned_tasks
from bot.testing import TestBench, run_tests, to_json

OUTPUT_LIMIT = 16_000
"""Characters of a test output that an agent is shown."""


async def prove(work: Work) -> PhaseResult:
    """Testing: an agent adds what tests are missing, the program runs them, and failures go back to who built it."""
    bench = await bench_of(work)
    diff = await diff_piece(work, work.start)
    outcome = await work.agent("testing", work.phase.agent, work.start, [*work.needed(), diff])
    if outcome.state == "failed" and outcome.limit is None:
        return work.ended(outcome)
    limit, tree = outcome.limit, outcome.tree
    commits = (
        [commit("Keep unfinished tests" if limit else "Add tests", work.phase.agent, tree)]
        if tree != work.start
        else []
    )
    trouble = f"\n\n{outcome.reason} {outcome.hint}" if limit else ""
    return await _until_green(work, bench, _Proof(tree, commits, limit, trouble), outcome.text)


async def prove_again(work: Work) -> PhaseResult:
    """Testing of a revision: the program runs the tests, and failures go back to the developer."""
    return await _until_green(work, await bench_of(work), _Proof(work.start), "")


@dataclass(slots=True)
class _Proof:
    """What is tested, and what has come of it so far."""

    tree: Sha
    commits: list[Commit] = field(default_factory=list)
    limit: Refusal | None = None
    trouble: str = ""
    history: list[TestRun] = field(default_factory=list)


async def _until_green(work: Work, bench: TestBench, proof: _Proof, words: str) -> PhaseResult:
    """Run the tests; what fails goes back to who built it, so many times."""
    proof.history.append(await run_tests(work.ports, work.checkout, proof.tree, bench))
    for attempt in range(1, work.rules.fix_rounds + 1):
        tests = proof.history[-1]
        if tests.state != "failed" or not await _mended(work, proof, tests, attempt):
            break
        proof.history.append(await run_tests(work.ports, work.checkout, proof.tree, bench))
    tests = proof.history[-1]
    data = {
        "tree": proof.tree,
        "commits": proof.commits,
        "tests": json.loads(to_json(tests)),
        "history": [t.state for t in proof.history],
        **limit_data(proof.limit),
    }
    state: PhaseState = "failed" if tests.state == "failed" or proof.limit else "done"
    return work.result(state, tests_summary(proof.history) + proof.trouble, words, {**data, "go_on": True})


async def _mended(work: Work, proof: _Proof, tests: TestRun, attempt: int) -> bool:
    """Let an agent mend what failed; False if it could not."""
    who = implementer(work, tests)
    paths = await changed_paths(work, proof.tree)
    pieces = [*request_pieces(work.run), await diff_piece(work, proof.tree), tests_piece(tests, paths)]
    fix = await work.mending().agent(f"testing/fix{attempt}", who, proof.tree, pieces, attempt=attempt)
    if fix.state == "failed":
        proof.limit = proof.limit or fix.limit
        proof.trouble = f"\n\n`{who}` could not mend it: {fix.reason} {fix.hint}".rstrip()
        return False
    proof.tree = fix.tree
    entry = commit("Mend what the tests found", who, proof.tree, words=fix.text)
    proof.commits.append({**entry, "found": "\n".join(telling_lines(tests.output))})
    return True


def implementer(work: Work, tests: TestRun) -> str:
    """Who mends a failure: who built the task whose files the output names most often, else the developer."""
    tasks = planned_tasks(work.results) if "tasks" in work.results else []
    built = {entry["task"]: entry["agent"] for entry in commits_of(work.results)}
    named = dict.fromkeys((built.get(task.id, task.agent) for task in tasks), 0)
    for task in tasks:
        named[built.get(task.id, task.agent)] += sum(mentions(tests.output, path) for path in task.files)
    best = max(named, key=lambda agent: named[agent], default="developer")
    return best if named.get(best) else "developer"


async def changed_paths(work: Work, tree: Sha) -> list[str]:
    """Paths that differ from the base."""
    return [change.path for change in await work.ports.workspaces.changes(work.checkout, work.base, tree)]


def tests_piece(tests: TestRun, paths: Iterable[str] = ()) -> Piece:
    """A test run as an agent sees it, measured by the program; what tells most is kept of a long output."""
    facts = [
        f"command: {tests.command or 'none'}",
        f"state: {tests.state}",
        f"exit code: {tests.exit_code}",
        tests.reason,
    ]
    head = "\n".join(filter(None, facts))
    return Piece("tests", f"{head}\n\n{ranked(tests.output, OUTPUT_LIMIT, paths)}", (("measured-by", "program"),))


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
