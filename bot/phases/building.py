"""Implementation: tasks become commits, those that do not wait for each other at the same time."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.core.comments import sentence
from bot.core.context import Piece, task_piece
from bot.core.planning import Task, in_order
from bot.core.repository import Sha
from bot.core.runs import PhaseResult
from bot.core.text import truncate_middle
from bot.kept import make_again
from bot.phases.work import DIFF_LIMIT, MAP_TOKENS, Commit, Work, bench_of, commit, planned_tasks, side_by_side
from bot.runner import Outcome, in_one


@dataclass(slots=True)
class _Built:
    """What stands so far: the merged tree and its commits; the tasks that failed, with their outcomes."""

    tree: Sha
    commits: list[Commit] = field(default_factory=list)
    redone: list[str] = field(default_factory=list)
    failed: list[tuple[Task, Outcome]] = field(default_factory=list)
    stopped: list[tuple[Task, Sha, Outcome]] = field(default_factory=list)
    """Tasks that a limit stopped, with the trees they began from."""


async def build(work: Work) -> PhaseResult:
    """Batch after batch; the tasks of one start from the same tree, each in a working copy of its own.

    What they made is merged in the order of the plan, one commit a task. Where two cannot be merged, the later one is
    made again on top of the earlier. A task that fails ends the phase after its batch; what stands is kept.
    """
    await bench_of(work)
    tasks = planned_tasks(work.results)
    work = work.by(task.agent for task in tasks)
    batches = in_order(tasks)
    built = await _so_far(work)
    for batch in batches:
        there = {entry["task"] for entry in built.commits}
        await _batch(work, [task for task in batch if task.id not in there], built)
        await work.remember(built.tree, built.commits)
        if built.failed:
            break
    for task, start, outcome in built.stopped:
        await _keep(work, task, start, outcome, built)
    await work.ports.workspaces.restore(work.checkout, built.tree)
    data = {
        "commits": built.commits,
        "batches": [[task.id for task in batch] for batch in batches],
        "redone": built.redone,
    }
    if built.failed:
        outcome = in_one([outcome for _, outcome in built.failed])
        return work.ended(outcome, tree=built.tree, failed=[task.id for task, _ in built.failed], **data)
    output = "\n\n".join(f"**{d['task']}: {d['subject']}**\n\n{d['words']}" for d in built.commits)
    summary = await _summary(work, built, batches)
    return work.result("done", summary, output, {"tree": built.tree, **data})


async def _so_far(work: Work) -> _Built:
    """What an earlier process, or the run that this one goes on with, has built already."""
    if work.earlier is None or not (commits := json.loads(work.earlier.data).get("commits")):
        return _Built(work.start)
    # Written once more, all of them: this machine may have the last tree and none before it.
    tree = await make_again(work.ports.workspaces, work.checkout, work.start, [work.earlier])
    return _Built(tree, list(commits))


async def _batch(work: Work, batch: Sequence[Task], built: _Built) -> None:
    if not batch:
        return
    start, slots = built.tree, asyncio.Semaphore(work.rules.parallel)
    await work.remember(start, built.commits)

    async def one(task: Task) -> Outcome:
        async with slots:
            return await _task(work, task, start)

    await work.ports.workspaces.restore(work.checkout, start)
    outcomes = await side_by_side(one(task) for task in batch)
    for task, outcome in zip(batch, outcomes, strict=True):
        await _take(work, task, start, outcome, built)


async def _task(work: Work, task: Task, start: Sha, *more: Piece, attempt: int = 1) -> Outcome:
    """The run's own checkout is at `start`, to be looked at; the work is done in a copy."""
    unit = f"implementation/{task.id}" if attempt == 1 else f"implementation/{task.id}/redo"
    place = await work.beside(f"task-{task.id}")
    files = await work.map(f"{task.title} {task.description} {' '.join(task.files)}", MAP_TOKENS // 2)
    pieces = [*work.needed(without="tasks"), files, task_piece(task), *more]
    return await place.agent(unit, task.agent, start, pieces, task=task.id, attempt=attempt)


async def _take(work: Work, task: Task, start: Sha, outcome: Outcome, built: _Built) -> None:
    """Bring one task's tree together with what stands; a task that failed leaves nothing."""
    if outcome.state == "done":
        merged = await work.ports.workspaces.merge(work.checkout, start, built.tree, outcome.tree)
        tree = merged.tree
        if merged.conflicts:
            built.redone.append(task.id)
            outcome = await _again(work, task, start, outcome, built.tree, merged.conflicts)
            start = built.tree
            tree = outcome.tree
        if outcome.state == "done":
            built.tree = tree
            built.commits.append(commit(task.title, task.agent, tree, task=task.id, words=outcome.text))
            return
    built.failed.append((task, outcome))
    if outcome.limit:
        built.stopped.append((task, start, outcome))


async def _keep(work: Work, task: Task, start: Sha, outcome: Outcome, built: _Built) -> None:
    """A task that a limit stopped is kept as far as it came, where that fits what stands."""
    merged = await work.ports.workspaces.merge(work.checkout, start, built.tree, outcome.tree)
    if merged.conflicts or merged.tree == built.tree:
        return
    built.tree = merged.tree
    entry = commit(f"Keep unfinished work on {task.title}", task.agent, merged.tree)
    built.commits.append({**entry, "unfinished": task.id})


async def _again(work: Work, task: Task, start: Sha, outcome: Outcome, onto: Sha, conflicts: Sequence[str]) -> Outcome:
    """The same task by the same agent, on a tree that has the others' work."""
    made = await work.ports.workspaces.diff(work.checkout, start, outcome.tree)
    words = (
        f"You did this task while others worked beside you. Your change and theirs do not fit together in: "
        f"{', '.join(conflicts)}. The checkout now has their work and not yours. Do your task again on top of it, "
        f"and keep what they did. Your first change was:\n\n{truncate_middle(made, DIFF_LIMIT)}"
    )
    await work.ports.workspaces.restore(work.checkout, onto)
    return await _task(work, task, onto, Piece("comments", words, (("from", "devflow"),)), attempt=2)


async def _summary(work: Work, built: _Built, batches: Sequence[Sequence[Task]]) -> str:
    changes = await work.ports.workspaces.changes(work.checkout, work.base, built.tree)
    listed = "\n".join(f"- `{change.path}`{' (deleted)' if change.content is None else ''}" for change in changes)
    count = len({entry["task"] for entry in built.commits if entry["task"]})
    words = [f"{count} of {sum(map(len, batches))} tasks are built."]
    wide = [", ".join(task.id for task in batch) for batch in batches if len(batch) > 1]
    words += [f"Side by side: {'; '.join(wide)}."] if wide else []
    words += [f"Made again because it did not fit the others' work: {', '.join(built.redone)}."] if built.redone else []
    return sentence(" ".join(words)) + f" Files changed, as git sees them:\n\n{listed or '- none'}"
