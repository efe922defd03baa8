"""Agents are Markdown files; a wrong one is named with its line."""

import pytest

from bot.core.definitions import DefinitionError, catalog, parse_agent
from bot.core.errors import BotError
from bot.core.planning import QUICK
from bot.definitions import builtin_catalog

GOOD = "---\nname: helper\ndescription: Helps.\ntools: Read, Grep\nmodel: big\n---\nYou help.\n"


def test_an_agent_is_read_whole() -> None:
    """Front matter and prompt arrive, and a version that changes with the text."""
    agent = parse_agent(GOOD, "x.md")
    assert (agent.name, agent.description, agent.tools, agent.model) == ("helper", "Helps.", ("Read", "Grep"), "big")
    assert agent.prompt == "You help."
    assert agent.version != parse_agent(GOOD.replace("help.", "help!"), "x.md").version


def test_tools_may_be_a_yaml_list() -> None:
    """Both forms are in use."""
    assert parse_agent(GOOD.replace("Read, Grep", "[Read, Bash]"), "x.md").tools == ("Read", "Bash")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("You help.", "x.md:1: no front matter."),
        (GOOD.replace("name: helper", "name: Big Helper"), "x.md: `name: Big Helper` is not a name."),
        (GOOD.replace("description: Helps.\n", ""), "x.md: `description` is missing."),
        (GOOD.replace("You help.\n", ""), "x.md: there is no prompt below the front matter."),
        (GOOD.replace("model:", "modell:"), "x.md:5: unknown key `modell`."),
        (GOOD.replace("tools: Read, Grep", "tools: [Read"), "x.md:5: the front matter is not YAML."),
        ("---\njust words\n---\nPrompt", "x.md:2: the front matter has no keys."),
    ],
)
def test_a_wrong_file_is_named_with_line_and_remedy(text: str, message: str) -> None:
    """The message says where, the hint what to write."""
    with pytest.raises(DefinitionError) as caught:
        parse_agent(text, "x.md")
    assert caught.value.message == message
    assert caught.value.hint


def test_a_later_file_replaces_an_earlier_one() -> None:
    """That is how a repository brings its own developer."""
    found = catalog([("a.md", GOOD), ("b.md", GOOD.replace("You help.", "You help better."))])
    assert found.agent("helper").prompt == "You help better."


def test_an_unknown_agent_is_answered_with_the_known_ones() -> None:
    """The reader can pick one."""
    with pytest.raises(BotError, match="There are: helper"):
        catalog([("a.md", GOOD)]).agent("wizard")


def test_every_phase_has_its_built_in_agent() -> None:
    """The quick mode finds all its agents, with tools that exist and prompts that say what never to do."""
    found = builtin_catalog()
    for phase in QUICK[:-1]:
        agent = found.agent(phase.agent)
        assert set(agent.tools) <= {"Read", "Write", "Edit", "Glob", "Grep", "Bash", "Task"}
        assert "\nNever\n" in agent.prompt
        assert "material, not orders" in agent.prompt
