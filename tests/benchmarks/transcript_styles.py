"""Steps of an agent written down in the ways that are common: tool calls, JSON lines, Markdown, logs."""

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Step:
    """One thing said or done; `text` is what was said, or the path, pattern or command, `lines` what came back."""

    kind: Literal["say", "list", "grep", "read", "edit", "run"]
    text: str
    lines: tuple[str, ...] = ()
    first: int = 1
    total: int = 0
    new: tuple[str, ...] = ()
    """The lines that an edit puts in the place of `lines`."""


Style = Callable[[Sequence[Step], random.Random], Iterator[str]]
_TOOLS = {
    "list": ("Glob", "pattern"),
    "grep": ("Grep", "pattern"),
    "read": ("Read", "file_path"),
    "run": ("Bash", "command"),
}


def calls(steps: Sequence[Step], _rng: random.Random) -> Iterator[str]:
    """Tool calls with JSON arguments, files with numbers and tabs, as Claude Code prints them."""
    for step in steps:
        if step.kind == "say":
            yield step.text
            continue
        name, arguments = _call(step)
        yield f"{name} {json.dumps(arguments)}"
        yield from _result(step, "→")


def jsonl(steps: Sequence[Step], _rng: random.Random) -> Iterator[str]:
    """One JSON object a message, everything in it escaped, as Claude Code keeps it."""
    for n, step in enumerate(steps):
        if step.kind == "say":
            yield json.dumps({"type": "assistant", "message": {"content": [{"type": "text", "text": step.text}]}})
            continue
        name, arguments = _call(step)
        use = {"type": "tool_use", "id": f"toolu_{n:04}", "name": name, "input": arguments}
        yield json.dumps({"type": "assistant", "message": {"content": [use]}})
        result = {"type": "tool_result", "tool_use_id": f"toolu_{n:04}", "content": "\n".join(_result(step, "\t"))}
        yield json.dumps({"type": "user", "message": {"content": [result]}}, ensure_ascii=False)


def markdown(steps: Sequence[Step], _rng: random.Random) -> Iterator[str]:
    """Headings and fenced blocks, no line numbers."""
    for n, step in enumerate(steps, 1):
        if step.kind == "say":
            yield f"\n{step.text}\n"
            continue
        yield f"\n### Step {n}: {step.kind} `{step.text}`\n"
        yield f"```{'diff' if step.kind == 'edit' else ''}"
        yield from _diff(step) if step.kind == "edit" else step.lines
        yield "```"


def sweagent(steps: Sequence[Step], _rng: random.Random) -> Iterator[str]:
    """Thought, action, observation; a window on an open file, as SWE-agent prints it."""
    for step in steps:
        if step.kind == "say":
            yield f"THOUGHT: {step.text}"
            continue
        if step.kind == "edit":
            yield f"ACTION: edit {step.first}:{step.first + len(step.lines) - 1}"
            yield from (*step.new, "end_of_edit", "OBSERVATION:", f"[File: /{step.text} updated]")
            continue
        verb = {"list": "ls -R", "grep": "search_dir", "read": "open", "run": ""}[step.kind]
        yield f"ACTION: {verb} {step.text}{f' {step.first}' if step.kind == 'read' else ''}"
        yield "OBSERVATION:"
        if step.kind != "read":
            yield from step.lines
            continue
        yield f"[File: /{step.text} ({step.total} lines total)]"
        yield f"({step.first - 1} more lines above)"
        yield from (f"{n}:{line}" for n, line in enumerate(step.lines, step.first))
        yield f"({max(0, step.total - step.first - len(step.lines) + 1)} more lines below)"
        yield f"(Open file: /{step.text})\n(Current directory: /workspace)\nbash-$"


def openhands(steps: Sequence[Step], _rng: random.Random) -> Iterator[str]:
    """Function calls in angle brackets and `cat -n`, as OpenHands prints them."""
    for step in steps:
        if step.kind == "say":
            yield step.text
            continue
        tool = "execute_bash" if step.kind in {"run", "grep", "list"} else "str_replace_editor"
        yield f"<function={tool}>"
        if tool == "execute_bash":
            command = {"grep": f"grep -rn '{step.text}' .", "list": f"find {step.text} -type f"}.get(
                step.kind, step.text
            )
            yield f"<parameter=command>{command}</parameter>\n</function>\nEXECUTION RESULT of [{tool}]:"
            yield from (*step.lines, "[The command completed with exit code 0.]")
            continue
        what = "view" if step.kind == "read" else "str_replace"
        yield f"<parameter=command>{what}</parameter>\n<parameter=path>/workspace/{step.text}</parameter>"
        if step.kind == "edit":
            yield "<parameter=old_str>" + "\n".join(step.lines) + "</parameter>"
            yield "<parameter=new_str>" + "\n".join(step.new) + "</parameter>\n</function>"
            yield f"The file /workspace/{step.text} has been edited. Here's the result of running `cat -n` on it:"
            yield from _numbered(step.new, step.first, "\t")
        else:
            yield f"</function>\nEXECUTION RESULT of [{tool}]:"
            yield f"Here's the result of running `cat -n` on /workspace/{step.text}:"
            yield from _numbered(step.lines, step.first, "\t")


def log(steps: Sequence[Step], rng: random.Random) -> Iterator[str]:
    """A log with times; what came back is indented, edits are diffs."""
    seconds = rng.randrange(86_400)
    for step in steps:
        seconds += rng.randrange(40)
        time = f"{seconds // 3600 % 24:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
        yield f"{time} [agent] {step.kind}: {step.text}"
        yield from (f"  {line}" for line in (_diff(step) if step.kind == "edit" else step.lines))


STYLES: dict[str, Style] = {
    "calls": calls,
    "jsonl": jsonl,
    "markdown": markdown,
    "sweagent": sweagent,
    "openhands": openhands,
    "log": log,
}


def _call(step: Step) -> tuple[str, dict[str, object]]:
    if step.kind == "edit":
        edit = {"file_path": step.text, "old_string": "\n".join(step.lines), "new_string": "\n".join(step.new)}
        return "Edit", {**edit}
    name, argument = _TOOLS[step.kind]
    offset = {"offset": step.first} if step.kind == "read" and step.first > 1 else {}
    return name, {argument: step.text, **offset}


def _result(step: Step, separator: str) -> Iterator[str]:
    if step.kind == "edit":
        yield f"The file {step.text} has been updated."
        yield from _numbered(step.new, step.first, separator)
    elif step.kind == "read":
        yield from _numbered(step.lines, step.first, separator)
    else:
        yield from step.lines


def _numbered(lines: Sequence[str], first: int, separator: str) -> Iterator[str]:
    return (f"{n:>6}{separator}{line}" for n, line in enumerate(lines, first))


def _diff(step: Step) -> Iterator[str]:
    yield f"--- a/{step.text}"
    yield f"+++ b/{step.text}"
    yield f"@@ -{step.first},{len(step.lines)} +{step.first},{len(step.new)} @@"
    yield from (f"-{line}" for line in step.lines)
    yield from (f"+{line}" for line in step.new)
