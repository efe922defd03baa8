"""The parts of GitHub's answers about pull requests' files, reviews and threads that we read."""

from datetime import datetime
from typing import Literal

from pydantic import Field, RootModel

from bot.adapters.github.wire import GHOST, User, Wire
from bot.core.repository import ReviewState, Sha
from bot.core.reviews import PullFile, Review, ReviewComment, ReviewThread

STATES: dict[str, ReviewState] = {
    "APPROVED": "approved",
    "CHANGES_REQUESTED": "changes_requested",
    "COMMENTED": "commented",
    "DISMISSED": "dismissed",
    "PENDING": "pending",
}


class FileWire(Wire):
    filename: str
    status: Literal["added", "removed", "modified", "renamed", "copied", "changed", "unchanged"]
    additions: int
    deletions: int
    patch: str | None = None
    previous_filename: str | None = None

    def core(self) -> PullFile:
        counts = (self.additions, self.deletions)
        return PullFile(self.filename, self.status, *counts, self.patch, self.previous_filename)


class Files(RootModel[list[FileWire]]):
    """A page of changed files."""


class ReviewWire(Wire):
    id: int
    user: User | None = None
    body: str | None = None
    state: str
    commit_id: str | None = None
    html_url: str
    submitted_at: datetime | None = None

    def core(self) -> Review:
        return Review(
            id=self.id,
            author=self.user.login if self.user else GHOST,
            author_is_bot=self.user is not None and self.user.type == "Bot",
            state=STATES.get(self.state.upper(), "commented"),
            body=self.body or "",
            commit=Sha(self.commit_id or ""),
            html_url=self.html_url,
            submitted_at=self.submitted_at,
        )


class ReviewList(RootModel[list[ReviewWire]]):
    """A page of reviews."""


class ReviewCommentWire(Wire):
    id: int
    user: User | None = None
    body: str
    path: str
    line: int | None = None
    in_reply_to_id: int | None = None
    html_url: str
    created_at: datetime

    def core(self) -> ReviewComment:
        return ReviewComment(
            id=self.id,
            author=self.user.login if self.user else GHOST,
            author_is_bot=self.user is not None and self.user.type == "Bot",
            body=self.body,
            path=self.path,
            line=self.line,
            in_reply_to=self.in_reply_to_id,
            html_url=self.html_url,
            created_at=self.created_at,
        )


class ReviewComments(RootModel[list[ReviewCommentWire]]):
    """A page of comments on lines."""


class ActorNode(Wire):
    typename: str = Field("User", alias="__typename")
    login: str

    @property
    def is_bot(self) -> bool:
        return self.typename == "Bot"

    @property
    def rest_login(self) -> str:
        """The login as REST and webhooks have it: a bot's ends in `[bot]`, which GraphQL leaves out."""
        return f"{self.login}[bot]" if self.is_bot else self.login


class ReplyNode(Wire):
    id: int = Field(alias="fullDatabaseId")


class CommentNode(ReplyNode):
    body: str
    url: str
    created_at: datetime = Field(alias="createdAt")
    hunk: str = Field("", alias="diffHunk")
    reply_to: ReplyNode | None = Field(None, alias="replyTo")
    author: ActorNode | None = None


class CommentNodes(Wire):
    nodes: list[CommentNode]


class ThreadNode(Wire):
    id: str
    is_resolved: bool = Field(alias="isResolved")
    is_outdated: bool = Field(alias="isOutdated")
    path: str
    line: int | None = None
    comments: CommentNodes

    def core(self) -> ReviewThread:
        comments = tuple(self._comment(node) for node in self.comments.nodes)
        hunk = self.comments.nodes[0].hunk if self.comments.nodes else ""
        return ReviewThread(self.id, self.path, self.line, self.is_resolved, self.is_outdated, comments, hunk)

    def _comment(self, node: CommentNode) -> ReviewComment:
        return ReviewComment(
            id=node.id,
            author=node.author.rest_login if node.author else GHOST,
            author_is_bot=node.author is not None and node.author.is_bot,
            body=node.body,
            path=self.path,
            line=self.line,
            in_reply_to=node.reply_to.id if node.reply_to else None,
            html_url=node.url,
            created_at=node.created_at,
        )


class PageInfo(Wire):
    has_next: bool = Field(alias="hasNextPage")
    end: str | None = Field(None, alias="endCursor")


class ThreadNodes(Wire):
    page: PageInfo = Field(alias="pageInfo")
    nodes: list[ThreadNode]


class ThreadsPull(Wire):
    threads: ThreadNodes = Field(alias="reviewThreads")


class ThreadsRepository(Wire):
    pull: ThreadsPull = Field(alias="pullRequest")


class ThreadsData(Wire):
    repository: ThreadsRepository


class ThreadsAnswer(Wire):
    """A page of a pull request's threads."""

    data: ThreadsData
