"""The few things that only GraphQL can: whether threads are resolved, resolving them, drafts and their end."""

from collections.abc import Mapping

import httpx
from githubkit import Response

from bot.adapters.github.asks import Ask
from bot.adapters.github.caller import Caller
from bot.adapters.github.connection import Connection

THREADS = """
query($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      reviewThreads(first: 50, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes {
          id isResolved isOutdated path line
          comments(first: 100) {
            nodes {
              fullDatabaseId body url createdAt diffHunk
              replyTo { fullDatabaseId }
              author { __typename login }
            }
          }
        }
      }
    }
  }
}
"""
RESOLVE = "mutation($id: ID!) { resolveReviewThread(input: {threadId: $id}) { thread { isResolved } } }"
READY = "mutation($id: ID!) { markPullRequestReadyForReview(input: {pullRequestId: $id}) { pullRequest { isDraft } } }"
DRAFT = "mutation($id: ID!) { convertPullRequestToDraft(input: {pullRequestId: $id}) { pullRequest { isDraft } } }"


class Graphql(Caller):
    """Sends GraphQL; its errors come as `GitHubError` like those of REST, with the status REST would have had."""

    async def _query(self, ask: Ask, query: str, variables: Mapping[str, str | int | None]) -> httpx.Response:
        async def request(gh: Connection) -> Response[object, object]:
            return await gh.arequest("POST", _endpoint(gh), json={"query": query, "variables": dict(variables)})

        return await self._send(ask, request)


def _endpoint(gh: Connection) -> str:
    """`/graphql`; on a GitHub Enterprise Server it is beside REST's root, not below it."""
    base = gh.config.base_url
    path = base.path.rstrip("/")
    return str(base.copy_with(path=path.removesuffix("/v3") + "/graphql")) if path.endswith("/api/v3") else "/graphql"
