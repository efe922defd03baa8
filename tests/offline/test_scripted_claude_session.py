"""Session files: what can be written, and what an author reads when it is wrong."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bot.core.conversation import Usage
from bot.offline.claude import Session, SessionError
from bot.offline.claude.heading import Heading

GOOD = """\
session: rate limiting
replies:
  - phase: design
    agent: architect
    turns:
      - text: Let me look first.
        tools:
          - Read: {file_path: README.md}
          - Grep: {pattern: "def ", path: src}
      - thinking: It is small.
        tools:
          - submit_design:
              since: 2026-11-23
              parts: [one, 2, 3.5, true, null]
      - text: Done.
        delay_seconds: 1.5
        usage: {input: 10, output: 20}
  - phase: review
    attempt: 2
    turns:
      - stop_reason: refusal
"""


def written(folder: Path, text: str, name: str = "demo.yml") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def wrong(folder: Path, text: str, name: str = "demo.yml") -> SessionError:
    with pytest.raises(SessionError) as error:
        Session.load(written(folder, text, name))
    return error.value


def test_a_session_file_is_read_whole(tmp_path: Path) -> None:
    """Turns, words, calls and numbers are what was written; a date stays text, because calls travel as JSON."""
    session = Session.load(written(tmp_path, GOOD))
    design, review = session.replies
    assert (session.session, design.name, review.name) == (
        "rate limiting",
        "design, agent architect",
        "review, attempt 2",
    )
    first, second, third = design.turns
    assert [(call.name, call.input) for call in first.tools] == [
        ("Read", {"file_path": "README.md"}),
        ("Grep", {"pattern": "def ", "path": "src"}),
    ]
    assert second.tools[0].input == {"since": "2026-11-23", "parts": ["one", 2, 3.5, True, None]}
    assert (second.thinking, third.delay_seconds) == ("It is small.", 1.5)
    assert third.usage is not None
    assert third.usage.as_usage == Usage(10, 20, 0, 0)
    assert [turn.stops_with for turn in (*design.turns, *review.turns)] == [
        "tool_use",
        "tool_use",
        "end_turn",
        "refusal",
    ]


def test_json_says_the_same_as_yaml(tmp_path: Path) -> None:
    """A `.json` file has the same form."""
    data = {"replies": [{"phase": "design", "turns": [{"tools": [{"Read": {"file_path": "a"}}]}]}]}
    assert Session.load(written(tmp_path, json.dumps(data), "demo.json")) == Session.from_dict(data)


def test_the_session_in_the_documentation_can_be_played() -> None:
    """docs/sessions.md shows files that load."""
    page = (Path(__file__).parent.parent.parent / "docs" / "sessions.md").read_text("utf-8")
    examples = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert len(examples) >= 1
    for example in examples:
        import yaml

        Session.from_dict(yaml.safe_load(example), "docs/sessions.md")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("replies:\n  - turns:\n      - text: x\n", 2, "replies[0].phase: field required"),
        ("replies:\n  - phase: p\n", 2, "replies[0].turns: field required"),
        ("replies:\n  - phase: p\n    turns: []\n", 3, "replies[0].turns"),
        ("replies: []\n", 1, "replies"),
        ("session: x\n", 1, "replies: field required"),
        ("replies:\n  - phase: p\n    turns:\n      - txt: x\n", 4, "replies[0].turns[0].txt"),
        ("replies:\n  - phase: p\n    turns:\n      - text: yes\n", 4, "replies[0].turns[0].text"),
        ("replies:\n  - phase: p\n    turns:\n      - text:\n", 4, "replies[0].turns[0].text"),
        ("replies:\n  - phase: p\n    task: 1\n    turns:\n      - text: x\n", 3, "replies[0].task"),
        ("replies:\n  - phase: p\n    attempt: 0\n    turns:\n      - text: x\n", 3, "replies[0].attempt"),
        ("replies:\n  - phase: p\n    turns:\n      - {}\n", 4, "a turn needs `text`, `tools` or `stop_reason`"),
        (
            "replies:\n  - phase: p\n    turns:\n      - tools:\n          - Read: {}\n          - Read: a.py\n",
            6,
            "replies[0].turns[0].tools[1]: a call is one tool's name with its input",
        ),
        (
            "replies:\n  - phase: p\n    turns:\n      - tools:\n          - {Read: {}, Grep: {}}\n",
            5,
            "a call is one tool's name with its input",
        ),
        (
            "replies:\n  - phase: p\n    turns:\n      - tools: [Read: {}]\n        stop_reason: end_turn\n",
            4,
            "a turn with tools ends with `stop_reason: tool_use`",
        ),
        ("replies:\n  - phase: p\n    turns:\n      - stop_reason: tool_use\n", 4, "needs `tools`"),
        ("replies:\n  - phase: p\n    turns:\n      - stop_reason: tired\n", 4, "replies[0].turns[0].stop_reason"),
        ("replies:\n  - phase: p\n    turns:\n      - text: x\n        delay_seconds: -1\n", 5, "delay_seconds"),
        ("replies:\n  - phase: p\n    turns:\n      - text: x\n        usage: {output: -1}\n", 5, "usage.output"),
        (
            "replies:\n  - {phase: p, turns: [{text: x}]}\n  - {phase: p, turns: [{text: y}]}\n",
            1,
            "two entries for p; put their turns into one",
        ),
        ("- phase: p\n", 1, "demo.yml, line 1"),
        ("", None, "demo.yml"),
        ("replies: [\n", 2, "line 2"),
        ("session: x\nsession: y\n", 2, "the key `session` is written twice"),
        ("session: &a x\nreplies:\n  - <<: {phase: p}\n", 3, "`<<` is not taken"),
        ("session: !!python/object:os.system x\n", 1, "line 1"),
        ("session: a\n---\nsession: b\n", 2, "line 2"),
    ],
)
def test_a_wrong_file_is_explained(text: str, line: int | None, words: str, tmp_path: Path) -> None:
    """File, line and entry, what is wrong, and a hint what to write."""
    error = wrong(tmp_path, text)
    assert str(tmp_path / "demo.yml") in error.message
    assert words in error.message
    assert line is None or f"line {line}" in error.message
    assert error.hint


def test_broken_json_is_explained_with_its_line(tmp_path: Path) -> None:
    """JSON has no marks for its values, but its syntax errors have a line."""
    assert "line 2" in wrong(tmp_path, '{"replies":\n oops}', "demo.json").message


def test_a_spelling_mistake_in_json_is_explained_with_its_entry(tmp_path: Path) -> None:
    """Without lines the entry's path is what helps."""
    text = json.dumps({"replies": [{"phase": "p", "turns": [{"texts": "x"}]}]})
    assert "replies[0].turns[0].texts" in wrong(tmp_path, text, "demo.json").message


