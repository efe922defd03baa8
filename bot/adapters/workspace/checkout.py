"""What is done to one checkout: made, filled with a tree, read back as a tree."""

import asyncio
import os
import shutil
import uuid
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import TypeVar

from bot.adapters.workspace.disk import remove, sweep
from bot.adapters.workspace.git import ATTRIBUTES, Git
from bot.adapters.workspace.listing import (
    GITLINK,
    SYMLINK,
    Change,
    check_before_add,
    check_changes,
    check_files,
    names,
    raw_changes,
    staged,
)
from bot.adapters.workspace.mirror import init
from bot.adapters.workspace.objects import contents
from bot.core.repository import Sha
from bot.ports import Checkout, WorkspaceError

T = TypeVar("T")


async def has(checkout: Checkout, tree: Sha) -> bool:
    """Whether this machine has the tree, or the commit and its tree."""
    return (checkout.git_dir / "HEAD").exists() and await Git(checkout.git_dir).ok("cat-file", "-e", f"{tree}^{{tree}}")


def opened_at(place: Path) -> Sha | None:
    """The commit of a checkout that was made to its end."""
    try:
        return Sha((place / "base").read_text())
    except FileNotFoundError:
        return None


def note_opened(place: Path, base: Sha) -> None:
    """Say that the checkout is whole; from now on it is left as it is."""
    note = place / "base.new"
    note.write_text(base)
    note.replace(place / "base")


async def make(place: Path, mirror: Path) -> None:
    """The run's git directory, which borrows the mirror's objects; what was there before goes."""
    await remove(place)
    git_dir = place / "git"
    await init(git_dir)
    for name, text in (("info/attributes", ATTRIBUTES), ("objects/info/alternates", f"{mirror / 'objects'}\n")):
        (git_dir / name).parent.mkdir(exist_ok=True)
        (git_dir / name).write_text(text)


async def fill(checkout: Checkout, tree: Sha) -> None:
    """Put the files of a tree in the place of all that is there. They are written beside it and swapped in."""
    place = checkout.git_dir.parent
    await sweep(place, "tree.new-*")
    for left in checkout.git_dir.glob("index.*"):
        left.unlink(missing_ok=True)
    mark = uuid.uuid4().hex[:12]
    fresh, index = place / f"tree.new-{mark}", checkout.git_dir / f"index.{mark}"
    fresh.mkdir(mode=0o755)
    await Git(checkout.git_dir, fresh, index).run("read-tree", "--reset", "-u", f"{tree}^{{tree}}", seconds=600)
    await remove(checkout.root)
    fresh.rename(checkout.root)
    index.replace(checkout.git_dir / "index")


async def with_index(checkout: Checkout, work: Callable[[Git, Checkout], Awaitable[T]]) -> T:
    """Do some work on a copy of the index, which takes its place if the work went well.

    The copy keeps the time of the original: git takes a file for changed if it is not older than the index.
    """
    kept, copy = checkout.git_dir / "index", checkout.git_dir / f"index.{uuid.uuid4().hex[:12]}"
    if not kept.exists() or not checkout.root.is_dir():
        raise WorkspaceError("The checkout is not on this machine; open it first.")
    try:
        await asyncio.to_thread(shutil.copy2, kept, copy)
        result = await work(Git(checkout.git_dir, checkout.root, copy), checkout)
        copy.replace(kept)
        return result
    finally:
        for left in (copy, copy.with_name(f"{copy.name}.lock")):
            left.unlink(missing_ok=True)


async def write_tree(git: Git, checkout: Checkout) -> Sha:
    """The tree of the files as they are, once they have been checked. Raises `WorkspaceError`."""
    tracked = staged(await git.run("ls-files", "-z", "-s"))
    new = names(await git.run("ls-files", "-z", "-o", "--exclude-standard"))
    await asyncio.to_thread(check_before_add, checkout.root, tracked, new)
    changed = names(await git.run("ls-files", "-z", "-m"))
    await asyncio.to_thread(check_files, checkout.root, [*new, *changed])
    await git.run("add", "--all", "--", ".")
    tree = Sha(await git.line("write-tree"))
    await check(git, checkout.base, tree)
    return tree


async def check(git: Git, base: Sha, tree: Sha) -> None:
    """Refuse a tree for what it brings in beside the base, by git's own account of it."""
    records = await compare(git, base, tree)
    links: dict[str, str] = {}
    if any(record.new_mode == SYMLINK for record in records):
        entries = staged(await git.run("ls-files", "-z", "-s"))
        shas = {path: entry.sha for path, entry in entries.items() if entry.mode == SYMLINK}
        targets = await contents(git, list(shas.values()))
        links = {path: os.fsdecode(targets[sha]) for path, sha in shas.items()}
    check_changes(records, links)


async def compare(git: Git, old: Sha, new: Sha) -> list[Change]:
    """How two trees or commits differ, by path."""
    options = ("-r", "-z", "--raw", "--no-renames", "--no-abbrev", "--full-index")
    return raw_changes(await git.run("diff-tree", *options, f"{old}^{{tree}}", f"{new}^{{tree}}"))


async def listed(git: Git, checkout: Checkout) -> list[str]:
    """Paths of the files that are there and that git would keep, sorted; no submodules."""
    tracked = staged(await git.run("ls-files", "-z", "-s"))
    new = names(await git.run("ls-files", "-z", "-o", "--exclude-standard"))
    found = {path for path, entry in tracked.items() if entry.mode != GITLINK} | set(new)
    return await asyncio.to_thread(_present, checkout.root, found)


def _present(root: Path, paths: Iterable[str]) -> list[str]:
    return sorted(path for path in paths if not path.endswith("/") and os.path.lexists(root / path))
