"""Implementation: tasks become commits."""

from bot.core.context import task_piece
from bot.core.planning import in_order
from bot.core.runs import PhaseResult
from bot.phases.work import Commit, Work, bench_of, commit, planned_tasks


async def build(work: Work) -> PhaseResult:
    """Implementation: the tasks in their order, each by its agent, each from the tree of the one before."""
    await bench_of(work)
    tree = work.start
    done: list[Commit] = []
    for batch in in_order(planned_tasks(work.results)):
        for task in batch:
            pieces = [*work.needed()[:-1], task_piece(task)]
            outcome = await work.agent(f"implementation/{task.id}", task.agent, tree, pieces, task=task.id)
            if outcome.state == "failed":
                return work.ended(outcome, commits=done, task=task.id)
            tree = outcome.tree
            done.append(commit(task.title, task.agent, tree, task=task.id, words=outcome.text))
    output = "\n\n".join(f"**{d['task']}: {d['subject']}**\n\n{d['words']}" for d in done)
    changes = await work.ports.workspaces.changes(work.checkout, work.base, tree)
    listed = "\n".join(f"- `{change.path}`{' (deleted)' if change.content is None else ''}" for change in changes)
    summary = f"{len(done)} of {len(done)} tasks are built. Files changed, as git sees them:\n\n{listed or '- none'}"
    return work.result("done", summary, output, {"tree": tree, "commits": done})
