"""Read, Write and Edit as an agent uses them, and the ways out of the checkout that they must not be."""

import asyncio
import ctypes
import os
import socket
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.conversation import ToolUse
from bot.core.paths import git_like, unfit
from bot.ports import ExecResult, SandboxError
from bot.tools import ToolBox
from bot.tools.errors import ToolError
from bot.tools.openat import components, put, regular_file


class NoCommands:
    """A sandbox that is not to be used."""

    name = "unused"

    def available(self) -> str | None:
        return "not in these tests."

    async def run(self, *_: object, **__: object) -> ExecResult:
        raise SandboxError("not in these tests.")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    (root / "src").mkdir(parents=True)
    (root / "src/login.py").write_text("def login():\n    return True\n")
    (tmp_path / "secret.txt").write_text("TOKEN\n")
    return root


async def use(root: Path, name: str, **inputs: object) -> tuple[str, bool]:
    """The answer's text, and whether it is an error."""
    result = await ToolBox(root, NoCommands()).call(ToolUse("t1", name, dict(inputs)))
    assert result.tool_use_id == "t1"
    return result.content, result.is_error


async def test_read_numbers_lines_like_cat(checkout: Path) -> None:
    """Six columns, a tab, the line."""
    assert await use(checkout, "Read", file_path="src/login.py") == (
        "     1\tdef login():\n     2\t    return True",
        False,
    )


async def test_the_mounted_path_is_the_same_file(checkout: Path) -> None:
    """What Bash calls /work/src/login.py, the other tools may call that too."""
    answers = [
        await use(checkout, "Read", file_path=p) for p in ("/work/src/login.py", "./src//login.py", "src/login.py")
    ]
    assert answers[0] == answers[1] == answers[2]


async def test_read_says_how_to_read_on(checkout: Path) -> None:
    """A part of a file ends with the offset of the next part, and that part follows without a gap."""
    (checkout / "long.txt").write_text("".join(f"{n}\n" for n in range(1, 2501)))
    first, _ = await use(checkout, "Read", file_path="long.txt")
    assert first.endswith("  2000\t2000\n[lines 1 to 2000 of 2500; read on with offset=2001]")
    second, _ = await use(checkout, "Read", file_path="long.txt", offset=2001)
    assert second.startswith("  2001\t2001\n")
    assert second.endswith("  2500\t2500")


async def test_read_stops_at_the_size_of_a_result(checkout: Path) -> None:
    """No answer is longer than 30,000 characters and its note, and the note is right about what was shown."""
    (checkout / "wide.txt").write_text("".join(f"{'x' * 999}\n" for _ in range(100)))
    text, error = await use(checkout, "Read", file_path="wide.txt")
    assert not error
    assert len(text) < 31_000
    assert "[lines 1 to 29 of 100; read on with offset=30]" in text


async def test_read_cuts_one_endless_line(checkout: Path) -> None:
    """A minified file shows its beginning and how much is missing."""
    (checkout / "app.min.js").write_text("a" * 500_000)
    text, _ = await use(checkout, "Read", file_path="app.min.js")
    assert text.endswith("[line cut: 498000 more characters]")


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("logo.png", b"\x89PNG\0\0", "`logo.png` is a binary file (6 bytes)"),
        ("empty.txt", b"", "`empty.txt` is empty"),
        ("latin.txt", b"caf\xe9\n", "caf�"),
        ("dos.txt", b"one\r\ntwo\r\n", "     1\tone\n     2\ttwo"),
    ],
)
async def test_read_of_odd_files(checkout: Path, name: str, data: bytes, words: str) -> None:
    """Binary files are refused by name; empty, foreign and DOS files are shown as what they are."""
    (checkout / name).write_bytes(data)
    assert words in (await use(checkout, "Read", file_path=name))[0]


async def test_read_of_what_is_not_there_says_what_to_do(checkout: Path) -> None:
    """Each mistake has its own sentence."""
    assert await use(checkout, "Read", file_path="nope.py") == (
        "`nope.py` does not exist. Use Glob to find files.",
        True,
    )
    assert await use(checkout, "Read", file_path="no/nope.py") == ("`no` does not exist. Use Glob to find files.", True)
    assert await use(checkout, "Read", file_path="src") == ("`src` is a folder. Use Glob to list its files.", True)
    past = await use(checkout, "Read", file_path="src/login.py", offset=9)
    assert past == ("`src/login.py` has 2 lines; there is no line 9.", True)


