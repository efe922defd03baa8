"""Agents are Markdown files; a wrong one is named with its line."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.definitions import MAX_FILES, TOOLS, catalog, model_id, parse_agent, with_files
from bot.core.errors import BotError
from bot.core.frontmatter import DefinitionError
from bot.core.planning import COMPREHENSIVE, GROOM
from bot.core.repository import FoundFile
from bot.core.runs import Phase
from bot.core.submissions import submit_tool
from bot.core.team import ADVISERS, BUILDERS, CHIEF, CORE, SPECIALISTS
from bot.definitions import builtin_catalog

GOOD = "---\nname: helper\ndescription: Helps.\ntools: Read, Grep\nmodel: opus\n---\nYou help.\n"


def test_an_agent_is_read_whole() -> None:
    """Front matter and prompt arrive, and a version that changes with the text."""
    agent = parse_agent(GOOD, "x.md")
    assert (agent.name, agent.description, agent.tools, agent.model) == ("helper", "Helps.", ("Read", "Grep"), "opus")
    assert agent.prompt == "You help."
    assert agent.version != parse_agent(GOOD.replace("help.", "help!"), "x.md").version


def test_tools_may_be_a_yaml_list() -> None:
    """Both forms are in use."""
    assert parse_agent(GOOD.replace("Read, Grep", "[Read, Bash]"), "x.md").tools == ("Read", "Bash")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("You help.", "x.md:1: no front matter."),
        (GOOD.replace("name: helper", "name: Big Helper"), "x.md:2: `Big Helper` is not a name."),
        (GOOD.replace("description: Helps.\n", ""), "x.md:2: `description` is missing."),
        (GOOD.replace("You help.\n", ""), "x.md:7: there is no prompt below the front matter."),
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


ROSTER = {CHIEF, *CORE, *BUILDERS, *ADVISERS, *(specialist.agent for specialist in SPECIALISTS)}


def test_the_built_in_agents_are_those_that_the_rules_know() -> None:
    """Fourteen; none is missing and none waits for work in vain."""
    assert set(builtin_catalog().names) == ROSTER
    assert len(ROSTER) == 14


@pytest.mark.parametrize("name", sorted(ROSTER))
def test_a_built_in_prompt_is_short_and_whole(name: str) -> None:
    """It says the job, the form of the result, what never to do and how to hand over, and uses tools there are."""
    agent = builtin_catalog().agent(name)
    assert set(agent.tools) <= set(TOOLS)
    assert len(agent.prompt.splitlines()) <= 45
    parts = [agent.prompt.index(f"\n{part}\n") for part in ("Result", "Never", "Hand over")]
    assert parts == sorted(parts)
    assert "material, not orders" in agent.prompt
    assert "secret" in agent.prompt
    assert agent.notes == ()


@pytest.mark.parametrize(
    "phase", [phase for phase in (*COMPREHENSIVE, *GROOM) if submit_tool(phase.name)], ids=lambda p: p.name
)
def test_who_hands_in_knows_the_name_of_the_tool(phase: Phase) -> None:
    """The prompt of a phase's agent names the tool that ends it."""
    tool = submit_tool(phase.name)
    assert tool is not None
    assert f"`{tool.name}`" in builtin_catalog().agent(phase.agent).prompt


@pytest.mark.parametrize(
    ("given", "tools"),
    [
        ("", TOOLS),
        ("tools: Read, Bash\n", ("Read", "Bash")),
        ("tools: [Read, Bash]\n", ("Read", "Bash")),
        ("tools:\n  - Read\n  - Agent(helper, other)\n", ("Read",)),
        ("tools: Read, Agent\n", ("Read", "Task")),
        ("tools: Read, Read\n", ("Read",)),
        ("disallowedTools: Bash, Task\n", tuple(tool for tool in TOOLS if tool not in {"Bash", "Task"})),
        ("tools: Read, Write\ndisallowedTools: Write\n", ("Read",)),
        ("tools: mcp__x__y, WebFetch\n", ()),
        ("tools:\n", ()),
    ],
)
def test_an_agent_gets_tools_that_we_have(given: str, tools: tuple[str, ...]) -> None:
    """All without the key, as in Claude Code; never one more than it names."""
    assert parse_agent(GOOD.replace("tools: Read, Grep\n", given), "x.md").tools == tools


def test_tools_that_we_do_not_have_are_named() -> None:
    """With the line they stand in, and those there are."""
    agent = parse_agent(GOOD.replace("Read, Grep", "Read, WebFetch, `x`"), "x.md")
    assert agent.notes == (
        "x.md:4: there is no tool `WebFetch`, `` `x` `` here. The agent works without. "
        "Write some of: Read, Write, Edit, Glob, Grep, Bash, Task, Recall.",
    )


def test_claude_codes_other_keys_are_taken() -> None:
    """An agent that was written for Claude Code needs no change."""
    more = "color: red\npermissionMode: plan\nhooks:\n  PreToolUse:\n    - matcher: Bash\nmaxTurns: 5\nskills: [a]\n"
    assert parse_agent(GOOD.replace("model:", f"{more}model:"), "x.md").notes == ()


def test_a_description_may_hold_what_yaml_would_not_take() -> None:
    """Claude Code writes such descriptions itself."""
    text = 'Use this when: asked. Examples:\\n user: "hi" # no comment'
    agent = parse_agent(GOOD.replace("Helps.", text), "x.md")
    assert agent.description == 'Use this when: asked. Examples: user: "hi" # no comment'


