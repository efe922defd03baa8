"""GraphQL on the local GitHub: threads, and what is done to them and to drafts, in the published schema's terms."""

from typing import Any

import httpx
import pytest

from bot.core.reviews import InlineComment
from bot.offline.github import LocalGitHub
from tests.offline.github.conftest import APP_ID, WIDGET
from tests.offline.graphql_schema import check_query, github_schema

THREADS = """
query($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      id isDraft mergeable
      reviewThreads(first: 2, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes { id isResolved isOutdated path line comments(first: 50) {
          nodes { fullDatabaseId body author { __typename login } }
        } }
      }
    }
  }
}
"""
RESOLVE = "mutation($id: ID!) { resolveReviewThread(input: {threadId: $id}) { thread { id isResolved } } }"
READY = "mutation($id: ID!) { markPullRequestReadyForReview(input: {pullRequestId: $id}) { pullRequest { isDraft } } }"
DRAFT = "mutation($id: ID!) { convertPullRequestToDraft(input: {pullRequestId: $id}) { pullRequest { isDraft } } }"


@pytest.fixture(autouse=True)
def schema() -> None:
    """Read before the first answer is judged, which would wait for it."""
    github_schema()


@pytest.fixture
def pull(watched: LocalGitHub, keys: tuple[str, str]) -> int:
    """The bot's draft, with three threads."""
    watched.install(watched.add_app(APP_ID, keys[1]), WIDGET)
    watched.push(WIDGET, "topic", {"new.txt": "a\nb\nc\n"}, "New", by="maria")
    number = watched.open_pull(WIDGET, title="New", head="topic", draft=True, by="devflow[bot]")
    comments = [InlineComment("new.txt", n, f"Why {n}?") for n in (1, 2, 3)]
    watched.review(WIDGET, number, by="maria", verdict="request_changes", body="No.", comments=comments)
    return number


def ask(github: LocalGitHub, token: str, query: str, **variables: object) -> dict[str, Any]:
    headers = {"Authorization": f"bearer {token}"}
    sent = {"query": query, "variables": variables}
    answer = httpx.post(f"{github.api_url}/graphql", json=sent, headers=headers, timeout=30)
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


def pull_of(github: LocalGitHub, number: int, after: str | None = None) -> dict[str, Any]:
    body = ask(github, "token-of-maria", THREADS, owner="acme", name="widget", number=number, after=after)
    found: dict[str, Any] = body["data"]["repository"]["pullRequest"]
    return found


def test_threads_come_in_pages(watched: LocalGitHub, pull: int) -> None:
    """With their comments and authors; a bot's login is without `[bot]` here."""
    watched.reply(WIDGET, _first_comment(watched, pull), "Because.", by="devflow[bot]")
    first = pull_of(watched, pull)["reviewThreads"]
    assert [thread["line"] for thread in first["nodes"]] == [1, 2]
    assert first["pageInfo"]["hasNextPage"]
    last = pull_of(watched, pull, first["pageInfo"]["endCursor"])["reviewThreads"]
    assert [thread["line"] for thread in last["nodes"]] == [3]
    assert not last["pageInfo"]["hasNextPage"]
    authors = [comment["author"] for comment in first["nodes"][0]["comments"]["nodes"]]
    assert authors == [{"__typename": "User", "login": "maria"}, {"__typename": "Bot", "login": "devflow"}]


def _first_comment(github: LocalGitHub, number: int) -> int:
    nodes = pull_of(github, number)["reviewThreads"]["nodes"]
    return int(nodes[0]["comments"]["nodes"][0]["fullDatabaseId"])


def test_a_thread_is_resolved_and_a_draft_made_ready(watched: LocalGitHub, pull: int) -> None:
    """By those who may write; both can be seen after that."""
    token = watched.token(next(iter(_installations(watched))))
    seen = pull_of(watched, pull)
    thread = seen["reviewThreads"]["nodes"][0]["id"]
    answer = ask(watched, token, RESOLVE, id=thread)
    assert answer["data"]["resolveReviewThread"]["thread"] == {"id": thread, "isResolved": True}
    assert [node["isResolved"] for node in pull_of(watched, pull)["reviewThreads"]["nodes"]] == [True, False]
    assert (seen["isDraft"], seen["mergeable"]) == (True, "MERGEABLE")
    assert ask(watched, token, READY, id=seen["id"])["data"]["markPullRequestReadyForReview"]
    assert not pull_of(watched, pull)["isDraft"]
    assert ask(watched, token, DRAFT, id=seen["id"])["data"]["convertPullRequestToDraft"]["pullRequest"]["isDraft"]


def _installations(github: LocalGitHub) -> list[int]:
    return [i.id for app in github._world.apps.values() for i in app.installations]


def test_refusals_are_errors_in_a_good_answer(watched: LocalGitHub, pull: int) -> None:
    """Status 200, a type, the path of the field; nothing is changed."""
    watched.add_user("rita", token="token-of-rita")
    watched.grant(WIDGET, "rita", "read")
    thread = pull_of(watched, pull)["reviewThreads"]["nodes"][0]["id"]
    narrow = watched.token(_installations(watched)[0], {"contents": "write"})
    for token in ("token-of-rita", narrow):
        answer = ask(watched, token, RESOLVE, id=thread)
        assert answer["data"] == {"resolveReviewThread": None}
        assert (answer["errors"][0]["type"], answer["errors"][0]["path"]) == ("FORBIDDEN", ["resolveReviewThread"])
    assert ask(watched, "token-of-maria", RESOLVE, id="no-such-node")["errors"][0]["type"] == "NOT_FOUND"
    missing = ask(watched, "token-of-maria", THREADS, owner="acme", name="none", number=1)
    assert missing["errors"][0]["message"] == "Could not resolve to a Repository with the name 'acme/none'."
    assert not any(node["isResolved"] for node in pull_of(watched, pull)["reviewThreads"]["nodes"])
    nobody = httpx.post(f"{watched.api_url}/graphql", json={"query": THREADS})
    assert nobody.status_code == 401


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ('{ repository(owner: "acme", name: "widget") { stars } }', "Field 'stars' doesn't exist"),
        ("{ rateLimit { cost } }", "Field 'rateLimit' doesn't exist"),
        ("{ repository(", "found the end"),
        ("subscription { x }", "subscription is not served"),
        ("{ a ~ }", "Unexpected character"),
        (RESOLVE, "Variable $id was provided invalid value"),
    ],
)
def test_what_is_not_served_is_said_and_remembered(github: LocalGitHub, query: str, message: str) -> None:
    """So that a test sees it at its end."""
    github.open_issue(WIDGET, title="x", by="maria")
    assert message in ask(github, "token-of-maria", query)["errors"][0]["message"]
    assert github.unserved == [("POST", "/graphql")]


def test_the_judge_finds_what_is_wrong() -> None:
    """One that never objects proves nothing."""
    assert check_query(RESOLVE, {"id": "x"}) == []
    assert "Cannot query field" in check_query("{ viewer { loginn } }", None)[0]
    assert check_query("{ viewer {", None) != []
    given = {"viewer": {"login": "x"}}
    assert check_query("{ viewer { login } }", None, given) == []
    assert "cannot represent" in check_query("{ viewer { login } }", None, {"viewer": {"login": ["x"]}})[0]
    assert "non-nullable" in check_query("{ viewer { login } }", None, {"viewer": {}})[0]
    assert check_query("{ viewer { login } }", None, {"viewer": {"login": "x", "id": "y"}}) != []
