"""A checkout and a sandbox as tools for an agent: every answer is text, and a mistake is answered with what to do."""

import asyncio
import contextlib
import hashlib
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from bot.core.conversation import ToolResult, ToolSpec, ToolUse
from bot.core.errors import BotError
from bot.core.text import truncate_middle
from bot.ports import ExecResult, Sandbox, SandboxError, SandboxLimits
from bot.tools import files
from bot.tools.errors import ToolError
from bot.tools.grep import Search
from bot.tools.openat import components
from bot.tools.toolspecs import DEFAULT_TIMEOUT_MS, FIELDS, READ_LINES, RESULT_CHARS, TOOL_NAMES, spec
from bot.tools.validate import Given, check
from bot.tools.walk import Pattern, Walk

GREP_SECONDS = 20.0
OUTPUTS = "/outputs/"
KEPT_BYTES = 2_000_000
"""Of one output; what is longer loses its middle."""
SHOWN_CHARS = RESULT_CHARS - 1_000
_REFUSED = 3
_GREP = "import sys; sys.path.insert(0, sys.argv[1]); from bot.tools.grep import main; main()"


@dataclass(frozen=True, slots=True)
class ToolBox:
    """The tools, bound to one checkout and sandbox. `limits` are those of Bash; its time comes with each call.

    `extra` is a folder that commands see at `/env`, read-only; `env` are variables that they get.
    """

    root: Path
    sandbox: Sandbox
    limits: SandboxLimits = field(default_factory=SandboxLimits)
    extra: Path | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    grep_seconds: float = GREP_SECONDS
    outputs: Path | None = None
    """A folder outside the checkout where long outputs of commands are kept, to be read page by page."""

    def specs(self, names: Sequence[str]) -> tuple[ToolSpec, ...]:
        """What the model is told of these tools, in their order. Raises `BotError` for a name that is not a tool."""
        unknown = [name for name in names if name not in FIELDS]
        if unknown:
            raise BotError(f"There is no tool called {', '.join(unknown)}.", f"The tools are {', '.join(TOOL_NAMES)}.")
        return tuple(spec(name) for name in names)

    async def call(self, use: ToolUse) -> ToolResult:
        """The tool's answer; a mistake of the model's gives an error with a sentence that says what to do."""
        try:
            text, failed = await self._answer(use, _checked(use))
        except ToolError as refusal:
            text, failed = str(refusal), True
        except OSError as error:
            text, failed = f"{use.name} failed: {error.strerror or 'the system refused'}.", True
        return ToolResult(use.id, _fit(text), is_error=failed)

    async def _answer(self, use: ToolUse, given: Given) -> tuple[str, bool]:
        path = given.text("file_path")
        match use.name:
            case "Read":
                offset, limit = given.number("offset", 1), given.number("limit", READ_LINES)
                return await asyncio.to_thread(self._read, path, offset, limit), False
            case "Write":
                return await asyncio.to_thread(files.write, self.root, path, given.text("content")), False
            case "Edit":
                old, new, every = given.text("old_string"), given.text("new_string"), given.flag("replace_all")
                return await asyncio.to_thread(files.edit, self.root, path, old, new, replace_all=every), False
            case "Glob":
                return await asyncio.to_thread(glob, self.root, given.text("pattern"), given.text("path")), False
            case "Grep":
                return await self._grep(given), False
            case _:
                return await self._bash(given, f"{hashlib.sha256(use.id.encode()).hexdigest()[:12]}.txt")

    def _read(self, path: str, offset: int, limit: int) -> str:
        if self.outputs is None or not path.startswith(OUTPUTS):
            return files.read(self.root, path, offset, limit)
        name = path.removeprefix(OUTPUTS)
        if not (self.outputs / name).is_file():
            raise ToolError("That output is not kept any more. Run the command again.")
        return files.read(self.outputs, name, offset, limit)

    async def _grep(self, given: Given) -> str:
        mode = _mode(given.text("output_mode", "files_with_matches"))
        wanted = Search(str(self.root), given.text("pattern"), given.text("path"), given.text("glob"), mode)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-c", _GREP, os.fspath(Path(__file__).parents[2])),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={"LC_ALL": "C.UTF-8"},
        )
        try:
            async with asyncio.timeout(self.grep_seconds):
                out, _ = await process.communicate(wanted.to_json())
        except TimeoutError as error:
            raise ToolError(
                f"The search took more than {self.grep_seconds:.0f} s. Use a simpler pattern or a path."
            ) from error
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await asyncio.shield(process.wait())
        if process.returncode == _REFUSED:
            raise ToolError(out.decode())
        if process.returncode:
            raise ToolError("The search ran out of memory. Use a simpler pattern or a path.")
        return out.decode()

    async def _bash(self, given: Given, name: str) -> tuple[str, bool]:
        command = given.text("command")
        if "\0" in command:
            raise ToolError("The command holds a NUL character.")
        seconds = given.number("timeout", DEFAULT_TIMEOUT_MS) / 1000
        room = KEPT_BYTES if self.outputs else SHOWN_CHARS
        limits = replace(self.limits, seconds=min(seconds, self.limits.seconds), output_bytes=room)
        argv = ["/bin/bash", "-c", command]
        try:
            reason = await asyncio.to_thread(self.sandbox.available)
            if reason:
                raise ToolError(f"Commands cannot be run here: {reason} Work with the other tools.")
            result = await self.sandbox.run(argv, checkout=self.root, limits=limits, env=self.env, extra=self.extra)
        except SandboxError as error:
            raise ToolError(f"Commands cannot be run here: {error} Work with the other tools.") from error
        if self.outputs and len(result.output) > SHOWN_CHARS:
            note = await asyncio.to_thread(_keep, self.outputs, name, result.output)
            result = replace(result, output=f"{truncate_middle(result.output, SHOWN_CHARS)}\n{note}", truncated=False)
        return _told(result, limits), result.exit_code != 0


