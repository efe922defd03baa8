"""Reviewing through the adapter, on a local GitHub of which every answer is checked against the published shapes."""

import httpx
import pytest
import respx

from bot.adapters.github import GitHubAdapter, graphql_texts
from bot.core.effects import mark
from bot.core.repository import Sha
from bot.core.reviews import InlineComment, ReviewDraft
from bot.offline.github import LocalGitHub
from bot.ports import GitHubError, LineOutsideDiffError
from tests.adapters.github.github_rig import REPO, SHA, FakeClock, refusal
from tests.offline.graphql_schema import check_query

WIDGET = "acme/widget"
LONG = "".join(f"line {n}\n" for n in range(1, 31))
MARK = mark("r1", "review")


@pytest.fixture
def pull(local: LocalGitHub) -> int:
    """A pull request of maria's that changes line 5 of a file of 30 and adds another file."""
    local.push(WIDGET, "main", {"long.txt": LONG}, "Long", by="maria")
    local.push(WIDGET, "topic", {"long.txt": LONG.replace("line 5\n", "LINE 5\n"), "new.txt": "a\n"}, "x", by="maria")
    return local.open_pull(WIDGET, title="Change", head="topic", by="maria")


async def test_a_pull_request_is_read_with_its_files(devflow: GitHubAdapter, pull: int, local: LocalGitHub) -> None:
    """Who wrote it, between which commits, what changed, and which lines can carry a comment."""
    seen = await devflow.pull(REPO, pull)
    assert (seen.author, seen.head_repo, seen.mergeable, seen.merged) == ("maria", REPO, "clean", False)
    assert (seen.head_sha, seen.base_sha) == tuple(local.branches(WIDGET)[name] for name in ("topic", "main"))
    changed, added = await devflow.pull_files(REPO, pull)
    assert (changed.path, changed.status, set(changed.changed_lines)) == ("long.txt", "modified", {5})
    assert (added.path, added.status, set(added.commentable)) == ("new.txt", "added", {("RIGHT", 1)})
    assert InlineComment("long.txt", 8, "x").fits(changed)
    assert not InlineComment("long.txt", 9, "x").fits(changed)
    merge = local.merge(WIDGET, pull, by="maria")
    merged = await devflow.pull(REPO, pull)
    assert (merged.merged, merged.merge_sha, merged.state, merged.mergeable) == (True, merge, "closed", "unknown")


async def test_a_review_is_posted_once_and_found_by_its_mark(
    devflow: GitHubAdapter, pull: int, local: LocalGitHub
) -> None:
    """With its comments; somebody else's review with the same mark is not ours."""
    head = (await devflow.pull(REPO, pull)).head_sha
    comments = (InlineComment("long.txt", 6, "Why?", start_line=5), InlineComment("long.txt", 5, "Gone?", "LEFT"))
    assert await devflow.find_review(REPO, pull, MARK) is None
    made = await devflow.create_review(REPO, pull, ReviewDraft(head, f"Two things.\n{MARK}", "COMMENT", comments))
    assert (made.author, made.author_is_bot, made.state, made.commit) == ("devflow[bot]", True, "commented", head)
    assert await devflow.find_review(REPO, pull, MARK) == made
    assert local.reviews_on(WIDGET, pull) == [made]
    posted = await devflow.review_comments(REPO, pull)
    assert [(c.path, c.line, c.body) for c in posted] == [("long.txt", 6, "Why?"), ("long.txt", 5, "Gone?")]


async def test_another_authors_mark_is_not_ours(devflow: GitHubAdapter, pull: int, local: LocalGitHub) -> None:
    """Anyone can copy hidden text."""
    comments = [InlineComment("new.txt", 1, f"x {MARK}")]
    local.review(WIDGET, pull, by="rita", verdict="request_changes", body=f"No. {MARK}", comments=comments)
    assert await devflow.find_review(REPO, pull, MARK) is None
    assert await devflow.find_review_comment(REPO, pull, MARK) is None
    assert [(r.author, r.state) for r in await devflow.reviews(REPO, pull)] == [("rita", "changes_requested")]


async def test_a_line_outside_the_diff_is_an_error_of_its_own(devflow: GitHubAdapter, pull: int) -> None:
    """Nothing of the review is posted, so it can be sent again without that comment."""
    head = (await devflow.pull(REPO, pull)).head_sha
    for place in (InlineComment("long.txt", 20, "x"), InlineComment("README.md", 1, "x")):
        with pytest.raises(LineOutsideDiffError, match="could not be resolved") as caught:
            await devflow.create_review(REPO, pull, ReviewDraft(head, "x", "COMMENT", (place,)))
        assert caught.value.status == 422
    with pytest.raises(GitHubError, match="Body can't be blank") as blank:
        await devflow.create_review(REPO, pull, ReviewDraft(head, "", "COMMENT"))
    assert not isinstance(blank.value, LineOutsideDiffError)
    assert await devflow.reviews(REPO, pull) == []


