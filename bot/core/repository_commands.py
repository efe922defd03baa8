"""A repository's own commands: Markdown under `.claude/commands`, with front matter as in Claude Code, and `phases`."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, StringConstraints

from bot.core.frontmatter import AGENT_NAME, DefinitionError, Entry, entries, read_head
from bot.core.repository import FoundFile
from bot.core.yaml_models import FileProblem, Page, shown, suggestion

COMMANDS_FOLDER = ".claude/commands"
"""Where a repository keeps its own commands, one Markdown file each, in folders of any depth."""
MAX_FILES = 50
MAX_BYTES = 64_000
MAX_PHASES = 12
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_KEYS = ("description", "argument-hint", "phases")
_OTHERS = frozenset(
    {"agent", "allowed-tools", "context", "disable-model-invocation", "effort", "hooks", "model", "name", "paths"}
    | {"shell", "user-invocable", "when_to_use"}
)
"""Claude Code's other keys; they mean nothing here, and are taken without a word."""
_PLACE = re.compile(r"\$(?:ARGUMENTS\b|([1-9])(?!\d))")
_WORD = re.compile(r"\"([^\"]*)\"|'([^']*)'|(\S+)")


@dataclass(frozen=True, slots=True)
class CommandPhase:
    """One step of a command: who does it, what must have ended before, and whether people approve its result."""

    name: str
    agent: str
    needs: tuple[str, ...] = ()
    gate: bool = False


@dataclass(frozen=True, slots=True)
class RepositoryCommand:
    """One command, its name without the slash. Without `phases`, one agent does the whole of it."""

    name: str
    path: str
    body: str
    description: str = ""
    argument_hint: str = ""
    phases: tuple[CommandPhase, ...] = ()

    @property
    def usage(self) -> str:
        return f"/{self.name} {self.argument_hint}".rstrip()


