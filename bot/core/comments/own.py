"""How a repository's own commands are shown in `/help`."""

from bot.core.comments.common import cell
from bot.core.repository_commands import RepositoryCommand, RepositoryCommands
from bot.core.text import inline_code

SHOWN = 10
"""Problems of files that are listed."""


def own_commands(found: RepositoryCommands) -> str:
    """What follows the table of `/help`; nothing where there are none."""
    if not found.commands and not found.problems:
        return ""
    rows = [f"- {inline_code(command.usage)}: {cell(command.description)}" for command in found.commands]
    rows += [f"- ⚠️ {inline_code(problem.place)}: {cell(problem.message)}" for problem in found.problems[:SHOWN]]
    return "\n".join(["", "", "Commands of this repository; who may write may give them:", "", *rows])


def own_command_help(command: RepositoryCommand) -> str:
    """The answer to `/help` with the name of one."""
    lines = [inline_code(command.usage), "", cell(command.description), ""]
    for phase in command.phases:
        after = f", after {', '.join(phase.needs)}" if phase.needs else ""
        gate = ", then waits for `/approve`" if phase.gate else ""
        lines.append(f"- `{phase.name}` by `{phase.agent}`{after}{gate}")
    lines += [""] if command.phases else []
    return "\n".join([*lines, f"From {inline_code(command.path)} on the default branch."])
