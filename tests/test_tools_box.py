"""The tool box as a whole: its schemas, its answers to wrong inputs, and commands."""

from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from bot.adapters.sandbox import NoSandbox, UnsafeSandbox
from bot.core.conversation import ToolUse
from bot.core.errors import BotError
from bot.ports import SandboxLimits
from bot.tools import TOOL_NAMES, ToolBox
from bot.tools.toolspecs import FIELDS


async def answer(box: ToolBox, name: str, given: Any) -> tuple[str, bool]:
    result = await box.call(ToolUse("t1", name, given))
    return result.content, result.is_error


def box(root: Path) -> ToolBox:
    return ToolBox(root, UnsafeSandbox())


def test_the_tools_are_those_of_the_contract() -> None:
    """Names and inputs as the design promises them to agents written for Claude Code."""
    assert {name: [f"{f.name}{'' if f.required else '?'}" for f in fields] for name, fields in FIELDS.items()} == {
        "Read": ["file_path", "offset?", "limit?"],
        "Write": ["file_path", "content"],
        "Edit": ["file_path", "old_string", "new_string", "replace_all?"],
        "Glob": ["pattern", "path?"],
        "Grep": ["pattern", "path?", "glob?", "output_mode?"],
        "Bash": ["command", "timeout?"],
    }


def test_specs_come_in_the_order_asked_and_are_strict(tmp_path: Path) -> None:
    """Every schema is one, and allows nothing that is not named."""
    specs = box(tmp_path).specs(("Bash", "Read"))
    assert [spec.name for spec in specs] == ["Bash", "Read"]
    for spec in box(tmp_path).specs(TOOL_NAMES):
        jsonschema_rs.validator_for(spec.schema)
        assert spec.schema["additionalProperties"] is False
        assert set(spec.schema["required"]) <= set(spec.schema["properties"])


def test_a_tool_that_does_not_exist_has_no_spec(tmp_path: Path) -> None:
    """The error is for the person who wrote the agent's definition."""
    with pytest.raises(BotError, match=r"no tool called WebFetch\. The tools are Read, Write"):
        box(tmp_path).specs(("Read", "WebFetch"))


WRONG: list[tuple[str, Any, str]] = [
    ("Read", {}, "file_path is missing"),
    ("Read", {"file_path": 3}, "file_path must be a string, not a number"),
    ("Read", {"file_path": "a", "offset": 0}, "offset must be at least 1"),
    ("Read", {"file_path": "a", "offset": True}, "offset must be a whole number, not true or false"),
    ("Read", {"file_path": "a", "limit": "5"}, "limit must be a whole number, not a string"),
    ("Read", {"path": "a"}, "path is not an input of Read"),
    ("Read", {"file_path": ""}, "file_path must have at least 1 characters"),
    ("Read", {"file_path": "a\ud800"}, "file_path has halves of surrogate pairs"),
    ("Read", ["a"], "Read takes a JSON object, not a list"),
    ("Edit", {"file_path": "a", "old_string": "", "new_string": "b"}, "old_string must have at least 1"),
    ("Grep", {"pattern": "a", "output_mode": "lines"}, "output_mode must be one of content, files_with_matches, count"),
    ("Bash", {"command": "true", "timeout": 5}, "timeout must be at least 1000"),
    ("Bash", {"command": "true", "timeout": 10**9}, "timeout must be at most 600000"),
    ("Bash", {"command": "true\0"}, "NUL"),
    ("Read", {"file_path": "a\0b"}, "NUL"),
]


@pytest.mark.parametrize(("name", "given", "words"), WRONG)
async def test_wrong_inputs_are_named_with_what_is_expected(tmp_path: Path, name: str, given: Any, words: str) -> None:
    """Field and expectation, as an error the model can mend; nothing is raised."""
    text, error = await answer(box(tmp_path), name, given)
    assert error
    assert words in text


@pytest.mark.parametrize(("name", "given", "words"), WRONG)
def test_the_schema_refuses_what_the_validator_refuses(tmp_path: Path, name: str, given: Any, words: str) -> None:
    """A provider that enforces schemas and our own check agree; NUL and surrogates are beyond JSON schema."""
    if "NUL" in words or "surrogate" in words:
        return
    validator = jsonschema_rs.validator_for(box(tmp_path).specs((name,))[0].schema)
    assert not validator.is_valid(given)


async def test_null_means_not_given(tmp_path: Path) -> None:
    """Models fill optional inputs with null."""
    (tmp_path / "a").write_text("x\n")
    assert await answer(box(tmp_path), "Read", {"file_path": "a", "offset": None}) == ("     1\tx", False)


