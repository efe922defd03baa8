"""Implementation: tasks become commits, those that do not wait for each other at the same time."""

import asyncio
import json
from collections.abc import Collection, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.core.comments import sentence
from bot.core.context import Piece, task_piece
from bot.core.history import task_seconds
from bot.core.planning import Task, in_order
from bot.core.repository import Sha
from bot.core.routing.choice import Choice
from bot.core.runs import PhaseResult
from bot.core.scheduling import best_order, startable
from bot.core.text import truncate_middle
from bot.kept import make_again
from bot.phases.work import DIFF_LIMIT, MAP_TOKENS, Commit, Work, bench_of, commit, planned_tasks
from bot.routing import who_builds
from bot.runner import Outcome, in_one


@dataclass(slots=True)
class _Built:
    """What stands so far: the merged tree and its commits; the tasks that failed, with their outcomes."""

    tree: Sha
    commits: list[Commit] = field(default_factory=list)
    begun: dict[str, Sha] = field(default_factory=dict)
    """The trees that tasks began from: stored before they begin, since what an agent did means nothing without."""
    seconds: dict[str, float] = field(default_factory=dict)
    """How long each task is expected to take: stored before the first begins, so that a restart plans the same."""
    beside: list[list[str]] = field(default_factory=list)
    """Tasks that were at work at the same time."""
    redone: list[str] = field(default_factory=list)
    failed: list[tuple[Task, Outcome]] = field(default_factory=list)
    stopped: list[tuple[Task, Sha, Outcome]] = field(default_factory=list)
    """Tasks that a limit stopped, with the trees they began from."""

    @property
    def done(self) -> set[str]:
        return {entry["task"] for entry in self.commits}


async def build(work: Work) -> PhaseResult:
    """Each task as soon as what it needs is merged and a worker is free, in a working copy of its own.

    What a task made is merged when it ends, one commit a task. Where it does not fit what was merged meanwhile, it is
    made again on top of that. After a task that fails none begins; those at work come to their end, and what stands is
    kept.
    """
    await bench_of(work)
    names = [member.agent for member in work.builders()]
    tasks, chosen = await who_builds(work.ports, work.run, planned_tasks(work.results), names, work.attempt)
    work = work.by(task.agent for task in tasks)
    built = await _so_far(work)
    if set(built.seconds) != {task.id for task in tasks}:
        built.seconds = task_seconds(tasks, await work.ports.store.past_runs(work.run.repo, "repository"))
    await _all(work, tasks, built)
    for task, start, outcome in built.stopped:
        await _keep(work, task, start, outcome, built)
    await work.ports.workspaces.restore(work.checkout, built.tree)
    data = {
        "commits": built.commits,
        "batches": [[task.id for task in batch] for batch in in_order(tasks)],
        "beside": built.beside,
        "redone": built.redone,
    }
    if built.failed:
        outcome = in_one([outcome for _, outcome in built.failed])
        return work.ended(outcome, tree=built.tree, failed=[task.id for task, _ in built.failed], **data)
    output = "\n\n".join(f"**{d['task']}: {d['subject']}**\n\n{d['words']}" for d in built.commits)
    return work.result("done", await _summary(work, tasks, built, chosen), output, {"tree": built.tree, **data})


async def _so_far(work: Work) -> _Built:
    """What an earlier process, or the run that this one goes on with, has built already."""
    known = json.loads(work.earlier.data) if work.earlier else {}
    begun, seconds = known.get("begun", {}), known.get("seconds", {})
    beside, redone = known.get("beside", []), known.get("redone", [])
    if not (commits := known.get("commits")):
        return _Built(work.start, begun=begun, seconds=seconds, beside=beside)
    # Written once more, all of them: this machine may have the last tree and none before it.
    assert work.earlier is not None
    tree = await make_again(work.ports.workspaces, work.checkout, work.start, [work.earlier])
    return _Built(tree, list(commits), begun, seconds, beside, redone)


async def _all(work: Work, tasks: Sequence[Task], built: _Built) -> None:
    """Begin what can begin and take what has ended, until nothing is left.

    When one raises, the others come to their end before it is raised on: none may go on unseen. What they did is taken
    when the phase is taken up again, at no cost.
    """
    order = best_order(tasks, built.seconds, work.rules.parallel)
    running = dict[str, asyncio.Task[Outcome]]()
    try:
        for task in [task for task in tasks if _redo(task) in built.begun and task.id not in built.done]:
            # A process ended while this was made again: nothing may be merged before it.
            await _take(work, task, await (await _begin(work, task, built)), built)
        while True:
            for task in [] if built.failed else _next(work, tasks, order, built, running):
                running[task.id] = await _begin(work, task, built, running)
            if not running:
                break
            await asyncio.wait(running.values(), return_when=asyncio.FIRST_COMPLETED)
            for task in [task for task in tasks if task.id in running and running[task.id].done()]:
                await _take(work, task, await running.pop(task.id), built)
    except asyncio.CancelledError:
        for job in running.values():
            job.cancel()
        raise
    finally:
        await asyncio.gather(*running.values(), return_exceptions=True)


def _next(
    work: Work, tasks: Sequence[Task], order: Mapping[str, float], built: _Built, running: Collection[str]
) -> list[Task]:
    """What an earlier process had begun comes first."""
    first = {task.id: order[task.id] + max(order.values()) * (task.id in built.begun) for task in tasks}
    return startable(tasks, first, work.rules.parallel, built.done, running)


