"""REST: making labels, sub-issues, and who is in a team."""

import re

from bot.offline.github import conversations
from bot.offline.github.payloads import issue_body, label_body
from bot.offline.github.refusals import RefusalError, invalid, not_found
from bot.offline.github.rest import Answer, Call, Route, route
from bot.offline.github.state import Issue


def create_label(call: Call) -> Answer:
    """With a colour of six hex digits; 422 if there is one of this name."""
    name, color = call.text("name"), call.maybe_text("color") or "ededed"
    if not re.fullmatch("[0-9a-fA-F]{6}", color):
        raise invalid("Label", "invalid", "color")
    if call.repository.label(name):
        raise invalid("Label", "already_exists", "name")
    description = call.maybe_text("description")
    label = conversations.create_label(call.world, call.repository, name, color, description)
    return Answer(201, label_body(call.world, call.repository, label))


def _children(call: Call) -> list[Issue]:
    return [call.repository.issues[number] for number in call.issue().sub_issues]


def list_sub_issues(call: Call) -> Answer:
    return call.page(_children(call), lambda issue: issue_body(call.world, call.repository, issue))


def add_sub_issue(call: Call) -> Answer:
    """By the child's id, not its number; 422 for one that has a parent already. Answers with the parent."""
    parent, wanted = call.issue(), call.fields.get("sub_issue_id")
    child = next((issue for issue in call.repository.issues.values() if issue.id == wanted), None)
    if child is None:
        raise RefusalError(404, "The provided sub-issue does not exist")
    if child is parent or child.pull or any(child.number in i.sub_issues for i in call.repository.issues.values()):
        text = "Issue may not contain duplicate sub-issues and Sub issue may only have one parent"
        raise RefusalError(422, f"An error occurred while adding the sub-issue to the parent issue. {text}")
    parent.sub_issues.append(child.number)
    return Answer(201, issue_body(call.world, call.repository, parent))


def get_membership(call: Call) -> Answer:
    """Of a team; 403 to an installation that may not read members, 404 for strangers and unknown teams."""
    token = call.caller.token
    if token is None:
        raise RefusalError(401, "Requires authentication")
    if token.installation and "members" not in token.permissions:
        raise RefusalError(403, "Resource not accessible by integration")
    org, slug, login = (call.params[name].lower() for name in ("org", "slug", "login"))
    state = call.world.teams.get((org, slug), {}).get(login)
    if state is None:
        raise not_found()
    return Answer(200, {"url": f"{call.world.api}{call.path}", "role": "member", "state": state})


_REPO = "/repos/{owner}/{repo}"

ROUTES: tuple[Route, ...] = (
    route("POST", _REPO + "/labels", create_label, "issues|pull_requests"),
    route("GET", _REPO + "/issues/{number:n}/sub_issues", list_sub_issues, "issues"),
    route("POST", _REPO + "/issues/{number:n}/sub_issues", add_sub_issue, "issues", "triage"),
    route("GET", "/orgs/{org}/teams/{slug}/memberships/{login}", get_membership),
)
