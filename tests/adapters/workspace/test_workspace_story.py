"""A checkout from its opening to its end: files in, trees and changes out, and back to any tree."""

import os
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.adapters.workspace import GitWorkspaces
from bot.adapters.workspace.objects import MAX_DIFF_CHARS
from bot.core.repository import FileChange, Sha
from bot.core.runs import RunId
from bot.ports import Checkout, WorkspaceError

from .conftest import RUN, Source


def files_of(root: Path) -> dict[str, bytes]:
    """Every file and link of a folder with what it holds."""
    found = {}
    for path in root.rglob("*"):
        if path.is_symlink():
            found[str(path.relative_to(root))] = b"-> " + os.fsencode(path.readlink())
        elif path.is_file():
            found[str(path.relative_to(root))] = path.read_bytes()
    return found


async def test_a_checkout_has_the_files_and_no_git(checkout: Checkout, source: Source, base: Sha) -> None:
    """Contents, links and permissions are those of the commit; nothing of git is where agents can see it."""
    assert files_of(checkout.root) == {
        "app.py": b"x = 1\n",
        "bin/run": b"#!/bin/sh\n",
        "link": b"-> bin/run",
        "docs/sp ace/ünï.md": "é\n".encode(),
        ".gitignore": b"*.log\nbuild/\n",
    }
    assert (checkout.root / "bin/run").stat().st_mode & stat.S_IXUSR
    assert not checkout.git_dir.is_relative_to(checkout.root)
    assert checkout.base == base


async def test_an_unchanged_checkout_has_the_tree_of_its_base(
    workspaces: GitWorkspaces, checkout: Checkout, source: Source, base: Sha
) -> None:
    """What git computed for the commit is what we compute for the files."""
    assert await workspaces.tree(checkout) == source.tree_of(base)


async def test_changes_are_exact(workspaces: GitWorkspaces, checkout: Checkout, source: Source, base: Sha) -> None:
    """New, changed, deleted, renamed, executable, linked, odd names and bytes: each as it is, sorted by path."""
    root = checkout.root
    (root / "app.py").write_bytes(b"x = 2\r\n\xff\0")
    (root / "bin/run").chmod(0o644)
    (root / "link").unlink()
    (root / "link").symlink_to("app.py")
    (root / "docs/sp ace/ünï.md").rename(root / "docs/né w.md")
    (root / "new").mkdir()
    (root / "new/tool").write_text("")
    (root / "new/tool").chmod(0o755)
    tree = await workspaces.tree(checkout)
    assert await workspaces.changes(checkout, base, tree) == [
        FileChange("app.py", b"x = 2\r\n\xff\0"),
        FileChange("bin/run", b"#!/bin/sh\n", "100644"),
        FileChange("docs/né w.md", "é\n".encode()),
        FileChange("docs/sp ace/ünï.md", None),
        FileChange("link", b"app.py", "120000"),
        FileChange("new/tool", b"", "100755"),
    ]
    assert await workspaces.changes(checkout, tree, tree) == []


async def test_the_changes_make_the_same_tree_elsewhere(
    workspaces: GitWorkspaces, checkout: Checkout, source: Source, base: Sha
) -> None:
    """A file that becomes a folder and a folder that becomes a file can be rebuilt from the changes alone."""
    root = checkout.root
    (root / "app.py").unlink()
    (root / "app.py").mkdir()
    (root / "app.py/inner").write_text("1")
    (root / "bin/run").unlink()
    (root / "bin").rmdir()
    (root / "bin").write_text("file")
    (root / "link").unlink()
    tree = await workspaces.tree(checkout)
    changes = await workspaces.changes(checkout, base, tree)
    other = await workspaces.open(RunId("other"), source.url, "", base)
    assert await workspaces.write(other, base, changes) == tree
    assert files_of(other.root) == files_of(root)


async def test_write_starts_from_the_tree_it_is_given(workspaces: GitWorkspaces, checkout: Checkout, base: Sha) -> None:
    """What lay in the checkout before does not matter, and the result is what is there."""
    (checkout.root / "stray.py").write_text("stray")
    tree = await workspaces.write(checkout, base, [FileChange("a/b.txt", b"1"), FileChange("app.py", None)])
    assert await workspaces.tree(checkout) == tree
    assert "stray.py" not in files_of(checkout.root)
    assert (checkout.root / "a/b.txt").read_bytes() == b"1"
    again = await workspaces.write(checkout, tree, [])
    assert again == tree


