"""The few things that only GraphQL can: whether threads are resolved, resolving them, drafts and their end."""

from collections.abc import Mapping

import httpx
from githubkit import Response

from bot.adapters.github.asks import Ask
from bot.adapters.github.caller import Caller
from bot.adapters.github.connection import Connection
from bot.adapters.github.graphql_texts import endpoint


class Graphql(Caller):
    """Sends GraphQL; its errors come as `GitHubError` like those of REST, with the status REST would have had."""

    async def _query(self, ask: Ask, query: str, variables: Mapping[str, str | int | None]) -> httpx.Response:
        async def request(gh: Connection) -> Response[object, object]:
            return await gh.arequest("POST", endpoint(gh), json={"query": query, "variables": dict(variables)})

        return await self._send(ask, request)
