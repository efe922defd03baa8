"""What an agent may leave in its checkout to be committed, or to be run by our git: all of it is refused by name."""

import os
import subprocess
from pathlib import Path

import pytest

from bot.adapters.workspace import GitWorkspaces
from bot.adapters.workspace.listing import leads_out
from bot.core.repository import FileChange, Sha
from bot.core.runs import RunId
from bot.ports import Checkout, WorkspaceError

from .conftest import RUN, Source


def nested_repository(path: Path, marker: Path) -> None:
    """A repository whose configuration runs a program as soon as some git looks at its status."""
    path.mkdir(parents=True, exist_ok=True)
    env = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}

    def git(*args: str) -> None:
        who = ("-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "core.fsmonitor=false")
        subprocess.run(("git", *who, *args), cwd=path, env=env, check=True, capture_output=True)

    git("init", "--quiet")
    (path / "file").write_text("x")
    git("add", "file")
    git("commit", "--quiet", "--message", "x")
    script = path / ".git/run"
    script.write_text(f"#!/bin/sh\ntouch {marker}\n")
    script.chmod(0o755)
    git("config", "core.fsmonitor", str(script))
    (path / "file").write_text("y")


async def test_a_nested_repository_is_refused(workspaces: GitWorkspaces, checkout: Checkout, tmp_path: Path) -> None:
    """It is named, and no program of its configuration was run."""
    nested_repository(checkout.root / "vendor/lib", tmp_path / "ran")
    with pytest.raises(WorkspaceError, match=r"`vendor/lib` is a git repository of its own"):
        await workspaces.tree(checkout)
    assert not (tmp_path / "ran").exists()


async def test_a_repository_in_a_known_folder_is_refused(
    workspaces: GitWorkspaces, checkout: Checkout, tmp_path: Path
) -> None:
    """Not only where git itself would notice."""
    nested_repository(checkout.root / "docs", tmp_path / "ran")
    with pytest.raises(WorkspaceError, match=r"`docs/\.git` must not be there"):
        await workspaces.tree(checkout)
    assert not (tmp_path / "ran").exists()


async def test_git_never_runs_inside_a_submodule(workspaces: GitWorkspaces, source: Source, tmp_path: Path) -> None:
    """A submodule is where `git add` would start a git with the configuration found there."""
    first = source.commit({"a": "1"})
    source.git("update-index", "--add", "--cacheinfo", f"160000,{first},sub")
    source.git("commit", "--quiet", "--message", "submodule")
    base = Sha(source.git("rev-parse", "HEAD"))
    checkout = await workspaces.open(RUN, source.url, "", base)
    assert await workspaces.changes(checkout, base, await workspaces.tree(checkout)) == []
    nested_repository(checkout.root / "sub", tmp_path / "ran")
    for ask in (workspaces.tree, workspaces.files):
        try:
            await ask(checkout)
        except WorkspaceError as error:
            assert "`sub/.git` must not be there" in str(error)
    assert not (tmp_path / "ran").exists(), "code of the checkout was run on the host"


def test_the_nested_repository_of_these_tests_does_run_its_program(tmp_path: Path) -> None:
    """The trap is live: a plain `git status` springs it. Without this, the tests above would prove nothing."""
    nested_repository(tmp_path / "trap", tmp_path / "ran")
    subprocess.run(("git", "status"), cwd=tmp_path / "trap", check=False, capture_output=True)
    assert (tmp_path / "ran").exists()


@pytest.mark.parametrize("kind", ["folder", "file", "link"])
async def test_a_git_at_the_root_is_refused(workspaces: GitWorkspaces, checkout: Checkout, kind: str) -> None:
    """A later, less careful git in this folder would obey it."""
    target = checkout.root / ".git"
    match kind:
        case "folder":
            target.mkdir()
        case "file":
            target.write_text("gitdir: /tmp/evil\n")
        case _:
            target.symlink_to("/tmp")
    with pytest.raises(WorkspaceError, match=r"`\.git` must not be there"):
        await workspaces.tree(checkout)


@pytest.mark.parametrize("name", [".GIT", ".git.", ".Git ", "git~1", ".g\u200cit", ".git::$INDEX_ALLOCATION"])
async def test_names_that_other_systems_read_as_git_are_refused(
    workspaces: GitWorkspaces, checkout: Checkout, name: str
) -> None:
    """Whoever clones the result on macOS or Windows must not get a hook."""
    (checkout.root / "sub" / name).mkdir(parents=True)
    (checkout.root / "sub" / name / "config").write_text("x")
    with pytest.raises(WorkspaceError, match="that git would read as"):
        await workspaces.tree(checkout)


@pytest.mark.parametrize(
    ("name", "words"),
    [(b"a\nb", "control character"), (b"a\x1b[2Jb", "control character"), (b"\xff\xfe", "not UTF-8")],
)
async def test_names_that_cannot_be_shown_are_refused(
    workspaces: GitWorkspaces, checkout: Checkout, name: bytes, words: str
) -> None:
    """The error names the file without its escape sequences."""
    (checkout.root / os.fsdecode(name)).write_text("x")
    with pytest.raises(WorkspaceError, match=words) as caught:
        await workspaces.tree(checkout)
    assert str(caught.value).isprintable()


async def test_a_file_over_50_mb_is_refused_before_it_is_stored(workspaces: GitWorkspaces, checkout: Checkout) -> None:
    """New or changed; one that .gitignore names does not matter."""
    for name in ("huge.bin", "app.py"):
        with (checkout.root / name).open("wb") as file:
            file.truncate(51 * 2**20)
        with pytest.raises(WorkspaceError, match=rf"`{name}` has 51 MB, more than the 50 MB"):
            await workspaces.tree(checkout)
        (checkout.root / name).unlink()
    with (checkout.root / "huge.log").open("wb") as file:
        file.truncate(51 * 2**20)
    await workspaces.tree(checkout)


@pytest.mark.parametrize(
    "target", ["/etc/passwd", "..", "../source", "docs/../../source", "bin/../../../etc", "link/../../../x", "/"]
)
async def test_a_link_out_of_the_checkout_is_refused(
    workspaces: GitWorkspaces, checkout: Checkout, target: str
) -> None:
    """Absolute, upward, or by a detour."""
    (checkout.root / "new").symlink_to(target)
    with pytest.raises(WorkspaceError, match="`new` is a symbolic link that leads out of the repository"):
        await workspaces.tree(checkout)


@pytest.mark.parametrize("target", ["app.py", "docs/../app.py", "./bin", "missing/file", "new"])
async def test_a_link_inside_is_kept(workspaces: GitWorkspaces, checkout: Checkout, base: Sha, target: str) -> None:
    """Also one that leads nowhere, or to itself."""
    (checkout.root / "new").symlink_to(target)
    tree = await workspaces.tree(checkout)
    assert await workspaces.changes(checkout, base, tree) == [FileChange("new", target.encode(), "120000")]


def test_links_are_followed_through_other_links() -> None:
    """Each link alone looks harmless: `a/up` stays inside, and so does `up/../x` if `up` were a folder."""
    links = {"a/b/up": "../..", "a/b/out": "up/../x", "old": "/etc", "new": "old/passwd", "loop": "loop/x"}
    assert not leads_out("a/b/up", links)
    assert leads_out("a/b/out", links)
    assert leads_out("new", links)
    assert not leads_out("loop", links)


async def test_what_was_there_before_is_not_ours_to_refuse(workspaces: GitWorkspaces, source: Source) -> None:
    """A link out of the repository that its maintainers committed stays, and the rest can be changed."""
    (source.path / "old").symlink_to("/etc/hosts")
    base = source.commit({"a": "1"})
    checkout = await workspaces.open(RUN, source.url, "", base)
    (checkout.root / "a").write_text("2")
    tree = await workspaces.tree(checkout)
    assert [change.path for change in await workspaces.changes(checkout, base, tree)] == ["a"]


async def test_a_pipe_in_the_place_of_a_file_is_refused(workspaces: GitWorkspaces, checkout: Checkout) -> None:
    """git would say something else, or wait."""
    (checkout.root / "app.py").unlink()
    os.mkfifo(checkout.root / "app.py")
    with pytest.raises(WorkspaceError, match=r"`app\.py` is neither a file nor a symbolic link"):
        await workspaces.tree(checkout)


async def test_a_folder_replaced_by_a_link_is_not_walked(workspaces: GitWorkspaces, checkout: Checkout) -> None:
    """A tracked folder that now points elsewhere is a deletion and a link, which is refused; nothing there is read."""
    for path in (checkout.root / "docs/sp ace").iterdir():
        path.unlink()
    (checkout.root / "docs/sp ace").rmdir()
    (checkout.root / "docs").rmdir()
    (checkout.root / "docs").symlink_to("/etc")
    with pytest.raises(WorkspaceError, match="`docs` is a symbolic link that leads out"):
        await workspaces.tree(checkout)


async def test_a_refusal_spoils_nothing(
    workspaces: GitWorkspaces, checkout: Checkout, source: Source, base: Sha
) -> None:
    """After the cause is gone, the tree is right again."""
    (checkout.root / "new").symlink_to("/etc/passwd")
    with pytest.raises(WorkspaceError):
        await workspaces.tree(checkout)
    (checkout.root / "new").unlink()
    assert await workspaces.tree(checkout) == source.tree_of(base)


async def test_filters_and_hooks_of_the_checkout_are_not_run(
    workspaces: GitWorkspaces, checkout: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither by attributes with a filter in the user's own configuration, nor by GIT_* variables around us."""
    config = tmp_path / "gitconfig"
    config.write_text(
        '[filter "x"]\nclean = touch RAN\nsmudge = touch RAN\n[core]\nfsmonitor = touch RAN\n'.replace(
            "RAN", f"{tmp_path}/ran"
        )
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_CONFIG", str(config))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", f"touch {tmp_path}/ran")
    config.rename(tmp_path / ".gitconfig")
    (checkout.root / ".gitattributes").write_text("* filter=x\n")
    (checkout.root / "f").write_text("x")
    tree = await workspaces.tree(checkout)
    await workspaces.diff(checkout, checkout.base, tree)
    await workspaces.restore(checkout, tree)
    assert not (tmp_path / "ran").exists()


async def test_a_file_changed_back_in_time_is_seen(workspaces: GitWorkspaces, checkout: Checkout, base: Sha) -> None:
    """Same size, same modification time: the change is still found."""
    target = checkout.root / "app.py"
    await workspaces.tree(checkout)
    before = target.stat()
    target.write_text("x = 7\n")
    os.utime(target, ns=(before.st_atime_ns, before.st_mtime_ns))
    tree = await workspaces.tree(checkout)
    assert await workspaces.changes(checkout, base, tree) == [FileChange("app.py", b"x = 7\n")]


async def test_every_quick_change_of_the_same_size_is_seen(
    workspaces: GitWorkspaces, checkout: Checkout, base: Sha
) -> None:
    """A file written again right after its tree was taken is not mistaken for the old one."""
    for n in range(10):
        (checkout.root / "app.py").write_text(f"x = {n}\n")
        tree = await workspaces.tree(checkout)
        changes = await workspaces.changes(checkout, base, tree)
        assert changes == ([] if n == 1 else [FileChange("app.py", f"x = {n}\n".encode())])


@pytest.mark.parametrize(
    "change",
    [
        FileChange(".git/hooks/x", b""),
        FileChange("a/.GIT/x", b""),
        FileChange("l", b"/etc", "120000"),
        FileChange("../x", b""),
        FileChange("/x", b""),
        FileChange("a//b", b""),
    ],
)
async def test_write_refuses_what_tree_refuses(
    workspaces: GitWorkspaces, checkout: Checkout, base: Sha, change: FileChange
) -> None:
    """Changes that come from elsewhere are checked like files."""
    with pytest.raises(WorkspaceError):
        await workspaces.write(checkout, base, [change])


@pytest.mark.parametrize("run", ["../x", "a/b", "", ".locks", "a\n", "x" * 101, "-rf"])
async def test_the_id_of_a_run_is_no_path(workspaces: GitWorkspaces, source: Source, base: Sha, run: str) -> None:
    """It names a folder, so it is nothing else."""
    with pytest.raises(WorkspaceError, match="is not the id of a run"):
        await workspaces.open(RunId(run), source.url, "", base)
    with pytest.raises(WorkspaceError, match="is not the id of a run"):
        await workspaces.drop(RunId(run))