@pytest.mark.parametrize(
    ("model", "meant"),
    [
        ("", "claude-default"),
        ("inherit", "claude-default"),
        ("opus", "claude-opus-5-5"),
        ("claude-sonnet-5", "claude-sonnet-5"),
    ],
)
def test_a_model_by_its_short_name(model: str, meant: str) -> None:
    """As in Claude Code; a whole id stays as it is."""
    assert model_id(parse_agent(GOOD.replace("opus", model), "x.md").model, "claude-default") == meant


def test_a_cloud_has_words_before_its_ids() -> None:
    """Those of the default model hold for the others, too."""
    assert model_id("haiku", "us.anthropic.claude-sonnet-5-5") == "us.anthropic.claude-haiku-5-5"


BOMB = "---\na: &a [x, x]\nb: &b [*a, *a]\nname: c\n---\nBoom.\n"


def test_a_tag_constructs_nothing() -> None:
    """What YAML would make of it is not asked."""
    assert parse_agent(GOOD.replace("name: helper", "name: !!python/object:os.system x"), "x.md").name == "x"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BOMB, "x.md:3: `*a` is a YAML alias."),
        ("---\nhooks: " + "[" * 50_00 + "\n---\nx", "x.md:2: the front matter is nested too deep."),
        ("---\nskills: [" + "a," * 1000 + "]\n---\nx", "x.md:2: the front matter has too many parts."),
        (f"---\nname: {'a' * 20_000}\n---\nx", "x.md:1: the front matter has 20007 characters."),
        (GOOD.replace("opus", "gpt-5"), "x.md:5: `gpt-5` is no model."),
        (GOOD.replace("name: helper", "name: [helper, other]"), "x.md:2: `helper, other` is not a name."),
        (GOOD.replace("model: opus", "name: again"), "x.md:5: `name` is there twice."),
        (GOOD.replace("name: helper", "name: ../../x"), "x.md:2: `../../x` is not a name."),
        (GOOD.replace("tools:", "tool:"), "x.md:4: unknown key `tool`."),
        (GOOD.replace("helper", "h\0"), "x.md:2: the front matter is not YAML."),
        (GOOD.replace("helper", '"\\UFFFFFFFF"'), "x.md:2: the front matter is not YAML."),
        (GOOD.replace("helper", '"\\U00110000"'), "x.md:2: the front matter is not YAML."),
        (GOOD.replace("helper", '"\\uD800"'), "x.md:2: the value has the character U+D800, which is no text."),
        (GOOD.replace("opus", '"\\0"'), "x.md:5: the value has the character U+0000, which is no text."),
    ],
)
def test_hostile_front_matter_is_refused(text: str, message: str) -> None:
    """Nothing is constructed, nothing grows, and the line is named."""
    with pytest.raises(DefinitionError) as caught:
        parse_agent(text, "x.md")
    assert caught.value.message == message


def found(name: str, text: str | bytes | None, problem: str = "") -> FoundFile:
    return FoundFile(f".claude/agents/{name}.md", text.encode() if isinstance(text, str) else text, problem)


OURS = catalog([("helper.md", GOOD), ("other.md", GOOD.replace("helper", "other"))])


def test_a_repositorys_agent_takes_the_place_of_ours() -> None:
    """The others stay, a new one is added, and it is known where each comes from."""
    mine = GOOD.replace("You help.", "You help here.")
    merged, notes = with_files(OURS, [found("helper", mine), found("new", mine.replace("helper", "new"))])
    assert [(a.name, a.path) for a in merged.agents] == [
        ("helper", ".claude/agents/helper.md"),
        ("other", ""),
        ("new", ".claude/agents/new.md"),
    ]
    assert merged.agent("helper").prompt == "You help here."
    assert notes == ()


@pytest.mark.parametrize(
    ("file", "note"),
    [
        (found("helper", "You help."), "helper.md:1: no front matter. Begin the file with"),
        (found("helper", b"---\nname: \xff\n---\nx"), "helper.md:2: the file is not UTF-8. Save it as UTF-8."),
        (found("helper", None, "it is a link"), "helper.md: it is a link. Put a Markdown file there."),
        (found("helper", GOOD.replace("helper", "devflow")), "the name `devflow` is taken by the program."),
    ],
)
def test_a_file_that_cannot_be_used_is_noted(file: FoundFile, note: str) -> None:
    """Ours stays in its place, and people are told."""
    merged, notes = with_files(OURS, [file])
    assert merged == OURS
    assert note in notes[0]
    assert notes[0].endswith("The built-in `helper` is used instead.")


def test_two_files_with_one_name() -> None:
    """The first holds; nobody has to guess."""
    other = GOOD.replace("You help.", "You do not.")
    merged, notes = with_files(OURS, [found("a", GOOD), found("b", other)], left_out=3)
    assert merged.agent("helper").prompt == "You help."
    assert notes == (
        ".claude/agents/b.md: `helper` is already in .claude/agents/a.md, which is used.",
        f".claude/agents: 3 more files were not read; the limit is {MAX_FILES}.",
    )


@given(st.text(st.characters(codec="utf-8"), max_size=300))
def test_any_front_matter_gives_an_agent_or_an_error(head: str) -> None:
    """Whatever stands there, nothing else is raised."""
    with contextlib.suppress(DefinitionError):
        parse_agent(f"---\n{head}\n---\nPrompt.", "x.md")
