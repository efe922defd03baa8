"""Fetching: over HTTP with a token that stays secret, by many at once, and after every kind of interruption."""

import asyncio
import base64
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from bot.adapters.workspace import GitWorkspaces
from bot.adapters.workspace.disk import locked
from bot.adapters.workspace.git import Git, Remote
from bot.core.repository import Sha
from bot.core.runs import RunId
from bot.ports import WorkspaceError

from .conftest import RUN, Source

TOKEN = "ghs_secret0123456789"


class GitOverHttp(BaseHTTPRequestHandler):
    """git's own `http-backend`, which asks for the token; every request is noted."""

    projects: ClassVar[Path]
    port: ClassVar[int]
    seen: ClassVar[list[tuple[str, str]]]
    old: ClassVar[bool] = False
    """Speak the first version of the protocol, in which only branches can be asked for."""

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        self._serve(self.rfile.read(int(self.headers["Content-Length"])))

    def _serve(self, body: bytes) -> None:
        self.seen.append((self.path, self.headers.get("Authorization", "")))
        wanted = "Basic " + base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()
        if self.path.startswith("/moved/"):
            self.send_response(302)
            self.send_header("Location", f"http://localhost:{self.port}/source{self.path[6:]}")
            self.end_headers()
            return
        if self.headers.get("Authorization") != wanted:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.end_headers()
            return
        path, _, query = self.path.partition("?")
        env = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.projects),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROTOCOL": "" if self.old else self.headers.get("Git-Protocol", ""),
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
        }
        done = subprocess.run(("git", "http-backend"), env=env, input=body, capture_output=True, check=True)
        head, _, rest = done.stdout.partition(b"\r\n\r\n")
        self.send_response(200)
        for line in head.decode().split("\r\n"):
            name, _, value = line.partition(": ")
            if name != "Status":
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(rest)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        return


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The address of a git server on the loopback; the repository is /source/.git."""
    GitOverHttp.projects, GitOverHttp.seen = tmp_path, []
    http = ThreadingHTTPServer(("127.0.0.1", 0), GitOverHttp)
    GitOverHttp.port = http.server_port
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{http.server_port}"
    http.shutdown()
    http.server_close()
    thread.join()


def holds(folder: Path, *secrets: str) -> list[str]:
    """The files below a folder in which one of the secrets is written."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return [str(path) for path in files if any(secret.encode() in path.read_bytes() for secret in secrets)]


async def test_a_private_repository_is_fetched_with_the_token(
    root: Path, server: str, source: Source, base: Sha
) -> None:
    """The token goes out as a header, and afterwards it is in no file."""
    checkout = await GitWorkspaces(root).open(RUN, f"{server}/source/.git", TOKEN, base)
    assert (checkout.root / "app.py").read_text() == "x = 1\n"
    assert {auth for _, auth in GitOverHttp.seen} == {
        "Basic " + base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()
    }
    assert holds(root, TOKEN, base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()) == []


async def test_the_history_is_not_fetched(root: Path, server: str, source: Source, base: Sha) -> None:
    """One commit is all a checkout needs."""
    newest = source.commit({"app.py": "x = 2\n"})
    checkout = await GitWorkspaces(root).open(RUN, f"{server}/source/.git", TOKEN, newest)
    git = Git(checkout.git_dir)
    assert await git.ok("cat-file", "-e", newest)
    assert not await git.ok("cat-file", "-e", base)


@pytest.mark.parametrize("token", ["", "wrong-token-123"])
async def test_a_refused_token_is_an_error_without_the_token(
    root: Path, server: str, source: Source, base: Sha, token: str
) -> None:
    """The error says what to check, does not ask a terminal, and leaves nothing half made behind."""
    with pytest.raises(WorkspaceError, match=r"refused the token\. Check that the app is installed") as caught:
        await GitWorkspaces(root).open(RUN, f"{server}/source/.git", token, base)
    assert not token or token not in str(caught.value)
    checkout = await GitWorkspaces(root).open(RUN, f"{server}/source/.git", TOKEN, base)
    assert (checkout.root / "app.py").exists()


