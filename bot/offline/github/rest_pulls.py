"""REST: pull requests."""

from bot.offline.github import branches, conversations
from bot.offline.github.gitdiff import changed_files, diff_text, merge_base
from bot.offline.github.payloads_git import commit_body, file_body, full_pull_body, pull_body
from bot.offline.github.refusals import RefusalError, invalid, not_found
from bot.offline.github.rest import Answer, Call, Route, own_or_write, route
from bot.offline.github.state import ACTIONS, Issue, Pull

_MERGE_METHODS = ("merge", "squash")


def _pull(call: Call) -> tuple[Issue, Pull]:
    issue = call.issue()
    if issue.pull is None:
        raise not_found()
    return issue, issue.pull


def _full(call: Call, issue: Issue, pull: Pull, status: int = 200) -> Answer:
    return Answer(status, full_pull_body(call.world, call.repository, issue, pull))


def create_pull(call: Call) -> Answer:
    """From branch `head` (or `owner:branch` of the same owner) into `base`."""
    by_actions = call.actor.app is not None and call.actor.app.slug == ACTIONS
    if by_actions and not call.repository.actions_open_pulls:
        raise RefusalError(403, "GitHub Actions is not permitted to create or approve pull requests.")
    issue = branches.open_pull(
        call.world,
        call.repository,
        call.actor,
        (call.text("title"), call.maybe_text("body")),
        call.text("head"),
        call.text("base"),
        draft=call.fields.get("draft") is True,
    )
    if issue.pull is None:
        raise not_found()
    return _full(call, issue, issue.pull, 201)


def list_pulls(call: Call) -> Answer:
    """Newest first, open ones unless `state` says otherwise; a `head` without its owner is ignored, as on GitHub."""
    state, base = call.query.get("state", "open"), call.query.get("base")
    owner, colon, head = call.query.get("head", "").partition(":")
    ours = owner.lower() == call.repository.owner.login.lower()
    rows = [
        (issue, pull)
        for issue, pull in call.repository.pulls()
        if state in ("all", issue.state) and base in (None, pull.base) and (not colon or (ours and head == pull.head))
    ]
    by_update = call.query.get("sort") == "updated"
    descending = call.query.get("direction", "desc") == "desc"
    rows.sort(
        key=lambda row: (row[0].updated_at if by_update else row[0].created_at, row[0].number), reverse=descending
    )
    return call.page(rows, lambda row: pull_body(call.world, call.repository, *row))


def get_pull(call: Call) -> Answer:
    issue, pull = _pull(call)
    if "diff" in call.accept:
        git = call.repository.git
        start = merge_base(git, pull.base_sha, pull.head_sha) or pull.base_sha
        return Answer(200, diff_text(git, start, pull.head_sha).encode())
    answer = _full(call, issue, pull)
    if call.world.lagging:
        call.world.lagging -= 1
        answer.body.update(mergeable=None, rebaseable=None, mergeable_state="unknown")
    return answer


def list_files(call: Call) -> Answer:
    _, pull = _pull(call)
    git = call.repository.git
    start = merge_base(git, pull.base_sha, pull.head_sha) or pull.base_sha
    files = changed_files(git, start, pull.head_sha)
    return call.page(files, lambda file: file_body(call.world, call.repository, pull.head_sha, file))


def list_commits(call: Call) -> Answer:
    _, pull = _pull(call)
    git = call.repository.git
    shas = git.log(pull.head_sha, merge_base(git, pull.base_sha, pull.head_sha))[::-1]
    return call.page(shas, lambda sha: commit_body(call.world, call.repository, sha))


def edit_pull(call: Call) -> Answer:
    """Title, body and state, each only if given."""
    issue, pull = _pull(call)
    own_or_write(call, issue.by)
    title, body, state = (call.maybe_text(name) for name in ("title", "body", "state"))
    if state not in (None, "open", "closed"):
        raise invalid("PullRequest", "invalid", "state")
    if state == "open" and (pull.merged_at or pull.head not in call.repository.heads):
        raise invalid("PullRequest", "invalid", "state")
    conversations.edit_texts(call.world, call.repository, call.actor, issue, title, body)
    if state:
        conversations.set_state(call.world, call.repository, call.actor, issue, closed=state == "closed")
    return _full(call, issue, pull)


def merge(call: Call) -> Answer:
    issue, pull = _pull(call)
    method = call.maybe_text("merge_method") or "merge"
    if method not in _MERGE_METHODS:
        raise RefusalError(405, "Rebase merges are not allowed on this repository.")
    if call.maybe_text("sha") not in (None, pull.head_sha):
        raise RefusalError(409, "Head branch was modified. Review and try the merge again.")
    title, text = call.maybe_text("commit_title"), call.maybe_text("commit_message")
    message = "\n\n".join(part for part in (title, text) if part) if title else ""
    sha = branches.merge_pull(call.world, call.repository, call.actor, issue, message, squash=method == "squash")
    return Answer(200, {"sha": sha, "merged": True, "message": "Pull Request successfully merged"})


def is_merged(call: Call) -> Answer:
    if _pull(call)[1].merged_at is None:
        raise not_found()
    return Answer(204)


_PULLS = "/repos/{owner}/{repo}/pulls"
_ONE = _PULLS + "/{number:n}"

ROUTES: tuple[Route, ...] = (
    route("POST", _PULLS, create_pull, "pull_requests", "read"),
    route("GET", _PULLS, list_pulls, "pull_requests"),
    route("GET", _ONE, get_pull, "pull_requests"),
    route("PATCH", _ONE, edit_pull, "pull_requests", "read"),
    route("GET", _ONE + "/files", list_files, "pull_requests"),
    route("GET", _ONE + "/commits", list_commits, "pull_requests"),
    route("GET", _ONE + "/merge", is_merged, "pull_requests"),
    route("PUT", _ONE + "/merge", merge, "contents"),
)
