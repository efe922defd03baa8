"""Every claim in the documentation that can be checked is checked."""

import re
from pathlib import Path

import pytest

from bot.core.command_list import COMMANDS
from bot.core.commands import command_table
from bot.core.errors import BotError
from bot.settings import Settings, load_settings

ROOT = Path(__file__).parent.parent


def environment_names() -> set[str]:
    names = set()
    for name, field in Settings.model_fields.items():
        alias = field.validation_alias
        names.add(str(alias.choices[0]) if alias is not None else f"DEVFLOW_{name.upper()}")  # type: ignore[union-attr]
    return names


def test_every_setting_is_documented_and_no_other() -> None:
    """docs/settings.md and the class name the same settings."""
    text = (ROOT / "docs" / "settings.md").read_text("utf-8")
    rows = "\n".join(line.split("|")[1] for line in text.splitlines() if line.startswith("| `"))
    assert set(re.findall(r"`([A-Z_]+)`", rows)) == environment_names()


def test_the_readme_shows_the_commands_there_are() -> None:
    """The table between the marks is the one that the parser is made from."""
    text = (ROOT / "README.md").read_text("utf-8")
    shown = text.partition("<!-- commands -->")[2].partition("<!-- /commands -->")[0].strip()
    assert shown == command_table().strip()
    assert all(f"/{command.name}" in shown for command in COMMANDS)


def test_the_readme_names_only_make_words_that_exist() -> None:
    """A newcomer can type every one of them."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?:`|^)make ([a-z]+)", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)) <= targets


def test_files_that_the_readme_links_to_exist() -> None:
    """No link into nothing."""
    for link in re.findall(r"\]\(([^)#]+)\)", (ROOT / "README.md").read_text("utf-8")):
        assert link.startswith("https://") or (ROOT / link).exists(), link


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("DEVFLOW_PORT", "many", "DEVFLOW_PORT"),
        ("DEVFLOW_BUDGET_USD", "-1", "DEVFLOW_BUDGET_USD"),
        ("DEVFLOW_SANDBOX", "chroot", "DEVFLOW_SANDBOX"),
        ("DEVFLOW_PROVIDER", "other", "DEVFLOW_PROVIDER"),
    ],
)
def test_a_wrong_setting_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, value: str, words: str
) -> None:
    """The sentence names the variable, not the class."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(name, value)
    with pytest.raises(BotError) as caught:
        load_settings()
    assert caught.value.message.startswith(f"{words} is wrong: ")


def test_every_complaint_has_its_scenario() -> None:
    """Fifteen rows, each naming a test that is there."""
    named = re.findall(r"`(test_(\d\d)_\w+)`", (ROOT / "docs" / "complaints.md").read_text("utf-8"))
    scenarios = (ROOT / "tests" / "scenarios" / "test_complaints.py").read_text("utf-8")
    assert [int(number) for _, number in named] == list(range(1, 16))
    assert [name for name, _ in named if f"async def {name}(" not in scenarios] == []
