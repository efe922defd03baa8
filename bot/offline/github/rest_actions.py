"""REST: what a repository lets GitHub Actions do; only administrators are told."""

from bot.offline.github.refusals import RefusalError
from bot.offline.github.rest import Answer, Call, Route, route


def get_permissions(call: Call) -> Answer:
    _only_administrators(call)
    runs = call.repository.actions_run
    return Answer(200, {"enabled": runs, "sha_pinning_required": False, **({"allowed_actions": "all"} if runs else {})})


def get_workflow_permissions(call: Call) -> Answer:
    _only_administrators(call)
    allowed = call.repository.actions_open_pulls
    return Answer(200, {"default_workflow_permissions": "read", "can_approve_pull_request_reviews": allowed})


def _only_administrators(call: Call) -> None:
    """Of a public repository, too: the table lets everybody read what is public."""
    token = call.caller.token
    if token is None:
        raise RefusalError(401, "Requires authentication")
    if token.installation and "administration" not in token.permissions:
        raise RefusalError(403, "Resource not accessible by integration")


ROUTES: tuple[Route, ...] = (
    route("GET", "/repos/{owner}/{repo}/actions/permissions", get_permissions, "administration", "admin"),
    route(
        "GET", "/repos/{owner}/{repo}/actions/permissions/workflow", get_workflow_permissions, "administration", "admin"
    ),
)
