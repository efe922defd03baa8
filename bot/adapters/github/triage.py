"""Labels, issues of our own with their sub-issues, and who is in a team."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

from pydantic import RootModel

from bot.adapters.github import wire
from bot.adapters.github.asks import Ask, RefusedError
from bot.adapters.github.paths import login_path, names, team_path
from bot.adapters.github.writes import Writes, check_length
from bot.core.repository import Issue, IssueDraft, Repo


class _NumberedIssue(wire.IssueWire):
    id: int


class _Issues(RootModel[list[_NumberedIssue]]):
    """A page of issues."""


class _Membership(wire.Wire):
    state: str


class Triage(Writes):
    """`bot.ports_github.Triage`."""

    async def ensure_label(self, repo: Repo, name: str, color: str, description: str = "") -> None:
        owner, repository = names(repo)
        ask = Ask(f"make the label {name} in {repo}", "Issues: write", "write", repo)
        try:
            await self._send(
                ask,
                lambda gh: gh.rest.issues.async_create_label(
                    owner, repository, name=name, color=color.lstrip("#"), description=description[:100]
                ),
            )
        except RefusedError as error:
            if error.status != 422 or "already_exists" not in str(error):
                raise

    async def add_labels(self, repo: Repo, number: int, names_: Sequence[str]) -> None:
        if not names_:
            return
        owner, name = names(repo)
        labels = list(names_)
        ask = Ask(f"label {repo}#{number}", "Issues: write", "write", repo)
        await self._send(ask, lambda gh: gh.rest.issues.async_add_labels(owner, name, number, labels=labels))

    async def remove_label(self, repo: Repo, number: int, name: str) -> None:
        owner, repository = names(repo)
        label = quote(name, safe="")
        ask = Ask(f"take the label {name} from {repo}#{number}", "Issues: write", "write", repo)
        await self._or_none(ask, lambda gh: gh.rest.issues.async_remove_label(owner, repository, number, label))

    async def find_issue(self, repo: Repo, mark: str, since: datetime) -> Issue | None:
        """The oldest, should there be several. Everything changed since then is looked through, by pages."""
        me, (owner, name) = await self.me(), names(repo)
        ask = Ask(f"look for an issue of ours in {repo}", "Issues: read", repo=repo)
        pages = self._pages(
            ask,
            _Issues,
            lambda page, gh: gh.rest.issues.async_list_for_repo(
                owner, name, state="all", sort="created", direction="asc", since=since, per_page=100, page=page
            ),
        )
        async for issue in pages:
            if issue.user and issue.user.login == me and mark in (issue.body or "") and not issue.pull_request:
                return issue.core()
        return None

    async def create_issue(self, repo: Repo, draft: IssueDraft) -> Issue:
        owner, name = names(repo)
        ask = Ask(f"open an issue in {repo}", "Issues: write", "content", repo)
        check_length(ask, draft.body)
        labels: list[str | dict[str, str]] = [*draft.labels]
        answer = await self._send(
            ask,
            lambda gh: gh.rest.issues.async_create(owner, name, title=draft.title, body=draft.body, labels=labels),
        )
        return wire.parse(wire.IssueWire, answer, ask).core()

    async def add_sub_issue(self, repo: Repo, number: int, child: int) -> None:
        """GitHub wants the child's id, and refuses one that is under the issue already."""
        if await self._is_sub_issue(repo, number, child):
            return
        owner, name = names(repo)
        ask = Ask(f"read {repo}#{child}", "Issues: read", repo=repo)
        answer = await self._send(ask, lambda gh: gh.rest.issues.async_get(owner, name, child))
        identity = wire.parse(_NumberedIssue, answer, ask).id
        ask = Ask(f"put {repo}#{child} under #{number}", "Issues: write", "write", repo)
        await self._send(ask, lambda gh: gh.rest.issues.async_add_sub_issue(owner, name, number, sub_issue_id=identity))

    async def _is_sub_issue(self, repo: Repo, number: int, child: int) -> bool:
        owner, name = names(repo)
        ask = Ask(f"read the sub-issues of {repo}#{number}", "Issues: read", repo=repo)
        pages = self._pages(
            ask,
            _Issues,
            lambda page, gh: gh.rest.issues.async_list_sub_issues(owner, name, number, per_page=100, page=page),
        )
        return child in [issue.number async for issue in pages]

    async def is_team_member(self, repo: Repo, team: str, login: str) -> bool:
        """Who was invited and has not accepted is not in yet."""
        owner, _ = names(repo)
        ask = Ask(
            f"read whether {login} is in the team {owner}/{team}", "Members: read (of the organisation)", repo=repo
        )
        slug, person = team_path(team), login_path(login)
        answer = await self._or_none(
            ask, lambda gh: gh.rest.teams.async_get_membership_for_user_in_org(owner, slug, person)
        )
        return answer is not None and wire.parse(_Membership, answer, ask).state == "active"
