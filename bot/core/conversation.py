"""What passes between an agent and the model, in our own words: messages, tools, replies, usage."""

from dataclasses import dataclass
from typing import Any, Literal

StopReason = Literal["end_turn", "tool_use", "max_tokens", "refusal", "context_exceeded", "pause_turn"]
Json = dict[str, Any]
"""A JSON object: the inputs of tools and their schemas, whose keys their owners know."""


@dataclass(frozen=True, slots=True)
class Text:
    """Words of the model or of the user."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolUse:
    """The model asks for a tool."""

    id: str
    name: str
    input: Json


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool answered to the `ToolUse` with the same id."""

    tool_use_id: str
    content: str
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class Opaque:
    """A block of the provider that has to be sent back unchanged (thinking, for one)."""

    data: Json


Block = Text | ToolUse | ToolResult | Opaque


@dataclass(frozen=True, slots=True)
class Message:
    """One side's turn."""

    role: Literal["user", "assistant"]
    content: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as the model sees it; `schema` is the JSON schema of its input."""

    name: str
    description: str
    schema: Json
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one or more model calls; `input` are those neither read from nor written to the prompt cache."""

    input: int = 0
    output: int = 0
    cache_write: int = 0
    cache_read: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.input + other.input,
            self.output + other.output,
            self.cache_write + other.cache_write,
            self.cache_read + other.cache_read,
        )

    @property
    def total(self) -> int:
        """All tokens, cached or not."""
        return self.input + self.output + self.cache_write + self.cache_read

    @property
    def cached(self) -> float:
        """The share of all prompts that was read from the cache, 0 to 1."""
        prompts = self.input + self.cache_write + self.cache_read
        return self.cache_read / prompts if prompts else 0.0


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One call of the model: the whole conversation so far, with a stable prefix for the prompt cache."""

    model: str
    system: str
    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...]
    max_tokens: int


@dataclass(frozen=True, slots=True)
class Reply:
    """The model's answer to one call."""

    content: tuple[Block, ...]
    stop_reason: StopReason
    usage: Usage
    model: str

    @property
    def text(self) -> str:
        """All the words of the reply, without tool calls."""
        return "\n".join(b.text for b in self.content if isinstance(b, Text)).strip()

    @property
    def tool_uses(self) -> tuple[ToolUse, ...]:
        return tuple(b for b in self.content if isinstance(b, ToolUse))


class ModelError(Exception):
    """The model could not be reached or would not answer, after all retries; the text names the cause.

    `usage` is what the attempts reported before they failed; it is paid for.
    """

    def __init__(
        self,
        kind: Literal["auth", "billing", "rate_limit", "overloaded", "invalid", "broken"],
        text: str,
        usage: Usage | None = None,
    ):
        super().__init__(text)
        self.kind = kind
        self.usage = usage or Usage()