def test_a_file_that_is_not_there_or_no_text_is_named(tmp_path: Path) -> None:
    """The author reads the path, not a traceback."""
    with pytest.raises(SessionError, match=r"gone\.yml cannot be read"):
        Session.load(tmp_path / "gone.yml")
    (tmp_path / "picture.yml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SessionError, match=r"picture\.yml cannot be read"):
        Session.load(tmp_path / "picture.yml")


def session(*entries: dict[str, Any], title: str = "") -> Session:
    return Session.from_dict({"session": title, "replies": [{"turns": [{"text": "x"}], **entry} for entry in entries]})


def test_an_attempt_outweighs_a_task_and_a_task_an_agent() -> None:
    """When several entries fit, the one whose filter is rarer wins, not the one that has more filters."""
    everything = session(
        {"phase": "p"},
        {"phase": "p", "agent": "a"},
        {"phase": "p", "task": "T1"},
        {"phase": "p", "attempt": 2},
        {"phase": "p", "agent": "a", "task": "T1"},
    )

    def chosen(**about: Any) -> str:
        entry = everything.find(Heading("p", **about))
        return entry.name if entry else "nothing"

    assert chosen(agent="b") == "p"
    assert chosen(agent="a") == "p, agent a"
    assert chosen(agent="b", task="T1") == "p, task T1"
    assert chosen(agent="a", task="T1") == "p, agent a, task T1"
    assert chosen(agent="a", task="T1", attempt=2) == "p, attempt 2"
    assert everything.find(Heading("q")) is None


def test_sessions_are_merged_by_entry() -> None:
    """Later entries for the same thing hold, titles are joined, the originals stay as they are."""
    base = session({"phase": "p"}, {"phase": "q"}, title="base")
    extra = session({"phase": "q", "turns": [{"text": "new"}]}, {"phase": "r"}, title="extra")
    merged = base.merged_with(extra)
    assert merged.session == "base + extra"
    assert [(entry.phase, entry.turns[0].text) for entry in merged.replies] == [("p", "x"), ("q", "new"), ("r", "x")]
    assert base.replies[1].turns[0].text == "x"
