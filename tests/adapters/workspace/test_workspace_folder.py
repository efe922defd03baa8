"""A folder of a commit is read as git has it: nothing is checked out, no link is followed."""

import pytest

from bot.adapters.workspace import GitWorkspaces
from bot.core.repository import FoundFile, Sha
from bot.ports import WorkspaceError

from .conftest import Source

FOLDER = ".claude/agents"


async def read(
    workspaces: GitWorkspaces, source: Source, commit: Sha, most: int = 50, size: int = 100
) -> tuple[list[FoundFile], int]:
    return await workspaces.folder(source.url, "", commit, FOLDER, most=most, size=size)


async def test_the_markdown_files_right_in_the_folder(workspaces: GitWorkspaces, source: Source) -> None:
    """Sorted, whole, and none of a folder below or beside it."""
    files: dict[str, str | bytes] = {
        f"{FOLDER}/b.md": b"\xff\r\n",
        f"{FOLDER}/a ü.md": "a",
        f"{FOLDER}/notes.txt": "x",
        f"{FOLDER}/deep/c.md": "x",
        ".claude/agents.md": "x",
        "agents/d.md": "x",
    }
    commit = source.commit(files)
    assert await read(workspaces, source, commit) == (
        [FoundFile(f"{FOLDER}/a ü.md", b"a"), FoundFile(f"{FOLDER}/b.md", b"\xff\r\n")],
        0,
    )


async def test_all_folders_below_are_read_if_asked(workspaces: GitWorkspaces, source: Source) -> None:
    """Commands may stand in folders of their own."""
    commit = source.commit({f"{FOLDER}/deep/er/c.md": "x", f"{FOLDER}/a.md": "y", "c.md": "z"})
    found, left = await workspaces.folder(source.url, "", commit, FOLDER, most=5, size=100, deep=True)
    assert ([file.path for file in found], left) == ([f"{FOLDER}/a.md", f"{FOLDER}/deep/er/c.md"], 0)


async def test_it_is_the_commits_own_state(workspaces: GitWorkspaces, source: Source) -> None:
    """A later commit does not change what an earlier one has."""
    first = source.commit({f"{FOLDER}/a.md": "old"})
    second = source.commit({f"{FOLDER}/a.md": "new"})
    assert (await read(workspaces, source, first))[0] == [FoundFile(f"{FOLDER}/a.md", b"old")]
    assert (await read(workspaces, source, second))[0] == [FoundFile(f"{FOLDER}/a.md", b"new")]


async def test_no_folder_no_files(workspaces: GitWorkspaces, source: Source, base: Sha) -> None:
    """Most repositories have none."""
    assert await read(workspaces, source, base) == ([], 0)


async def test_links_and_large_files_are_named_and_not_read(workspaces: GitWorkspaces, source: Source) -> None:
    """A link to a secret shows nothing of it."""
    folder = source.path / FOLDER
    folder.mkdir(parents=True)
    (folder / "link.md").symlink_to("/etc/passwd")
    commit = source.commit({f"{FOLDER}/large.md": "x" * 101, f"{FOLDER}/fits.md": "x" * 100})
    assert (await read(workspaces, source, commit))[0] == [
        FoundFile(f"{FOLDER}/fits.md", b"x" * 100),
        FoundFile(f"{FOLDER}/large.md", None, "it has 101 bytes, more than 100"),
        FoundFile(f"{FOLDER}/link.md", None, "it is a link"),
    ]


async def test_a_folder_that_is_a_link_has_no_files(workspaces: GitWorkspaces, source: Source) -> None:
    """It could lead anywhere."""
    (source.path / ".claude").mkdir()
    (source.path / FOLDER).symlink_to("../other")
    commit = source.commit({"other/a.md": "x"})
    assert await read(workspaces, source, commit) == ([], 0)


async def test_only_so_many_are_read(workspaces: GitWorkspaces, source: Source) -> None:
    """The others are counted."""
    commit = source.commit({f"{FOLDER}/{n}.md": str(n) for n in range(5)})
    files, left_out = await read(workspaces, source, commit, most=2)
    assert ([file.content for file in files], left_out) == ([b"0", b"1"], 3)


async def test_a_name_that_is_no_sha_is_refused(workspaces: GitWorkspaces, source: Source) -> None:
    """Nothing that git could take for an option."""
    with pytest.raises(WorkspaceError, match="is not the SHA of a commit"):
        await read(workspaces, source, Sha("--upload-pack=x"))
