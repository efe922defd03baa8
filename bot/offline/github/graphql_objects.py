"""Pull requests, threads and comments as objects of GitHub's GraphQL."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.offline.github.gitdiff import merged_tree
from bot.offline.github.payloads import issue_page, node_id, time_text
from bot.offline.github.payloads_reviews import review_comment_page
from bot.offline.github.query import QueryError
from bot.offline.github.state import Issue, Json, Pull, Repository, User, World
from bot.offline.github.state_reviews import ReviewComment, Thread


class Lazy:
    """An object whose fields are made when they are asked for; each gets the arguments it was asked with."""

    def __init__(self, kind: str, fields: Mapping[str, Callable[[Json], Any]]) -> None:
        self.kind = kind
        self._fields = fields

    def get(self, name: str, arguments: Json) -> Any:
        """Raises `QueryError` if there is no such field."""
        if name == "__typename":
            return self.kind
        if name not in self._fields:
            raise QueryError(f"Field '{name}' doesn't exist on type '{self.kind}'")
        return self._fields[name](arguments)


def _always(value: Any) -> Callable[[Json], Any]:
    return lambda _: value


def fixed(kind: str, values: Json) -> Lazy:
    """An object of values that are known already."""
    return Lazy(kind, {name: _always(value) for name, value in values.items()})


def connection(kind: str, rows: Sequence[Lazy], arguments: Json) -> Lazy:
    """A page of rows: `first` of them, 1 to 100, `after` a cursor. GitHub refuses a list without a length."""
    size, after = arguments.get("first"), arguments.get("after")
    if type(size) is not int or not 1 <= size <= 100:
        raise QueryError(f"You must provide a `first` or `last` value to properly paginate the `{kind}` connection.")
    start = int(str(after).removeprefix("cursor:")) if after else 0
    end = min(start + size, len(rows))
    page = {"hasNextPage": end < len(rows), "endCursor": f"cursor:{end}" if end > start else None}
    values = {"nodes": list(rows[start:end]), "totalCount": len(rows), "pageInfo": fixed("PageInfo", page)}
    return fixed(f"{kind}Connection", values)


def actor_object(user: User) -> Lazy:
    """A bot's login has no `[bot]` here, other than in REST."""
    kind = {"User": "User", "Bot": "Bot", "Organization": "Organization"}[user.type]
    return fixed(kind, {"login": user.login.removesuffix("[bot]"), "id": node_id("User", user.id)})


def pull_object(world: World, repository: Repository, issue: Issue, pull: Pull) -> Lazy:
    """A pull request; what takes git to know is only found out when asked for."""

    def threads(arguments: Json) -> Lazy:
        rows = [thread_object(world, repository, issue, thread) for thread in pull.threads]
        return connection("PullRequestReviewThread", rows, arguments)

    def mergeable(_: Json) -> str:
        if issue.state == "closed":
            return "UNKNOWN"
        return "MERGEABLE" if merged_tree(repository.git, pull.base_sha, pull.head_sha) else "CONFLICTING"

    state = "MERGED" if pull.merged_at else issue.state.upper()
    plain = {
        "id": node_id("PullRequest", pull.id),
        "number": issue.number,
        "title": issue.title,
        "isDraft": pull.draft,
        "state": state,
        "url": issue_page(world, repository, issue),
        "headRefOid": pull.head_sha,
        "headRefName": pull.head,
        "baseRefName": pull.base,
        "author": actor_object(issue.by.user),
    }
    return Lazy(
        "PullRequest",
        {
            **{name: _always(value) for name, value in plain.items()},
            "reviewThreads": threads,
            "mergeable": mergeable,
        },
    )


def thread_object(world: World, repository: Repository, issue: Issue, thread: Thread) -> Lazy:
    """A thread; outdated when its line was changed."""

    def comments(arguments: Json) -> Lazy:
        rows = [_comment_object(world, repository, issue, thread, comment) for comment in thread.comments]
        return connection("PullRequestReviewComment", rows, arguments)

    plain = {
        "id": node_id("PullRequestReviewThread", thread.id),
        "isResolved": thread.resolved_by is not None,
        "isOutdated": thread.line is None,
        "isCollapsed": thread.resolved_by is not None,
        "path": thread.path,
        "line": thread.line,
        "startLine": thread.start_line,
        "originalLine": thread.original_line,
        "originalStartLine": thread.original_start_line,
        "diffSide": thread.side,
        "subjectType": "LINE",
        "resolvedBy": actor_object(thread.resolved_by) if thread.resolved_by else None,
    }
    fields = {name: _always(value) for name, value in plain.items()}
    return Lazy("PullRequestReviewThread", {**fields, "comments": comments})


def _comment_object(world: World, repository: Repository, issue: Issue, thread: Thread, comment: ReviewComment) -> Lazy:
    first = thread.comments[0]
    reply_to = None if comment is first else _comment_object(world, repository, issue, thread, first)
    values = {
        "id": node_id("PullRequestReviewComment", comment.id),
        # An `Int` of GraphQL has 32 bits, which are used up.
        "databaseId": comment.id if comment.id < 2**31 else None,
        "fullDatabaseId": str(comment.id),
        "body": comment.body,
        "path": thread.path,
        "line": thread.line,
        "diffHunk": thread.hunk,
        "url": review_comment_page(world, repository, issue, comment),
        "createdAt": time_text(comment.created_at),
        "updatedAt": time_text(comment.updated_at),
        "author": actor_object(comment.by.user),
        "replyTo": reply_to,
    }
    return fixed("PullRequestReviewComment", values)
