"""Every claim in the documentation that can be checked is checked."""

import re
from pathlib import Path

import pytest

from bot.core.command_list import COMMANDS
from bot.core.commands import command_table
from bot.core.config import Config
from bot.core.config_reading import parse_config
from bot.core.errors import BotError
from bot.core.repository import FoundFile
from bot.core.repository_commands import read_command
from bot.definitions import builtin_catalog
from bot.doctor_command import CHECKS
from bot.phases import RESERVED
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


def test_the_settings_of_a_repository_are_all_in_the_documentation() -> None:
    """The example sets every key there is, with the defaults where there are any, and the others can be used."""
    text = (ROOT / "docs" / "repository-config.md").read_text("utf-8")
    examples = re.findall(r"```yaml\n(.*?)```", text + (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    whole, *_ = [parse_config(example) for example in examples]
    unset = Config()
    assert whole.model_fields_set == set(Config.model_fields)
    for part in ("test", "permissions", "gates", "limits"):
        assert getattr(whole, part).model_fields_set == set(type(getattr(whole, part)).model_fields), part
    assert whole.automation == unset.automation
    assert whole.limits.model_copy(update={"budget_usd": None}) == unset.limits
    assert whole.gates.model_copy(update={"risk_paths": ()}) == unset.gates


def test_the_command_in_the_documentation_can_be_used() -> None:
    """With the agents that are built in."""
    text = (ROOT / "docs" / "repository-config.md").read_text("utf-8")
    example = re.findall(r"```markdown\n(.*?)```", text, re.DOTALL)[0]
    file = FoundFile(".claude/commands/release.md", example.encode())
    command, problems = read_command(file, agents=builtin_catalog().names, reserved=RESERVED)
    assert (problems, command and command.usage) == ((), "/release [version]")


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


def test_every_check_of_the_doctor_is_documented() -> None:
    """Its name stands in the table, whole or behind a comma."""
    text = (ROOT / "docs" / "doctor.md").read_text("utf-8")
    rows = " ".join(line.split("|")[1] for line in text.splitlines() if line.startswith("| "))
    assert [check.name for check in CHECKS if not all(word in rows for word in check.name.split())] == []
