"""A repository's own commands are read as Claude Code reads them, and refused with line and remedy."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from bot.core.repository import FoundFile
from bot.core.repository_commands import (
    CommandPhase,
    RepositoryCommand,
    read_command,
    render,
    repository_commands,
)

AGENTS = {"architect", "developer", "qa-engineer"}
GOOD = """\
---
description: Ship: a version
argument-hint: [version] [branch]
allowed-tools: Bash(git tag:*), Read
phases:
  - {name: notes, agent: architect, gate: true}
  - {name: check, agent: qa-engineer, needs: []}
  - name: tag
    agent: developer
    needs: [notes, check]
---

Ship $1 from $2.
"""


def file(text: str | bytes | None, path: str = "ship", problem: str = "") -> FoundFile:
    return FoundFile(f".claude/commands/{path}.md", text.encode() if isinstance(text, str) else text, problem)


def read(text: str | bytes | None, path: str = "ship") -> tuple[RepositoryCommand | None, list[str]]:
    command, problems = read_command(file(text, path, "it is a link"), agents=AGENTS, reserved={"testing"})
    return command, [str(problem).removeprefix(".claude/commands/") for problem in problems]


def test_a_command_with_phases() -> None:
    """Without `needs`, a phase follows the one above it; `needs: []` begins at once."""
    assert read(GOOD, "release/ship") == (
        RepositoryCommand(
            "ship",
            ".claude/commands/release/ship.md",
            "Ship $1 from $2.",
            "Ship: a version",
            "[version] [branch]",
            (
                CommandPhase("notes", "architect", (), gate=True),
                CommandPhase("check", "qa-engineer"),
                CommandPhase("tag", "developer", ("notes", "check")),
            ),
        ),
        [],
    )


def test_a_file_of_prose_alone_is_a_command() -> None:
    """As in Claude Code; its first line describes it."""
    command, problems = read("# Tidy up\n\nSort the imports.\n")
    assert problems == []
    assert command == RepositoryCommand("ship", ".claude/commands/ship.md", "# Tidy up\n\nSort the imports.", "Tidy up")


def test_phases_stand_in_the_order_they_can_be_done() -> None:
    """As far as their needs allow it, in that of the file."""
    phases = "  - {name: c, agent: developer, needs: [a]}\n  - {name: b, agent: developer, needs: []}\n"
    command, _ = read(f"---\nphases:\n{phases}  - {{name: a, agent: developer}}\n---\nDo.")
    assert command
    assert [(phase.name, phase.needs) for phase in command.phases] == [("b", ()), ("a", ("b",)), ("c", ("a",))]


@pytest.mark.parametrize(
    ("body", "arguments", "text"),
    [
        ("Fix $ARGUMENTS now.", "the bug", "Fix the bug now."),
        ("From $1 to $2, $3!", '"two words" b', "From two words to b, !"),
        ("Pay $100 to $1 for $10.", "ada", "Pay $100 to ada for $10."),
        ("Say $1.", "$ARGUMENTS '$2'", "Say $ARGUMENTS."),
        ("Do it.", "well", "Do it.\n\nARGUMENTS: well"),
        ("Do it.", "", "Do it."),
    ],
)
def test_arguments_take_their_places(body: str, arguments: str, text: str) -> None:
    """Once: what was given is not looked through again."""
    assert render(RepositoryCommand("x", "x.md", body), arguments) == text


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("---\ndescripton: x\n---\nDo.", "ship.md:2:1: unknown key `descripton`. Did you mean `description`?"),
        ("---\ndescription: x\n---\n", "ship.md:2:1: there is no text below the front matter."),
        ("", "ship.md:1:1: there is no text below the front matter."),
        ("---\na: &a 1\nb: *a\n---\nx", "ship.md:3:1: `*a` is a YAML alias. Write the value itself."),
        ("---\na: [\n---\nx", "ship.md:3:1: the front matter is not YAML."),
        (b"---\na: 1\n---\n\xff", "ship.md:4:1: the file is not UTF-8. Save it as UTF-8."),
        (None, "ship.md:1:1: it is a link. Put a Markdown file there."),
        ("---\nphases: now\n---\nx", "ship.md:2:9: `phases` is a list."),
        ("---\nphases: []\n---\nx", "ship.md:2:9: `phases` is a list."),
    ],
)
def test_a_file_that_cannot_be_used_says_why(text: str | bytes | None, problem: str) -> None:
    """With the line, and what to write there."""
    command, (found,) = read(text)
    assert command is None
    assert found.startswith(problem)


@pytest.mark.parametrize(
    ("phases", "problem"),
    [
        ("{name: a, agent: archtect}", "there is no agent `archtect`. Did you mean `architect`?"),
        ("{name: a}", "`agent` is missing. Write `agent: ...` here."),
        ("{name: testing, agent: developer}", "`testing` is a phase of the bot's own."),
        ("{name: A b, agent: developer}", "`A b` is not a name of a phase. Mend it."),
        ("{name: a, agent: developer, gate: yes}", "`yes` is neither true nor false. Write `true` or `false`."),
        ("{name: a, agent: developer, needs: [b]}", "there is no phase `b`. Known: none."),
        ("{name: a, agent: developer, needs: [a]}", "the phases wait for each other: a -> a."),
        ("a", "keys are expected here. Known keys: name, agent, needs, gate."),
        ("{name: a, agent: developer}, {name: a, agent: developer}", "`a` is there twice."),
        (
            "{name: a, agent: developer, needs: [b]}, {name: b, agent: developer}",
            "the phases wait for each other: a -> b -> a.",
        ),
        (", ".join(f"{{name: p{i}, agent: developer}}" for i in range(13)), "there are 13 phases. Write at most 12."),
    ],
)
def test_wrong_phases_are_refused(phases: str, problem: str) -> None:
    """Nothing begins that could not end."""
    command, (found,) = read(f"---\nphases: [{phases}]\n---\nDo.")
    assert command is None
    assert found.partition(": ")[2].startswith(problem)
    assert found.startswith("ship.md:2:")


def test_all_that_is_wrong_is_told_at_once() -> None:
    """In the order of the file."""
    phases = "  - {name: a, agent: developr}\n  - {name: b}\n  - {name: c, agent: developer, needs: [b, d]}\n"
    _, problems = read(f"---\nphases:\n{phases}tags: x\n---\nDo.")
    assert problems == snapshot(
        [
            "ship.md:3:22: there is no agent `developr`. Did you mean `developer`?",
            "ship.md:4:5: `agent` is missing. Write `agent: ...` here.",
            "ship.md:5:44: there is no phase `d`. Known: a, b.",
            "ship.md:6:1: unknown key `tags`. Known: description, argument-hint, phases.",
        ]
    )


def test_names_that_are_taken() -> None:
    """The bot's own commands hold, the first of two files holds, a README is none."""
    files = [file("x", path) for path in ("a/status", "a/ship", "b/ship", "README", "Our Ship")]
    found = repository_commands(files, builtin={"status"}, agents=AGENTS, left_out=2)
    assert [command.path for command in found.commands] == [".claude/commands/a/ship.md"]
    assert [(Path(p.path).name, p.message) for p in found.problems] == [
        ("status.md", "`/status` is a command of the bot's own."),
        ("ship.md", "`/ship` is there twice."),
        ("Our Ship.md", "`Our Ship` cannot be the name of a command."),
        ("commands", "2 more files were not read."),
    ]
    assert (found.find("ship"), found.find("status")) == (found.commands[0], None)


@given(st.text(st.characters(codec="utf-8"), max_size=200))
def test_any_text_is_a_command_or_a_problem(text: str) -> None:
    """Whatever stands there, nothing is raised."""
    for whole in (text, f"---\n{text}\n---\nDo.", f"---\nphases:\n{text}\n---\nDo."):
        with contextlib.suppress(UnicodeEncodeError):
            command, problems = read_command(file(whole), agents=AGENTS)
            assert (command is None) == bool(problems)
