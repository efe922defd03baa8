"""What each phase does: which agent gets which words, in which order, and what is kept of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.core.comments import submission_text, test_output
from bot.core.context import Piece, first_message, map_piece, request_pieces, result_pieces, system_prompt, task_piece
from bot.core.definitions import Catalog
from bot.core.planning import Task, in_order
from bot.core.repository import Sha
from bot.core.runs import Limits, Phase, PhaseName, PhaseResult, PhaseState, Run
from bot.core.submissions import Review, Tasks
from bot.core.testplan import TestRun
from bot.core.text import truncate_middle
from bot.ports import Checkout, Ports
from bot.runner import Job, Outcome, run_job
from bot.status import StatusBoard
from bot.testing import TestBench, env_of, from_json, read_text, run_tests, set_up, to_json

Commit = dict[str, str]
"""A commit to be made: `subject`, `task` (an id or empty), `agent`, `tree`, `words` of the agent."""
READING = ("Read", "Glob", "Grep")
DIFF_LIMIT = 60_000
GUIDANCE = ("AGENTS.md", "CLAUDE.md")


@dataclass(frozen=True, slots=True)
class Rules:
    """What the settings say about runs."""

    model: str
    status_seconds: float = 10.0
    fix_rounds: int = 2
    revise_rounds: int = 1
    install_network: bool = True
    turns: int = 40
    seconds: float = 1800.0


@dataclass(frozen=True, slots=True)
class Work:
    """One phase of one run, with all it needs; `start` is the tree it begins from, `base` the base commit's."""

    run: Run
    phase: Phase
    results: Mapping[str, PhaseResult]
    checkout: Checkout
    base: Sha
    start: Sha
    ports: Ports
    catalog: Catalog
    rules: Rules
    board: StatusBoard

    async def agent(
        self,
        unit: str,
        name: str,
        start: Sha,
        pieces: list[Piece],
        *,
        submits: PhaseName | None = None,
        task: str = "",
        attempt: int = 1,
    ) -> Outcome:
        """Let one agent work on this phase from a tree; what it may use depends on whether it submits or builds."""
        agent = self.catalog.agent(name)
        model = self.run.plan.model_of(name, self.rules.model)
        job = Job(
            run=self.run,
            unit=unit,
            agent=agent,
            model=model,
            system=system_prompt(agent.name, agent.prompt),
            first=first_message(replace(self.phase, agent=name), self.run, pieces, task=task, attempt=attempt),
            tools=tuple(t for t in agent.tools if submits is None or t in READING),
            checkout=self.checkout,
            start=start,
            limits=Limits(self.rules.turns, self.rules.seconds, self.run.plan.budget_usd),
            submits=submits,
            agents=("developer",),
            env=env_of(self.checkout) if submits is None else None,
        )

        async def on_turn() -> None:
            self.board.touch(self.run.id)

        return await run_job(job, self.ports, on_turn)

    def needed(self) -> list[Piece]:
        """The wish, the issue and the results this phase declares that it needs."""
        return [*request_pieces(self.run), *result_pieces(self.phase.needs, self.results)]

    def guidance(self) -> list[Piece]:
        """The repository's own advice to agents, as its base branch has it."""
        texts = [(name, read_text(self.checkout, name)) for name in GUIDANCE]
        return [Piece("result", text, (("source", name),)) for name, text in texts if text]

    def ended(self, outcome: Outcome, **fields: object) -> PhaseResult:
        """The result of a phase whose agent could not do it."""
        reason = f"{outcome.reason} {outcome.hint}".strip()
        return self.result("failed", reason, outcome.text, {"tree": outcome.tree, "reason": reason, **fields})

    def result(self, state: PhaseState, summary: str, output: str, data: Mapping[str, object]) -> PhaseResult:
        return PhaseResult(self.run.id, self.phase.name, self.phase.agent, state, summary, output, json.dumps(data))


async def think(work: Work) -> PhaseResult:
    """Requirements, design or tasks: one agent reads and hands in a structured result."""
    files = await work.ports.workspaces.files(work.checkout)
    pieces = [*work.needed(), *work.guidance(), map_piece(files)]
    outcome = await work.agent(work.phase.name, work.phase.agent, work.start, pieces, submits=work.phase.name)
    if outcome.submission is None:
        return work.ended(outcome)
    summary, text = submission_text(outcome.submission)
    data = {"tree": work.start, "submission": outcome.submission.model_dump()}
    return work.result("done", summary, text, data)


async def build(work: Work) -> PhaseResult:
    """Implementation: the tasks in their order, each by its agent, each from the tree of the one before."""
    await _bench(work)
    tree = work.start
    done: list[Commit] = []
    for batch in in_order(planned_tasks(work.results)):
        for task in batch:
            pieces = [*work.needed()[:-1], task_piece(task)]
            outcome = await work.agent(f"implementation/{task.id}", task.agent, tree, pieces, task=task.id)
            if outcome.state == "failed":
                return work.ended(outcome, commits=done, task=task.id)
            tree = outcome.tree
            done.append(_commit(task.title, task.agent, tree, task=task.id, words=outcome.text))
    output = "\n\n".join(f"**{d['task']}: {d['subject']}**\n\n{d['words']}" for d in done)
    changes = await work.ports.workspaces.changes(work.checkout, work.base, tree)
    listed = "\n".join(f"- `{change.path}`{' (deleted)' if change.content is None else ''}" for change in changes)
    summary = f"{len(done)} of {len(done)} tasks are built. Files changed, as git sees them:\n\n{listed or '- none'}"
    return work.result("done", summary, output, {"tree": tree, "commits": done})


