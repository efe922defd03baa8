"""The last phase, done by the program alone: evidence, commits, branch, pull request."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.core import evidence
from bot.core.comments import (
    Unfinished,
    compare_link,
    delivery_summary,
    dry_run_summary,
    pull_body,
    pull_title,
    refused_pull_summary,
    safe,
)
from bot.core.evidence import Evidence, Facts, ReviewVerdict, Row, Verdict
from bot.core.partial import missing, stop_of, unbuilt
from bot.core.patches import changed_symbols
from bot.core.repository import CommitDraft, PullDraft, PullRequest, Sha
from bot.core.runs import PhaseResult, Run, RunState
from bot.outbox import make_branch, open_pull
from bot.phases.relanding import not_there, push_further, renew_pull
from bot.phases.work import Work, planned_tasks, tests_of
from bot.ports import Checkout, Ports, PullNotPermittedError
from bot.status import progress_of

BUILDING = ("implementation", "documentation", "testing", "review")
"""Phases whose steps become commits."""
ENDS: Mapping[Verdict, RunState] = {"proven": "succeeded", "unproven": "unproven", "refuted": "failed"}


@dataclass(frozen=True, slots=True)
class Landing:
    """Where the change is on GitHub; `head` is what the branch points at, None if it is gone."""

    branch: str
    pushed: Sha
    head: Sha | None
    evidence: Evidence


def branch_name(run: Run) -> str:
    """Unique to the run, so that finding it means finding this run's work."""
    return f"devflow/issue-{run.request.issue}-{run.id}"


async def deliver(work: Work) -> PhaseResult:
    """Push what was tested, read it back, and open a pull request that says what was found.

    Nothing is pushed that changes a protected path: a branch alone can make GitHub run its workflows.
    """
    facts = await _facts(work)
    if work.run.plan.dry_run:
        return await _shown(work, evidence.check(facts))
    if not facts.changed or evidence.protected_paths(facts.changed):
        return _result(work, evidence.check(facts), None, "")
    landing = await _land(work, facts)
    if landing.head is None:
        return _result(work, landing.evidence, None, landing.branch)
    try:
        pull = await _open(work, landing)
    except PullNotPermittedError:
        return await _unopened(work, landing)
    found = _with_pull(landing, pull)
    await work.ports.store.set_pull(work.run.id, pull.number)
    result = _result(work, found, pull, landing.branch)
    return replace(result, data=json.dumps({**json.loads(result.data), **await _touched(work)}))


async def _unopened(work: Work, landing: Landing) -> PhaseResult:
    """The change without its pull request, which a person has to open."""
    page = (await work.ports.github.repository(work.run.repo)).html_url
    title = pull_title(work.run, planned_tasks(work.results))
    link = compare_link(page, work.run.request.base, landing.branch, title)
    note = Row("Pull request", "not opened: GitHub Actions may not do that here", "note")
    found = replace(landing.evidence, rows=(*landing.evidence.rows, note))
    result = _result(work, found, None, landing.branch)
    diff = await work.ports.workspaces.diff(work.checkout, work.base, work.start)
    data = {**json.loads(result.data), **await _touched(work), "head": landing.head, "link": link, "patch": diff}
    return replace(result, summary=refused_pull_summary(found, landing.branch, link), data=json.dumps(data))


async def _touched(work: Work) -> dict[str, list[str]]:
    """Files and symbols that the change is about, by which it is found again."""
    files = await work.ports.workspaces.patches(work.checkout, work.base, work.start)
    symbols = dict.fromkeys(name for file in files for name in changed_symbols(file.patch))
    return {"files": [file.path for file in files], "symbols": list(symbols)}


async def _facts(work: Work) -> Facts:
    changes = await work.ports.workspaces.changes(work.checkout, work.base, work.start)
    custom = work.run.plan.purpose == "custom"
    paths = (path for task in planned_tasks(work.results) for path in task.files)
    planned = None if custom else tuple(dict.fromkeys(paths))
    review = json.loads(work.results["review"].data) if "review" in work.results else {}
    verdict: ReviewVerdict = review.get("verdict", "none")
    facts = Facts(planned, tuple(c.path for c in changes), tests_of(work.results), work.start, verdict)
    facts = replace(facts, unreviewed="a command of this repository made it" if custom else "")
    if (rest := _unfinished(work)) is None:
        return facts
    open_tasks = tuple(task.id for task in unbuilt(planned_tasks(work.results), work.results))
    return replace(facts, stopped=rest.stop.phase, unbuilt=open_tasks)


def _unfinished(work: Work) -> Unfinished | None:
    """What is missing, if a limit stopped the run before it came here."""
    stop = stop_of(work.results.get(phase.name) for phase in work.run.plan.phases)
    return Unfinished(work.run, stop, missing(planned_tasks(work.results), work.results)) if stop else None


async def _land(work: Work, facts: Facts) -> Landing:
    run, github = work.run, work.ports.github
    if onto := run.request.onto:
        branch, pushed = onto.branch, await push_further(work, onto, await _commits(work))
    else:
        branch = branch_name(run)
        made = await github.create_commits(run.repo, run.request.base_sha, await _commits(work))
        pushed = await make_branch(work.ports, run.id, run.repo, branch, made)
    head = await github.branch_head(run.repo, branch)
    commit = await github.commit(run.repo, head) if head else None
    found = evidence.check(replace(facts, branch=branch, head=head, pushed=pushed, commit=commit))
    return Landing(branch, pushed, head, found)


