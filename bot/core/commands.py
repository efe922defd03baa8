"""Commands in comments: found where GitHub shows them as text of the writer, read, explained."""

from collections import Counter
from collections.abc import Collection

from bot.core.command_errors import CommandError
from bot.core.command_kinds import Command, Custom, Delegate, Help
from bot.core.command_list import COMMANDS, NAMES, CommandDefinition
from bot.core.command_makers import check_name
from bot.core.command_words import WrongWordError, is_near, letters, name_in, read_words
from bot.core.markdown import CommandLine, command_lines
from bot.core.text import fence, inline_code

MAX_COMMANDS = 10
OF_OTHERS = frozenset({"preview", "agenda"})
"""Other bots' commands that look like slips of ours."""


def parse_comment(text: str) -> list[Command | CommandError]:
    """All commands of a comment, in order; slash words that are not ours and not close to ours give nothing."""
    return new_commands(text, None)


def new_commands(text: str, previous_text: str | None, own: Collection[str] = ()) -> list[Command | CommandError]:
    """The commands of a comment that its previous text did not have; all of them if it is new. `own` are names of
    commands that the repository defines.

    Lines count as the same whatever their place, spacing and the case of the name. A second copy of a line is new.
    """

    def is_ours(line: str) -> bool:
        return _find(line, own) is not None

    known = Counter(map(_key, command_lines(previous_text, is_ours) if previous_text else ()))
    results: list[Command | CommandError] = []
    lines = command_lines(text, is_ours)
    for index, line in enumerate(lines):
        if known[_key(line)] > 0:
            known[_key(line)] -= 1
        elif index < MAX_COMMANDS:
            results.append(_parse(line, own))
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


def has_other_words(text: str) -> bool:
    """Whether a line begins with a slash and a word that is no command's very name: it may be one of the repository's,
    or another bot's."""
    words = [name_in(line.text) for line in command_lines(text)]
    return any(word is not None and word.lower() not in NAMES for word in words)


def _find(line: str, own: Collection[str] = ()) -> tuple[CommandDefinition | str, bool] | None:
    """(the command a line means, by its name if it is the repository's own, and whether that is its very name), None
    if it is somebody else's."""
    word = name_in(line)
    if word is None:
        return None
    exact = next((definition for definition in COMMANDS if definition.name == word.lower()), None)
    if exact:
        return exact, True
    if word.lower() in own:
        return word.lower(), True
    if word.lower() in OF_OTHERS:
        return None
    near = (d for d in COMMANDS if is_near(word, d.name) or letters(word) in d.also)
    return next(((definition, False) for definition in near), None)


def _key(line: CommandLine) -> str:
    name, *words = line.text.split()
    return " ".join([name.lower(), *words])


def _parse(line: CommandLine, own: Collection[str]) -> Command | CommandError:
    found = _find(line.text, own)
    assert found is not None
    definition, exact = found
    if isinstance(definition, str):
        return Custom(definition, "".join(line.text.split(maxsplit=1)[1:]), line.rest.strip())
    if not exact:
        word = inline_code(line.text.split()[0])
        hint = f"Did you mean `/{definition.name}`? Nothing was run: give the command again with that name."
        return CommandError(line.line_number, line.text, 0, f"There is no command {word}.", hint)
    try:
        words = read_words(line, definition.name, definition.flags)
        command = definition.make(words)
        if isinstance(command, Help) and command.topic is not None:
            check_name(words, command.topic, [*NAMES, *own])
        if isinstance(command, Delegate) and command.command is not None:
            check_name(words, command.command, [*NAMES, *own])
        return command
    except WrongWordError as wrong:
        return CommandError(line.line_number, line.text, wrong.position, wrong.problem, wrong.hint)


def command_table() -> str:
    """All commands as a Markdown table: for the README and for `/help`."""
    rows = [(f"`{c.short_usage}`".replace("|", "\\|"), c.summary.replace("|", "\\|"), c.who) for c in COMMANDS]
    head = ["| command | what it does | who may give it |", "|---|---|---|"]
    return "\n".join([*head, *(f"| {usage} | {summary} | {who} |" for usage, summary, who in rows)])


def help_text(topic: str | None = None) -> str:
    """The answer to `/help`: all commands, or one of them with its arguments, flags and examples."""
    definition = next((c for c in COMMANDS if topic and c.name == topic.lower()), None)
    if definition is None:
        rules = (
            "A command stands at the start of a line of a comment, outside code, quotes and lists. "
            "When a comment is edited, only commands that are new in it are run. Commands of bots are not obeyed. "
            "`/help COMMAND` explains one, and its flags."
        )
        return f"{command_table()}\n\n{rules}"
    words = [(argument.name, argument.summary) for argument in definition.arguments]
    words += [(flag.usage, flag.summary) for flag in definition.flags]
    by_label = f" The label `{definition.label}` does the same." if definition.by_label else ""
    lines = [f"`{definition.usage}`", "", f"{definition.summary} Needs {definition.who} permission.{by_label}", ""]
    lines += [*(f"- `{name}`: {summary}" for name, summary in words), "", fence("\n".join(definition.examples), "text")]
    return "\n".join(lines)