async def prove(work: Work) -> PhaseResult:
    """Testing: an agent adds what tests are missing, the program runs them, and failures go back to the developer."""
    bench = await _bench(work)
    diff = await _diff(work, work.start)
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
        pieces = [*request_pieces(work.run), await _diff(work, tree), tests_piece(tests)]
        fix = await work.agent(f"testing/fix{attempt}", "developer", tree, pieces, attempt=attempt)
        if fix.state == "failed":
            trouble = f"\n\nThe developer could not mend it: {fix.reason} {fix.hint}".rstrip()
            break
        tree = fix.tree
        commits.append(_commit("Mend what the tests found", "developer", tree))
        tests = await run_tests(work.ports, work.checkout, tree, bench)
        history.append(tests)
    data = {"tree": tree, "commits": commits, "tests": json.loads(to_json(tests)), "runs": len(history)}
    state: PhaseState = "failed" if tests.state == "failed" else "done"
    return work.result(state, tests_summary(history) + trouble, outcome.text, {**data, "go_on": True})


async def judge(work: Work) -> PhaseResult:
    """Review: a verdict on the whole diff; requested changes are made, tested and judged once more."""
    tree, tests = work.start, tests_of(work.results)
    commits: list[Commit] = []
    words: list[str] = []
    for attempt in range(1, work.rules.revise_rounds + 2):
        outcome = await _review(work, tree, tests, attempt)
        data = {"commits": commits, "tests": json.loads(to_json(tests)), "rounds": attempt}
        if not isinstance(outcome.submission, Review):
            return work.ended(replace(outcome, tree=tree), **data, verdict="none", go_on=True)
        review = outcome.submission
        words.append(submission_text(review)[1])
        if review.verdict == "approve" or attempt > work.rules.revise_rounds:
            break
        revised = await _revise(work, tree, words[-1], attempt)
        if revised.state == "failed" or revised.tree == tree:
            why = f"{revised.reason} {revised.hint}".strip() or "the developer changed nothing."
            words.append(f"The changes were not made: {why}")
            break
        tree = revised.tree
        commits.append(_commit("Make the changes the review asked for", "developer", tree))
        tests = await run_tests(work.ports, work.checkout, tree, await _bench(work))
    data = {"commits": commits, "tests": json.loads(to_json(tests)), "rounds": attempt}
    summary, output = submission_text(review)[0], "\n\n---\n\n".join(words)
    return work.result("done", summary, output, {"tree": tree, "verdict": review.verdict, **data})


async def _review(work: Work, tree: Sha, tests: TestRun, attempt: int) -> Outcome:
    pieces = [*work.needed(), await _diff(work, tree), tests_piece(tests)]
    unit = "review" if attempt == 1 else f"review/{attempt}"
    return await work.agent(unit, work.phase.agent, tree, pieces, submits="review", attempt=attempt)


async def _revise(work: Work, tree: Sha, remarks: str, attempt: int) -> Outcome:
    pieces = [*work.needed(), await _diff(work, tree), Piece("comments", remarks, (("from", work.phase.agent),))]
    return await work.agent(f"review/revise{attempt}", "developer", tree, pieces, attempt=attempt)


def _commit(subject: str, agent: str, tree: Sha, task: str = "", words: str = "") -> Commit:
    return {"subject": subject, "task": task, "agent": agent, "tree": tree, "words": words}


def planned_tasks(results: Mapping[str, PhaseResult]) -> list[Task]:
    """The tasks as the task plan has them."""
    return [form.task() for form in Tasks.model_validate(json.loads(results["tasks"].data)["submission"]).tasks]


def tests_of(results: Mapping[str, PhaseResult]) -> TestRun:
    """The last test run that a phase recorded: the review's, if it ran them again."""
    for name in ("review", "testing"):
        data = json.loads(results[name].data) if name in results else {}
        if "tests" in data:
            return from_json(json.dumps(data["tests"]))
    return TestRun("", "not_run", None, 0.0, None, None, "", "the testing phase did not get that far", "", "")


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


async def _bench(work: Work) -> TestBench:
    """The tests' environment, installed on the base commit before any agent's change is in the checkout."""
    await work.ports.workspaces.restore(work.checkout, work.base)
    bench = await set_up(work.ports, work.checkout, network=work.rules.install_network)
    await work.ports.workspaces.restore(work.checkout, work.start)
    return bench


async def _diff(work: Work, tree: Sha) -> Piece:
    text = await work.ports.workspaces.diff(work.checkout, work.base, tree)
    return Piece("diff", truncate_middle(text, DIFF_LIMIT))
