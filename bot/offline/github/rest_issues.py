"""REST: issues, their comments, labels and reactions."""

from bot.offline.github import conversations
from bot.offline.github.payloads import comment_body, issue_body, label_body, reaction_body
from bot.offline.github.refusals import invalid, not_found
from bot.offline.github.rest import Answer, Call, Route, may_label, own_or_write, route, text_list
from bot.offline.github.state import Actor, Comment, Issue, Reaction

BOTH = "issues|pull_requests"
"""Conversations belong to issues and pull requests: the permission for either will do."""


def _issue_answer(call: Call, issue: Issue, status: int = 200) -> Answer:
    return Answer(status, issue_body(call.world, call.repository, issue))


def list_issues(call: Call) -> Answer:
    """Issues and pull requests, newest first, open ones unless `state` says otherwise."""
    state = call.query.get("state", "open")
    labels = {name.lower() for name in call.query.get("labels", "").split(",") if name}
    rows = [
        issue
        for issue in call.repository.issues.values()
        if state in ("all", issue.state)
        and _since(call, issue)
        and labels <= {label.name.lower() for label in issue.labels}
    ]
    key = {"updated": lambda i: (i.updated_at, i.number), "comments": lambda i: len(i.comments)}
    newest_first = call.query.get("direction", "desc") == "desc"
    rows.sort(key=key.get(call.query.get("sort", "created"), lambda i: i.number), reverse=newest_first)
    return call.page(rows, lambda issue: issue_body(call.world, call.repository, issue))


def create_issue(call: Call) -> Answer:
    labels = text_list(call.fields.get("labels") or [], "labels") if may_label(call) else []
    title, body = call.text("title"), call.maybe_text("body")
    return _issue_answer(
        call, conversations.open_issue(call.world, call.repository, call.actor, title, body, labels), 201
    )


def get_issue(call: Call) -> Answer:
    return _issue_answer(call, call.issue())


def edit_issue(call: Call) -> Answer:
    """Title, body, labels and state, each only if given."""
    issue, world, repository = call.issue(), call.world, call.repository
    own_or_write(call, issue.by)
    title, body = call.maybe_text("title"), call.maybe_text("body")
    conversations.edit_texts(world, repository, call.actor, issue, title, body)
    if "labels" in call.fields and may_label(call):
        set_labels(call)
    state = call.maybe_text("state")
    merged = issue.pull is not None and issue.pull.merged_at is not None
    if state not in (None, "open", "closed") or (merged and state == "open"):
        raise invalid("Issue", "invalid", "state")
    if state:
        reason = call.maybe_text("state_reason")
        conversations.set_state(world, repository, call.actor, issue, closed=state == "closed", reason=reason)
    return _issue_answer(call, issue)


def list_comments(call: Call) -> Answer:
    issue = call.issue()
    rows = [c for c in issue.comments.values() if _since(call, c)]
    return call.page(rows, lambda comment: comment_body(call.world, call.repository, issue, comment))


def _since(call: Call, thing: Comment | Issue) -> bool:
    return thing.updated_at.strftime("%Y-%m-%dT%H:%M:%SZ") >= call.query.get("since", "")


def create_comment(call: Call) -> Answer:
    issue = call.issue()
    comment = conversations.add_comment(call.world, call.repository, call.actor, issue, call.text("body"))
    return Answer(201, comment_body(call.world, call.repository, issue, comment))


def _comment(call: Call) -> tuple[Issue, Comment]:
    found = call.repository.comment(int(call.params["id"]))
    if found is None:
        raise not_found()
    return found


def get_comment(call: Call) -> Answer:
    return Answer(200, comment_body(call.world, call.repository, *_comment(call)))


def edit_comment(call: Call) -> Answer:
    issue, comment = _comment(call)
    own_or_write(call, comment.by)
    conversations.edit_comment(call.world, call.repository, call.actor, issue, comment, call.text("body"))
    return Answer(200, comment_body(call.world, call.repository, issue, comment))


def delete_comment(call: Call) -> Answer:
    issue, comment = _comment(call)
    own_or_write(call, comment.by)
    conversations.delete_comment(call.world, call.repository, call.actor, issue, comment)
    return Answer(204)


