"""What people and bots do to issues, comments, labels and reactions; each change is announced to the webhook."""

from bot.offline.github.events import comment_event, issue_event, label_event
from bot.offline.github.payloads import REACTIONS
from bot.offline.github.refusals import BODY_LIMIT, TITLE_LIMIT, RefusalError, check_text, invalid
from bot.offline.github.state import Actor, Comment, Issue, Json, Label, Reaction, Repository, World


def new_issue(
    world: World, repository: Repository, actor: Actor, title: str, body: str | None, resource: str = "Issue"
) -> Issue:
    """An issue under the next number; nothing is announced. Raises `RefusalError` for a title or body too long."""
    check_text(resource, "title", title, TITLE_LIMIT)
    check_text(resource, "body", body or "", BODY_LIMIT)
    number = max(repository.issues, default=0) + 1
    now = world.now()
    issue = Issue(world.new_id(), number, title, body, actor, now, now)
    repository.issues[number] = issue
    return issue


def open_issue(
    world: World, repository: Repository, actor: Actor, title: str, body: str | None, labels: list[str]
) -> Issue:
    issue = new_issue(world, repository, actor, title, body)
    issue.labels = [label_named(world, repository, name) for name in dict.fromkeys(labels)]
    issue_event(world, repository, actor, issue, "opened")
    for label in issue.labels:
        label_event(world, repository, actor, issue, "labeled", label)
    return issue


def edit_texts(
    world: World, repository: Repository, actor: Actor, issue: Issue, title: str | None, body: str | None
) -> None:
    """Change title and body, each unless None, and announce what they were."""
    resource = "PullRequest" if issue.pull else "Issue"
    changes: Json = {}
    if title is not None and title != issue.title:
        check_text(resource, "title", title, TITLE_LIMIT)
        changes["title"] = {"from": issue.title}
    if body is not None and body != issue.body:
        check_text(resource, "body", body, BODY_LIMIT)
        changes["body"] = {"from": issue.body or ""}
    if not changes:
        return
    issue.title = issue.title if title is None else title
    issue.body = issue.body if body is None else body
    issue.updated_at = world.now()
    issue_event(world, repository, actor, issue, "edited", changes=changes)


def set_state(
    world: World,
    repository: Repository,
    actor: Actor,
    issue: Issue,
    *,
    closed: bool,
    reason: str | None = None,
) -> None:
    """Close or reopen; nothing happens if it is so already."""
    if closed == (issue.state == "closed"):
        return
    now = world.now()
    issue.state, issue.updated_at = "closed" if closed else "open", now
    issue.closed_at = now if closed else None
    if not issue.pull:
        issue.state_reason = (reason or "completed") if closed else "reopened"
    issue_event(world, repository, actor, issue, "closed" if closed else "reopened")


def set_draft(world: World, repository: Repository, actor: Actor, issue: Issue, *, draft: bool) -> None:
    """Mark a pull request as ready for review, or as a draft again; nothing happens if it is so already.

    Raises `RefusalError` 422 for one that is closed.
    """
    if issue.pull is None or issue.state == "closed":
        raise RefusalError(422, "Pull request is closed")
    if issue.pull.draft != draft:
        issue.pull.draft, issue.updated_at = draft, world.now()
        issue_event(world, repository, actor, issue, "converted_to_draft" if draft else "ready_for_review")


def add_comment(world: World, repository: Repository, actor: Actor, issue: Issue, body: str) -> Comment:
    """Raises `RefusalError` for a body that is blank or over 65,536 characters."""
    _check_comment(body)
    now = world.now()
    comment = Comment(world.new_id(), actor, body, now, now)
    issue.comments[comment.id] = comment
    issue.updated_at = now
    comment_event(world, repository, actor, issue, "created", comment)
    return comment


def edit_comment(world: World, repository: Repository, actor: Actor, issue: Issue, comment: Comment, body: str) -> None:
    """Raises `RefusalError` as `add_comment` does."""
    _check_comment(body)
    changes: Json = {"body": {"from": comment.body}}
    comment.body, comment.updated_at = body, world.now()
    comment_event(world, repository, actor, issue, "edited", comment, changes=changes)


def delete_comment(world: World, repository: Repository, actor: Actor, issue: Issue, comment: Comment) -> None:
    del issue.comments[comment.id]
    comment_event(world, repository, actor, issue, "deleted", comment)


def _check_comment(body: str) -> None:
    if not body.strip():
        raise invalid("IssueComment", "unprocessable", "data", "Body cannot be blank")
    check_text("IssueComment", "body", body, BODY_LIMIT)


def label_named(world: World, repository: Repository, name: str) -> Label:
    """The repository's label of this name, made if there is none, as GitHub does when one is set."""
    if not name.strip() or len(name) > 50:
        raise invalid("Label", "invalid", "name")
    return repository.labels.setdefault(name.lower(), Label(world.new_id(), name))


def create_label(world: World, repository: Repository, name: str, color: str, description: str | None) -> Label:
    """A label of the repository. Raises `RefusalError` 422 for a name that is blank or over 50 characters."""
    label = label_named(world, repository, name)
    label.color, label.description = color, description
    return label


def add_labels(world: World, repository: Repository, actor: Actor, issue: Issue, names: list[str]) -> None:
    """Set labels; those already set stay and are not announced."""
    for name in names:
        label = label_named(world, repository, name)
        if label not in issue.labels:
            issue.labels.append(label)
            issue.updated_at = world.now()
            label_event(world, repository, actor, issue, "labeled", label)


def remove_label(world: World, repository: Repository, actor: Actor, issue: Issue, label: Label) -> None:
    if label in issue.labels:
        issue.labels.remove(label)
        issue.updated_at = world.now()
        label_event(world, repository, actor, issue, "unlabeled", label)


def react(world: World, actor: Actor, reactions: list[Reaction], content: str) -> tuple[Reaction, bool]:
    """The actor's reaction, and whether it is new: one of each kind is all a user gets. No event is sent for it."""
    if content not in REACTIONS:
        raise invalid("Reaction", "invalid", "content")
    for reaction in reactions:
        if reaction.user is actor.user and reaction.content == content:
            return reaction, False
    reaction = Reaction(world.new_id(), actor.user, content, world.now())
    reactions.append(reaction)
    return reaction, True
