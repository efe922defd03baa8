"""The whole table of ways out, tried for real in every sandbox that claims to hold, and against the file tools."""

import itertools
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.adapters.sandbox import UnsafeSandbox
from bot.adapters.sandbox.cgroup import places
from bot.core.conversation import Json, ToolUse
from bot.ports import ExecResult, Sandbox, SandboxLimits
from bot.tools import ToolBox

from .attempts import ATTEMPTS, Attempt
from .conftest import ISOLATED, SMALL, alive
from .services import Service, serving

pytestmark = pytest.mark.slow

_NUMBERS = itertools.count(70_000 + os.getpid() % 1_000 * 100)


@dataclass
class Victim:
    """What the host has that no command may see, change or reach."""

    checkout: Path
    extra: Path
    outside: Path
    home: Path
    service: Service
    neighbour: "subprocess.Popen[bytes]"
    sockets: list[socket.socket]
    tag: str = field(default_factory=lambda: str(next(_NUMBERS)))

    @property
    def names(self) -> dict[str, str]:
        return {
            "SECRET": f"{self.outside}/secret.txt",
            "OUTSIDE": str(self.outside),
            "BOT_HOME": str(self.home),
            "HOOKS": f"{self.outside}/repository.git/hooks",
            "BOT": str(os.getpid()),
            "NEIGHBOUR": str(self.neighbour.pid),
            "PORT": str(self.service.port),
            "ABSTRACT": f"devflow-test-{self.tag}",
            "TAG": self.tag,
        }

    def filled(self, script: str) -> str:
        for name in sorted(self.names, key=len, reverse=True):
            script = script.replace(f"${name}", self.names[name]).replace(
                f"os.environ['{name}']", repr(self.names[name])
            )
        return script

    async def attacked(self, sandbox: Sandbox, attempt: Attempt) -> list[str]:
        """What came of it, in words; empty if the sandbox held."""
        before = self._outside()
        argv = ["/bin/bash", "-c", self.filled(attempt.script)]
        result = await sandbox.run(argv, checkout=self.checkout, limits=attempt.limits, extra=self.extra)
        return self._harm(result, before)

    def _harm(self, result: ExecResult, before: dict[str, str]) -> list[str]:
        found = [word for word in ("ESCAPED", "TOKEN", "sk-secret") if word in result.output]
        found += ["the host's files changed"] if self._outside() != before else []
        found += ["a service was called"] if self.service.heads else []
        found += ["a process of the host died"] if self.neighbour.poll() is not None else []
        found += ["a process was left behind"] if alive(f"sleep {self.tag}") else []
        found += ["a flood of output"] if len(result.output) > SMALL.output_bytes + 200 else []
        return [*found, result.output] if found else []

    def _outside(self) -> dict[str, str]:
        """Every file beside the checkout, with its content."""
        paths = [p for p in self.outside.rglob("*") if not p.is_relative_to(self.checkout) and not p.is_socket()]
        return {str(p): p.read_text() if p.is_file() and not p.is_symlink() else "" for p in paths}


@pytest.fixture
def victim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Victim]:
    checkout, extra, home = tmp_path / "tree", tmp_path / "env", tmp_path / "home"
    for folder in (checkout, extra, home / ".ssh", tmp_path / "repository.git/hooks"):
        folder.mkdir(parents=True)
    for path in (tmp_path / "secret.txt", home / ".ssh/id_rsa", extra / "lib.py"):
        path.write_text("TOKEN\n" if path.name != "lib.py" else "")
    (tmp_path / "secret.txt").chmod(0o666)
    (checkout / "planted").symlink_to(tmp_path / "secret.txt")
    (checkout / "planted-folder").symlink_to(tmp_path)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-secret")
    child = {**os.environ, "ANTHROPIC_API_KEY": "sk-secret"}
    with serving() as service, subprocess.Popen(("sleep", "600"), env=child) as neighbour:
        found = Victim(checkout, extra, tmp_path, home, service, neighbour, [])
        for address in (str(tmp_path / "s"), f"\0devflow-test-{found.tag}"):
            found.sockets.append(socket.socket(socket.AF_UNIX))
            found.sockets[-1].bind(address)
            found.sockets[-1].listen()
        yield found
        neighbour.kill()
        for one in found.sockets:
            one.close()


@pytest.fixture(params=ISOLATED)
def holding(request: pytest.FixtureRequest) -> Sandbox:
    """Each sandbox that claims to isolate."""
    found: Sandbox = request.getfixturevalue(request.param)
    return found


def test_there_are_at_least_forty_attempts() -> None:
    """Each with a name of its own."""
    assert len({attempt.name for attempt in ATTEMPTS}) == len(ATTEMPTS) >= 40


@pytest.mark.parametrize("attempt", [pytest.param(a, id=a.name) for a in ATTEMPTS])
async def test_it_holds(holding: Sandbox, victim: Victim, attempt: Attempt) -> None:
    """Nothing of the host is seen, changed, reached, used up or left behind."""
    assert await victim.attacked(holding, attempt) == []


@pytest.mark.parametrize("attempt", [pytest.param(a, id=a.name) for a in ATTEMPTS if a.control])
async def test_without_a_sandbox_it_gets_out(victim: Victim, attempt: Attempt) -> None:
    """The attempt is a real one, and the judgement sees it."""
    if attempt.name == "become-root" and os.geteuid() != 0:
        pytest.skip("only root is root")
    assert await victim.attacked(UnsafeSandbox(), attempt)


