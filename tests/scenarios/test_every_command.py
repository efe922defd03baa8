"""Each command, each of its flags and its label is said by somebody in a scenario."""

import re
from pathlib import Path

import pytest

from bot.core.command_list import COMMANDS, CommandDefinition

HERE = Path(__file__).parent
ANSWERS = HERE.parent.parent / "bot" / "answers"
SAID = "\n".join(path.read_text("utf-8") for path in sorted(HERE.rglob("test_*.py")))
ANSWERED = "\n".join(path.read_text("utf-8") for path in sorted(ANSWERS.glob("*.py")))


@pytest.mark.parametrize("definition", COMMANDS, ids=lambda one: one.name)
def test_it_is_said_in_a_scenario(definition: CommandDefinition) -> None:
    """With every flag; a command that is not answered yet has nothing to show."""
    if f"`/{definition.name}` cannot be answered yet" in ANSWERED:
        pytest.skip("it is not answered yet")
    missing = [] if re.search(rf'["\n{{]/{definition.name}\b', SAID) else [f"/{definition.name}"]
    missing += [
        flag.name for flag in definition.flags if not re.search(rf"/{definition.name} [^\"\n]*{flag.name}\b", SAID)
    ]
    missing += [definition.label] if definition.by_label and f'"{definition.label}"' not in SAID else []
    assert missing == []