async def test_the_token_is_in_no_argument_and_no_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Arguments can be read by every user of the machine; errors are posted in comments."""
    remote = Remote("https://example.com/a/b.git", TOKEN)
    basic = base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()
    assert TOKEN not in repr(remote)
    assert remote.redact(f"fatal: {TOKEN} and {basic}") == "fatal: *** and ***"
    stub = tmp_path / "bin/git"
    stub.parent.mkdir()
    stub.write_text("#!/bin/sh\ntr '\\0' ' ' < /proc/$$/cmdline >&2\nexit 1\n")
    stub.chmod(0o755)
    monkeypatch.setenv("PATH", f"{stub.parent}:{os.environ['PATH']}")
    _, _, said = await Git(tmp_path / "git", remote=remote).result("fetch", remote.url)
    assert "fetch https://example.com" in said
    assert TOKEN not in said
    assert basic not in said


async def test_a_redirect_is_not_followed_with_the_token(root: Path, server: str, source: Source, base: Sha) -> None:
    """A server cannot pass our token on to another."""
    with pytest.raises(WorkspaceError):
        await GitWorkspaces(root).open(RUN, f"{server}/moved/.git", TOKEN, base)
    assert all(path.startswith("/moved/") for path, _ in GitOverHttp.seen)


@pytest.mark.parametrize(
    "url",
    [
        "ext::sh -c touch% /tmp/x",
        "file:///etc",
        "/etc",
        "ssh://git@example.com/a/b",
        "git@example.com:a/b",
        "--upload-pack=touch x",
        "https://user:password@example.com/a/b",
        "https://example.com/a b",
        "https://example.com/a\nb",
        "http://",
    ],
)
async def test_only_http_urls_without_a_user_are_fetched(root: Path, base: Sha, url: str) -> None:
    """No program, no file, no SSH key of the machine, no password on disk."""
    with pytest.raises(WorkspaceError, match="not an http"):
        await GitWorkspaces(root).open(RUN, url, "", base)


@pytest.mark.parametrize("base", ["main", "HEAD", "--help", "", "abc", "0" * 39])
async def test_a_base_is_a_whole_sha(workspaces: GitWorkspaces, source: Source, base: str) -> None:
    """A branch may move between two phases; a SHA does not."""
    with pytest.raises(WorkspaceError, match="is not the SHA"):
        await workspaces.open(RUN, source.url, "", Sha(base))


async def test_a_commit_that_is_gone_is_said_to_be_gone(workspaces: GitWorkspaces, source: Source, base: Sha) -> None:
    """After a force push, say."""
    with pytest.raises(WorkspaceError, match=r"has no commit 1111|could not be fetched"):
        await workspaces.open(RUN, source.url, "", Sha("1" * 40))


async def test_a_server_that_gives_only_branches_will_do(
    root: Path, server: str, source: Source, base: Sha, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An old protocol refuses a commit by its name; it is found among the branches, below their tips too."""
    source.commit({"app.py": "x = 2\n"})
    monkeypatch.setattr(GitOverHttp, "old", True)
    checkout = await GitWorkspaces(root).open(RUN, f"{server}/source/.git", TOKEN, base)
    assert (checkout.root / "app.py").read_text() == "x = 1\n"
    with pytest.raises(WorkspaceError, match="has no commit 1111"):
        await GitWorkspaces(root).open(RunId("other"), f"{server}/source/.git", TOKEN, Sha("1" * 40))


async def test_many_runs_of_one_repository_at_once(
    workspaces: GitWorkspaces, root: Path, source: Source, base: Sha
) -> None:
    """Eight runs at two commits open at the same time; the repository is stored once."""
    second = source.commit({"app.py": "x = 2\n"})
    opened = await asyncio.gather(
        *(workspaces.open(RunId(f"r{n}"), source.url, "", (base, second)[n % 2]) for n in range(8))
    )
    assert [(c.root / "app.py").read_text() for c in opened] == ["x = 1\n", "x = 2\n"] * 4
    assert len(list((root / ".mirrors").glob("*.git"))) == 1


async def test_two_tasks_that_open_one_run_get_one_checkout(
    workspaces: GitWorkspaces, source: Source, base: Sha
) -> None:
    """A run that was taken over while its first worker still lives."""
    first, second = await asyncio.gather(*(workspaces.open(RUN, source.url, "", base) for _ in range(2)))
    assert first == second
    assert (first.root / "app.py").read_text() == "x = 1\n"


