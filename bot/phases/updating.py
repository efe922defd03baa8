"""The last phase of a revision, done by the program: further commits on the same branch, evidence, answers."""

import json
from collections.abc import Mapping
from dataclasses import replace

from bot.core import evidence
from bot.core.comments import revisions as texts
from bot.core.evidence import Evidence, Facts
from bot.core.partial import stop_of, unbuilt
from bot.core.repository import PullRequest
from bot.core.runs import Onto, PhaseResult, Run
from bot.outbox import patiently
from bot.phases.answering import answer_threads
from bot.phases.pushing import Pushed, own_paths, paths_between, push_all
from bot.phases.revising import listed
from bot.phases.work import Work, planned_tasks
from bot.ports import GitHubError, Ports


async def update(work: Work) -> PhaseResult:
    """Push what was tested onto the branch, read it back, renew the pull request's evidence, answer every thread."""
    onto = work.run.request.onto
    assert onto is not None
    if work.start == work.head:
        await answer_threads(work, onto, "", holds=True)
        unchanged = {"tree": work.start, "verdict": "unchanged", "reason": ""}
        return _result(work, texts.unpushed_summary(_summary(work), texts.UNCHANGED), unchanged)
    if stopped := evidence.protected_paths(await own_paths(work, work.head, work.start)):
        why = f"Only people may change {listed(stopped)}"
        return _result(work, texts.unpushed_summary(_summary(work), why), _refuted(work, why), failed=True)
    pushed = await push_all(work, onto)
    found = await _evidence(work, onto, pushed)
    known = work.run.request.wishes.known
    notes = [*pushed.notes, *([texts.known_failures(known)] if known else []), *await _renew(work, onto, pushed, found)]
    await answer_threads(work, onto, pushed.sha, holds=found.verdict != "refuted")
    data: dict[str, object] = {
        "tree": pushed.tree,
        "verdict": found.verdict,
        "reason": found.reason,
        "evidence": [{"check": row.check, "found": row.found, "state": row.state} for row in found.rows],
        "branch": onto.branch,
        "pull": onto.pull,
        "head": pushed.sha,
    }
    summary = texts.pushed_summary(_summary(work), found, pushed.sha, notes)
    return _result(work, summary, data, failed=found.verdict == "refuted")


def _result(work: Work, summary: str, data: Mapping[str, object], *, failed: bool = False) -> PhaseResult:
    """The comment of this phase stands for those before it."""
    told = [work.results[name] for name in ("revision", "testing", "review") if name in work.results]
    output = "\n\n".join(f"**{r.name.capitalize()}**\n\n{r.output or r.summary}" for r in told)
    return work.result("failed" if failed else "done", summary, f"{summary}\n\n{output}", {**data, "title": "Revision"})


def _refuted(work: Work, why: str) -> dict[str, object]:
    return {"tree": work.start, "verdict": "refuted", "reason": why}


def _summary(work: Work) -> str:
    return work.results["revision"].summary


async def _evidence(work: Work, onto: Onto, pushed: Pushed) -> Evidence:
    github, repo = work.ports.github, work.run.repo
    head = await github.branch_head(repo, onto.branch)
    review = json.loads(work.results["review"].data) if "review" in work.results else {}
    own = await own_paths(work, pushed.onto, pushed.tree)
    changed = await paths_between(work, work.base, pushed.tree)
    by_people = [path for path in evidence.protected_paths(changed) if path not in own]
    facts = Facts(
        planned=None,
        changed=tuple(path for path in changed if path not in by_people),
        tests=pushed.tests,
        tree=pushed.tree,
        verdict=review.get("verdict", "none"),
        branch=onto.branch,
        head=head,
        pushed=pushed.sha,
        commit=await github.commit(repo, head) if head else None,
    )
    return evidence.check(await _with_unbuilt(work.ports, work.run, facts))


async def _with_unbuilt(ports: Ports, run: Run, facts: Facts) -> Facts:
    """A pull request that a limit left unfinished is not finished by a revision."""
    origin = next((r for r in reversed(await _of_pull(ports, run)) if r.plan.purpose == "build"), None)
    if origin is None:
        return facts
    results = {phase.name: phase for phase in await ports.store.phases(origin.id)}
    stop = stop_of(results.values())
    if stop is None or "tasks" not in results:
        return facts
    left = tuple(task.id for task in unbuilt(planned_tasks(results), results))
    return replace(facts, stopped=stop.phase, unbuilt=left)


async def _of_pull(ports: Ports, run: Run) -> list[Run]:
    """The runs of the same pull request, newest first."""
    runs = await ports.store.runs(repo=run.repo, limit=500)
    number = run.request.onto.pull if run.request.onto else None
    return [found for found in runs if found.pull_number == number]


async def _renew(work: Work, onto: Onto, pushed: Pushed, found: Evidence) -> list[str]:
    """The pull request's text, and whether it is a draft; returns what people should know."""
    ports, run = work.ports, work.run
    pull = await ports.github.pull(run.repo, onto.pull)
    body = texts.renewed_body(pull.body, found, pushed.sha, run.id)
    await patiently(ports, lambda: ports.github.update_pull(run.repo, onto.pull, body=body))
    draft = await _draft(work, pull, found)
    try:
        await patiently(ports, lambda: ports.github.update_pull(run.repo, onto.pull, draft=draft))
    except GitHubError as error:
        if not 400 <= error.status < 500:
            raise
        return [str(error)]
    return []


async def _draft(work: Work, pull: PullRequest, found: Evidence) -> bool | None:
    """A draft where the evidence does not hold; ready once it does again. What people made a draft stays one."""
    if found.verdict != "proven":
        return True
    return False if pull.draft and await _last_verdict(work) != "proven" else None


async def _last_verdict(work: Work) -> str:
    """What the evidence said of the head that this run began from."""
    for run in await _of_pull(work.ports, work.run):
        for phase in await work.ports.store.phases(run.id):
            verdict = json.loads(phase.data).get("verdict", "") if phase.name == "delivery" else ""
            if run.id != work.run.id and verdict in {"proven", "unproven", "refuted"}:
                return str(verdict)
    return ""
