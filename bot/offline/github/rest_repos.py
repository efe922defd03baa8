"""REST: repositories, what people may do in them, their commits, branches, comparisons and files."""

from bot.core.repository import Permission
from bot.offline.github.gitdiff import ahead_behind, changed_files, merge_base
from bot.offline.github.payloads import api_url, page_url, repository_body, user_body
from bot.offline.github.payloads_git import commit_body, content_body, file_body, file_content_body
from bot.offline.github.refusals import RefusalError, not_found
from bot.offline.github.rest import Answer, Call, Route, route
from bot.offline.github.state import Json

_LEGACY: dict[Permission, str] = {"maintain": "write", "triage": "read"}


def get_repository(call: Call) -> Answer:
    repository = call.repository
    counts = {"subscribers_count": 0, "network_count": 0}
    body = {**repository_body(call.world, repository), **counts, "permissions": _flags(_role(call))}
    return Answer(200, body)


def _role(call: Call) -> Permission:
    token = call.caller.token
    if token and token.installation:
        return "write" if token.permissions.get("contents") == "write" else "read"
    return call.repository.role(token.user) if token else "read"


def _flags(role: Permission) -> Json:
    """A role in the form repositories carry it; the collaborator answer uses it too."""
    order: tuple[Permission, ...] = ("none", "read", "triage", "write", "maintain", "admin")
    names: dict[str, Permission] = {"pull": "read", "triage": "triage", "push": "write", "maintain": "maintain"}
    at = order.index(role)
    return {**{name: at >= order.index(least) for name, least in names.items()}, "admin": role == "admin"}


def get_permission(call: Call) -> Answer:
    """`permission` knows four words, `role_name` all six: a maintainer's is `write`, a triager's `read`."""
    user = call.world.users.get(call.params["login"].lower())
    if user is None:
        raise not_found()
    role = call.repository.role(user)
    person = {**user_body(call.world, user), "permissions": _flags(role), "role_name": role}
    return Answer(200, {"permission": _LEGACY.get(role, role), "role_name": role, "user": person})


def _commit_named(call: Call, name: str) -> str:
    sha = call.repository.git.resolve(name)
    if sha is None:
        raise RefusalError(422, f"No commit found for SHA: {name}")
    return sha


def get_commit(call: Call) -> Answer:
    sha, git = _commit_named(call, call.params["ref"]), call.repository.git
    parents = git.commit(sha).parents
    files = changed_files(git, parents[0], sha) if parents else []
    plus, minus = sum(f.additions for f in files), sum(f.deletions for f in files)
    body = commit_body(call.world, call.repository, sha)
    body["stats"] = {"additions": plus, "deletions": minus, "total": plus + minus}
    body["files"] = [file_body(call.world, call.repository, sha, f) for f in files]
    return Answer(200, body)


def list_commits(call: Call) -> Answer:
    tip = _commit_named(call, call.query.get("sha") or call.repository.default_branch)
    shas = call.repository.git.log(tip, limit=1000)
    return call.page(shas, lambda sha: commit_body(call.world, call.repository, sha))


def list_branches(call: Call) -> Answer:
    url = api_url(call.world, call.repository)

    def row(item: tuple[str, str]) -> Json:
        return {"name": item[0], "commit": {"sha": item[1], "url": f"{url}/commits/{item[1]}"}, "protected": False}

    return call.page(sorted(call.repository.heads.items()), row)


def get_branch(call: Call) -> Answer:
    name = call.params["branch"]
    sha = call.repository.heads.get(name)
    if sha is None:
        raise RefusalError(404, "Branch not found")
    url, page = api_url(call.world, call.repository), page_url(call.world, call.repository)
    body: Json = {
        "name": name,
        "commit": commit_body(call.world, call.repository, sha),
        "_links": {"self": f"{url}/branches/{name}", "html": f"{page}/tree/{name}"},
        "protected": False,
        "protection": {"enabled": False},
        "protection_url": f"{url}/branches/{name}/protection",
    }
    return Answer(200, body)


def compare(call: Call) -> Answer:
    """What `head` has that `base` lacks, since they parted."""
    base_name, dots, head_name = call.params["basehead"].partition("...")
    names = [name.rpartition(":")[2] for name in (base_name, head_name)]
    base, head = (call.repository.git.resolve(name) for name in names)
    if not dots or base is None or head is None:
        raise not_found()
    git, world, repository = call.repository.git, call.world, call.repository
    start = merge_base(git, base, head)
    if start is None:
        raise RefusalError(404, "No common ancestor between the two")
    ahead, behind = ahead_behind(git, base, head)
    status = "diverged" if ahead and behind else "ahead" if ahead else "behind" if behind else "identical"
    page = f"{page_url(world, repository)}/compare/{base_name}...{head_name}"
    body: Json = {
        "url": f"{api_url(world, repository)}/compare/{base_name}...{head_name}",
        "html_url": page,
        "permalink_url": f"{page_url(world, repository)}/compare/{base[:7]}...{head[:7]}",
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "base_commit": commit_body(world, repository, base),
        "merge_base_commit": commit_body(world, repository, start),
        "status": status,
        "ahead_by": ahead,
        "behind_by": behind,
        "total_commits": ahead,
        "commits": [commit_body(world, repository, sha) for sha in reversed(git.log(head, base))],
        "files": [file_body(world, repository, head, f) for f in changed_files(git, start, head)],
    }
    return Answer(200, body)


def get_content(call: Call) -> Answer:
    """A file with its content, or the rows of a folder."""
    git, path = call.repository.git, call.params.get("path", "").strip("/")
    ref = call.query.get("ref") or call.repository.default_branch
    sha = git.resolve(ref.removeprefix("refs/heads/"))
    if sha is None:
        raise RefusalError(404, f"No commit found for the ref {ref}")
    entry = git.file(sha, path) if path else None
    if path and entry is None:
        raise not_found()
    if entry is None or entry.kind == "tree":
        start = f"{path}/" if path else ""
        below = [e for e in git.tree(sha, recursive=True) if _child(e.path, start)]
        return Answer(200, [content_body(call.world, call.repository, ref, e) for e in below])
    content = git.blob(entry.sha)
    if "raw" in call.accept:
        return Answer(200, content)
    if entry.mode == "120000":
        link = content_body(call.world, call.repository, ref, entry)
        return Answer(200, {**link, "target": content.decode(errors="replace")})
    return Answer(200, file_content_body(call.world, call.repository, ref, entry, content))


def _child(path: str, start: str) -> bool:
    return path.startswith(start) and "/" not in path[len(start) :]


_REPO = "/repos/{owner}/{repo}"

ROUTES: tuple[Route, ...] = (
    route("GET", _REPO, get_repository, "metadata"),
    route("GET", _REPO + "/collaborators/{login}/permission", get_permission, "metadata"),
    route("GET", _REPO + "/commits", list_commits, "contents"),
    route(
        "GET", _REPO + r"/commits/(?!.*/(?:pulls|status|statuses|check-runs|comments)$){ref:p}", get_commit, "contents"
    ),
    route("GET", _REPO + "/branches", list_branches, "contents"),
    route("GET", _REPO + r"/branches/(?!.*/protection){branch:p}", get_branch, "contents"),
    route("GET", _REPO + "/compare/{basehead:p}", compare, "contents"),
    route("GET", _REPO + "/contents/?", get_content, "contents"),
    route("GET", _REPO + "/contents/{path:p}", get_content, "contents"),
)