async def test_read_refuses_what_is_too_large_to_hold(checkout: Path) -> None:
    """A file of more than 10 MB is not taken into memory."""
    with (checkout / "huge.log").open("wb") as file:
        file.truncate(11 * 2**20)
    text, error = await use(checkout, "Read", file_path="huge.log")
    assert error
    assert "more than 10 MB. Use Grep" in text


async def test_write_makes_folders_and_a_normal_file(checkout: Path) -> None:
    """A new file in new folders can be read and written by its owner, and is not executable."""
    assert await use(checkout, "Write", file_path="a/b/c.txt", content="é\n") == ("Made `a/b/c.txt`: 1 lines.", False)
    assert (checkout / "a/b/c.txt").read_bytes() == "é\n".encode()
    assert stat.S_IMODE((checkout / "a/b/c.txt").stat().st_mode) == 0o644


async def test_write_keeps_the_executable_bit(checkout: Path) -> None:
    """A script that is written anew can still be started."""
    script = checkout / "run.sh"
    script.write_text("old")
    script.chmod(0o755)
    assert await use(checkout, "Write", file_path="run.sh", content="new") == ("Wrote `run.sh`: 1 lines.", False)
    assert stat.S_IMODE(script.stat().st_mode) == 0o755
    assert sorted(p.name for p in checkout.iterdir()) == ["run.sh", "src"], "no temporary file stays"


async def test_write_over_a_folder_is_refused(checkout: Path) -> None:
    """A folder is not replaced by a file, nor a file by a folder."""
    assert "is a folder" in (await use(checkout, "Write", file_path="src", content=""))[0]
    assert "is not a folder" in (await use(checkout, "Write", file_path="src/login.py/x", content=""))[0]


async def test_edit_replaces_one_place(checkout: Path) -> None:
    """The text is replaced and nothing else changes."""
    answer = await use(checkout, "Edit", file_path="src/login.py", old_string="True", new_string="False")
    assert answer == ("Replaced 1 occurrence in `src/login.py`.", False)
    assert (checkout / "src/login.py").read_text() == "def login():\n    return False\n"


async def test_edit_refuses_a_text_that_occurs_twice(checkout: Path) -> None:
    """It says how often and where, and changes nothing; replace_all changes all."""
    (checkout / "n.txt").write_text("a\nb\na\nab\n")
    text, error = await use(checkout, "Edit", file_path="n.txt", old_string="a", new_string="x")
    assert error
    assert "occurs 3 times in `n.txt`, in lines 1, 3, 4." in text
    assert (checkout / "n.txt").read_text() == "a\nb\na\nab\n"
    await use(checkout, "Edit", file_path="n.txt", old_string="a", new_string="x", replace_all=True)
    assert (checkout / "n.txt").read_text() == "x\nb\nx\nxb\n"


async def test_edit_shows_the_closest_line(checkout: Path) -> None:
    """A near miss is shown with its line number, a miss by white space is named as that."""
    near, _ = await use(checkout, "Edit", file_path="src/login.py", old_string="    return true", new_string="x")
    assert near == "old_string is not in `src/login.py`. The closest is line 2: `return True`"
    space, _ = await use(checkout, "Edit", file_path="src/login.py", old_string="\treturn True", new_string="x")
    assert "Line 2 has its first line; the white space or a later line differs" in space
    far, _ = await use(checkout, "Edit", file_path="src/login.py", old_string="<html>", new_string="x")
    assert "Nothing in it is like that" in far


async def test_edit_keeps_dos_line_ends(checkout: Path) -> None:
    """What was read with plain line ends can be edited with plain line ends."""
    (checkout / "dos.txt").write_bytes(b"one\r\ntwo\r\nthree\r\n")
    await use(checkout, "Edit", file_path="dos.txt", old_string="one\ntwo", new_string="1\n2")
    assert (checkout / "dos.txt").read_bytes() == b"1\r\n2\r\nthree\r\n"