async def test_what_gitignore_names_is_left_out(workspaces: GitWorkspaces, checkout: Checkout, base: Sha) -> None:
    """Build results and logs are in no tree, no list and no change, even with a repository inside of them."""
    (checkout.root / "debug.log").write_text("x")
    (checkout.root / "build/.git").mkdir(parents=True)
    assert await workspaces.changes(checkout, base, await workspaces.tree(checkout)) == []
    assert "debug.log" not in await workspaces.files(checkout)


async def test_files_lists_what_git_would_keep(workspaces: GitWorkspaces, checkout: Checkout) -> None:
    """Tracked and new files, without deleted and ignored ones, sorted, with their real names."""
    (checkout.root / "app.py").unlink()
    (checkout.root / "neu ä.txt").write_text("")
    (checkout.root / "x.log").write_text("")
    assert await workspaces.files(checkout) == [".gitignore", "bin/run", "docs/sp ace/ünï.md", "link", "neu ä.txt"]


async def test_restore_makes_the_files_exactly_those_of_a_tree(
    workspaces: GitWorkspaces, checkout: Checkout, base: Sha
) -> None:
    """Back and forth between trees; ignored files, empty folders, nested repositories and pipes are gone too."""
    before = files_of(checkout.root)
    (checkout.root / "app.py").write_text("x = 2\n")
    tree = await workspaces.tree(checkout)
    after = files_of(checkout.root)
    (checkout.root / "stray.log").write_text("x")
    (checkout.root / "empty/folders").mkdir(parents=True)
    (checkout.root / "nested/.git").mkdir(parents=True)
    os.mkfifo(checkout.root / "pipe")
    assert await workspaces.restore(checkout, base)
    assert files_of(checkout.root) == before
    assert sorted(p.name for p in checkout.root.iterdir()) == [".gitignore", "app.py", "bin", "docs", "link"]
    assert await workspaces.restore(checkout, tree)
    assert files_of(checkout.root) == after
    assert await workspaces.tree(checkout) == tree


async def test_restore_says_when_it_does_not_have_the_tree(workspaces: GitWorkspaces, checkout: Checkout) -> None:
    """Another machine made it, or it is no tree at all: False, and the files stay."""
    before = files_of(checkout.root)
    for tree in ("0" * 40, "1234567890" * 4, "--help", "", "HEAD"):
        assert not await workspaces.restore(checkout, Sha(tree))
    assert files_of(checkout.root) == before


