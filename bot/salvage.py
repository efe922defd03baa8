"""What a stopped run leaves: everything its agents finished or began, on a branch."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.core.conversation import Json
from bot.core.evidence import protected_paths
from bot.core.repository import Sha
from bot.core.runs import PhaseResult, Run, Turn, phase_of
from bot.kept import make_again
from bot.outbox import make_branch
from bot.phases.delivery import branch_name, drafts_of
from bot.ports import Checkout, Ports

BUILDING = ("implementation", "revision", "documentation", "testing", "review")
"""Phases that change files, in their order."""


@dataclass(slots=True)
class _Left:
    """The tree so far, and the commits that lead to it."""

    tree: Sha
    commits: list[Json] = field(default_factory=list)


async def leave_on_branch(ports: Ports, run: Run) -> str:
    """Push what there is of a run that has stopped; the branch, empty if no file was changed.

    Nothing is pushed that changes a protected path. Raises what git and GitHub raise.
    """
    results = [r for name in BUILDING for r in await ports.store.phases(run.id) if r.name == name]
    turns = await ports.store.turns(run.id)
    if not any(turn.tree for turn in turns if phase_of(turn.unit) in BUILDING):
        return ""
    url, token = await ports.github.git_credentials(run.repo)
    checkout = await ports.workspaces.open(run.id, url, token, run.request.base_sha)
    await ports.workspaces.restore(checkout, run.request.base_sha)
    onto, base = run.request.onto, await ports.workspaces.tree(checkout)
    if onto is not None:
        base = await ports.workspaces.fetch(checkout, url, token, onto.head)
    left = await _left(ports, checkout, base, results, turns)
    drafts = await drafts_of(ports, checkout, run, base, left.commits)
    changed = {change.path for draft in drafts for change in draft.changes}
    if not drafts or protected_paths(sorted(changed)):
        return ""
    made = await ports.github.create_commits(run.repo, onto.head if onto else run.request.base_sha, drafts)
    branch = branch_name(run)
    await make_branch(ports, run.id, run.repo, branch, made)
    return branch


async def _left(
    ports: Ports, checkout: Checkout, base: Sha, results: Sequence[PhaseResult], turns: Sequence[Turn]
) -> _Left:
    left = _Left(base)
    for result in results:
        data = json.loads(result.data)
        if commits := data.get("commits"):
            if not await ports.workspaces.restore(checkout, Sha(commits[-1]["tree"])):
                await make_again(ports.workspaces, checkout, left.tree, [result])
            left.commits += commits
            left.tree = Sha(commits[-1]["tree"])
        if result.state == "running":
            await _begun(ports, checkout, result, Sha(data.get("begun_at", left.tree)), turns, left)
    return left


async def _begun(
    ports: Ports, checkout: Checkout, result: PhaseResult, start: Sha, turns: Sequence[Turn], left: _Left
) -> None:
    """Bring in what agents have begun in a phase, as far as it fits what stands."""
    finished = {commit["task"] for commit in left.commits}
    newest: dict[str, Turn] = {}
    for turn in turns:
        if phase_of(turn.unit) == result.name and turn.tree and "." not in turn.unit:
            newest[turn.unit.partition("/")[2].partition("/")[0].partition("~")[0]] = turn
    for part, turn in newest.items():
        if part in finished or turn.tree is None or not await ports.workspaces.restore(checkout, turn.tree):
            continue
        merged = await ports.workspaces.merge(checkout, start, left.tree, turn.tree)
        if not merged.conflicts and merged.tree != left.tree:
            subject = f"Keep unfinished work on {part or result.name}"
            left.commits.append({"subject": subject, "task": "", "agent": turn.agent, "tree": merged.tree})
            left.tree = merged.tree