async def test_edit_refuses_what_it_would_spoil(checkout: Path) -> None:
    """A file in another encoding is not rewritten as UTF-8, and an edit that changes nothing is a mistake."""
    (checkout / "latin.txt").write_bytes(b"caf\xe9\n")
    text, error = await use(checkout, "Edit", file_path="latin.txt", old_string="caf", new_string="x")
    assert error
    assert "not UTF-8 text (byte 3)" in text
    assert (checkout / "latin.txt").read_bytes() == b"caf\xe9\n"
    same, _ = await use(checkout, "Edit", file_path="src/login.py", old_string="a", new_string="a")
    assert "are the same" in same


async def test_edits_of_one_file_at_once_lose_nothing(checkout: Path) -> None:
    """Twenty tools called in one turn, each with a box of its own, change twenty places."""
    (checkout / "n.txt").write_text("".join(f"<{n}>\n" for n in range(20)))
    calls = [use(checkout, "Edit", file_path="n.txt", old_string=f"<{n}>", new_string=f"[{n}]") for n in range(20)]
    assert not any(error for _, error in await asyncio.gather(*calls))
    assert (checkout / "n.txt").read_text() == "".join(f"[{n}]\n" for n in range(20))


OUTSIDE = [
    "../secret.txt",
    "src/../../secret.txt",
    "/etc/passwd",
    "~/.ssh/id_rsa",
    "/work/../secret.txt",
    "/workx",
    "//etc/passwd",
]
GIT = [
    ".git/config",
    "src/.git",
    ".GIT/hooks/pre-commit",
    ".git./config",
    ".git /x",
    "git~1/config",
    ".g\u200cit/config",
]


@pytest.mark.parametrize("path", OUTSIDE)
@pytest.mark.parametrize("tool", ["Read", "Write", "Edit", "Grep", "Glob"])
async def test_no_tool_names_a_path_outside(checkout: Path, tool: str, path: str) -> None:
    """Paths that go up, or begin elsewhere, are refused by each tool, and nothing is written."""
    inputs = {
        "Read": {"file_path": path},
        "Write": {"file_path": path, "content": "x"},
        "Edit": {"file_path": path, "old_string": "TOKEN", "new_string": "x"},
        "Grep": {"pattern": ".", "path": path, "output_mode": "content"},
        "Glob": {"pattern": "*", "path": path},
    }[tool]
    text, error = await use(checkout, tool, **inputs)
    assert error
    assert "TOKEN" not in text
    assert "root:" not in text
    assert (checkout.parent / "secret.txt").read_text() == "TOKEN\n"


@pytest.mark.parametrize("path", GIT)
async def test_git_directories_are_out_of_reach(checkout: Path, path: str) -> None:
    """Nobody plants a hook for a git that somebody runs later."""
    for tool, rest in (("Read", {}), ("Write", {"content": "x"})):
        text, error = await use(checkout, tool, file_path=path, **rest)
        assert error
        assert "belongs to git" in text
    assert sorted(p.name for p in checkout.rglob("*")) == ["login.py", "src"]


async def test_links_are_refused_at_every_component(checkout: Path) -> None:
    """A link as the file, as a folder on the way, in a chain, into the checkout or to nowhere: never followed."""
    (checkout / "file").symlink_to("../secret.txt")
    (checkout / "up").symlink_to("..")
    (checkout / "etc").symlink_to("/etc")
    (checkout / "inner").symlink_to("src")
    (checkout / "chain").symlink_to("file")
    (checkout / "dangling").symlink_to("../made.txt")
    for path in ("file", "up/secret.txt", "etc/passwd", "inner/login.py", "chain", "dangling", "etc/new/file"):
        for tool, rest in (
            ("Read", {}),
            ("Write", {"content": "x"}),
            ("Edit", {"old_string": "TOKEN", "new_string": "x"}),
        ):
            text, error = await use(checkout, tool, file_path=path, **rest)
            assert error, (tool, path)
            assert "is a symbolic link to" in text
            assert "TOKEN" not in text
    assert (checkout.parent / "secret.txt").read_text() == "TOKEN\n"
    assert not (checkout.parent / "made.txt").exists()