async def test_a_lock_is_waited_for_and_then_given_up(tmp_path: Path) -> None:
    """Nobody waits for ever on a process that hangs, and the error names the lock."""
    async with locked(tmp_path / "l"):
        with pytest.raises(WorkspaceError, match="has held l for 0 s"):
            async with locked(tmp_path / "l", seconds=0.1):
                pass
    async with locked(tmp_path / "l", seconds=0.1):
        pass


async def test_what_a_killed_git_leaves_does_not_matter(
    workspaces: GitWorkspaces, root: Path, source: Source, base: Sha
) -> None:
    """Lock files and half a pack in the mirror, half a clone beside it, half a checkout: all made anew."""
    await workspaces.open(RunId("first"), source.url, "", base)
    mirror = next((root / ".mirrors").glob("*.git"))
    for left in ("shallow.lock", "packed-refs.lock", "refs/devflow/x.lock", "objects/pack/tmp_pack_X"):
        (mirror / left).write_text("")
    (mirror.with_name(f"{mirror.stem}.new-123")).mkdir()
    second = source.commit({"app.py": "x = 2\n"})
    (root / RUN / "tree").mkdir(parents=True)
    (root / RUN / "tree/junk").write_text("x")
    (root / RUN / "git").mkdir()
    checkout = await workspaces.open(RUN, source.url, "", second)
    assert (checkout.root / "app.py").read_text() == "x = 2\n"
    assert not (checkout.root / "junk").exists()


@pytest.mark.parametrize("lost", ["tree", "git", "base", "git/index", "mirror"])
async def test_whatever_is_lost_is_made_again(
    workspaces: GitWorkspaces, root: Path, source: Source, base: Sha, lost: str
) -> None:
    """A checkout with a part missing is opened whole, at its base."""
    checkout = await workspaces.open(RUN, source.url, "", base)
    target = next((root / ".mirrors").glob("*.git")) if lost == "mirror" else root / RUN / lost
    target.rename(root / "lost") if target.is_dir() else target.unlink()
    again = await workspaces.open(RUN, source.url, "", base)
    assert again == checkout
    if lost != "git/index":
        assert await workspaces.tree(again) == source.tree_of(base)
    else:
        assert await workspaces.restore(again, base)
        assert await workspaces.tree(again) == source.tree_of(base)


OPENING = """
import asyncio, sys
from pathlib import Path
from bot.adapters.workspace import GitWorkspaces
print("begun", flush=True)
asyncio.run(GitWorkspaces(Path(sys.argv[1]), allow_file=True).open("killed", sys.argv[2], "", sys.argv[3]))
print("done", flush=True)
"""


@pytest.mark.kill
@pytest.mark.parametrize("milliseconds", [0, 15, 30, 45, 60, 80, 100, 130])
async def test_open_can_be_killed_at_any_moment(
    workspaces: GitWorkspaces, root: Path, source: Source, base: Sha, milliseconds: int
) -> None:
    """After SIGKILL at different moments the next process opens the same run, and its files are right."""
    process = subprocess.Popen(
        (sys.executable, "-c", OPENING, str(root), source.url, base),
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"begun\n"
    try:
        process.wait(milliseconds / 1000)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
    process.stdout.close()
    checkout = await workspaces.open(RunId("killed"), source.url, "", base)
    assert await workspaces.tree(checkout) == source.tree_of(base)
    assert (checkout.root / "app.py").read_text() == "x = 1\n"


async def test_a_cancelled_open_can_be_repeated(workspaces: GitWorkspaces, source: Source, base: Sha) -> None:
    """Cancelling leaves no lock behind."""
    task = asyncio.create_task(workspaces.open(RUN, source.url, "", base))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    checkout = await workspaces.open(RUN, source.url, "", base)
    assert await workspaces.tree(checkout) == source.tree_of(base)


async def test_a_git_that_hangs_is_killed(tmp_path: Path) -> None:
    """With all it started, and the error says how long it was waited for."""
    git = Git(tmp_path / "git")
    await _init(git)
    with pytest.raises(WorkspaceError, match="git cat-file was not done after 0 s"):
        await git.run("cat-file", "--batch", stdin=b"", seconds=0)


async def _init(git: Git) -> None:
    git.git_dir.mkdir()
    await git.run("init", "--bare", "--quiet", str(git.git_dir))
