"""The commands, once: their parser, the help, the README's table and the permissions are all read from `COMMANDS`."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from bot.core import command_values as values
from bot.core.command_errors import CommandError
from bot.core.command_values import MAX_BUDGET_USD, MIN_BUDGET_USD
from bot.core.command_words import (
    AFTER_NAME,
    Flag,
    Words,
    WrongWordError,
    is_near,
    letters,
    name_in,
    read_words,
    suggestion,
)
from bot.core.markdown import CommandLine, command_lines
from bot.core.planning import SKIPPABLE, STAGES, Stage
from bot.core.repository import Permission
from bot.core.runs import Mode, PhaseName
from bot.core.text import fence, inline_code

MAX_COMMANDS = 10
LABELS = "devflow:"


@dataclass(frozen=True, slots=True)
class DevWorkflow:
    """Build something: `description` is the rest of its line, `details` the lines below; both empty mean the issue."""

    description: str
    details: str
    mode: Mode
    budget_usd: float | None
    base: str | None
    line: int
    agents: tuple[str, ...] = ()
    skip: tuple[PhaseName, ...] = ()


@dataclass(frozen=True, slots=True)
class Planning:
    """Think it through up to a stage, and change nothing; the rest as for `DevWorkflow`."""

    stage: Stage
    description: str
    details: str
    budget_usd: float | None
    base: str | None


@dataclass(frozen=True, slots=True)
class Status:
    """Show a run; None is the latest of the issue."""

    run: str | None = None


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop a run; None is the one that is at work on the issue."""

    run: str | None = None


@dataclass(frozen=True, slots=True)
class Help:
    """Explain all commands, or the one named (without its slash)."""

    topic: str | None = None


@dataclass(frozen=True, slots=True)
class Ping:
    """Say whether everything needed is there."""


Command = DevWorkflow | Planning | Status | Cancel | Help | Ping


@dataclass(frozen=True, slots=True)
class Argument:
    """What may stand after a command's name; never required."""

    name: str
    summary: str


@dataclass(frozen=True, slots=True)
class CommandDefinition:
    """One command, its name without the slash. `who` is the least permission that may give it; `also` are wrong names
    that people try."""

    name: str
    summary: str
    who: Permission
    kind: type[Command]
    make: Callable[[Words], Command]
    arguments: tuple[Argument, ...] = ()
    flags: tuple[Flag, ...] = ()
    examples: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    by_label: bool = False
    """Whether a label gives the command, too, with nothing but the issue."""

    @property
    def label(self) -> str:
        return f"{LABELS}{self.name}"

    @property
    def usage(self) -> str:
        """As typed, with what may be left out in brackets."""
        return " ".join([f"/{self.name}", *(f"[{part}]" for part in self._parts)])

    @property
    def _parts(self) -> list[str]:
        return [*(argument.name for argument in self.arguments), *(flag.usage for flag in self.flags)]


def parse_comment(text: str) -> list[Command | CommandError]:
    """All commands of a comment, in order; slash words that are not ours and not close to ours give nothing."""
    return new_commands(text, None)


def new_commands(text: str, previous_text: str | None) -> list[Command | CommandError]:
    """The commands of a comment that its previous text did not have; all of them if it is new.

    Lines count as the same whatever their place, spacing and the case of the name. A second copy of a line is new.
    """
    known = Counter(map(_key, command_lines(previous_text, _is_ours) if previous_text else ()))
    results: list[Command | CommandError] = []
    lines = command_lines(text, _is_ours)
    for index, line in enumerate(lines):
        if known[_key(line)] > 0:
            known[_key(line)] -= 1
        elif index < MAX_COMMANDS:
            results.append(_parse(line))
        else:
            problem = f"One comment can give {MAX_COMMANDS} commands, and this one has {len(lines)}."
            hint = "This command and all below it were not run: give them in another comment."
            results.append(CommandError(line.line_number, line.text, 0, problem, hint))
            break
    return results


def labeled_command(label: str) -> Command | None:
    """The command that a label gives, None for a label that is not ours."""
    definition = next((d for d in COMMANDS if d.by_label and d.label == label.lower()), None)
    if definition is None:
        return None
    return definition.make(read_words(CommandLine(0, f"/{definition.name}", ""), definition.name, definition.flags))


