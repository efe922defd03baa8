"""Results come in by strict tools, and a wrong one is sent back with words the agent can act on."""

import json

import pytest

from bot.core.conversation import Json, Reply, Text, ToolResult, ToolUse, Usage
from bot.core.submissions import Findings, Requirements, Review, Revision, Tasks, Team, read_submission, submit_tool
from bot.core.transcript import reply_from_json, reply_to_json, results_from_json, results_to_json

TASK = {
    "id": "T1",
    "title": "Add it",
    "description": "d",
    "agent": "developer",
    "files": ["./a.py", "a.py"],
    "depends_on": [],
    "acceptance": ["works"],
}


@pytest.mark.parametrize(
    ("phase", "name"),
    [
        ("requirements", "submit_requirements"),
        ("design", "submit_design"),
        ("tasks", "submit_tasks"),
        ("review", "submit_review"),
        ("critique", "submit_review"),
        ("revision", "submit_revision"),
        ("team", "submit_team"),
        ("security", "submit_findings"),
        ("performance", "submit_findings"),
        ("roadmap", "submit_roadmap"),
    ],
)
def test_every_structured_phase_has_a_strict_tool(phase: str, name: str) -> None:
    """Its schema is closed, requires its keys and holds no keyword that strict tools refuse."""
    tool = submit_tool(phase)  # type: ignore[arg-type]
    assert tool is not None
    assert (tool.name, tool.strict) == (name, True)
    text = json.dumps(tool.schema)
    assert not {"minLength", "maxItems", "$ref", "$defs", "pattern"} & set(text.replace('"', " ").split())
    assert tool.schema["additionalProperties"] is False
    assert set(tool.schema["required"]) == set(tool.schema["properties"])


def test_other_phases_end_with_plain_text() -> None:
    """There is no tool for them."""
    assert submit_tool("implementation") is None


def test_a_good_result_is_taken() -> None:
    """Its paths are tidied."""
    found = read_submission("tasks", {"tasks": [TASK]}, ["developer"])
    assert isinstance(found, Tasks)
    assert found.tasks[0].task().files == ("a.py",)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, "tasks: Field required"),
        ({"tasks": []}, "tasks: List should have at least 1 item"),
        ({"tasks": [TASK], "extra": 1}, "extra: Extra inputs are not permitted"),
        ({"tasks": [{**TASK, "id": "1; rm"}]}, "tasks.0.id: String should match pattern"),
        ({"tasks": [{**TASK, "depends_on": ["T2"]}]}, "T1 depends on 'T2', which is not a task."),
        ({"tasks": [TASK, {**TASK, "id": "T2"}]}, "T1 and T2 both change a.py"),
    ],
)
def test_a_wrong_result_is_sent_back_with_the_reason(data: dict[str, object], words: str) -> None:
    """The agent reads what to mend."""
    found = read_submission("tasks", data, ["developer"])
    assert isinstance(found, str)
    assert words in found


def test_requirements_need_an_acceptance_line() -> None:
    """Something must be checkable."""
    wrong = read_submission(
        "requirements", {"summary": "s", "acceptance": [], "assumptions": [], "out_of_scope": []}, []
    )
    assert isinstance(wrong, str)
    good = read_submission(
        "requirements", {"summary": "s", "acceptance": ["a"], "assumptions": [], "out_of_scope": []}, []
    )
    assert isinstance(good, Requirements)


def test_a_stored_turn_comes_back_as_it_was() -> None:
    """What is replayed after a crash is what was said."""
    reply = Reply((Text("a"), ToolUse("1", "Read", {"file_path": "é"})), "tool_use", Usage(1, 2, 3, 4), "m")
    results = (ToolResult("1", "x\0y", is_error=True),)
    assert reply_from_json(reply_to_json(reply)) == reply
    assert results_from_json(results_to_json(results)) == results


def a_team(*names: str) -> Json:
    return {"summary": "Small.", "agents": [{"name": name, "reason": "Builds."} for name in names]}


def test_a_team_of_those_who_are_there_is_taken() -> None:
    """With all who are needed, in any order."""
    found = read_submission("team", a_team("b", "a"), ["a", "b", "c"], ["a"])
    assert isinstance(found, Team)
    assert [form.name for form in found.agents] == ["b", "a"]


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("a", "wizard"), "- There is no agent 'wizard'; there are: a, b."),
        (("b",), "- 'a' is missing; it is needed in this run."),
        (("a", "b", "b"), "- 'b' is there twice."),
    ],
)
def test_what_is_wrong_with_a_team_is_said_in_a_sentence(names: tuple[str, ...], words: str) -> None:
    """The chief can mend it and hand it in again."""
    assert read_submission("team", a_team(*names), ["a", "b"], ["a"]) == words


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"severity": "bad"}, "findings.0.severity: Input should be 'high', 'medium' or 'low'"),
        ({"line": -1}, "findings.0.line: Input should be greater than or equal to 0"),
        ({"path": ""}, "findings.0.path: String should have at least 1 character"),
    ],
)
def test_a_finding_has_a_place_and_a_weight(change: Json, words: str) -> None:
    """Line 0 is the whole file; a finding without a place helps nobody."""
    finding = {"severity": "low", "path": "a.py", "line": 0, "problem": "p", "remedy": "r"}
    assert isinstance(read_submission("security", {"summary": "s", "findings": [finding]}, []), Findings)
    wrong = read_submission("security", {"summary": "s", "findings": [{**finding, **change}]}, [])
    assert wrong == f"- {words}"


def test_a_remark_may_carry_a_suggestion() -> None:
    """What DESIGN.md promises is enough; a range and a suggestion are optional."""
    plain = {"path": "a.py", "line": 3, "body": "Why?"}
    rich = {**plain, "start_line": 2, "suggestion": "x = 1"}
    found = read_submission("critique", {"verdict": "approve", "summary": "s", "comments": [plain, rich]}, [])
    assert isinstance(found, Review)
    assert [(c.start_line, c.suggestion) for c in found.comments] == [(0, ""), (2, "x = 1")]


@pytest.mark.parametrize(
    ("ids", "wrong"),
    [
        (["t1", "t2"], ""),
        (["t1"], "- The thread 't2' is not answered."),
        (["t1", "t2", "t9"], "- There is no thread 't9'; there are: t1, t2."),
        (["t1", "t2", "t1"], "- The thread 't1' is answered twice."),
    ],
)
def test_a_revision_answers_every_thread_once(ids: list[str], wrong: str) -> None:
    """No more, no fewer, and what is wrong is named."""
    threads = [{"id": name, "answer": "Done.", "done": True} for name in ids]
    found = read_submission("revision", {"summary": "s", "threads": threads}, [], ["t1", "t2"])
    assert isinstance(found, Revision) if not wrong else found == wrong
