"""The provider's own count of a prompt: asked for once, kept, and never in the way."""

from collections.abc import Awaitable, Callable

from bot.adapters.claude import ClaudeModel
from bot.adapters.claude.wire import estimated_input_tokens
from bot.core.conversation import Json, ModelRequest
from bot.offline.claude import ScriptedClaude

Ask = Callable[..., ModelRequest]
Make = Callable[..., ClaudeModel]
Serve = Callable[..., Awaitable[str]]


async def test_a_prompt_is_counted_once(model: ClaudeModel, claude: ScriptedClaude, ask: Ask) -> None:
    """Through the real SDK; the same prompt with other room to answer is the same prompt."""
    bodies, count = list[Json](), claude.count

    def counted(body: Json) -> Json:
        bodies.append(body)
        return count(body)

    claude.count = counted  # type: ignore[method-assign]
    first = await model.measure(ask())
    assert first
    assert await model.measure(ask(max_tokens=99)) == first
    assert len(bodies) == 1
    other = await model.measure(ask(words="Dark mode, please. " * 50))
    assert other
    assert other > first
    assert (claude.violations, model.uncounted) == ([], 0)


async def test_what_was_counted_bounds_the_call(make_model: Make, serve: Serve, ask: Ask) -> None:
    """Three percent above the count instead of our estimate, for the tokens and for the price."""
    body = b'{"input_tokens": 1000}'
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
    model, request = make_model(base_url=await serve(head % len(body) + body)), ask(words="Dark mode. " * 2_000)
    before = model.most_tokens(request), model.price_usd(request)
    assert before[0] == estimated_input_tokens(request) + 4_000
    assert await model.measure(request) == 1_000
    assert model.most_tokens(request) == 1_031 + 4_000
    assert model.price_usd(request) < before[1]


async def test_no_count_is_no_trouble(make_model: Make, ask: Ask) -> None:
    """Where nobody answers, our estimate holds as before; that it had to is counted."""
    model = make_model(base_url="http://127.0.0.1:9")
    before = model.most_tokens(ask())
    assert await model.measure(ask()) is None
    assert (model.most_tokens(ask()), model.uncounted) == (before, 1)


async def test_without_a_key_nothing_is_asked() -> None:
    """There is nobody to ask."""
    from tests.adapters.claude.conftest import TestClock

    assert await ClaudeModel("", clock=TestClock()).measure(ModelRequest("m", "", (), (), 1)) is None
