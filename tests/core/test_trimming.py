"""A conversation that grew long loses what can be had again, and nothing else."""

from hypothesis import given
from hypothesis import strategies as st

from bot.core.conversation import Message, Text, ToolResult, ToolUse
from bot.core.tokens import estimate_tokens
from bot.core.trimming import GONE, KEPT, trimmed

ANSWER = "line of a file\n" * 200


def conversation(turns: int, answer: str = ANSWER) -> list[Message]:
    """A first message and so many calls with their answers."""
    messages = [Message("user", (Text("<phase> Do it."),))]
    for number in range(turns):
        messages.append(Message("assistant", (ToolUse(f"c{number}", "Read", {"file_path": "a"}),)))
        messages.append(Message("user", (ToolResult(f"c{number}", answer),)))
    return messages


def size(messages: tuple[Message, ...]) -> int:
    return sum(
        estimate_tokens(getattr(b, "content", "") or getattr(b, "text", "")) for m in messages for b in m.content
    )


def test_a_short_conversation_is_left_as_it_is() -> None:
    messages = conversation(5)
    assert trimmed(messages, 100_000) == tuple(messages)


def test_old_answers_go_and_all_else_stays() -> None:
    """The first message, every call, the newest turns: whole. Each call still has its answer."""
    messages = conversation(40)
    shown = trimmed(messages, 10_000)
    assert shown[0] == messages[0]
    assert shown[-KEPT:] == tuple(messages[-KEPT:])
    assert [m.role for m in shown] == [m.role for m in messages]
    calls = [b.id for m in shown for b in m.content if isinstance(b, ToolUse)]
    assert [b.tool_use_id for m in shown for b in m.content if isinstance(b, ToolResult)] == calls
    assert any(b == ToolResult("c0", GONE) for m in shown for b in m.content)
    assert size(shown) < 10_000 + size(tuple(messages[-KEPT:]))


def test_the_beginning_stays_the_same_for_many_turns() -> None:
    """The cache holds a prefix only while it does not change: it changes once in several turns, not each turn."""
    changes = 0
    for turns in range(1, 60):
        before, after = trimmed(conversation(turns - 1), 20_000), trimmed(conversation(turns), 20_000)
        changes += after[: len(before)] != before
    assert 1 <= changes <= 59 / 4


def test_small_answers_are_not_worth_it() -> None:
    messages = conversation(200, "ok")
    assert trimmed(messages, 100) == tuple(messages)


@given(st.integers(0, 40), st.integers(0, 20_000))
def test_a_restart_gives_the_same_prompt(turns: int, most: int) -> None:
    """Nothing is remembered beside the messages, and what was trimmed can be trimmed again without harm."""
    messages = conversation(turns)
    assert trimmed(messages, most) == trimmed(list(messages), most)
    assert len(trimmed(messages, most)) == len(messages)
