"""Comments, reactions, branches and pull requests: what people see of us."""

from functools import partial
from typing import Any

from githubkit import Response

from bot.adapters.github import wire
from bot.adapters.github.asks import Ask
from bot.adapters.github.connection import Connection
from bot.adapters.github.paths import is_branch, names, sha_path
from bot.adapters.github.reads import Reads
from bot.core.repository import Comment, PullDraft, PullRequest, Reaction, Repo, Sha
from bot.ports import GitHubError, PullNotPermittedError

LONGEST_BODY = 65_000
"""Characters. GitHub takes 65,536 and answers 422 ("Body is too long") above."""


class Writes(Reads):
    """The writing half of `bot.ports.GitHub`. After a 5xx or no answer, look for the mark before trying again."""

    async def create_comment(self, repo: Repo, number: int, body: str) -> Comment:
        """Raises `GitHubError` before sending if the body is over 65,000 characters: split it first."""
        owner, name = names(repo)
        ask = Ask(f"comment on {repo}#{number}", "Issues: write", "content", repo)
        check_length(ask, body)
        answer = await self._send(ask, lambda gh: gh.rest.issues.async_create_comment(owner, name, number, body=body))
        return wire.parse(wire.CommentWire, answer, ask).core()

    async def edit_comment(self, repo: Repo, comment_id: int, body: str) -> None:
        """Raises as `create_comment` does."""
        owner, name = names(repo)
        ask = Ask(f"edit comment {comment_id} in {repo}", "Issues: write", "content", repo)
        check_length(ask, body)
        await self._send(ask, lambda gh: gh.rest.issues.async_update_comment(owner, name, comment_id, body=body))

    async def react(self, repo: Repo, comment_id: int, content: Reaction) -> None:
        """GitHub answers 200 if we had reacted so before, 201 if not."""
        owner, name = names(repo)
        ask = Ask(f"react to comment {comment_id} in {repo}", "Issues: write", "write", repo)
        await self._send(
            ask,
            lambda gh: gh.rest.reactions.async_create_for_issue_comment(owner, name, comment_id, content=content),
        )

    async def unreact(self, repo: Repo, comment_id: int, content: Reaction) -> None:
        """Only our own, by its id; a comment or reaction that is gone is as good."""
        owner, name = names(repo)
        ask = Ask(f"take back a reaction to comment {comment_id} in {repo}", "Issues: write", "write", repo)
        for reaction in await self._own_reactions(repo, comment_id, content):
            await self._or_none(
                ask, partial(_delete_reaction, owner=owner, name=name, comment=comment_id, reaction=reaction)
            )

    async def create_branch(self, repo: Repo, branch: str, sha: Sha) -> None:
        """Fine if the branch is at that commit already; raises `GitHubError` if it is anywhere else."""
        owner, name = names(repo)
        if not is_branch(branch):
            raise GitHubError(f"Could not create a branch in {repo}: git does not take {branch!r} as a name.")
        needs = "Contents: write and, for changes under .github/workflows, Workflows: write"
        ask = Ask(f"create the branch {branch} in {repo}", needs, "write", repo)
        ref, commit = f"refs/heads/{branch}", sha_path(sha)
        try:
            await self._send(ask, lambda gh: gh.rest.git.async_create_ref(owner, name, ref=ref, sha=commit))
        except GitHubError as error:
            if error.status != 422 or "already exists" not in str(error):
                raise
            await self._accept_branch(repo, branch, sha)

    async def open_pull(self, repo: Repo, draft: PullDraft) -> PullRequest:
        """Raises `GitHubError`; the refusals that people meet are put in words."""
        owner, name = names(repo)
        ask = Ask(f"open a pull request from {draft.head} in {repo}", "Pull requests: write", "content", repo)
        check_length(ask, draft.body)
        try:
            answer = await self._send(
                ask,
                lambda gh: gh.rest.pulls.async_create(
                    owner,
                    name,
                    title=draft.title,
                    body=draft.body,
                    head=draft.head,
                    base=draft.base,
                    draft=draft.draft,
                ),
            )
        except GitHubError as error:
            raise _plain(error, repo, draft) from None
        return wire.parse(wire.PullWire, answer, ask).core()

    async def _accept_branch(self, repo: Repo, branch: str, sha: Sha) -> None:
        head = await self.branch_head(repo, branch)
        if head != sha:
            at = f"and points at {head[:12]}, not at {sha[:12]}" if head else "but could not be read"
            raise GitHubError(f"The branch {branch} of {repo} already exists {at}.", 422)


async def _delete_reaction(gh: Connection, *, owner: str, name: str, comment: int, reaction: int) -> Response[Any, Any]:
    return await gh.rest.reactions.async_delete_for_issue_comment(owner, name, comment, reaction)


def check_length(ask: Ask, body: str) -> None:
    """Raises `GitHubError` for a text longer than GitHub takes."""
    if len(body) > LONGEST_BODY:
        raise GitHubError(
            f"Could not {ask.what}: the text has {len(body):,} characters, GitHub takes no more than {LONGEST_BODY:,}."
        )


def _plain(error: GitHubError, repo: Repo, draft: PullDraft) -> GitHubError:
    """A refusal of a pull request in words that say what to do; others stay as they are."""
    said = str(error).lower()
    if "not permitted to create or approve pull requests" in said:
        return PullNotPermittedError(
            f"GitHub Actions may not open pull requests in {repo}. Turn on 'Allow GitHub Actions to create and approve "
            "pull requests' under Settings > Actions > General > Workflow permissions; an organisation can forbid it.",
            error.status,
        )
    sentences = {
        "no commits between": f"Nothing to propose: {draft.head} has no commits that {draft.base} does not have.",
        "pull request already exists": f"A pull request from {draft.head} to {draft.base} is already open in {repo}.",
        "head invalid": f"Could not open a pull request: {repo} has no branch {draft.head}.",
        "base invalid": f"Could not open a pull request: {repo} has no branch {draft.base}.",
        "draft pull requests are not supported": (
            f"{repo} cannot have draft pull requests (its plan has none): open this one as a normal pull request."
        ),
    }
    for phrase, sentence in sentences.items():
        if phrase in said:
            return GitHubError(sentence, error.status)
    return error
