"""The provider's own count of a prompt, asked for once and kept."""

import hashlib
import json
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.adapters.claude.wire import estimated_input_tokens, request_params
from bot.core.conversation import ModelRequest

if TYPE_CHECKING:
    from bot.adapters.claude.clients import Client

KEPT = 500
"""Prompts whose counts are kept."""
MARGIN = 1.03
"""The count is an estimate, too: the real one may differ by a little
(https://platform.claude.com/docs/en/build-with-claude/token-counting)."""
SECONDS = 10.0


@dataclass(slots=True)
class TokenCounts:
    """What the API has counted so far, by the hash of the prompt."""

    failures: int = 0
    """How often the API gave no count, and our own estimate had to do."""
    _known: OrderedDict[str, int] = field(default_factory=OrderedDict)

    def most(self, request: ModelRequest) -> int:
        """An upper bound of the prompt's tokens: a little above the API's count where that is known."""
        known = self._known.get(_key(request)) if self._known else None
        return estimated_input_tokens(request) if known is None else int(known * MARGIN) + 1

    async def ask(self, client: "Client", request: ModelRequest) -> int | None:
        """The prompt's tokens as the API counts them, None where it does not. It is asked once for a prompt."""
        import anthropic
        import httpx2

        key = _key(request)
        if (known := self._known.get(key)) is not None:
            return known
        params = request_params(request)
        del params["max_tokens"]
        try:
            counted = await client.messages.count_tokens(**params, timeout=SECONDS)
        except (anthropic.AnthropicError, httpx2.HTTPError, ValueError, AttributeError):
            self.failures += 1
            return None
        self._known[key] = counted.input_tokens
        while len(self._known) > KEPT:
            self._known.popitem(last=False)
        return counted.input_tokens


def _key(request: ModelRequest) -> str:
    params = request_params(request) | {"max_tokens": 0}
    return hashlib.sha256(json.dumps(params, sort_keys=True).encode()).hexdigest()
