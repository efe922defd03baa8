"""Checks, branches, drafts, labels, issues and teams through the adapter, on a checked local GitHub."""

from datetime import timedelta

import httpx
import pytest
import respx

from bot.adapters.github import GitHubAdapter
from bot.core.effects import mark
from bot.core.repository import IssueDraft, Repo, Sha
from bot.core.reviews import Annotation, Check
from bot.offline.github import LocalGitHub
from bot.ports import BranchMovedError, GitHubError
from tests.adapters.github.github_rig import OTHER, REPO, SHA, FakeClock, pull_json, refusal

WIDGET = "acme/widget"
MARK = mark("r1", "sub-issue-1")


@pytest.fixture
def topic(local: LocalGitHub) -> Sha:
    """The head of a branch `topic`, one commit ahead of `main`."""
    local.push(WIDGET, "main", {"README.md": "# Widget\n"}, "First", by="maria")
    return Sha(local.push(WIDGET, "topic", {"new.txt": "a\n"}, "New", by="maria"))


async def test_checks_of_both_kinds_are_one_list(devflow: GitHubAdapter, local: LocalGitHub, topic: Sha) -> None:
    """The newest of each name; those that failed with their remarks; what runs has no conclusion yet."""
    note = Annotation("new.txt", 1, 1, "failure", "No such word", "spelling")
    local.check(WIDGET, topic, Check("tests", "success", annotations=(note,)))
    local.check(WIDGET, topic, Check("lint", None))
    local.check(WIDGET, topic, Check("build", "failure", title="1 failed", summary="a != b", annotations=(note,)))
    local.commit_status(WIDGET, topic, "ci/old", "error", by="maria", description="It broke", target_url="https://x/1")
    local.commit_status(WIDGET, topic, "ci/new", "pending", by="maria")
    tests, lint, build, old, new = await devflow.checks(REPO, topic)
    assert (tests.conclusion, tests.annotations, tests.failed, tests.app) == ("success", (), False, "github-actions")
    assert (lint.name, lint.conclusion, lint.failed) == ("lint", None, False)
    assert (build.title, build.summary, build.annotations, build.failed) == ("1 failed", "a != b", (note,), True)
    assert old == Check("ci/old", "failure", summary="It broke", url="https://x/1")
    assert (new.name, new.conclusion) == ("ci/new", None)


async def test_every_page_of_checks_is_read(devflow: GitHubAdapter, local: LocalGitHub, topic: Sha) -> None:
    """A hundred is a full page, and need not be the last."""
    assert await devflow.checks(REPO, topic) == []
    for n in range(101):
        local.check(WIDGET, topic, Check(f"job {n}", "success"))
    assert len(await devflow.checks(REPO, topic)) == 101


async def test_a_branch_moves_forward_from_where_it_was(devflow: GitHubAdapter, local: LocalGitHub, topic: Sha) -> None:
    """Once; doing it again, after a lost answer for one, changes nothing."""
    main = Sha(local.branches(WIDGET)["main"])
    local.fails("PATCH", "/git/refs/", status=502, after_effect=True)
    with pytest.raises(GitHubError):
        await devflow.update_branch(REPO, "main", topic, main)
    await devflow.update_branch(REPO, "main", topic, main)
    assert local.branches(WIDGET)["main"] == topic


async def test_a_branch_that_moved_is_left_alone(devflow: GitHubAdapter, local: LocalGitHub, topic: Sha) -> None:
    """Somebody's push is never lost: not where we know of it, not where we learn of it from GitHub."""
    main = Sha(local.branches(WIDGET)["main"])
    pushed = Sha(local.push(WIDGET, "main", {"other.txt": "b\n"}, "Other", by="maria"))
    with pytest.raises(BranchMovedError, match=f"is at {pushed[:12]}, not at {main[:12]}"):
        await devflow.update_branch(REPO, "main", topic, main)
    with pytest.raises(BranchMovedError, match="do not follow from"):
        await devflow.update_branch(REPO, "main", topic, pushed)
    with pytest.raises(BranchMovedError, match="is gone"):
        await devflow.update_branch(REPO, "none", topic, pushed)
    assert local.branches(WIDGET)["main"] == pushed


async def test_a_draft_becomes_ready_and_a_draft_again(devflow: GitHubAdapter, local: LocalGitHub, topic: Sha) -> None:
    """With its texts, if given; what is so already is not done again."""
    number = local.open_pull(WIDGET, title="New", head="topic", draft=True, by="devflow[bot]")
    await devflow.update_pull(REPO, number, title="Newer", draft=False)
    seen = await devflow.pull(REPO, number)
    assert (seen.title, seen.body, seen.draft) == ("Newer", "", False)
    await devflow.update_pull(REPO, number, draft=False)
    assert [r.path for r in local.requests if r.is_write].count("/graphql") == 1
    await devflow.update_pull(REPO, number, body="Words", draft=True)
    seen = await devflow.pull(REPO, number)
    assert (seen.title, seen.body, seen.draft, seen.mergeable) == ("Newer", "Words", True, "draft")


async def test_a_merge_is_tried_until_github_has_computed_it(
    devflow: GitHubAdapter, local: LocalGitHub, topic: Sha, clock: FakeClock
) -> None:
    """Within seconds; conflicts show as dirty; a closed one is not waited for; too long is unknown."""
    number = local.open_pull(WIDGET, title="New", head="topic", by="maria")
    local.mergeability_lags(2)
    assert await devflow.mergeable(REPO, number) == "clean"
    assert clock.sleeps[-2:] == [1.0, 2.0]
    local.push(WIDGET, "main", {"new.txt": "b\n"}, "Other", by="maria")
    assert await devflow.mergeable(REPO, number) == "dirty"
    local.mergeability_lags(6)
    assert await devflow.mergeable(REPO, number) == "unknown"
    local.close_issue(WIDGET, number, by="maria")
    before = clock.passed
    assert await devflow.mergeable(REPO, number) == "unknown"
    assert clock.passed < before + 1


