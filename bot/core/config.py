"""`.github/devflow.yml`: what a repository sets for itself. Wrong keys are named with line and column."""

from dataclasses import dataclass

import yaml

from bot.core.errors import BotError

CONFIG_PATH = ".github/devflow.yml"


class ConfigError(BotError):
    """The file cannot be used; the message says where and why."""


@dataclass(frozen=True, slots=True)
class Config:
    """`test.install` and `test.run` are shell lines; empty means: find out."""

    test_install: str = ""
    test_run: str = ""


def parse_config(text: str) -> Config:
    """Read the file's text. Raises `ConfigError`."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        where = error.problem_mark
        place = f"{CONFIG_PATH}:{where.line + 1}:{where.column + 1}" if where else CONFIG_PATH
        raise ConfigError(f"{place}: not YAML: {error.problem}.", "Mend that line.") from error
    if root is None:
        return Config()
    test = _mapping(root, ("test",)).get("test")
    if test is None:
        return Config()
    keys = _mapping(test, ("install", "run"))
    return Config(_scalar(keys.get("install")), _scalar(keys.get("run")))


def _mapping(node: yaml.Node, known: tuple[str, ...]) -> dict[str, yaml.Node]:
    if not isinstance(node, yaml.MappingNode):
        raise ConfigError(f"{_place(node)}: keys are expected here.", f"Known keys: {', '.join(known)}.")
    found: dict[str, yaml.Node] = {}
    for key, value in node.value:
        if key.value not in known:
            raise ConfigError(f"{_place(key)}: unknown key `{key.value}`.", f"Known keys: {', '.join(known)}.")
        found[key.value] = value
    return found


def _scalar(node: yaml.Node | None) -> str:
    if node is None:
        return ""
    if not isinstance(node, yaml.ScalarNode):
        raise ConfigError(f"{_place(node)}: one line of shell is expected here.", "Write for example `run: make test`.")
    return str(node.value)


def _place(node: yaml.Node) -> str:
    return f"{CONFIG_PATH}:{node.start_mark.line + 1}:{node.start_mark.column + 1}"