async def _begin(work: Work, task: Task, built: _Built, running: Collection[str] = ()) -> asyncio.Task[Outcome]:
    """Let the task's agent begin on what stands, or where an earlier process had let it begin."""
    group = [*running, task.id]
    if len(group) > 1:
        built.beside = [other for other in built.beside if not set(other) <= set(group)] + [group]
    start = built.begun.setdefault(task.id, built.tree)
    await _remember(work, built)
    return asyncio.create_task(await _task(work, task, start), name=f"task {task.id}")


async def _remember(work: Work, built: _Built) -> None:
    if work.earlier is None:
        return
    kept = {"begun": built.begun, "seconds": built.seconds, "beside": built.beside, "redone": built.redone}
    known = json.loads(work.earlier.data) | kept
    work = replace(work, earlier=replace(work.earlier, data=json.dumps(known)))
    await work.remember(built.tree, built.commits)


async def _task(
    work: Work, task: Task, start: Sha, *more: Piece, attempt: int = 1
) -> Coroutine[object, object, Outcome]:
    """One agent's work on a copy, ready to begin. The run's own checkout is at `start` when its map is drawn."""
    await work.ports.workspaces.restore(work.checkout, start)
    unit = f"implementation/{task.id}" if attempt == 1 else f"implementation/{task.id}/redo"
    place = await work.beside(f"task-{task.id}")
    files = await work.map(f"{task.title} {task.description} {' '.join(task.files)}", MAP_TOKENS // 2)
    pieces = [*task_pieces(work, task), files, *more]
    return place.agent(unit, task.agent, start, pieces, task=task.id, attempt=attempt)


def task_pieces(work: Work, task: Task) -> list[Piece]:
    """What the agent of one task is given of the run: its own task, and no other."""
    return [*work.needed(without="tasks"), task_piece(task)]


async def _take(work: Work, task: Task, outcome: Outcome, built: _Built) -> None:
    """Bring one task's tree together with what stands; a task that failed leaves nothing."""
    start = built.begun[task.id]
    if outcome.state == "done":
        merged = await work.ports.workspaces.merge(work.checkout, start, built.tree, outcome.tree)
        tree = merged.tree
        if merged.conflicts:
            outcome = await _again(work, task, outcome, built, merged.conflicts)
            start, tree = built.tree, outcome.tree
        if outcome.state == "done":
            built.tree = tree
            built.commits.append(commit(task.title, task.agent, tree, task=task.id, words=outcome.text))
            await _remember(work, built)
            return
    built.failed.append((task, outcome))
    if outcome.limit:
        built.stopped.append((task, start, outcome))


def _redo(task: Task) -> str:
    return f"{task.id}/redo"


async def _keep(work: Work, task: Task, start: Sha, outcome: Outcome, built: _Built) -> None:
    """A task that a limit stopped is kept as far as it came, where that fits what stands."""
    merged = await work.ports.workspaces.merge(work.checkout, start, built.tree, outcome.tree)
    if merged.conflicts or merged.tree == built.tree:
        return
    built.tree = merged.tree
    entry = commit(f"Keep unfinished work on {task.title}", task.agent, merged.tree)
    built.commits.append({**entry, "unfinished": task.id})


async def _again(work: Work, task: Task, outcome: Outcome, built: _Built, conflicts: Sequence[str]) -> Outcome:
    """The same task by the same agent, on a tree that has the others' work. Nothing is merged until it has ended."""
    made = await work.ports.workspaces.diff(work.checkout, built.begun[task.id], outcome.tree)
    words = (
        f"You did this task while others worked beside you. Your change and theirs do not fit together in: "
        f"{', '.join(conflicts)}. The checkout now has their work and not yours. Do your task again on top of it, "
        f"and keep what they did. Your first change was:\n\n{truncate_middle(made, DIFF_LIMIT)}"
    )
    built.redone += [task.id] if task.id not in built.redone else []
    built.begun[_redo(task)] = built.tree
    await _remember(work, built)
    return await (await _task(work, task, built.tree, Piece("comments", words, (("from", "devflow"),)), attempt=2))


async def _summary(work: Work, tasks: Sequence[Task], built: _Built, chosen: Sequence[Choice]) -> str:
    changes = await work.ports.workspaces.changes(work.checkout, work.base, built.tree)
    listed = "\n".join(f"- `{change.path}`{' (deleted)' if change.content is None else ''}" for change in changes)
    count = len({entry["task"] for entry in built.commits if entry["task"]})
    words = [f"{count} of {len(tasks)} tasks are built."]
    wide = [", ".join(task.id for task in tasks if task.id in group) for group in built.beside]
    words += [f"Side by side: {'; '.join(wide)}."] if wide else []
    words += [f"Made again because it did not fit the others' work: {', '.join(built.redone)}."] if built.redone else []
    planned = {task.id: task.agent for task in planned_tasks(work.results)}
    moved = [(t.id, one.why) for t, one in zip(tasks, chosen, strict=True) if one.name != planned[t.id]]
    words += [f"{name} was not given to {planned[name]}, as planned. {sentence(why)}" for name, why in moved]
    return sentence(" ".join(words)) + f" Files changed, as git sees them:\n\n{listed or '- none'}"