@pytest.mark.parametrize(
    ("mergeable", "state", "expected"),
    [
        (None, "unknown", "unknown"),
        (True, "clean", "clean"),
        (True, "has_hooks", "clean"),
        (True, "unstable", "unstable"),
        (True, "blocked", "blocked"),
        (True, "behind", "behind"),
        (True, "draft", "draft"),
        (False, "dirty", "dirty"),
        (False, "unknown", "dirty"),
    ],
)
async def test_every_word_of_githubs_is_understood(
    github: GitHubAdapter, api: respx.MockRouter, mergeable: bool | None, state: str, expected: str
) -> None:
    """`mergeable` speaks of conflicts, `mergeable_state` of the rest."""
    answer = pull_json(1, mergeable=mergeable, mergeable_state=state)
    api.get("/repos/acme/widget/pulls/1").respond(200, json=answer)
    assert (await github.pull(REPO, 1)).mergeable == expected


async def test_labels_are_set_and_taken(devflow: GitHubAdapter, local: LocalGitHub, topic: Sha) -> None:
    """Made with their colour if need be; all of it as good twice as once."""
    number = local.open_issue(WIDGET, title="x", by="maria")
    name = "devflow: to/do? /graphql"
    for _ in range(2):
        await devflow.ensure_label(REPO, name, "0e8a16", "To do")
        await devflow.add_labels(REPO, number, [name, "bug"])
    assert (await devflow.issue(REPO, number)).labels == (name, "bug")
    assert local.labels(WIDGET)[name] == "0e8a16"
    for _ in range(2):
        await devflow.remove_label(REPO, number, name)
    assert (await devflow.issue(REPO, number)).labels == ("bug",)
    await devflow.add_labels(REPO, number, [])
    with pytest.raises(GitHubError, match="name"):
        await devflow.ensure_label(REPO, "x" * 51, "0e8a16")


async def test_a_sub_issue_is_opened_found_and_put_under(
    devflow: GitHubAdapter, local: LocalGitHub, topic: Sha, clock: FakeClock
) -> None:
    """By its mark, ours only, among those changed since; under its parent once."""
    parent = local.open_issue(WIDGET, title="Parent", by="maria")
    local.open_issue(WIDGET, title="Copy", body=MARK, by="rita")
    since = clock.now() - timedelta(seconds=1)
    assert await devflow.find_issue(REPO, MARK, since) is None
    made = await devflow.create_issue(REPO, IssueDraft("Part", f"Do it.\n{MARK}", ("bug",)))
    assert (made.author, made.labels) == ("devflow[bot]", ("bug",))
    assert await devflow.find_issue(REPO, MARK, since) == made
    assert await devflow.find_issue(REPO, MARK, since + timedelta(days=1)) is None
    for _ in range(2):
        await devflow.add_sub_issue(REPO, parent, made.number)
    assert local.sub_issues(WIDGET, parent) == [made.number]
    other = local.open_issue(WIDGET, title="Other", by="maria")
    with pytest.raises(GitHubError, match="one parent") as caught:
        await devflow.add_sub_issue(REPO, other, made.number)
    assert caught.value.status == 422


async def test_who_is_in_a_team(devflow: GitHubAdapter, local: LocalGitHub) -> None:
    """Not who was only invited; nobody is in a team that is not there; odd slugs are refused before asking."""
    local.team("acme", "core", "maria")
    local.team("acme", "core", "rita", "pending")
    assert await devflow.is_team_member(REPO, "core", "maria")
    assert not await devflow.is_team_member(REPO, "core", "rita")
    assert not await devflow.is_team_member(REPO, "core", "sam")
    assert not await devflow.is_team_member(REPO, "none", "maria")
    for slug in ("..", "a/b", "Core Team", ""):
        with pytest.raises(GitHubError, match="is not the slug"):
            await devflow.is_team_member(REPO, slug, "maria")


async def test_a_missing_permission_is_named(github: GitHubAdapter, api: respx.MockRouter) -> None:
    """An App that may not read members has to be told what to be given."""
    api.get("/orgs/acme/teams/core/memberships/maria").mock(return_value=refusal(403, "Resource not accessible"))
    with pytest.raises(GitHubError, match="Members: read"):
        await github.is_team_member(REPO, "core", "maria")
    api.get(f"/repos/acme/widget/commits/{SHA}/check-runs").mock(return_value=refusal(403, "Resource not accessible"))
    with pytest.raises(GitHubError, match="Checks: read"):
        await github.checks(REPO, Sha(SHA))


async def test_an_issue_is_not_opened_twice(github: GitHubAdapter, api: respx.MockRouter) -> None:
    """After no answer it may be there."""
    route = api.post("/repos/acme/widget/issues").mock(side_effect=httpx.ReadTimeout("slow"))
    with pytest.raises(GitHubError, match="It may have been done"):
        await github.create_issue(REPO, IssueDraft("x", "y"))
    assert route.call_count == 1


async def test_names_cannot_leave_their_place(github: GitHubAdapter) -> None:
    """Nothing is sent."""
    with pytest.raises(GitHubError, match="is not the SHA"):
        await github.checks(REPO, Sha("main/../x"))
    with pytest.raises(GitHubError, match="is not the name of a repository"):
        await github.pull(Repo("acme", ".."), 1)
    with pytest.raises(BranchMovedError, match="is gone"):
        await github.update_branch(REPO, "a..b", Sha(SHA), Sha(OTHER))
