"""What people and bots do in reviews; each change is announced to the webhook."""

from collections.abc import Sequence

from bot.core.patches import DiffLine, find_line, moved_line, parse_patch
from bot.core.repository import DiffSide, ReviewState
from bot.core.reviews import InlineComment
from bot.offline.github.events_reviews import review_comment_event, review_event, thread_event
from bot.offline.github.gitdiff import changed_files, line_changes, merge_base
from bot.offline.github.refusals import BODY_LIMIT, RefusalError, check_text, invalid
from bot.offline.github.state import Actor, Issue, Pull, Repository, World
from bot.offline.github.state_reviews import Review, ReviewComment, Thread

STATES: dict[str, ReviewState] = {
    "APPROVE": "approved",
    "REQUEST_CHANGES": "changes_requested",
    "COMMENT": "commented",
}


def submit_review(
    world: World,
    repository: Repository,
    actor: Actor,
    issue: Issue,
    verdict: str,
    texts: tuple[str, str],
    comments: Sequence[InlineComment],
) -> Review:
    """A review (commit, body) with all its comments, or none of it.

    Raises `RefusalError` 422 as GitHub does: for a judgement of one's own work, for no words, for a line outside the
    diff.
    """
    pull, (commit, body) = _pull(issue), texts
    _check_review(actor, issue, verdict, body, comments)
    if repository.git.kind(commit) != "commit":
        raise RefusalError(422, "Unprocessable Entity", ["commit_id is not part of the pull request"])
    threads = [_thread(world, repository, pull, commit, comment) for comment in comments]
    review = Review(world.new_id(), actor, STATES[verdict], body, commit, world.now())
    for thread, comment in zip(threads, comments, strict=True):
        thread.comments.append(_comment(world, actor, review, comment.body))
    _follow_threads(repository, threads, pull.head_sha)
    pull.reviews.append(review)
    pull.threads += threads
    issue.updated_at = world.now()
    review_event(world, repository, actor, issue, review)
    for thread in threads:
        review_comment_event(world, repository, actor, issue, "created", thread, thread.comments[0])
    return review


def _check_review(actor: Actor, issue: Issue, verdict: str, body: str, comments: Sequence[InlineComment]) -> None:
    if verdict not in STATES:
        raise RefusalError(422, "Unprocessable Entity", ["event is not one of APPROVE, REQUEST_CHANGES, COMMENT"])
    if verdict != "COMMENT" and actor.user is issue.by.user:
        act = "approve" if verdict == "APPROVE" else "request changes on"
        raise RefusalError(422, "Unprocessable Entity", [f"Can not {act} your own pull request"])
    if not body.strip() and (verdict == "REQUEST_CHANGES" or (verdict == "COMMENT" and not comments)):
        raise RefusalError(422, "Unprocessable Entity", ["Body can't be blank"])
    check_text("PullRequestReview", "body", body, BODY_LIMIT)
    for comment in comments:
        check_words(comment.body)


def check_words(body: str) -> None:
    """Raises `RefusalError` 422 for a comment that is blank or too long."""
    if not body.strip():
        raise invalid("PullRequestReviewComment", "missing_field", "body")
    check_text("PullRequestReviewComment", "body", body, BODY_LIMIT)


def _pull(issue: Issue) -> Pull:
    if issue.pull is None:
        raise RefusalError(404, "Not Found")
    return issue.pull


def _comment(world: World, actor: Actor, review: Review, body: str) -> ReviewComment:
    now = world.now()
    return ReviewComment(world.new_id(), review, actor, body, now, now)


def _thread(world: World, repository: Repository, pull: Pull, commit: str, comment: InlineComment) -> Thread:
    """A thread without a comment yet. Raises `RefusalError` 422 for a place that is not in the diff."""
    git = repository.git
    start = merge_base(git, pull.base_sha, commit) or pull.base_sha
    file = next((file for file in changed_files(git, start, commit) if file.path == comment.path), None)
    if file is None:
        raise RefusalError(422, "Unprocessable Entity", ["Path could not be resolved"])
    lines = parse_patch(file.patch)
    end = _line(lines, comment.side, comment.line, "Line could not be resolved")
    if comment.start_line is not None:
        first = _line(lines, comment.side, comment.start_line, "Start line could not be resolved")
        if first.hunk != end.hunk or comment.start_line >= comment.line:
            raise RefusalError(422, "Unprocessable Entity", ["Start line must precede the end line."])
    hunk = "\n".join((file.patch or "").split("\n")[: end.position + 1])
    hunk = hunk[hunk.rfind("\n@@ ") + 1 :] if "\n@@ " in hunk else hunk
    return Thread(
        id=world.new_id(),
        path=comment.path,
        side=comment.side,
        line=comment.line,
        start_line=comment.start_line,
        original_line=comment.line,
        original_start_line=comment.start_line,
        commit_sha=commit,
        original_commit_sha=commit,
        position=end.position,
        hunk=hunk,
    )


def _line(lines: tuple[DiffLine, ...], side: DiffSide, number: int, problem: str) -> DiffLine:
    line = find_line(lines, side, number)
    if line is None:
        raise RefusalError(422, "Unprocessable Entity", [problem])
    return line


def add_reply(
    world: World, repository: Repository, actor: Actor, issue: Issue, thread: Thread, body: str
) -> ReviewComment:
    """An answer in a thread. GitHub wraps it in a review of its own, without a body, and tells of both."""
    check_words(body)
    pull = _pull(issue)
    review = Review(world.new_id(), actor, "commented", "", pull.head_sha, world.now())
    comment = _comment(world, actor, review, body)
    pull.reviews.append(review)
    thread.comments.append(comment)
    issue.updated_at = world.now()
    review_event(world, repository, actor, issue, review)
    review_comment_event(world, repository, actor, issue, "created", thread, comment)
    return comment


def edit_review_comment(
    world: World, repository: Repository, actor: Actor, issue: Issue, place: tuple[Thread, ReviewComment], body: str
) -> None:
    check_words(body)
    thread, comment = place
    before, comment.body, comment.updated_at = comment.body, body, world.now()
    changes = {"body": {"from": before}}
    review_comment_event(world, repository, actor, issue, "edited", thread, comment, changes=changes)


def delete_review_comment(
    world: World, repository: Repository, actor: Actor, issue: Issue, place: tuple[Thread, ReviewComment]
) -> None:
    """The thread goes with its last comment."""
    thread, comment = place
    review_comment_event(world, repository, actor, issue, "deleted", thread, comment)
    thread.comments.remove(comment)
    if not thread.comments:
        _pull(issue).threads.remove(thread)


def set_resolved(
    world: World, repository: Repository, actor: Actor, issue: Issue, thread: Thread, *, resolved: bool
) -> None:
    """Nothing happens if it is so already."""
    if resolved == (thread.resolved_by is not None):
        return
    thread.resolved_by = actor.user if resolved else None
    thread_event(world, repository, actor, issue, thread, "resolved" if resolved else "unresolved")


def head_moved(repository: Repository, pull: Pull) -> None:
    """Find the threads' lines again in the new head; a line that was changed is lost, and its thread outdated."""
    _follow_threads(repository, pull.threads, pull.head_sha)


def _follow_threads(repository: Repository, threads: Sequence[Thread], head: str) -> None:
    for thread in threads:
        if thread.line is None or thread.side == "LEFT" or thread.commit_sha == head:
            continue
        changes = line_changes(repository.git, thread.commit_sha, head, thread.path)
        thread.line, thread.commit_sha = moved_line(changes, thread.line), head
        if thread.start_line is not None:
            thread.start_line = moved_line(changes, thread.start_line) if thread.line else None
