"""What is wrong with the files by which a repository sets Devflow up: settings, agents, commands."""

import re
from collections.abc import Collection, Sequence

from bot.core.command_list import COMMANDS, NAMES
from bot.core.config import CONFIG_PATH
from bot.core.config_reading import Known, read_config
from bot.core.definitions import AGENTS_FOLDER, Catalog, with_files
from bot.core.repository import FoundFile
from bot.core.repository_commands import COMMANDS_FOLDER, repository_commands
from bot.core.yaml_models import FileProblem


def is_definition(path: str) -> bool:
    """Whether a file sets Devflow up, and so can be checked."""
    in_agents = path.startswith(f"{AGENTS_FOLDER}/") and "/" not in path.removeprefix(f"{AGENTS_FOLDER}/")
    in_commands = path.startswith(f"{COMMANDS_FOLDER}/")
    return path == CONFIG_PATH or (path.endswith(".md") and (in_agents or in_commands))


def check_definitions(
    files: Sequence[FoundFile],
    builtin: Catalog,
    *,
    agents: Collection[str] = (),
    commands: Collection[str] = (),
    reserved: Collection[str] = (),
) -> list[FileProblem]:
    """Everything that is wrong with the files, in their order. `agents` and `commands` are names that the repository
    has beside those of the files; `reserved` are names of phases."""
    own = [file for file in files if file.path.startswith(f"{AGENTS_FOLDER}/")]
    catalog, notes = with_files(builtin, own)
    found = {file.path: [_of_note(note, file.path) for note in notes if _is_about(note, file.path)] for file in own}
    # A file that cannot be read yet counts with its name, or all that speak of it would be wrong, too.
    at_hand = {*catalog.names, *agents, *map(_stem, own)}
    texts = [file for file in files if file.path.startswith(f"{COMMANDS_FOLDER}/")]
    read = repository_commands(texts, builtin=NAMES, agents=at_hand, reserved=reserved)
    for problem in read.problems:
        found.setdefault(problem.path, []).append(problem)
    names = {*NAMES, *commands, *map(_stem, texts)}
    for file in files:
        if file.path == CONFIG_PATH:
            found[file.path] = _of_config(file, names)
    return [problem for file in files for problem in found.get(file.path, [])]


def _stem(file: FoundFile) -> str:
    return file.path.rpartition("/")[2].removesuffix(".md")


def _of_config(file: FoundFile, names: Collection[str]) -> list[FileProblem]:
    if file.content is None:
        return [FileProblem(file.path, 1, 1, f"{file.problem}.", "Put a YAML file there.")]
    labels = {definition.label for definition in COMMANDS if definition.by_label}
    return list(read_config(file.content, file.path, Known(names, labels))[1])


def _is_about(note: str, path: str) -> bool:
    return re.match(rf"{re.escape(path)}(:\d+)?: ", note) is not None


def _of_note(note: str, path: str) -> FileProblem:
    place, _, text = note.removeprefix(path).partition(": ")
    line = int(place[1:]) if place[1:].isdigit() else 1
    return FileProblem(path, line, 1, text, "")