async def test_threads_are_answered_and_resolved(devflow: GitHubAdapter, pull: int, local: LocalGitHub) -> None:
    """Each with its comments and its line; the answer is found by its mark; resolving twice is as good as once."""
    comments = [InlineComment("long.txt", 5, "Why?"), InlineComment("new.txt", 1, "What for?")]
    local.review(WIDGET, pull, by="rita", verdict="request_changes", body="No.", comments=comments)
    first, second = await devflow.review_threads(REPO, pull)
    assert [(t.path, t.line, t.is_resolved, t.is_outdated) for t in (first, second)] == [
        ("long.txt", 5, False, False),
        ("new.txt", 1, False, False),
    ]
    answer = await devflow.reply_to_review_comment(REPO, pull, first.comments[0].id, f"Done.\n{MARK}")
    assert first.hunk.splitlines()[0].startswith("@@ ")
    assert first.hunk.splitlines()[-1] == "+LINE 5"
    assert answer.in_reply_to == first.comments[0].id
    assert await devflow.find_review_comment(REPO, pull, MARK) == answer
    await devflow.resolve_thread(REPO, first.id)
    await devflow.resolve_thread(REPO, first.id)
    local.push(WIDGET, "topic", {"new.txt": "b\n"}, "Other", by="maria")
    done, other = await devflow.review_threads(REPO, pull)
    assert (done.is_resolved, other.is_resolved, other.is_outdated, other.line) == (True, False, True, None)
    assert [(c.author, c.author_is_bot, c.in_reply_to) for c in done.comments] == [
        ("rita", False, None),
        ("devflow[bot]", True, first.comments[0].id),
    ]
    assert done.comments[1] == answer
    assert local.threads_on(WIDGET, pull) == [done, other]
    with pytest.raises(GitHubError, match="Could not resolve to a node") as gone:
        await devflow.resolve_thread(REPO, "no-such-thread")
    assert gone.value.status == 404


async def test_all_threads_come_whatever_their_number(devflow: GitHubAdapter, pull: int, local: LocalGitHub) -> None:
    """Page by page."""
    for n in range(3):
        comments = [InlineComment("long.txt", 5, f"{n}.{i}") for i in range(20)]
        local.review(WIDGET, pull, by="rita", comments=comments)
    assert len({thread.id for thread in await devflow.review_threads(REPO, pull)}) == 60


async def test_a_lost_answer_is_not_a_second_review(devflow: GitHubAdapter, pull: int, local: LocalGitHub) -> None:
    """The call fails and says that it may have been done; the mark tells that it was."""
    head = (await devflow.pull(REPO, pull)).head_sha
    local.fails("POST", "/reviews$", status=502, after_effect=True)
    with pytest.raises(GitHubError, match="It may have been done all the same") as lost:
        await devflow.create_review(REPO, pull, ReviewDraft(head, f"x {MARK}"))
    assert lost.value.status == 502
    assert await devflow.find_review(REPO, pull, MARK)
    assert len(await devflow.reviews(REPO, pull)) == 1


@pytest.mark.parametrize(
    "query", [graphql_texts.THREADS, graphql_texts.RESOLVE, graphql_texts.READY, graphql_texts.DRAFT]
)
def test_our_queries_are_in_githubs_schema(query: str) -> None:
    """Every field and argument."""
    assert check_query(query, None) == []


async def test_graphqls_errors_read_like_rests(github: GitHubAdapter, api: respx.MockRouter) -> None:
    """A good answer with errors in it is none; each kind has a status, and the hint names the permission."""
    error = {"type": "FORBIDDEN", "message": "Resource not accessible by integration"}
    api.post("/graphql").respond(200, json={"data": {"resolveReviewThread": None}, "errors": [error]})
    with pytest.raises(GitHubError, match="Pull requests: write") as caught:
        await github.resolve_thread(REPO, "T_1")
    assert caught.value.status == 403
    api.post("/graphql").respond(200, text="<html>")
    with pytest.raises(GitHubError, match="not GraphQL"):
        await github.resolve_thread(REPO, "T_1")


async def test_graphqls_rate_limit_is_waited_for(
    github: GitHubAdapter, api: respx.MockRouter, clock: FakeClock
) -> None:
    """It comes with status 200, too."""
    limited = {"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]}
    done = {"data": {"resolveReviewThread": {"thread": {"isResolved": True}}}}
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(clock.now().timestamp()) + 30)}
    route = api.post("/graphql")
    route.side_effect = [httpx.Response(200, json=limited, headers=headers), httpx.Response(200, json=done)]
    await github.resolve_thread(REPO, "T_1")
    assert route.call_count == 2
    assert clock.passed >= 30


async def test_a_review_is_not_sent_again_after_a_broken_answer(github: GitHubAdapter, api: respx.MockRouter) -> None:
    """Reading threads is, though it is a POST."""
    posted = api.post("/repos/acme/widget/pulls/1/reviews").mock(side_effect=[refusal(502, "Bad gateway")])
    with pytest.raises(GitHubError):
        await github.create_review(REPO, 1, ReviewDraft(Sha(SHA), "x"))
    assert posted.call_count == 1
    nodes = {"pageInfo": {"hasNextPage": False, "endCursor": None}, "nodes": []}
    page = {"data": {"repository": {"pullRequest": {"reviewThreads": nodes}}}}
    api.post("/graphql").mock(side_effect=[refusal(502, "Bad gateway"), httpx.Response(200, json=page)])
    assert await github.review_threads(REPO, 1) == []


async def test_an_enterprise_servers_graphql_is_beside_its_rest(clock: FakeClock) -> None:
    """`/api/graphql`, not `/api/v3/graphql`."""
    done = {"data": {"resolveReviewThread": {"thread": {"isResolved": True}}}}
    url = "https://ghe.example"
    with respx.mock() as router:
        route = router.post(f"{url}/api/graphql").respond(200, json=done)
        async with GitHubAdapter.for_token("ghp_x", api_url=f"{url}/api/v3", server_url=url, clock=clock) as github:
            await github.resolve_thread(REPO, "T_1")
        assert route.call_count == 1
