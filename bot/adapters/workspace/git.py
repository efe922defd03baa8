"""The one place that runs git: no configuration but ours, no hook, no filter, no prompt, no credential on disk."""

import asyncio
import base64
import contextlib
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.ports import WorkspaceError

SECONDS = 120.0
FETCH_SECONDS = 900.0
_CONFIG = {
    "core.hooksPath": "/dev/null",
    "core.attributesFile": "/dev/null",
    "core.excludesFile": "/dev/null",
    "core.fsmonitor": "false",
    "core.untrackedCache": "false",
    "core.autocrlf": "false",
    "core.symlinks": "true",
    "core.fileMode": "true",
    "core.ignoreCase": "false",
    "core.precomposeUnicode": "false",
    "core.protectHFS": "true",
    "core.protectNTFS": "true",
    "core.quotePath": "false",
    "core.askPass": "",
    "credential.helper": "",
    "diff.ignoreSubmodules": "all",
    "submodule.recurse": "false",
    "fetch.recurseSubmodules": "false",
    "fetch.unpackLimit": "1",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "merge.directoryRenames": "false",
    "http.followRedirects": "false",
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "60",
    "protocol.allow": "never",
    "protocol.http.allow": "always",
    "protocol.https.allow": "always",
}
_PASSED = ("PATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO", "CURL_CA_BUNDLE")
ATTRIBUTES = "* -text !eol !ident !filter !working-tree-encoding !diff !merge !export-subst !export-ignore\n"
"""For `info/attributes`, which beats every `.gitattributes`: bytes go in and out as they are, and no file can ask to be
left out of diffs."""


@dataclass(frozen=True, slots=True)
class Remote:
    """Where to fetch from, and the token that is sent there and nowhere else."""

    url: str
    token: str = field(default="", repr=False)
    allow_file: bool = False

    @property
    def _basic(self) -> str:
        return base64.b64encode(f"x-access-token:{self.token}".encode()).decode()

    def config(self) -> dict[str, str]:
        files = {"protocol.file.allow": "always"} if self.allow_file else {}
        return files | ({f"http.{self.url}.extraHeader": f"Authorization: Basic {self._basic}"} if self.token else {})

    def redact(self, text: str) -> str:
        """The text without the token, in either of its forms."""
        return text.replace(self.token, "***").replace(self._basic, "***") if self.token else text


@dataclass(frozen=True, slots=True)
class Git:
    """A git directory, and if need be a work tree and an index; every call of git names them all."""

    git_dir: Path
    work_tree: Path | None = None
    index: Path | None = None
    remote: Remote | None = None
    who: Mapping[str, str] = field(default_factory=dict)
    """Environment variables that say who commits."""
    kept: tuple[int, ...] = ()
    """Descriptors that the git process holds too: a lock then lasts until git has ended, even if we are killed."""

    def with_index(self, index: Path) -> "Git":
        return replace(self, index=index)

    async def run(self, *args: str, stdin: bytes = b"", seconds: float = SECONDS) -> bytes:
        """What git printed. Raises `WorkspaceError` with the command's name and what git said, without any secret."""
        code, out, said = await self.result(*args, stdin=stdin, seconds=seconds)
        if code != 0:
            raise WorkspaceError(f"git {args[0]} failed: {said or f'exit code {code}'}")
        return out

    async def ok(self, *args: str) -> bool:
        """Whether git ended with exit code 0."""
        return (await self.result(*args))[0] == 0

    async def line(self, *args: str, stdin: bytes = b"") -> str:
        """The one line that git printed."""
        return (await self.run(*args, stdin=stdin)).decode().strip()

    async def result(self, *args: str, stdin: bytes = b"", seconds: float = SECONDS) -> tuple[int, bytes, str]:
        """Exit code, standard output, and the last lines of what git said on the error stream."""
        place = [f"--git-dir={self.git_dir}", *([f"--work-tree={self.work_tree}"] if self.work_tree else [])]
        try:
            process = await asyncio.create_subprocess_exec(
                "git",
                *place,
                *args,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                cwd=self.work_tree or self.git_dir.parent,
                env=self._environment(os.environ),
                pass_fds=self.kept,
                start_new_session=True,
            )
        except OSError as error:
            raise WorkspaceError(f"git could not be started: {error}") from error
        try:
            async with asyncio.timeout(seconds):
                out, err = await process.communicate(stdin)
        except TimeoutError as error:
            raise WorkspaceError(f"git {args[0]} was not done after {seconds:.0f} s.") from error
        finally:
            await _end(process)
        return process.returncode or 0, out, self._said(err)

    def _environment(self, ours: Mapping[str, str]) -> dict[str, str]:
        config = _CONFIG | (self.remote.config() if self.remote else {})
        names = [name for name in ours if name in _PASSED or name.lower().endswith("_proxy")]
        env = (
            {name: ours[name] for name in names}
            | dict(self.who)
            | {
                "HOME": "/nonexistent",
                "LC_ALL": "C.UTF-8",
                "GIT_CONFIG_GLOBAL": "/dev/null",
                "GIT_CONFIG_NOSYSTEM": "1",
                "GIT_ATTR_NOSYSTEM": "1",
                "GIT_TERMINAL_PROMPT": "0",
                "GIT_OPTIONAL_LOCKS": "0",
                "GIT_LITERAL_PATHSPECS": "1",
                "GIT_NO_REPLACE_OBJECTS": "1",
                "GIT_CONFIG_COUNT": str(len(config)),
            }
        )
        for number, (key, value) in enumerate(config.items()):
            env |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
        return env | ({"GIT_INDEX_FILE": str(self.index)} if self.index else {})

    def _said(self, err: bytes) -> str:
        text = " ".join(err.decode(errors="replace").split("\n")[-4:]).strip()
        return (self.remote.redact(text) if self.remote else text)[:1000]


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kill git and its own children if it still runs; it has nothing that could not be begun again."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await asyncio.shield(process.wait())
