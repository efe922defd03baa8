"""Further working copies of a run, and the merge of what was done in them."""

import asyncio
import os
import uuid
from pathlib import Path

from bot.adapters.workspace.checkout import check
from bot.adapters.workspace.disk import remove
from bot.adapters.workspace.git import ATTRIBUTES, Git
from bot.adapters.workspace.mirror import init
from bot.core.repository import Sha
from bot.ports import Checkout, Merge, WorkspaceError

_WHO = {
    f"GIT_{role}_{key}": value
    for role in ("AUTHOR", "COMMITTER")
    for key, value in (("NAME", "Devflow"), ("EMAIL", "devflow@localhost"), ("DATE", "@0 +0000"))
}
"""Of commits that exist for a merge alone; nobody sees them."""


async def make_fork(checkout: Checkout, place: Path) -> Checkout:
    """A git directory whose objects are the checkout's own, so that trees made there are known here at once."""
    fork = Checkout(place / "tree", place / "git", checkout.base)
    if not (place / "whole").exists():
        await remove(place)
        await init(fork.git_dir)
        await asyncio.to_thread(_share, checkout, fork)
        (place / "whole").touch()
    return fork


def _share(checkout: Checkout, fork: Checkout) -> None:
    objects = fork.git_dir / "objects"
    for folder in (objects / "info", objects / "pack", objects):
        folder.rmdir()
    objects.symlink_to(os.path.relpath(checkout.git_dir / "objects", fork.git_dir))
    (fork.git_dir / "info").mkdir(exist_ok=True)
    (fork.git_dir / "info" / "attributes").write_text(ATTRIBUTES)


async def merge_trees(checkout: Checkout, base: Sha, ours: Sha, theirs: Sha) -> Merge:
    """What git makes of both. git merges commits, so each tree is given one."""
    index = checkout.git_dir / f"index.{uuid.uuid4().hex[:12]}"
    git = Git(checkout.git_dir, index=index, who=_WHO)
    root = await git.line("commit-tree", f"{base}^{{tree}}", "-m", "base")
    sides = [await git.line("commit-tree", f"{t}^{{tree}}", "-p", root, "-m", "side") for t in (ours, theirs)]
    code, out, said = await git.result("merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", *sides)
    if code not in {0, 1}:
        raise WorkspaceError(f"git merge-tree failed: {said or f'exit code {code}'}")
    tree, *paths = out.decode(errors="surrogateescape").rstrip("\0").split("\0")
    if code == 0:
        await _check(git, index, checkout.base, Sha(tree))
    return Merge(Sha(tree), tuple(dict.fromkeys(paths)))


async def _check(git: Git, index: Path, base: Sha, tree: Sha) -> None:
    try:
        await git.run("read-tree", tree)
        await check(git, base, tree)
    finally:
        for left in (index, index.with_name(f"{index.name}.lock")):
            left.unlink(missing_ok=True)