async def test_what_is_no_regular_file_is_refused_without_waiting(checkout: Path) -> None:
    """A pipe that nobody writes to, and a socket, answer at once."""
    os.mkfifo(checkout / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(checkout / "s"))
        for path in ("pipe", "s"):
            for tool, rest in (("Read", {}), ("Write", {"content": "x"})):
                text, error = await use(checkout, tool, file_path=path, **rest)
                assert error
                assert "is not a regular file" in text, (tool, path)
    assert "Nothing matches" in (await use(checkout, "Grep", pattern="zzz"))[0]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make device nodes")
async def test_devices_are_refused(checkout: Path) -> None:
    """Reading a device that never ends does not begin."""
    os.mknod(checkout / "zero", stat.S_IFCHR | 0o666, os.makedev(1, 5))
    assert "is not a regular file" in (await use(checkout, "Read", file_path="zero"))[0]


def exchange(one: Path, other: Path) -> None:
    """Swap two names in one step, as renameat2(2) does it with RENAME_EXCHANGE."""
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.renameat2(-100, os.fsencode(one), -100, os.fsencode(other), 2) == 0


@pytest.fixture
def swapped(checkout: Path) -> Iterator[Path]:
    """A checkout in which `dir` and `leaf` are, by turns and very fast, real and links out of it."""
    outside = checkout.parent / "outside"
    for folder, text in ((outside, "TOKEN\n"), (checkout / "dir", "mine\n")):
        folder.mkdir()
        (folder / "f.txt").write_text(text)
    (checkout / "leaf").write_text("mine\n")
    (checkout / "dir-link").symlink_to(outside)
    (checkout / "leaf-link").symlink_to(outside / "f.txt")
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            exchange(checkout / "dir", checkout / "dir-link")
            exchange(checkout / "leaf", checkout / "leaf-link")

    thread = threading.Thread(target=swap)
    thread.start()
    yield checkout
    stop.set()
    thread.join()


def test_no_swap_of_a_link_leads_out(swapped: Path) -> None:
    """Thousands of reads and writes while another process swaps links in: none ever sees or touches a file outside."""
    outside = swapped.parent / "outside" / "f.txt"
    seen = {"mine": 0, "refused": 0}
    for _ in range(3_000):
        for path in ("dir/f.txt", "leaf"):
            try:
                with regular_file(swapped, path) as fd:
                    data = os.read(fd, 100)
                assert b"TOKEN" not in data
                seen["mine"] += 1
            except ToolError:
                seen["refused"] += 1
    for _ in range(500):
        for path in ("dir/g.txt", "leaf"):
            try:
                put(swapped, path, b"mine\n")
            except ToolError:
                seen["refused"] += 1
    assert outside.read_text() == "TOKEN\n"
    assert sorted(p.name for p in outside.parent.iterdir()) == ["f.txt"]
    assert seen["mine"]
    assert seen["refused"], "the swap was never seen: this test proved nothing"


@given(st.text(alphabet="ab./\\~\0gitGIT \u200c:1", max_size=30))
def test_accepted_paths_have_no_way_out(path: str) -> None:
    """Whatever is given: the names that come out are plain names, none of which is `..` or git's."""
    try:
        parts = components(path)
    except ToolError:
        return
    assert all(part not in {"", ".", ".."} and "/" not in part and "\0" not in part for part in parts)
    assert not any(git_like(part) for part in parts)


@pytest.mark.parametrize(
    "name", [".git", ".GIT", ".Git.", ".git  ", "git~1", "GIT~1", ".git::$INDEX", ".git\\x", "\ufeff.git"]
)
def test_names_that_git_would_take_for_its_own(name: str) -> None:
    """The list that git itself refuses with its file system protections on."""
    assert git_like(name)
    assert unfit(f"src/{name}/config")


@pytest.mark.parametrize(
    "name", [".gitignore", ".github", ".gitattributes", "git", "git~2", "x.git", ".git-blame-ignore-revs"]
)
def test_names_that_are_only_like_it(name: str) -> None:
    """Files that every repository has stay allowed."""
    assert not git_like(name)
    assert not unfit(name)
