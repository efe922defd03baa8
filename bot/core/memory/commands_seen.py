"""How to build and test here, as the sandbox saw it: which commands of agents worked, and which cannot be run."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.core.conversation import ToolResult, ToolUse
from bot.core.runs import Turn
from bot.core.testplan import telling_lines
from bot.core.transcript import reply_from_json, results_from_json

MOST_WORKING = 4
MOST_UNUSABLE = 2
LONGEST = 160
"""Characters of a command that is worth remembering; longer ones are one-off scripts."""
_BUILDS = re.compile(
    r"(?:^|[\s;&|/])(?:pytest|unittest|tox|nox|jest|vitest|rspec|phpunit|ctest|mvn|gradlew?|make|just|ruff|mypy|eslint|tsc"
    r"|(?:go|cargo|dotnet|bazel|mix|swift) (?:test|build|check|vet|run)"
    r"|(?:npm|yarn|pnpm|bun) (?:run [\w:-]+|test|ci|install)"
    r"|pip install|poetry run|uv run|bundle exec)(?=\s|$)"
)
"""Programs that build, check or test; what an agent otherwise types is its own business."""
_UNUSABLE = re.compile(
    r"command not found|No module named|No such file or directory|Permission denied|No rule to make target"
    r"|Missing script|not recognized|unrecognized arguments|no tests ran|exit code (?:126|127)\]"
)
"""What says that a command cannot be run here, and not that it found something wrong."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A command, as it ended last; `problem` says why it cannot be run, empty if it went well."""

    command: str
    agent: str
    problem: str = ""


def commands_seen(turns: Sequence[Turn]) -> list[Seen]:
    """Commands that went well; and, where one did, those that cannot be run, so that nobody tries them first again.

    A command that ran and found something wrong, such as a failing test, tells nothing of how to run it.
    """
    last: dict[str, Seen] = {}
    for seen in (one for turn in turns for one in _of_turn(turn)):
        last.pop(seen.command, None)
        last[seen.command] = seen
    working = [seen for seen in last.values() if not seen.problem]
    unusable = [seen for seen in last.values() if seen.problem]
    return [*working[-MOST_WORKING:], *(unusable[-MOST_UNUSABLE:] if working else [])]


def _of_turn(turn: Turn) -> Iterator[Seen]:
    if turn.reply is None or turn.results is None:
        return
    uses = {use.id: use for use in reply_from_json(turn.reply).tool_uses if use.name == "Bash"}
    for result in results_from_json(turn.results):
        if (use := uses.get(result.tool_use_id)) and (seen := _seen(use, result, turn.agent)):
            yield seen


def _seen(use: ToolUse, result: ToolResult, agent: str) -> Seen | None:
    command = str(use.input.get("command", "")).strip()
    if len(command) > LONGEST or "\n" in command or not _BUILDS.search(command):
        return None
    if not result.is_error:
        return Seen(command, agent)
    found = _UNUSABLE.search(result.content)
    return Seen(command, agent, " / ".join(telling_lines(result.content, 1))) if found else None