async def test_restore_gets_rid_of_what_is_hard_to_remove(
    workspaces: GitWorkspaces, checkout: Checkout, base: Sha
) -> None:
    """A folder nested deeper than a path can be long, and one that nobody may enter."""
    here = os.open(checkout.root, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("deeper", dir_fd=here)
        below = os.open("deeper", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    (checkout.root / "locked/inner").mkdir(parents=True)
    (checkout.root / "locked").chmod(0)
    assert await workspaces.restore(checkout, base)
    assert sorted(p.name for p in checkout.root.iterdir()) == [".gitignore", "app.py", "bin", "docs", "link"]


async def test_the_diff_is_unified_and_names_binary_files(
    workspaces: GitWorkspaces, checkout: Checkout, base: Sha
) -> None:
    """Text as lines, bytes as a name, names unquoted."""
    (checkout.root / "app.py").write_text("x = 2\n")
    (checkout.root / "ü.bin").write_bytes(b"\0\1")
    text = await workspaces.diff(checkout, base, await workspaces.tree(checkout))
    assert "--- a/app.py\n+++ b/app.py\n@@ -1 +1 @@\n-x = 1\n+x = 2\n" in text
    assert "Binary files /dev/null and b/ü.bin differ" in text


async def test_no_file_can_ask_to_be_left_out_of_the_diff(
    workspaces: GitWorkspaces, checkout: Checkout, base: Sha
) -> None:
    """`.gitattributes` of the change cannot make code look binary to its reviewers."""
    (checkout.root / ".gitattributes").write_text("* -diff\n*.py binary\n")
    (checkout.root / "app.py").write_text("evil = 1\n")
    assert "+evil = 1" in await workspaces.diff(checkout, base, await workspaces.tree(checkout))


async def test_a_very_long_diff_is_cut_per_file(workspaces: GitWorkspaces, checkout: Checkout, base: Sha) -> None:
    """One generated file does not hide the others."""
    (checkout.root / "a.txt").write_text("diff --git of words\n" * 20_000)
    (checkout.root / "z.py").write_text("last = 1\n")
    text = await workspaces.diff(checkout, base, await workspaces.tree(checkout))
    assert len(text) < 1.1 * MAX_DIFF_CHARS
    assert "more characters of this file's diff are left out]\n" in text
    assert text.endswith("+last = 1\n")


async def test_attributes_change_no_bytes(workspaces: GitWorkspaces, source: Source) -> None:
    """Line ends, keywords, encodings, filters that a repository asks for: the bytes stay those that are stored."""
    attributes = "*.txt text eol=crlf\n*.id ident\n*.u16 working-tree-encoding=UTF-16\n*.big filter=lfs\n"
    raw = {"a.txt": b"1\n2\n", "b.id": b"$Id$\n", "c.u16": b"plain\n", "d.big": b"version https://git-lfs\n"}
    for path, data in raw.items():
        (source.path / path).write_bytes(data)
    source.git("add", "--all")
    blob = source.git("hash-object", "-w", "--stdin", stdin=attributes.encode())
    source.git("update-index", "--add", "--cacheinfo", f"100644,{blob},.gitattributes")
    source.git("commit", "--quiet", "--message", "attributes")
    base = Sha(source.git("rev-parse", "HEAD"))
    checkout = await workspaces.open(RUN, source.url, "", base)
    found = files_of(checkout.root)
    assert {path: found[path] for path in raw} == raw
    (checkout.root / "a.txt").write_bytes(b"1\r\n")
    tree = await workspaces.tree(checkout)
    assert await workspaces.changes(checkout, base, tree) == [FileChange("a.txt", b"1\r\n")]


async def test_open_leaves_a_checkout_as_it_is(
    workspaces: GitWorkspaces, checkout: Checkout, source: Source, base: Sha
) -> None:
    """The same run again: same folder, work kept, even if the remote is gone by now."""
    (checkout.root / "app.py").write_text("x = 3\n")
    source.path.rename(source.path.with_name("moved"))
    assert await workspaces.open(RUN, source.url, "", base) == checkout
    assert (checkout.root / "app.py").read_text() == "x = 3\n"


async def test_a_run_has_one_base(workspaces: GitWorkspaces, checkout: Checkout, source: Source) -> None:
    """A run cannot be moved to another commit without anybody noticing."""
    other = source.commit({"app.py": "x = 9\n"})
    with pytest.raises(WorkspaceError, match="is checked out at"):
        await workspaces.open(RUN, source.url, "", other)


async def test_drop_removes_all_of_a_run(
    workspaces: GitWorkspaces, checkout: Checkout, root: Path, source: Source, base: Sha
) -> None:
    """Once or twice makes no difference, and another run's checkout stays."""
    other = await workspaces.open(RunId("other"), source.url, "", base)
    await workspaces.drop(RUN)
    await workspaces.drop(RUN)
    assert sorted(p.name for p in root.iterdir() if not p.name.startswith(".")) == ["other"]
    assert (other.root / "app.py").exists()
    with pytest.raises(WorkspaceError, match="not on this machine"):
        await workspaces.tree(checkout)


NAMES = st.text(
    alphabet=st.characters(exclude_categories=("Cs", "Cc", "Cf"), exclude_characters="/\\:~"), min_size=1, max_size=12
).filter(lambda name: name.strip(". ") and ".git" not in name.casefold())


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(NAMES, st.binary(max_size=40), min_size=1, max_size=6))
async def test_any_names_and_bytes_come_back(
    workspaces: GitWorkspaces, checkout: Checkout, base: Sha, files: dict[str, bytes]
) -> None:
    """Whatever the names and contents: files, tree, changes and restored files agree to the byte."""
    assert await workspaces.restore(checkout, base)
    for name, data in files.items():
        (checkout.root / f"d {name}").write_bytes(data)
    tree = await workspaces.tree(checkout)
    changes = await workspaces.changes(checkout, base, tree)
    kept = {change.path: change.content for change in changes}
    assert kept == {f"d {name}": data for name, data in files.items() if not name.endswith(".log")}
    assert await workspaces.restore(checkout, tree)
    assert {path: files_of(checkout.root)[path] for path in kept} == kept