def definition_of(command: Command) -> CommandDefinition:
    """The definition a command was made from."""
    return next(definition for definition in COMMANDS if definition.kind is type(command))


_RUN = re.compile(r"\d{6}-\d{6}-[0-9a-z]{1,13}(?:-\d{1,3})?")


def _is_ours(line: str) -> bool:
    return _find(line) is not None


def _find(line: str) -> tuple[CommandDefinition, bool] | None:
    """(the command a line means, whether that is its very name), None if it is somebody else's."""
    word = name_in(line)
    if word is None:
        return None
    exact = next((definition for definition in COMMANDS if definition.name == word.lower()), None)
    if exact:
        return exact, True
    near = (d for d in COMMANDS if is_near(word, d.name) or letters(word) in d.also)
    return next(((definition, False) for definition in near), None)


def _key(line: CommandLine) -> str:
    name, *words = line.text.split()
    return " ".join([name.lower(), *words])


def _parse(line: CommandLine) -> Command | CommandError:
    found = _find(line.text)
    assert found is not None
    definition, exact = found
    if not exact:
        word = inline_code(line.text.split()[0])
        hint = f"Did you mean `/{definition.name}`? Nothing was run: give the command again with that name."
        return CommandError(line.line_number, line.text, 0, f"There is no command {word}.", hint)
    try:
        return definition.make(read_words(line, definition.name, definition.flags))
    except WrongWordError as wrong:
        return CommandError(line.line_number, line.text, wrong.position, wrong.problem, wrong.hint)


def _dev_workflow(words: Words) -> DevWorkflow:
    mode = values.mode(words)
    return DevWorkflow(
        words.text,
        _details(words),
        mode,
        _budget(words),
        _base(words),
        words.line.line_number,
        values.agents(words),
        values.skipped(words, mode),
    )


def _planning(words: Words) -> Planning:
    first, _, rest = words.text.partition(" ")
    stage = next((stage for stage in STAGES if stage == first.lower().strip(AFTER_NAME)), None)
    return Planning(
        stage or "implementation",
        rest.strip() if stage else words.text,
        _details(words),
        _budget(words),
        _base(words),
    )


def _details(words: Words) -> str:
    """The lines below the command."""
    return re.sub(r"\A(?:[ \t]*\n)+", "", words.line.rest).rstrip()


def _budget(words: Words) -> float | None:
    given = words.flags.get("--budget")
    return values.budget(*given) if given else None


def _base(words: Words) -> str | None:
    given = words.flags.get("--base")
    return values.branch(*given) if given else None


def _status(words: Words) -> Status:
    return Status(_run(words))


def _cancel(words: Words) -> Cancel:
    return Cancel(_run(words))


def _run(words: Words) -> str | None:
    word = _only_word(words)
    if word is None:
        return None
    run = word.strip(AFTER_NAME).lower()
    if not _RUN.fullmatch(run):
        hint = "Leave it out to mean the run of this issue; the name of a run looks like `260131-120000-abc123`."
        raise WrongWordError(words.starts, f"{inline_code(word)} is not the name of a run.", hint)
    return run


def _help(words: Words) -> Help:
    word = _only_word(words)
    if word is None:
        return Help()
    topic = word.strip(AFTER_NAME).removeprefix("/").lower()
    names = [definition.name for definition in COMMANDS]
    if topic not in names:
        raise WrongWordError(
            words.starts,
            f"There is no command {inline_code(word)}.",
            suggestion(f"/{topic}", [f"/{name}" for name in names]),
        )
    return Help(topic)


def _ping(words: Words) -> Ping:
    if words.text:
        raise WrongWordError(words.starts, "`/ping` takes no more words.", "Give it alone on its line.")
    return Ping()


def _only_word(words: Words) -> str | None:
    parts = words.text.split(maxsplit=1)
    if len(parts) > 1:
        position = words.line.text.find(parts[1].split()[0], words.starts + len(parts[0]))
        raise WrongWordError(position, "One word is enough here.", "Leave out the rest of the line.")
    return parts[0] if parts else None