async def test_an_unknown_tool_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    """So the runner can pass on whatever the model asks for."""
    text, error = await answer(box(tmp_path), "MultiEdit", {})
    assert error
    assert text == "There is no tool called 'MultiEdit'. The tools are Read, Write, Edit, Glob, Grep, Bash."


async def test_a_checkout_that_is_gone_is_an_answer_too(tmp_path: Path) -> None:
    """Not even this is raised at the runner."""
    for name, given in (("Read", {"file_path": "a"}), ("Glob", {"pattern": "*"}), ("Bash", {"command": "true"})):
        assert (await answer(box(tmp_path / "gone"), name, given))[1]


async def test_bash_runs_in_the_checkout(tmp_path: Path) -> None:
    """Output and files are those of the command; success is no error."""
    assert await answer(box(tmp_path), "Bash", {"command": "echo hi > new.txt; cat new.txt"}) == ("hi", False)
    assert (tmp_path / "new.txt").read_text() == "hi\n"
    assert await answer(box(tmp_path), "Bash", {"command": "true"}) == ("(no output)", False)


async def test_bash_says_how_a_command_ended(tmp_path: Path) -> None:
    """Both streams and the exit code."""
    text, error = await answer(box(tmp_path), "Bash", {"command": "echo out; echo err >&2; exit 3"})
    assert error
    assert text == "out\nerr\n[exit code 3]"


async def test_bash_is_killed_at_its_timeout(tmp_path: Path) -> None:
    """What was printed until then is kept, and the unit is named in case it was taken for seconds."""
    text, error = await answer(box(tmp_path), "Bash", {"command": "echo begun; sleep 100", "timeout": 1000})
    assert error
    assert text == "begun\n[killed after 1 s; timeout is in milliseconds]"


async def test_the_limits_of_the_box_bound_every_timeout(tmp_path: Path) -> None:
    """A model cannot ask for more time than it was given."""
    small = ToolBox(tmp_path, UnsafeSandbox(), SandboxLimits(seconds=0.5))
    text, error = await answer(small, "Bash", {"command": "sleep 100", "timeout": 600_000})
    assert error
    assert "killed after" in text


async def test_bash_shows_both_ends_of_a_long_output(tmp_path: Path) -> None:
    """The head and the tail stay, with the way to see the middle."""
    text, _ = await answer(box(tmp_path), "Bash", {"command": "seq 1 100000"})
    assert text.startswith("1\n2\n3\n")
    assert "100000\n[output cut: send it to a file and Read that" in text
    assert len(text) < 31_000


async def test_bash_without_a_sandbox_says_why(tmp_path: Path) -> None:
    """The reason and what else can be done, and nothing is run."""
    refusing = ToolBox(tmp_path, NoSandbox("bwrap is not installed: run `apt-get install bubblewrap`."))
    text, error = await answer(refusing, "Bash", {"command": "touch here"})
    assert error
    reason = "bwrap is not installed: run `apt-get install bubblewrap`."
    assert text == f"Commands cannot be run here: {reason} Work with the other tools."
    assert list(tmp_path.iterdir()) == []


async def test_a_long_output_is_read_page_by_page(tmp_path: Path) -> None:
    """What a command printed is kept whole outside the checkout; the answer shows both ends and where the rest is."""
    (tmp_path / "tree").mkdir()
    paged = ToolBox(tmp_path / "tree", UnsafeSandbox(), outputs=tmp_path / "outputs")
    text, failed = await answer(paged, "Bash", {"command": "seq 100000"})
    assert not failed
    assert text.startswith("1\n2\n")
    assert len(text) < 31_000
    place = text.rpartition("lines in all: Read ")[2].split()[0]
    page, _ = await answer(paged, "Read", {"file_path": place, "offset": 54_321, "limit": 2})
    assert page == f"{54321:>6}\t54321\n{54322:>6}\t54322\n[lines 54321 to 54322 of 100000; read on with offset=54323]"
    assert list((tmp_path / "tree").iterdir()) == []
    for gone in ("/outputs/gone.txt", "/outputs/../tree/x", "/outputs/"):
        assert (await answer(paged, "Read", {"file_path": gone}))[1]


async def test_outputs_are_no_way_out(tmp_path: Path) -> None:
    """Neither `..` nor a link leads from the kept outputs to other files."""
    (tmp_path / "tree").mkdir()
    (tmp_path / "outputs").mkdir()
    (tmp_path / "secret").write_text("key")
    (tmp_path / "outputs" / "link.txt").symlink_to(tmp_path / "secret")
    paged = ToolBox(tmp_path / "tree", UnsafeSandbox(), outputs=tmp_path / "outputs")
    for path in ("/outputs/../secret", "/outputs/link.txt", "/outputs//etc/passwd"):
        text, failed = await answer(paged, "Read", {"file_path": path})
        assert failed
        assert "key" not in text