async def _commits(work: Work) -> list[CommitDraft]:
    """In the order in which they were built."""
    custom = work.run.plan.purpose == "custom"
    names = [phase.name for phase in work.run.plan.phases] if custom else BUILDING
    found = [work.results[name] for name in names if name in work.results]
    entries = [entry for result in found for entry in json.loads(result.data).get("commits", [])]
    if work.run.request.onto:
        return await drafts_of(work.ports, work.checkout, work.run, work.head, not_there(work, entries))
    return await drafts_of(work.ports, work.checkout, work.run, work.base, entries)


async def drafts_of(
    ports: Ports, checkout: Checkout, run: Run, start: Sha, entries: Sequence[Mapping[str, str]]
) -> list[CommitDraft]:
    """One commit for each step that changed something since the tree `start`; a merge is one whatever it changed."""
    drafts, before = list[CommitDraft](), start
    for entry in entries:
        tree, merged = Sha(entry["tree"]), Sha(entry.get("merged", ""))
        changes = await ports.workspaces.changes(checkout, merged or before, tree)
        if changes or merged:
            drafts.append(CommitDraft(commit_message(run, entry), tuple(changes), tree, merged or None))
            before = tree
    return drafts


def commit_message(run: Run, entry: Mapping[str, str]) -> str:
    """GitHub reads names and closing words in commit messages, too, when they are merged."""
    task = f"Task {entry['task']}, built by {entry['agent']}." if entry["task"] else f"By {entry['agent']}."
    subject = " ".join(safe(entry["subject"]).split())
    return f"{subject}\n\n{task}\n\nDevflow-Run: {run.id}"


async def _open(work: Work, landing: Landing) -> PullRequest:
    run = work.run
    tasks = planned_tasks(work.results)
    told = [phase.name for phase in run.plan.phases if phase.prompt] or ["design", "tasks"]
    summary = "\n\n".join(work.results[name].summary for name in told if name in work.results)
    body = pull_body(await progress_of(work.ports, run), summary, landing.evidence, _unfinished(work))
    draft = landing.evidence.verdict != "proven"
    title = pull_title(run, tasks)
    wanted = PullDraft(title, body, landing.branch, run.request.base, draft)
    onto = run.request.onto
    if onto and onto.pull:
        return await renew_pull(work, onto, wanted)
    return await open_pull(work.ports, run.id, run.repo, wanted)


def _with_pull(landing: Landing, pull: PullRequest) -> Evidence:
    found = landing.evidence
    if pull.head_sha == landing.pushed and pull.state == "open":
        return replace(
            found, rows=(*found.rows, Row("Pull request", f"#{pull.number} is open at `{pull.head_sha[:12]}`", "ok"))
        )
    wrong = Row("Pull request", f"#{pull.number} is {pull.state} at `{pull.head_sha[:12]}`", "fail")
    return Evidence((*found.rows, wrong), "refuted", found.reason or f"{wrong.check}: {wrong.found}")


def _result(work: Work, found: Evidence, pull: PullRequest | None, branch: str) -> PhaseResult:
    rest = _unfinished(work)
    rows = [{"check": row.check, "found": row.found, "state": row.state} for row in found.rows]
    data: dict[str, object] = {
        "tree": work.start,
        "verdict": found.verdict,
        "reason": f"{rest.stop.phase}: {rest.stop.reason}" if rest else found.reason,
        "evidence": rows,
        "branch": branch,
    }
    if pull is not None:
        data |= {"pull": pull.number, "head": pull.head_sha, "url": pull.html_url}
    summary = delivery_summary(found, f"#{pull.number}" if pull else "", rest)
    return work.result("failed" if found.verdict == "refuted" else "done", summary, "", data)


async def _shown(work: Work, found: Evidence) -> PhaseResult:
    """What a dry run ends with: the change and its evidence, on no branch."""
    diff = await work.ports.workspaces.diff(work.checkout, work.base, work.start)
    result = _result(work, found, None, "")
    summary = dry_run_summary(work.run, found, _unfinished(work))
    return replace(result, summary=summary, data=json.dumps({**json.loads(result.data), "diff": diff}))


async def land_state(ports: Ports, run: Run) -> tuple[RunState, str]:
    """(state, reason) in which a run ends, from what its phases left."""
    phases = {phase.name: phase for phase in await ports.store.phases(run.id)}
    last = phases.get(run.plan.phases[-1].name)
    if run.plan.purpose in {"plan", "groom", "review"} and last is not None and last.state == "done":
        return "succeeded", ""
    proof = phases.get("testing")
    if run.plan.purpose == "custom" and proof and proof.state == "skipped" and json.loads(proof.data).get("posted"):
        return "succeeded", ""
    delivery = phases.get("delivery")
    if delivery is not None and delivery.state in {"done", "failed"} and "verdict" in json.loads(delivery.data):
        data = json.loads(delivery.data)
        if data["verdict"] == "unchanged":
            return "succeeded", ""
        return ENDS[data["verdict"]], data["reason"]
    failed = [found for phase in run.plan.phases if (found := phases.get(phase.name)) and found.state == "failed"]
    for found in sorted(failed, key=lambda one: bool(json.loads(one.data).get("go_on"))):
        return "failed", f"{found.name}: {json.loads(found.data).get('reason') or found.summary}"
    return "failed", "The run stopped before its last phase."
