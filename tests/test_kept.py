"""What phases changed survives the machine that it was made on."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from bot.adapters.workspace import GitWorkspaces
from bot.core.repository import FileChange, Sha
from bot.core.runs import PhaseResult, RunId
from bot.kept import keep_changes, make_again
from bot.ports import Checkout, WorkspaceError

RUN = RunId("261123-010203-abc")
FIRST = [
    FileChange("bytes.bin", b"\x00\xff\r\n"),
    FileChange("run.sh", b"#!/bin/sh\n", "100755"),
    FileChange("sp ace/ünï.txt", "é".encode()),
]
SECOND = [
    FileChange("README.md", None),
    FileChange("link", b"run.sh", "120000"),
    FileChange("run.sh", b"new\n", "100755"),
]


@pytest.fixture
async def origin(tmp_path: Path) -> tuple[str, Sha]:
    """A repository with one commit: (path, SHA)."""
    folder = tmp_path / "origin"
    folder.mkdir()
    (folder / "README.md").write_text("# widget\n")
    who = ("-c", "user.name=A", "-c", "user.email=a@example.com")
    for words in (
        ("init", "--quiet"),
        ("add", "README.md"),
        (*who, "commit", "--quiet", "-m", "First"),
        ("rev-parse", "@"),
    ):
        done = subprocess.run(("git", *words), cwd=folder, check=True, capture_output=True, text=True)
    return str(folder), Sha(done.stdout.strip())


def built(*trees: Sha) -> PhaseResult:
    """A finished phase with one commit for each tree."""
    commits = [{"subject": f"Step {number}", "tree": tree} for number, tree in enumerate(trees)]
    data = json.dumps({"tree": trees[-1], "commits": commits})
    return PhaseResult(RUN, "implementation", "developer", "done", data=data)


async def elsewhere(tmp_path: Path, origin: tuple[str, Sha]) -> tuple[GitWorkspaces, Checkout]:
    """A machine that has never seen the run."""
    workspaces = GitWorkspaces(tmp_path / "elsewhere", allow_file=True)
    return workspaces, await workspaces.open(RUN, origin[0], "", origin[1])


async def test_a_machine_without_the_files_makes_them_again(tmp_path: Path, origin: tuple[str, Sha]) -> None:
    """Bytes, modes, links, odd names and deletions come back, each commit as a tree of its own."""
    workspaces = GitWorkspaces(tmp_path / "here", allow_file=True)
    checkout = await workspaces.open(RUN, origin[0], "", origin[1])
    base = await workspaces.tree(checkout)
    first = await workspaces.write(checkout, base, FIRST)
    second = await workspaces.write(checkout, first, SECOND)
    kept = await keep_changes(workspaces, checkout, base, built(first, second))

    workspaces, checkout = await elsewhere(tmp_path, origin)
    assert not await workspaces.restore(checkout, second)
    plan = PhaseResult(RUN, "tasks", "product-manager", "done", data=json.dumps({"tree": base}))
    assert await make_again(workspaces, checkout, base, [plan, kept]) == second
    assert await workspaces.tree(checkout) == second
    assert await workspaces.changes(checkout, base, first) == FIRST
    assert await workspaces.changes(checkout, first, second) == SECOND


async def test_what_does_not_come_out_as_it_was_is_not_taken(tmp_path: Path, origin: tuple[str, Sha]) -> None:
    """A tree that was tested stands for certain files; others are never delivered in their place."""
    workspaces, checkout = await elsewhere(tmp_path, origin)
    base = await workspaces.tree(checkout)
    tree = await workspaces.write(checkout, base, FIRST)
    kept = await keep_changes(workspaces, checkout, base, built(tree))
    other = replace(kept, data=kept.data.replace(tree, "0" * 40))
    with pytest.raises(WorkspaceError, match="could not be made again"):
        await make_again(workspaces, checkout, base, [other])


async def test_a_phase_that_changed_nothing_is_left_alone(tmp_path: Path, origin: tuple[str, Sha]) -> None:
    """Its data stays as the phase wrote it."""
    workspaces, checkout = await elsewhere(tmp_path, origin)
    base = await workspaces.tree(checkout)
    result = PhaseResult(RUN, "review", "code-reviewer", "done", data=f'{{"tree":  "{base}", "commits": []}}')
    assert await keep_changes(workspaces, checkout, base, result) == result
