"""The model's provider, asked which models it knows; nothing is paid for."""

import asyncio
from typing import TYPE_CHECKING

from bot.adapters.claude.clients import make_client, missing
from bot.adapters.claude.failures import Provider
from bot.ports_doctor import Known, UnreachableError

if TYPE_CHECKING:
    from bot.adapters.claude.clients import Client

_SECONDS = 10.0


class ClaudeCatalog:
    """`bot.ports_doctor.ModelCatalog` by https://platform.claude.com/docs/en/api/models-get."""

    def __init__(self, api_key: str, base_url: str, provider: Provider) -> None:
        self._key = api_key
        self._url = base_url
        self._provider: Provider = provider
        self._client: asyncio.Future[Client] | None = None

    def missing(self) -> str | None:
        return missing(self._provider, self._key)

    async def knows(self, model: str) -> Known:
        if self._provider != "anthropic":
            raise UnreachableError(f"{self._provider} has no list of models that can be asked for one")
        client = await self._connect()
        import anthropic  # `make_client` has imported it, in a thread.

        try:
            # A client of its own is used for Anthropic alone, which has `models`.
            await client.models.retrieve(model)  # type: ignore[union-attr]
        except anthropic.AuthenticationError:
            return "refused"
        except anthropic.PermissionDeniedError:
            return "forbidden"
        except anthropic.NotFoundError:
            return "unknown"
        except anthropic.APIStatusError as error:
            raise UnreachableError(f"it answered {error.status_code}") from None
        except anthropic.APIError as error:
            raise UnreachableError(" ".join(str(error.__cause__ or error).split())[:200]) from None
        return "known"

    async def aclose(self) -> None:
        if self._client is not None and self._client.done() and not self._client.cancelled():
            await self._client.result().close()

    async def _connect(self) -> "Client":
        if self._client is None:
            made = asyncio.to_thread(make_client, self._provider, self._key, self._url, _SECONDS)
            self._client = asyncio.ensure_future(made)
        return await asyncio.shield(self._client)
