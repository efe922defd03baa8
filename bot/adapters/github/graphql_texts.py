"""What is asked in GraphQL, and where."""

from bot.adapters.github.connection import Connection

VIEWER = "query { viewer { login } }"
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


def endpoint(gh: Connection) -> str:
    """`/graphql`; on a GitHub Enterprise Server it is beside REST's root, not below it."""
    base = gh.config.base_url
    path = base.path.rstrip("/")
    return str(base.copy_with(path=path.removesuffix("/v3") + "/graphql")) if path.endswith("/api/v3") else "/graphql"