def list_labels(call: Call) -> Answer:
    return call.page(call.issue().labels, lambda label: label_body(call.world, call.repository, label))


def list_repository_labels(call: Call) -> Answer:
    rows = list(call.repository.labels.values())
    return call.page(rows, lambda label: label_body(call.world, call.repository, label))


def _label_names(call: Call) -> list[str]:
    given = call.body.get("labels") if isinstance(call.body, dict) else call.body
    return text_list(given or [], "labels")


def _labels_answer(call: Call) -> Answer:
    return Answer(200, [label_body(call.world, call.repository, label) for label in call.issue().labels])


def add_labels(call: Call) -> Answer:
    conversations.add_labels(call.world, call.repository, call.actor, call.issue(), _label_names(call))
    return _labels_answer(call)


def set_labels(call: Call) -> Answer:
    """Exactly these labels."""
    issue, names = call.issue(), _label_names(call)
    keep = {name.lower() for name in names}
    for label in [label for label in issue.labels if label.name.lower() not in keep]:
        conversations.remove_label(call.world, call.repository, call.actor, issue, label)
    conversations.add_labels(call.world, call.repository, call.actor, issue, names)
    return _labels_answer(call)


def remove_label(call: Call) -> Answer:
    issue, label = call.issue(), call.repository.label(call.params["name"])
    if label is None or label not in issue.labels:
        raise not_found()
    conversations.remove_label(call.world, call.repository, call.actor, issue, label)
    return _labels_answer(call)


def _reactions(call: Call) -> tuple[list[Reaction], Actor]:
    """The reactions of the comment or issue in the path, and who wrote that."""
    if "id" in call.params:
        comment = _comment(call)[1]
        return comment.reactions, comment.by
    return call.issue().reactions, call.issue().by


def list_reactions(call: Call) -> Answer:
    wanted = call.query.get("content")
    rows = [r for r in _reactions(call)[0] if wanted in (None, r.content)]
    return call.page(rows, lambda reaction: reaction_body(call.world, reaction))


def create_reaction(call: Call) -> Answer:
    reaction, new = conversations.react(call.world, call.actor, _reactions(call)[0], call.text("content"))
    return Answer(201 if new else 200, reaction_body(call.world, reaction))


def delete_reaction(call: Call) -> Answer:
    reactions = _reactions(call)[0]
    for reaction in reactions:
        if reaction.id == int(call.params["reaction"]):
            own_or_write(call, Actor(reaction.user))
            reactions.remove(reaction)
            return Answer(204)
    raise not_found()


_ISSUES = "/repos/{owner}/{repo}/issues"
_ONE = _ISSUES + "/{number:n}"
_COMMENT = _ISSUES + "/comments/{id:n}"

ROUTES: tuple[Route, ...] = (
    route("GET", _ISSUES, list_issues, BOTH),
    route("POST", _ISSUES, create_issue, "issues", "read"),
    route("GET", _ONE, get_issue, BOTH),
    route("PATCH", _ONE, edit_issue, BOTH, "read"),
    route("GET", _ONE + "/comments", list_comments, BOTH),
    route("POST", _ONE + "/comments", create_comment, BOTH, "read"),
    route("GET", _COMMENT, get_comment, BOTH),
    route("PATCH", _COMMENT, edit_comment, BOTH, "read"),
    route("DELETE", _COMMENT, delete_comment, BOTH, "read"),
    route("GET", "/repos/{owner}/{repo}/labels", list_repository_labels, BOTH),
    route("GET", _ONE + "/labels", list_labels, BOTH),
    route("POST", _ONE + "/labels", add_labels, BOTH, "triage"),
    route("PUT", _ONE + "/labels", set_labels, BOTH, "triage"),
    route("DELETE", _ONE + "/labels/{name:p}", remove_label, BOTH, "triage"),
    *(
        row
        for thing in (_ONE, _COMMENT)
        for row in (
            route("GET", thing + "/reactions", list_reactions, BOTH),
            route("POST", thing + "/reactions", create_reaction, BOTH, "read"),
            route("DELETE", thing + "/reactions/{reaction:n}", delete_reaction, BOTH, "read"),
        )
    ),
)
