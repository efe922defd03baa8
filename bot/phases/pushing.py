"""A revision on its branch: commits on the head that it began from, or on what people pushed meanwhile."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.core import evidence
from bot.core.comments import revisions as texts
from bot.core.errors import BotError
from bot.core.repository import CommitDraft, Sha
from bot.core.runs import Onto
from bot.core.testplan import TestRun
from bot.outbox_pulls import push, pushed_onto
from bot.phases.delivery import commit_message, drafts_of
from bot.phases.merging import bring_together
from bot.phases.relanding import not_there
from bot.phases.revising import listed
from bot.phases.work import Work, bench_of, tests_of
from bot.ports import BranchMovedError
from bot.testing import run_tests

PUSHES = ("push", "push.2")


@dataclass(frozen=True, slots=True)
class Pushed:
    """What the branch got: `tree` are its files, `onto` those it had; `tests` ran on `tree`; `notes` are for people."""

    sha: Sha
    onto: Sha
    tree: Sha
    tests: TestRun
    notes: tuple[str, ...]


async def push_all(work: Work, onto: Onto) -> Pushed:
    """Somebody may have pushed while the run was at work: then on top of that, once."""
    ports, run = work.ports, work.run
    moved = await pushed_onto(ports, run.id, PUSHES[1])
    if moved is None:
        drafts = await drafts_of(ports, work.checkout, run, work.head, _commits(work))
        made = await ports.github.create_commits(run.repo, onto.head, drafts)
        try:
            sha = await push(ports, run.id, PUSHES[0], run.repo, onto.branch, made, onto.head)
            return Pushed(sha, work.head, work.start, tests_of(work.results), _merge_notes(work))
        except BranchMovedError:
            moved = await ports.github.branch_head(run.repo, onto.branch)
    if moved is None:
        raise BotError(f"The branch `{onto.branch}` is gone.", "Restore it on the pull request's page, then `/revise`.")
    return await _push_onto(work, onto, moved)


async def _push_onto(work: Work, onto: Onto, moved: Sha) -> Pushed:
    """All of the run as one commit on the new head, tested there."""
    ports, run = work.ports, work.run
    url, token = await ports.github.git_credentials(run.repo)
    theirs = await ports.workspaces.fetch(work.checkout, url, token, moved)
    together = await bring_together(work, "delivery/merge", work.head, theirs, work.start)
    if together.problem:
        raise BotError(f"Somebody pushed `{moved[:12]}` meanwhile. {together.problem}", "Nothing was pushed.")
    if stopped := evidence.protected_paths(await own_paths(work, theirs, together.tree)):
        raise BotError(f"Only people may change {listed(stopped)}.", "Nothing was pushed.")
    tests = await run_tests(ports, work.checkout, together.tree, await bench_of(work))
    merged = next((Sha(entry["merged"]) for entry in _commits(work) if entry.get("merged")), None)
    changes = await ports.workspaces.changes(work.checkout, merged or theirs, together.tree)
    message = commit_message(run, _commits(work)[-1])
    made = await ports.github.create_commits(
        run.repo, moved, [CommitDraft(message, tuple(changes), together.tree, merged)]
    )
    try:
        sha = await push(ports, run.id, PUSHES[1], run.repo, onto.branch, made, moved)
    except BranchMovedError as error:
        raise BotError(
            "Somebody pushed to the branch twice meanwhile; nothing was pushed.", "Say `/revise`."
        ) from error
    note = texts.MOVED.format(commit=moved[:12])
    return Pushed(sha, theirs, together.tree, tests, (*_merge_notes(work), note))


def _merge_notes(work: Work) -> tuple[str, ...]:
    onto, data = work.run.request.onto, json.loads(work.results["revision"].data)
    if onto is None or not onto.merges:
        return ()
    paths = data.get("conflicts", [])
    return (texts.MERGED.format(paths=listed(paths)) if paths else texts.MERGED_CLEAN,)


def _commits(work: Work) -> Sequence[Mapping[str, str]]:
    """Those that the branch does not have: an earlier run may have pushed what this one took over."""
    phases = [work.results[name] for name in ("revision", "testing", "review") if name in work.results]
    entries = [entry for phase in phases for entry in json.loads(phase.data).get("commits", [])]
    return not_there(work, entries)


async def paths_between(work: Work, old: Sha, new: Sha) -> list[str]:
    """Paths that differ between two trees."""
    return [change.path for change in await work.ports.workspaces.changes(work.checkout, old, new)]


async def own_paths(work: Work, old: Sha, tree: Sha) -> list[str]:
    """What the run itself changed in the old tree: not what the base brings in, if that is merged."""
    paths, onto = await paths_between(work, old, tree), work.run.request.onto
    if onto is None or not onto.merges:
        return paths
    beside = set(await paths_between(work, work.base, tree))
    return [path for path in paths if path in beside]