BUDGET = Flag("--budget", f"stop at this price in US dollars, {MIN_BUDGET_USD:g} to {MAX_BUDGET_USD:g}", "USD")
COMMANDS: tuple[CommandDefinition, ...] = (
    CommandDefinition(
        "dev-workflow",
        "Build what is described, or the issue itself, from requirements to a pull request.",
        "write",
        DevWorkflow,
        _dev_workflow,
        arguments=(Argument("DESCRIPTION", "what to build; the lines below the command belong to it"),),
        flags=(
            Flag("--quick", "a lean run, from requirements to review; what you get without it, too"),
            Flag("--comprehensive", "with market and product analysis, advice, documentation and audits"),
            Flag("--learning", "a lean run in which each agent explains its steps"),
            Flag("--agents", "work with these beside the core team, instead of those the bot would choose", "AGENT,.."),
            Flag("--skip", f"leave out phases: {', '.join(SKIPPABLE)}", "PHASE,.."),
            BUDGET,
            Flag("--base", "the branch to start from and to merge into; without it, the default branch", "BRANCH"),
        ),
        examples=("/dev-workflow", "/dev-workflow add rate limiting to the login endpoint --budget 2.50"),
        also=("devflow",),
        by_label=True,
    ),
    CommandDefinition(
        "planning",
        "Think it through and post the plan; nothing is changed. `/dev-workflow` alone then builds it.",
        "write",
        Planning,
        _planning,
        arguments=(
            Argument("STAGE", "how far: analysis, design, implementation (which you get without it) or testing"),
            Argument("DESCRIPTION", "what to plan; without it, the issue itself"),
        ),
        flags=(
            BUDGET,
            Flag("--base", "the branch that is looked at; without it, the default branch", "BRANCH"),
        ),
        examples=("/planning", "/planning design a rate limit for the login endpoint"),
        by_label=True,
    ),
    CommandDefinition(
        "status",
        "Show the phases, the time and the cost of a run.",
        "read",
        Status,
        _status,
        arguments=(Argument("RUN", "the name of a run; without it, the last one of the issue"),),
        examples=("/status",),
    ),
    CommandDefinition(
        "cancel",
        "Stop a run; nothing more is written or spent.",
        "write",
        Cancel,
        _cancel,
        arguments=(Argument("RUN", "the name of a run; without it, the one at work on the issue"),),
        examples=("/cancel",),
    ),
    CommandDefinition(
        "help",
        "Explain the commands.",
        "read",
        Help,
        _help,
        arguments=(Argument("COMMAND", "explain this one with its flags and examples"),),
        examples=("/help dev-workflow",),
    ),
    CommandDefinition(
        "ping", "Say whether the bot is there and has all it needs.", "read", Ping, _ping, examples=("/ping",)
    ),
)


def command_table() -> str:
    """All commands as a Markdown table: for the README and for `/help`."""
    rows = [(f"`{c.usage}`".replace("|", "\\|"), c.summary.replace("|", "\\|"), c.who) for c in COMMANDS]
    head = ["| command | what it does | who may give it |", "|---|---|---|"]
    return "\n".join([*head, *(f"| {usage} | {summary} | {who} |" for usage, summary, who in rows)])


def help_text(topic: str | None = None) -> str:
    """The answer to `/help`: all commands, or one of them with its arguments, flags and examples."""
    definition = next((c for c in COMMANDS if topic and c.name == topic.lower()), None)
    if definition is None:
        rules = (
            "A command stands at the start of a line of a comment, outside code, quotes and lists. "
            "When a comment is edited, only commands that are new in it are run. `/help COMMAND` explains one."
        )
        return f"{command_table()}\n\n{rules}"
    words = [(argument.name, argument.summary) for argument in definition.arguments]
    words += [(flag.usage, flag.summary) for flag in definition.flags]
    by_label = f" The label `{definition.label}` does the same." if definition.by_label else ""
    lines = [f"`{definition.usage}`", "", f"{definition.summary} Needs {definition.who} permission.{by_label}", ""]
    lines += [*(f"- `{name}`: {summary}" for name, summary in words), "", fence("\n".join(definition.examples), "text")]
    return "\n".join(lines)