async def test_processors_are_shared_out(holding: Sandbox, checkout: Path) -> None:
    """Where the kernel can: a command that is busy for a second of the wall clock had a fraction of a processor."""
    if holding.name == "bubblewrap":
        found = places(Path("/sys/fs/cgroup"), Path("/proc/self/cgroup"))
        if not any("cpu" in place.controllers for place in found):
            pytest.skip("no control group for processors may be made here")
    script = "import time\nend = time.monotonic() + 1\nwhile time.monotonic() < end: pass\nprint(time.process_time())"
    limits = SandboxLimits(seconds=30, memory_mb=512, cpus=0.2)
    result = await holding.run(["python3", "-c", script], checkout=checkout, limits=limits)
    assert float(result.output) < 0.6


# The file tools

READS: dict[str, tuple[str, Json]] = {
    "read-by-going-up": ("Read", {"file_path": "../secret.txt"}),
    "read-by-going-up-from-a-folder": ("Read", {"file_path": "src/../../secret.txt"}),
    "read-an-absolute-path": ("Read", {"file_path": "$SECRET"}),
    "read-from-the-mounted-path-up": ("Read", {"file_path": "/work/../secret.txt"}),
    "read-the-environment-of-the-bot": ("Read", {"file_path": "/proc/self/environ"}),
    "read-through-a-link": ("Read", {"file_path": "planted"}),
    "read-through-a-linked-folder": ("Read", {"file_path": "planted-folder/secret.txt"}),
    "read-through-a-link-to-proc": ("Read", {"file_path": "proc/self/environ"}),
    "search-through-a-link": ("Grep", {"pattern": "TOKE[N]", "path": "planted", "output_mode": "content"}),
    "search-a-linked-folder": ("Grep", {"pattern": "TOKE[N]", "path": "planted-folder", "output_mode": "content"}),
    "search-everything": ("Grep", {"pattern": "TOKE[N]|sk-secre[t]", "output_mode": "content"}),
    "search-by-going-up": ("Grep", {"pattern": "TOKE[N]", "path": "..", "output_mode": "content"}),
    "list-by-going-up": ("Glob", {"pattern": "../*"}),
    "list-a-folder-by-going-up": ("Glob", {"pattern": "*", "path": "../"}),
    "list-a-linked-folder": ("Glob", {"pattern": "planted-folder/**"}),
    "list-the-machine": ("Glob", {"pattern": "/etc/*"}),
}
WRITES: dict[str, tuple[str, Json]] = {
    "write-by-going-up": ("Write", {"file_path": "../made.txt", "content": "x"}),
    "write-an-absolute-path": ("Write", {"file_path": "$OUTSIDE/made.txt", "content": "x"}),
    "write-through-a-link": ("Write", {"file_path": "planted", "content": "x"}),
    "write-through-a-linked-folder": ("Write", {"file_path": "planted-folder/made.txt", "content": "x"}),
    "write-through-a-link-to-nothing": ("Write", {"file_path": "dangling", "content": "x"}),
    "write-a-hook": ("Write", {"file_path": ".git/hooks/post-checkout", "content": "#!/bin/sh\n"}),
    "write-a-hook-as-another-system-spells-it": ("Write", {"file_path": "GIT~1/hooks/post-checkout", "content": "x"}),
    "write-the-hooks-of-the-bot": ("Write", {"file_path": "$HOOKS/post-checkout", "content": "x"}),
    "write-where-git-is-told-to-look": ("Write", {"file_path": ".git", "content": "gitdir: ../evil\n"}),
    "edit-through-a-link": ("Edit", {"file_path": "planted", "old_string": "TOKEN", "new_string": "x"}),
    "edit-by-going-up": ("Edit", {"file_path": "../secret.txt", "old_string": "TOKEN", "new_string": "x"}),
}


@pytest.fixture
def box(victim: Victim) -> ToolBox:
    (victim.checkout / "src").mkdir()
    (victim.checkout / "proc").symlink_to("/proc")
    (victim.checkout / "dangling").symlink_to(victim.outside / "made.txt")
    return ToolBox(victim.checkout, UnsafeSandbox())


@pytest.mark.parametrize("name", [*READS, *WRITES])
async def test_the_file_tools_hold(victim: Victim, box: ToolBox, name: str) -> None:
    """They are answered with an error or with nothing, and no file outside is seen or changed."""
    tool, given = (READS | WRITES)[name]
    before = victim._outside()
    filled = {key: victim.filled(value) if isinstance(value, str) else value for key, value in given.items()}
    answer = await box.call(ToolUse("1", tool, filled))
    assert "TOKEN" not in answer.content
    assert "sk-secret" not in answer.content
    assert not any(word in answer.content for word in ("id_rsa", "passwd"))
    assert victim._outside() == before
    assert not (victim.checkout / ".git").exists()
    assert answer.is_error or answer.content.startswith(("No file matches", "Nothing matches"))


async def test_the_file_tools_hold_while_links_are_swapped(victim: Victim, box: ToolBox) -> None:
    """Between the check and the use of a name nothing can change: a folder and a link to the outside trade places."""
    (victim.checkout / "real").mkdir()
    (victim.checkout / "real/secret.txt").write_text("mine\n")
    (victim.checkout / "swap").symlink_to("../../outside-nowhere")
    stop = threading.Event()

    def swap() -> None:
        for target in itertools.cycle((victim.outside, victim.checkout / "real")):
            if stop.is_set():
                return
            (victim.checkout / "new").symlink_to(target)
            (victim.checkout / "new").replace(victim.checkout / "swap")

    before = victim._outside()
    thread = threading.Thread(target=swap)
    thread.start()
    try:
        for _ in range(300):
            read = await box.call(ToolUse("1", "Read", {"file_path": "swap/secret.txt"}))
            assert "TOKEN" not in read.content
            written = await box.call(ToolUse("2", "Write", {"file_path": "swap/made.txt", "content": "x"}))
            assert written.is_error
    finally:
        stop.set()
        thread.join()
    assert victim._outside() == before
