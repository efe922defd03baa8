"""The `Model` port on the Messages API: streamed, cached, tried again until the reply is whole."""

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import TYPE_CHECKING

from bot.adapters.claude.clients import make_client, missing
from bot.adapters.claude.counting import TokenCounts
from bot.adapters.claude.failures import Failure, IncompleteStreamError, Provider, backoff_seconds, failure_of, sentence
from bot.adapters.claude.gate import Gate
from bot.adapters.claude.wire import editing_params, reply_from, request_params, usage_from
from bot.core.conversation import Json, ModelError, ModelRequest, Reply, Usage
from bot.core.prices import DEFAULT_PRICES, Price, cost_usd, price_of, upper_bound_usd
from bot.ports import Clock

if TYPE_CHECKING:
    from bot.adapters.claude.clients import Client

LEAST_TOKENS = 512
"""Of a reply that is asked for once more, after attempts that cost something."""


@dataclass(eq=False, repr=False)
class ClaudeModel:
    """Claude as the engine sees it. One for a process, used on one event loop; `concurrency` bounds its calls at once.

    `attempts` and `timeout_seconds` (the silence allowed in a stream) are those of one `reply`; `chance` gives numbers
    in [0, 1) for the jitter.
    """

    api_key: str
    base_url: str = ""
    _: KW_ONLY
    clock: Clock
    provider: Provider = "anthropic"
    prices: Mapping[str, Price] = field(default_factory=lambda: DEFAULT_PRICES)
    attempts: int = 6
    timeout_seconds: float = 180.0
    concurrency: int = 8
    chance: Callable[[], float] = random.random
    _client: "Client | None" = field(default=None, init=False)
    _connecting: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    _slots: asyncio.Semaphore = field(init=False)
    _gate: Gate = field(init=False)
    _counts: TokenCounts = field(default_factory=TokenCounts, init=False)
    _editing: bool = field(init=False)
    """Whether the API is asked to shorten long conversations: Anthropic's own offers it, until it says otherwise."""

    def __post_init__(self) -> None:
        self._slots = asyncio.Semaphore(self.concurrency)
        self._gate = Gate(self.clock, self.chance)
        self._editing = self.provider == "anthropic"

    def available(self) -> str | None:
        """See `bot.ports.Model`. Nothing is sent: a key that is set may still be refused."""
        return missing(self.provider, self.api_key)

    async def warm(self) -> None:
        """Import the SDK and make the client now, in a thread, so that the first reply need not wait for that.

        Raises `ModelError` of kind `auth` if something is missing.
        """
        async with self._connecting:
            if self._client is None:
                if line := self.available():
                    raise ModelError("auth", line)
                self._client = await asyncio.to_thread(
                    make_client, self.provider, self.api_key, self.base_url, self.timeout_seconds
                )

    async def aclose(self) -> None:
        """Close the connections; a later reply opens them again."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    def price_usd(self, request: ModelRequest) -> float:
        """See `bot.ports.Model`; it holds for all attempts of one `reply` together."""
        return upper_bound_usd(self._counts.most(request), request.max_tokens, price_of(request.model, self.prices))

    def most_tokens(self, request: ModelRequest) -> int:
        """See `bot.ports.Model`."""
        return self._counts.most(request) + request.max_tokens

    async def measure(self, request: ModelRequest) -> int | None:
        """See `bot.ports.Model`. One attempt: it must not stand in the way of the work."""
        try:
            await self.warm()
        except ModelError:
            return None
        client = self._client
        return await self._counts.ask(client, request) if client else None

    @property
    def uncounted(self) -> int:
        """How often the API gave no count of a prompt."""
        return self._counts.failures

    def cost_usd(self, reply: Reply) -> float:
        """See `bot.ports.Model`; includes what failed attempts reported."""
        return cost_usd(reply.usage, price_of(reply.model, self.prices))

    async def reply(self, request: ModelRequest) -> Reply:
        """See `bot.ports.Model`. Nothing half-read is kept: an attempt gives the whole reply or is made again.

        A prompt that is too long gives a reply without content and `context_exceeded`. Thinking that the API no longer
        takes, as when the conversation before it was shortened, is left out and the call made again.
        """
        await self.warm()
        wanted, spent, failed, thinking = request, Usage(), 0, True
        while True:
            reading = _Reading()
            params, editing = request_params(request, thinking=thinking), self._editing
            failure = await self._attempt(params | (editing_params() if editing else {}), reading)
            spent += usage_from(reading.usage)
            if failure is None:
                return reply_from({"model": request.model} | reading.message, spent)
            if failure.kind == "context_exceeded":
                return Reply((), "context_exceeded", spent, request.model)
            if failure.kind == "stale_thinking" and thinking:
                thinking = False
                continue
            if failure.kind == "no_editing" and editing:
                self._editing = False
                continue
            failed += 1
            await self._wait_or_raise(failure, failed, spent)
            request = self._fitting(wanted, spent, failure, failed)

    async def _wait_or_raise(self, failure: Failure, failed: int, spent: Usage) -> None:
        if not failure.retry or failed >= self.attempts:
            raise ModelError(failure.for_people, sentence(failure, failed, self.provider), spent)
        asked = failure.wait or 0.0
        if failure.kind in {"rate_limit", "overloaded"}:
            self._gate.hold(asked)
        await self.clock.sleep(max(asked, backoff_seconds(failed, self.chance())))

    def _fitting(self, wanted: ModelRequest, spent: Usage, failure: Failure, failed: int) -> ModelRequest:
        """The request with so much less room to answer that all attempts together cost no more than `price_usd` said.

        Raises `ModelError` if no room is left.
        """
        price, most = price_of(wanted.model, self.prices), wanted.max_tokens
        tokens, bound = self._counts.most(wanted), self.price_usd(wanted)
        while cost_usd(spent, price) + upper_bound_usd(tokens, most, price) > bound and spent.total:
            most //= 2
            if most < LEAST_TOKENS:
                raise ModelError(failure.for_people, sentence(failure, failed, self.provider), spent)
        return replace(wanted, max_tokens=most)

    async def _attempt(self, params: Json, reading: "_Reading") -> Failure | None:
        import anthropic
        import httpx2

        client = self._client
        assert client is not None
        async with self._slots:
            await self._gate.passed()
            try:
                await reading.read(client, params)
                self._gate.heed(reading.headers, self.clock.now())
            # A damaged stream shows as any of the last four: bad JSON, an event for a block that never began.
            except (
                anthropic.AnthropicError,
                httpx2.HTTPError,
                IncompleteStreamError,
                ValueError,
                LookupError,
                AttributeError,
                RuntimeError,
            ) as error:
                return failure_of(error, self.clock.now())
        return None


@dataclass(slots=True)
class _Reading:
    """One attempt as far as it came: the usage it reported even if it failed, the message if it did not."""

    usage: Json = field(default_factory=dict)
    message: Json = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    async def read(self, client: "Client", params: Json) -> None:
        """Raises whatever the SDK raises, and `IncompleteStreamError`."""
        async with client.messages.stream(**params) as stream:
            self.headers = stream.response.headers
            async for event in stream:
                if event.type == "message_start":
                    self.usage = event.message.usage.to_dict()
                elif event.type == "message_delta" and self.usage:
                    # The counts are running totals, and those that do not apply are absent or null.
                    self.usage |= {key: value for key, value in event.usage.to_dict().items() if value is not None}
            if not self.usage or stream.current_message_snapshot.stop_reason is None:
                raise IncompleteStreamError("the stream ended before the reply did")
            self.message = stream.current_message_snapshot.to_dict(mode="json", warnings=False)