def _keep(outputs: Path, name: str, text: str) -> str:
    """Keep an output; returns the line that says where it can be read."""
    outputs.mkdir(mode=0o700, exist_ok=True)
    (outputs / name).write_text(text, "utf-8", "replace")
    lines = text.count("\n") + 1
    return f"[{lines} lines in all: Read {OUTPUTS}{name} with offset and limit, or filter the command with grep]"


def _checked(use: ToolUse) -> Given:
    if use.name not in FIELDS:
        raise ToolError(f"There is no tool called {use.name!r}. The tools are {', '.join(TOOL_NAMES)}.")
    return check(use.name, FIELDS[use.name], use.input)


def _told(result: ExecResult, limits: SandboxLimits) -> str:
    notes = []
    if result.truncated:
        notes.append("[output cut: send it to a file and Read that, or filter it with head, tail or grep]")
    if result.timed_out:
        notes.append(f"[killed after {limits.seconds:.0f} s; timeout is in milliseconds]")
    elif result.exit_code:
        notes.append(f"[exit code {result.exit_code}]")
    body = result.output.rstrip("\n")
    return "\n".join([*([body] if body else []), *notes]) or "(no output)"


def glob(root: Path, pattern: str, path: str) -> str:
    """Paths of the regular files that match, sorted, as many as fit. Raises `ToolError`."""
    parsed = Pattern.parse(pattern)
    start = components(path)
    walk = Walk(root, start, frozenset(start) | parsed.names())
    above = len("/".join(start)) + 1 if start else 0
    found = sorted(full for _, _, full in walk if parsed.matches(full[above:]))
    notes = ["[too many files: not all were looked at; name a path]"] if walk.cut else []
    if not found:
        hint = f" `{pattern}` looks in one folder only; `**/{pattern}` looks in all." if "/" not in pattern else ""
        return "\n".join([f"No file matches `{pattern}`.{hint}", *notes])
    shown: list[str] = []
    size = 0
    for one in found:
        size += len(one) + 1
        if size > RESULT_CHARS - 1000:
            notes.append(f"[{len(found) - len(shown)} more; narrow the pattern or the path]")
            break
        shown.append(one)
    return "\n".join([*shown, *notes])


def _mode(text: str) -> Literal["content", "files_with_matches", "count"]:
    match text:
        case "content" | "count":
            return text
        case _:
            return "files_with_matches"


def _fit(text: str) -> str:
    """Text that can be sent as UTF-8 and is not longer than a result may be."""
    clean = text.encode(errors="backslashreplace").decode()
    if len(clean) <= RESULT_CHARS + 2_000:
        return clean
    return f"{clean[:RESULT_CHARS]}\n[{len(clean) - RESULT_CHARS} more characters are left out]"
