"""A scripted Claude on loopback, the real adapter in front of it, and a clock that does not wait."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.adapters.claude import ClaudeModel
from bot.core.conversation import Message, ModelRequest, Text, ToolSpec
from bot.offline.claude import ScriptedClaude, Session

READ = ToolSpec("Read", "Read a file.", {"type": "object", "properties": {"file_path": {"type": "string"}}})
SUBMIT = ToolSpec(
    "submit_design",
    "Hand in the design.",
    {"type": "object", "properties": {}, "required": [], "additionalProperties": False},
    strict=True,
)
SESSION = Session.from_dict(
    {
        "replies": [
            {
                "phase": "design",
                "turns": [
                    {
                        "thinking": "The README may say how the parts hang together.",
                        "text": "Let me look at what is there before I decide.",
                        "tools": [{"Read": {"file_path": "README.md"}}, {"Read": {"file_path": "ä.py"}}],
                    },
                    {"tools": [{"submit_design": {}}]},
                    {"text": "Done."},
                ],
            },
            {"phase": "review", "turns": [{"text": "It is good."}]},
        ]
    }
)


class TestClock:
    """Sleeps at once and remembers how long it should have been."""

    __test__ = False

    def __init__(self) -> None:
        self.slept: list[float] = []

    def now(self) -> datetime:
        return datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

    def monotonic(self) -> float:
        return sum(self.slept)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def claude() -> Iterator[ScriptedClaude]:
    """Plays `SESSION`, and checks every request against the SDK's types too."""
    with ScriptedClaude(SESSION, strict=True, delay_factor=0) as server:
        yield server


@pytest.fixture
async def make_model(claude: ScriptedClaude, clock: TestClock) -> AsyncIterator[Callable[..., ClaudeModel]]:
    """Adapters for the scripted Claude, or another `base_url`; closed at the end."""
    made: list[ClaudeModel] = []

    def make(**options: Any) -> ClaudeModel:
        settings: dict[str, Any] = {"base_url": claude.url, "clock": clock, "chance": lambda: 0.0} | options
        made.append(ClaudeModel("test-key", **settings))
        return made[-1]

    yield make
    for model in made:
        await model.aclose()


@pytest.fixture
def model(make_model: Callable[..., ClaudeModel]) -> ClaudeModel:
    return make_model()


@pytest.fixture
def ask() -> Callable[..., ModelRequest]:
    """The first request of a phase."""

    def make(phase: str = "design", words: str = "Dark mode, please.", **changes: Any) -> ModelRequest:
        start = Message("user", (Text(f'<phase name="{phase}" agent="architect" run="r1">\n{words}'),))
        fields: dict[str, Any] = {
            "system": "You design.",
            "messages": (start,),
            "tools": (READ, SUBMIT),
            "max_tokens": 4000,
        }
        return ModelRequest(**({"model": "claude-sonnet-5-5"} | fields | changes))

    return make


Serve = Callable[..., Awaitable[str]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """`await serve(b"HTTP/1.1 ...", ...)`: a server that gives each call the next raw response and hangs up."""
    servers: list[asyncio.Server] = []

    async def start(*responses: bytes) -> str:
        waiting = list(responses)

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            writer.write(waiting.pop(0) if waiting else b"")
            await writer.drain()
            writer.close()

        servers.append(await asyncio.start_server(talk, "127.0.0.1", 0))
        return f"http://127.0.0.1:{servers[-1].sockets[0].getsockname()[1]}"

    yield start
    for server in servers:
        server.close()
        await server.wait_closed()
