"""Two hands at work on one run: copies that do not see each other, and what becomes of both."""

import asyncio

import pytest

from bot.adapters.workspace import GitWorkspaces
from bot.core.repository import FileChange, Sha
from bot.ports import Checkout, Merge, WorkspaceError

from .conftest import RUN


async def tree_with(workspaces: GitWorkspaces, checkout: Checkout, name: str, path: str, text: str) -> Sha:
    """What a fork holds after one file was written in it."""
    fork = await workspaces.fork(checkout, name)
    assert await workspaces.restore(fork, checkout.base)
    (fork.root / path).parent.mkdir(exist_ok=True)
    (fork.root / path).write_text(text)
    return await workspaces.tree(fork)


async def test_two_forks_at_once_and_their_merge(workspaces: GitWorkspaces, checkout: Checkout) -> None:
    """Each sees its own files only; the merge has both, and the checkout itself has not moved."""
    before = await workspaces.tree(checkout)
    one, two = await asyncio.gather(
        tree_with(workspaces, checkout, "T1", "one.py", "1\n"), tree_with(workspaces, checkout, "T2", "two.py", "2\n")
    )
    merged = await workspaces.merge(checkout, before, one, two)
    assert merged.conflicts == ()
    assert [c.path for c in await workspaces.changes(checkout, before, merged.tree)] == ["one.py", "two.py"]
    assert await workspaces.tree(checkout) == before
    assert await workspaces.restore(checkout, merged.tree)
    assert (checkout.root / "two.py").read_text() == "2\n"


async def test_both_sides_of_a_conflict_are_kept(workspaces: GitWorkspaces, checkout: Checkout) -> None:
    """The path is named, and its file holds what both wrote."""
    ours = await tree_with(workspaces, checkout, "T1", "app.py", "x = 2\n")
    theirs = await tree_with(workspaces, checkout, "T2", "app.py", "x = 3\n")
    merged = await workspaces.merge(checkout, checkout.base, ours, theirs)
    assert merged.conflicts == ("app.py",)
    text = {c.path: c.content for c in await workspaces.changes(checkout, checkout.base, merged.tree)}["app.py"]
    assert text is not None
    assert b"x = 2" in text
    assert b"x = 3" in text


async def test_the_same_again_is_the_same(workspaces: GitWorkspaces, checkout: Checkout) -> None:
    """After a crash: a fork keeps what is in it, a merge comes out as before."""
    ours = await tree_with(workspaces, checkout, "T1", "one.py", "1\n")
    again = await workspaces.fork(checkout, "T1")
    assert (again.root / "one.py").read_text() == "1\n"
    merges = [await workspaces.merge(checkout, checkout.base, ours, checkout.base) for _ in range(2)]
    assert merges == [Merge(ours)] * 2


@pytest.mark.parametrize("name", ["", "..", "a/b", "-x", "a" * 101])
async def test_names_are_no_paths(workspaces: GitWorkspaces, checkout: Checkout, name: str) -> None:
    """A name that could lead elsewhere makes nothing."""
    with pytest.raises(WorkspaceError):
        await workspaces.fork(checkout, name)


async def test_a_tree_that_is_not_here_says_so(workspaces: GitWorkspaces, checkout: Checkout) -> None:
    with pytest.raises(WorkspaceError, match="git"):
        await workspaces.merge(checkout, checkout.base, Sha(40 * "1"), checkout.base)


async def test_forks_go_with_the_run(workspaces: GitWorkspaces, checkout: Checkout) -> None:
    """And not the objects of anybody else: the mirror still serves the next run."""
    await tree_with(workspaces, checkout, "T1", "one.py", "1\n")
    await workspaces.drop(RUN)
    assert not checkout.git_dir.parent.exists()


async def test_a_fork_can_be_written_to(workspaces: GitWorkspaces, checkout: Checkout) -> None:
    """`write` makes the files of a fork, as of any checkout."""
    fork = await workspaces.fork(checkout, "T1")
    assert await workspaces.restore(fork, checkout.base)
    tree = await workspaces.write(fork, checkout.base, [FileChange("new.txt", b"n\n", "100644")])
    assert await workspaces.tree(fork) == tree
    assert (fork.root / "new.txt").read_text() == "n\n"
