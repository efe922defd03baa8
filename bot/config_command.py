"""What `devflow config` prints: the settings that hold, what is wrong with the file, its JSON schema."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import yaml

from bot.core.command_list import COMMANDS, NAMES
from bot.core.config import CONFIG_PATH, Config, config_schema
from bot.core.config_reading import MAX_BYTES, Known, read_config
from bot.core.errors import BotError
from bot.core.repository_commands import COMMANDS_FOLDER
from bot.core.yaml_models import FileProblem


def print_schema() -> None:
    """The JSON schema, as it is published."""
    print(json.dumps(config_schema(), indent=2))  # noqa: T201


def print_config(file: Path | None, *, as_json: bool) -> int:
    """Print what holds once the file (without one, the folder's own) is read. Returns the exit code."""
    config, problems = _read(file)
    for problem in problems:
        print(str(problem), file=sys.stderr)  # noqa: T201
    if config is None:
        return 1
    settings = config.model_dump(mode="json", exclude_none=True)
    print(json.dumps(settings, indent=2) if as_json else yaml.safe_dump(settings, sort_keys=False).rstrip())  # noqa: T201
    return 0


def check_config(file: Path | None, *, as_json: bool) -> int:
    """Print what is wrong, one line each, and return 1; else 0."""
    _, problems = _read(file)
    lines = [str(problem) for problem in problems] or [f"{file or CONFIG_PATH}: nothing is wrong."]
    print(json.dumps([asdict(problem) for problem in problems], indent=2) if as_json else "\n".join(lines))  # noqa: T201
    return 1 if problems else 0


def _read(file: Path | None) -> tuple[Config | None, tuple[FileProblem, ...]]:
    path = file or Path(CONFIG_PATH)
    if file is None and not path.exists():
        return Config(), ()
    try:
        with path.open("rb") as opened:
            content = opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise BotError(f"{path} cannot be read: {error.strerror}.", "Name a file that is there.") from error
    return read_config(content, str(path), _known(Path(COMMANDS_FOLDER)))


def _known(folder: Path) -> Known:
    """The names that rules can be for: what is built in, and what this folder's repository adds."""
    own = {path.stem for path in folder.rglob("*.md")}
    return Known({*NAMES, *own}, {definition.label for definition in COMMANDS if definition.by_label})