@dataclass(frozen=True, slots=True)
class RepositoryCommands:
    """All that a repository has, by name, and what is wrong with its files."""

    commands: tuple[RepositoryCommand, ...] = ()
    problems: tuple[FileProblem, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """What people may type, also for a file that cannot be used: they are told why."""
        stems = (_stem(problem.path) for problem in self.problems)
        return tuple(
            dict.fromkeys([*(command.name for command in self.commands), *(s for s in stems if _NAME.fullmatch(s))])
        )

    def find(self, name: str) -> RepositoryCommand | None:
        return next((command for command in self.commands if command.name == name), None)

    def wrong(self, name: str) -> FileProblem | None:
        """The first problem of the file of that name."""
        return next((problem for problem in self.problems if _stem(problem.path) == name), None)


class _Phase(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$", max_length=40)]
    agent: Annotated[str, StringConstraints(pattern=f"^{AGENT_NAME.pattern}$")]
    needs: tuple[str, ...] | None = None
    """Without it, the phase before this one."""
    gate: bool = False


def render(command: RepositoryCommand, arguments: str) -> str:
    """The command's text with what was given: `$ARGUMENTS` is all of it, `$1` its first word; `"two words"` are one.

    Where the text has no place for them, they stand below it.
    """
    words = [one or two or three for one, two, three in _WORD.findall(arguments)]

    def given(place: re.Match[str]) -> str:
        index = int(place[1] or 0)
        return arguments if not index else words[index - 1] if index <= len(words) else ""

    text = _PLACE.sub(given, command.body)
    if arguments and not _PLACE.search(command.body):
        text += f"\n\nARGUMENTS: {arguments}"
    return text


def repository_commands(
    files: Sequence[FoundFile],
    *,
    builtin: Collection[str],
    agents: Collection[str],
    reserved: Collection[str] = (),
    left_out: int = 0,
) -> RepositoryCommands:
    """The commands of a folder's files. A file that cannot be used is told, and the others stay.

    `builtin` are names of commands that are taken, `reserved` names of phases that are; `left_out` files were not read.
    """
    found: dict[str, RepositoryCommand] = {}
    problems: list[FileProblem] = []
    for file in files:
        command, wrong = read_command(file, agents=agents, reserved=reserved)
        problems += wrong
        if command is None:
            continue
        if command.name in builtin:
            hint = "The built-in command holds. Give the file another name."
            problems.append(FileProblem(file.path, 1, 1, f"`/{command.name}` is a command of the bot's own.", hint))
        elif found.setdefault(command.name, command) is not command:
            hint = f"{found[command.name].path} is used. Give this file another name."
            problems.append(FileProblem(file.path, 1, 1, f"`/{command.name}` is there twice.", hint))
    if left_out:
        problem = f"{left_out} more files were not read."
        problems.append(FileProblem(COMMANDS_FOLDER, 1, 1, problem, f"The limit is {MAX_FILES}."))
    return RepositoryCommands(tuple(found.values()), tuple(problems))


def read_command(
    file: FoundFile, *, agents: Collection[str], reserved: Collection[str] = ()
) -> tuple[RepositoryCommand | None, tuple[FileProblem, ...]]:
    """(the command of a file, None if it cannot be used or is a README; everything that is wrong with it)."""
    page = Page(file.path, words={"name": "a name of a phase", "agent": "the name of an agent"})
    name = _stem(file.path)
    if name.lower() == "readme":
        return None, ()
    if not _NAME.fullmatch(name):
        hint = "Use lower-case letters, digits, dashes and underscores, at most 40, a letter first."
        return None, (FileProblem(file.path, 1, 1, f"{shown(name)} cannot be the name of a command.", hint),)
    try:
        root, body = _split(_decoded(file), file.path)
        fields = entries(root, file.path) if root else {}
    except DefinitionError as error:
        return None, (_problem_of(error, file.path),)
    command = _command(page, name, root, fields, body, agents, reserved)
    return (None if page.problems else command), tuple(sorted(page.problems, key=lambda problem: problem.line))


def _stem(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".md")


def _split(text: str, path: str) -> tuple[yaml.MappingNode | None, str]:
    """Front matter may be missing, as in Claude Code."""
    if not text.removeprefix("\ufeff").startswith("---"):
        return None, text.replace("\r\n", "\n").strip()
    return read_head(text, path)


def _decoded(file: FoundFile) -> str:
    if file.content is None:
        raise DefinitionError(f"{file.path}: {file.problem}.", "Put a Markdown file there.")
    try:
        return file.content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = file.content[: error.start].count(b"\n") + 1
        raise DefinitionError(f"{file.path}:{line}: the file is not UTF-8.", "Save it as UTF-8.") from error


def _problem_of(error: DefinitionError, path: str) -> FileProblem:
    place, _, message = error.message.removeprefix(path).partition(": ")
    return FileProblem(path, int(place[1:]) if place[1:].isdigit() else 1, 1, message, error.hint)


def _command(
    page: Page,
    name: str,
    root: yaml.MappingNode | None,
    fields: Mapping[str, Entry],
    body: str,
    agents: Collection[str],
    reserved: Collection[str],
) -> RepositoryCommand:
    page.below = 1 if root else 0
    for key, _ in root.value if root else ():
        if str(key.value) not in _KEYS and str(key.value) not in _OTHERS:
            page.wrong(key, f"unknown key {shown(key.value)}.", suggestion(str(key.value), _KEYS))
    if not body:
        page.wrong(None, "there is no text below the front matter.", "Write there what is to be done.")
    node = next((value for key, value in root.value if key.value == "phases"), None) if root else None
    phases = _phases(page, node, agents, reserved) if node else ()
    description = _line(fields, "description") or next((line for line in body.splitlines() if line), "").lstrip("# ")
    return RepositoryCommand(name, page.path, body, description[:200], _line(fields, "argument-hint")[:100], phases)


def _line(fields: Mapping[str, Entry], key: str) -> str:
    return " ".join(fields[key].text.split()) if key in fields else ""


def _phases(
    page: Page, node: yaml.Node, agents: Collection[str], reserved: Collection[str]
) -> tuple[CommandPhase, ...]:
    """The steps in an order that fits what they need."""
    data = page.plain(node)
    if not isinstance(data, tuple) or not data:
        page.wrong(node, "`phases` is a list.", "Write a line `- {name: ..., agent: ...}` for each.")
        return ()
    if len(data) > MAX_PHASES:
        page.wrong(page.values[(MAX_PHASES,)], f"there are {len(data)} phases.", f"Write at most {MAX_PHASES}.")
        return ()
    steps = [page.read(_Phase, item, (index,)) for index, item in enumerate(data)]
    names = [str(item.get("name")) if isinstance(item, dict) else "" for item in data]
    for index, step in enumerate(steps):
        if step:
            _check_step(page, index, step, names, agents, reserved)
    return () if page.problems else _in_order(page, node, [step for step in steps if step])


def _check_step(
    page: Page, index: int, step: _Phase, names: Sequence[str], agents: Collection[str], reserved: Collection[str]
) -> None:
    values = page.values
    if step.name in reserved:
        hint = f"Give it another name, such as `our-{step.name}`."
        page.wrong(values[index, "name"], f"`{step.name}` is a phase of the bot's own.", hint)
    if step.name in names[:index]:
        page.wrong(values[index, "name"], f"`{step.name}` is there twice.", "Give each phase its own name.")
    if step.agent not in agents:
        hint = suggestion(step.agent, sorted(agents))
        page.wrong(values[index, "agent"], f"there is no agent `{step.agent}`.", hint)
    for place, need in enumerate(step.needs or ()):
        if need not in names:
            hint = suggestion(need, [name for name in names if name and name != step.name])
            page.wrong(values[index, "needs", place], f"there is no phase {shown(need)}.", hint)


def _in_order(page: Page, node: yaml.Node, steps: Sequence[_Phase]) -> tuple[CommandPhase, ...]:
    """In the order of the file as far as what they need allows it."""
    needs: dict[str, tuple[str, ...]] = {}
    for index, step in enumerate(steps):
        before = () if index == 0 else (steps[index - 1].name,)
        needs[step.name] = before if step.needs is None else tuple(dict.fromkeys(step.needs))
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        chain = " -> ".join(reversed(error.args[1]))
        page.wrong(node, f"the phases wait for each other: {chain}.", "Take one of the `needs` out.")
        return ()
    waiting, found = list(steps), list[CommandPhase]()
    while waiting:
        step = next(step for step in waiting if {phase.name for phase in found}.issuperset(needs[step.name]))
        found.append(CommandPhase(step.name, step.agent, needs[step.name], step.gate))
        waiting.remove(step)
    return tuple(found)
