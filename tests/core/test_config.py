"""The repository's configuration is strict, and says where it is wrong."""

import pytest

from bot.core.config import Config, ConfigError, parse_config


@pytest.mark.parametrize(
    ("text", "config"),
    [
        ("", Config()),
        ("# nothing\n", Config()),
        ("test:\n  run: make check\n", Config("", "make check")),
        ("test: {install: npm ci, run: npm test}", Config("npm ci", "npm test")),
    ],
)
def test_what_is_set_is_read(text: str, config: Config) -> None:
    """Missing keys mean: find out."""
    assert parse_config(text) == config


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tests:\n  run: x\n", ".github/devflow.yml:1:1: unknown key `tests`."),
        ("test:\n  run: x\n  comand: y\n", ".github/devflow.yml:3:3: unknown key `comand`."),
        ("test: fast\n", ".github/devflow.yml:1:7: keys are expected here."),
        ("test:\n  run: [a, b]\n", ".github/devflow.yml:2:8: one line of shell is expected here."),
        ("- a\n", ".github/devflow.yml:1:1: keys are expected here."),
    ],
)
def test_wrong_keys_are_named_with_line_and_column(text: str, message: str) -> None:
    """A person can go there and mend it."""
    with pytest.raises(ConfigError) as caught:
        parse_config(text)
    assert caught.value.message == message
    assert caught.value.hint


def test_text_that_is_not_yaml_is_named() -> None:
    """The place is given, not a traceback."""
    with pytest.raises(ConfigError, match=r"\.github/devflow\.yml:\d+:\d+: not YAML"):
        parse_config("test: [")
