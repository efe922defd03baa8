"""A pull request's head beside its base: fetched, compared, and merged with what the base became."""

import pytest

from bot.adapters.workspace import GitWorkspaces
from bot.core.repository import Sha
from bot.ports import Checkout, WorkspaceError

from .conftest import RUN, Source


@pytest.fixture
def head(source: Source, base: Sha) -> Sha:
    """A commit that no branch has, only the ref of its pull request."""
    source.git("checkout", "--quiet", "--detach")
    sha = source.commit({"app.py": "x = 2\n", "new.py": "y = 1\n"})
    source.git("update-ref", "refs/pull/7/head", sha)
    source.git("checkout", "--quiet", "--force", base)
    return sha


async def test_the_head_of_a_fork_is_fetched_through_the_base(
    workspaces: GitWorkspaces, checkout: Checkout, source: Source, head: Sha
) -> None:
    """A commit that is on no branch is found under the ref of its pull request, and can be restored."""
    tree = await workspaces.fetch(checkout, source.url, "", head, "refs/pull/7/head")
    assert tree == source.tree_of(head)
    assert await workspaces.restore(checkout, head)
    assert (checkout.root / "app.py").read_text() == "x = 2\n"
    assert not (checkout.root / ".git").exists()


async def test_a_fetched_commit_is_there_for_forks_too(
    workspaces: GitWorkspaces, checkout: Checkout, source: Source, head: Sha
) -> None:
    """Reviewers work side by side, each in a copy at the head."""
    await workspaces.fetch(checkout, source.url, "", head, "refs/pull/7/head")
    fork = await workspaces.fork(checkout, "reviewer")
    assert await workspaces.restore(fork, head)
    assert (fork.root / "new.py").exists()


@pytest.mark.parametrize("commit", ["main", "-x", "a" * 39])
async def test_only_the_name_of_a_commit_is_fetched(
    workspaces: GitWorkspaces, checkout: Checkout, source: Source, commit: str
) -> None:
    """Nothing that git could take for an option or a branch."""
    with pytest.raises(WorkspaceError, match="not the SHA"):
        await workspaces.fetch(checkout, source.url, "", Sha(commit))


async def test_a_commit_that_is_nowhere_says_so(workspaces: GitWorkspaces, checkout: Checkout, source: Source) -> None:
    """It was removed by a force push, or never was."""
    with pytest.raises(WorkspaceError):
        await workspaces.fetch(checkout, source.url, "", Sha("1" * 40))


async def test_patches_are_those_of_a_pull_request(
    workspaces: GitWorkspaces, checkout: Checkout, source: Source, base: Sha
) -> None:
    """Renames are found, binary files have no patch, and lines can be told apart from headers."""
    source.git("mv", "docs/sp ace/ünï.md", "docs/moved.md")
    tricky = "x = 1\n--- a/app.py\ndiff --git a/evil b/evil\n"
    other = source.commit({"app.py": tricky, "pic.png": b"\x89PNG\0\1"})
    await workspaces.fetch(checkout, source.url, "", other)
    files = {file.path: file for file in await workspaces.patches(checkout, base, other)}
    assert set(files) == {"app.py", "docs/moved.md", "pic.png"}
    assert files["app.py"].changed_lines == {2, 3}
    assert (files["app.py"].additions, files["app.py"].deletions) == (2, 0)
    assert (files["docs/moved.md"].status, files["docs/moved.md"].previous_path) == ("renamed", "docs/sp ace/ünï.md")
    assert files["pic.png"].patch is None


async def test_the_base_is_merged_into_a_head(
    workspaces: GitWorkspaces, checkout: Checkout, source: Source, base: Sha, head: Sha
) -> None:
    """From the point where they parted; both sides of a conflict stand in the file."""
    source.git("checkout", "--quiet", "--detach", base)
    onto = source.commit({"app.py": "x = 3\n", "other.py": "z = 1\n"})
    at = await workspaces.open(type(RUN)("onto"), source.url, "", onto)
    for commit in (base, head):
        await workspaces.fetch(at, source.url, "", commit, "refs/pull/7/head")
    merged = await workspaces.merge(at, base, head, onto)
    assert merged.conflicts == ("app.py",)
    assert await workspaces.restore(at, merged.tree)
    assert "<<<<<<<" in (at.root / "app.py").read_text()
    assert (at.root / "new.py").exists()
    assert (at.root / "other.py").exists()
