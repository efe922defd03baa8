"""Long conversations made shorter: old answers of tools go first, since tools can be called again."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.core.conversation import Block, Message, Opaque, Text, ToolResult, ToolUse
from bot.core.tokens import estimate_tokens

GONE = "[removed to make room; call the tool again if you need it]"
KEPT = 6
"""The newest messages, which stay whole: three turns."""
SMALL = 400
"""Characters of an answer that is not worth removing."""


def trimmed(messages: Sequence[Message], most: int) -> tuple[Message, ...]:
    """The conversation with old tool answers replaced by a line, so that it stays near `most` estimated tokens.

    Each time it grows past `most`, everything older than the newest turns is cleared at once, so that the beginning
    stays the same for many calls and the prompt cache holds it. It depends on the messages alone: asked again after a
    restart, the same conversation gives the same prompt.
    """
    sizes = [_size(message.content) for message in messages]
    small = [_size(cleared(message, SMALL).content) for message in messages]
    total, gone = 0, 0
    for index, size in enumerate(sizes):
        total += size
        if total > most and index + 1 - KEPT > gone:
            newest = index + 1 - KEPT
            total -= sum(sizes[gone:newest]) - sum(small[gone:newest])
            gone = newest
    return tuple(cleared(message, SMALL) if index < gone else message for index, message in enumerate(messages))


def cleared(message: Message, small: int = -1) -> Message:
    """The message without its tool answers, but for those of at most `small` characters."""
    blocks = (
        replace(b, content=GONE) if isinstance(b, ToolResult) and len(b.content) > small else b for b in message.content
    )
    return Message(message.role, tuple(blocks))


def _size(blocks: Iterable[Block]) -> int:
    return sum(_tokens(block) for block in blocks)


def _tokens(block: Block) -> int:
    match block:
        case Text(text):
            return estimate_tokens(text)
        case ToolResult(_, content):
            return estimate_tokens(content)
        case ToolUse(_, name, given):
            return estimate_tokens(f"{name} {given}")
        case Opaque(data):
            return estimate_tokens(str(data))
