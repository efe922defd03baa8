"""REST: refs, blobs, trees and commits as git has them."""

import base64
import binascii
from datetime import datetime

from bot.offline.github.branches import set_ref, signature
from bot.offline.github.gitdiff import merge_base
from bot.offline.github.gitstore import GitError, Signature
from bot.offline.github.payloads import api_url, node_id
from bot.offline.github.payloads_git import git_commit_body, ref_body, tree_body
from bot.offline.github.refusals import RefusalError, git_refused, not_found
from bot.offline.github.rest import Answer, Call, Route, route
from bot.offline.github.state import Json

BLOB_LIMIT = 100_000_000
"""Bytes: https://docs.github.com/en/rest/git/blobs"""
_MODES = {"100644": "blob", "100755": "blob", "120000": "blob", "040000": "tree"}


def get_ref(call: Call) -> Answer:
    ref = f"refs/{call.params['ref']}"
    sha = call.repository.git.ref(ref)
    if sha is None:
        raise not_found()
    return Answer(200, ref_body(call.world, call.repository, ref, sha))


def list_matching_refs(call: Call) -> Answer:
    """Refs that begin with what the path names."""
    start = f"refs/{call.params['ref']}"
    refs = call.repository.git.refs("refs/")
    rows = [("refs/" + name, sha) for name, sha in refs.items() if f"refs/{name}".startswith(start)]
    return call.page(rows, lambda row: ref_body(call.world, call.repository, *row))


def _object(call: Call, sha: str, kind: str) -> str:
    """The SHA, if it names such an object; RefusalError 422 otherwise."""
    if len(sha) != 40 or call.repository.git.kind(sha) != kind:
        raise RefusalError(422, "Object does not exist" if kind == "commit" else f"{kind} SHA {sha} does not exist")
    return sha


def create_ref(call: Call) -> Answer:
    ref, git = call.text("ref"), call.repository.git
    if not ref.startswith("refs/") or ref.count("/") < 2 or not git.valid_ref(ref):
        raise RefusalError(422, f"{ref} is not a valid ref name.")
    if git.ref(ref):
        raise RefusalError(422, "Reference already exists")
    _movable(ref)
    sha = _object(call, call.text("sha"), "commit")
    set_ref(call.world, call.repository, call.actor, ref, sha)
    return Answer(201, ref_body(call.world, call.repository, ref, sha))


def _movable(ref: str) -> None:
    if ref.startswith("refs/pull/"):
        raise RefusalError(422, "Reference cannot be updated")


def _existing_ref(call: Call) -> tuple[str, str]:
    ref = f"refs/{call.params['ref']}"
    sha = call.repository.git.ref(ref)
    if sha is None:
        raise RefusalError(422, "Reference does not exist")
    _movable(ref)
    return ref, sha


def update_ref(call: Call) -> Answer:
    """Move a ref forward, or anywhere with `force`."""
    ref, old = _existing_ref(call)
    sha = _object(call, call.text("sha"), "commit")
    if call.fields.get("force") is not True and merge_base(call.repository.git, old, sha) != old:
        raise RefusalError(422, "Update is not a fast forward")
    set_ref(call.world, call.repository, call.actor, ref, sha)
    return Answer(200, ref_body(call.world, call.repository, ref, sha))


def delete_ref(call: Call) -> Answer:
    ref, _ = _existing_ref(call)
    if ref == f"refs/heads/{call.repository.default_branch}":
        raise RefusalError(422, "Cannot delete the default branch")
    set_ref(call.world, call.repository, call.actor, ref, None)
    return Answer(204)


def create_blob(call: Call) -> Answer:
    encoding = call.maybe_text("encoding") or "utf-8"
    try:
        raw = call.text("content")
        content = base64.b64decode(raw) if encoding == "base64" else raw.encode()
    except (binascii.Error, UnicodeEncodeError):
        raise RefusalError(422, "Invalid request. content is not valid for the encoding.") from None
    if len(content) > BLOB_LIMIT:
        raise RefusalError(
            422, "Sorry, your input was too large to process. Consider creating the blob in a local clone."
        )
    sha = call.repository.git.write_blob(content)
    return Answer(201, {"sha": sha, "url": f"{api_url(call.world, call.repository)}/git/blobs/{sha}"})


def get_blob(call: Call) -> Answer:
    sha = call.params["sha"]
    if call.repository.git.kind(sha) != "blob":
        raise not_found()
    content = call.repository.git.blob(sha)
    if "raw" in call.accept:
        return Answer(200, content)
    body: Json = {
        "sha": sha,
        "node_id": node_id("Blob", sha),
        "size": len(content),
        "url": f"{api_url(call.world, call.repository)}/git/blobs/{sha}",
        "content": base64.encodebytes(content).decode(),
        "encoding": "base64",
    }
    return Answer(200, body)


WORKFLOWS = ".github/workflows/"
"""What no token may put into a tree that lacks the permission `workflows`; none here has it."""


def create_tree(call: Call) -> Answer:
    """A tree from a base (or nothing) and entries; an entry has a `sha` (null deletes it) or its `content`."""
    git = call.repository.git
    base = call.maybe_text("base_tree")
    if base is not None and git.kind(base) not in ("tree", "commit"):
        raise RefusalError(404, "Not Found")
    rows = call.fields.get("tree")
    if not isinstance(rows, list):
        raise RefusalError(422, "Invalid tree info")
    changes = [_change(call, row) for row in rows]
    if any(path.startswith(WORKFLOWS) for _, _, path in changes) and call.caller.kind == "installation":
        raise RefusalError(403, "Resource not accessible by integration")
    try:
        sha = git.write_tree(base, changes)
    except GitError as fault:
        raise git_refused(fault) from fault
    return Answer(201, tree_body(call.world, call.repository, sha, git.tree(sha)))


def _change(call: Call, row: Json) -> tuple[str, str | None, str]:
    path, mode, sha = row.get("path"), row.get("mode"), row.get("sha")
    kind = _MODES.get(str(mode))
    if not isinstance(path, str) or not path or kind is None or row.get("type", kind) != kind:
        raise RefusalError(422, "Invalid tree info: tree.mode, tree.type or tree.path is wrong")
    if isinstance(row.get("content"), str):
        if "sha" in row or kind != "blob":
            raise RefusalError(422, "Must supply either tree.sha or tree.content.")
        return str(mode), call.repository.git.write_blob(row["content"].encode()), path
    if "sha" not in row:
        raise RefusalError(422, "Must supply either tree.sha or tree.content.")
    if sha is not None and call.repository.git.kind(str(sha)) != kind:
        raise RefusalError(422, f"tree.sha {sha} is not a valid {kind}")
    return str(mode), None if sha is None else str(sha), path


def get_tree(call: Call) -> Answer:
    git, name = call.repository.git, call.params["sha"]
    sha = name if git.kind(name) == "tree" else git.resolve(name)
    if sha is None:
        raise not_found()
    entries = git.tree(sha, recursive="recursive" in call.query)
    return Answer(200, tree_body(call.world, call.repository, sha, entries))


def create_commit(call: Call) -> Answer:
    """A commit; GitHub signs it when an installation makes it in its own name only."""
    git = call.repository.git
    tree = _object(call, call.text("tree"), "tree")
    parents = call.fields.get("parents") or []
    if not isinstance(parents, list):
        raise RefusalError(422, "Parents is not a list")
    for parent in parents:
        if git.kind(str(parent)) != "commit":
            raise RefusalError(422, f"Parent SHA {parent} does not exist or is not a commit object")
    by = signature(call.world, call.actor)
    author = _person(call.fields.get("author"), by)
    committer = _person(call.fields.get("committer"), author)
    sha = git.write_commit(tree, [str(parent) for parent in parents], call.text("message"), author, committer)
    custom = any(call.fields.get(name) for name in ("author", "committer", "signature"))
    if call.caller.kind == "installation" and not custom:
        call.repository.verified.add(sha)
    return Answer(201, git_commit_body(call.world, call.repository, git.commit(sha)))


def _person(given: Json | None, default: Signature) -> Signature:
    if not given:
        return default
    if not isinstance(given.get("name"), str) or not isinstance(given.get("email"), str):
        raise RefusalError(422, "Invalid request. author and committer need a name and an email.")
    try:
        at = datetime.fromisoformat(given["date"]) if given.get("date") else default.at
    except (TypeError, ValueError):
        raise RefusalError(422, "Invalid request. The date is not ISO 8601.") from None
    return Signature(given["name"], given["email"], at)


def get_commit(call: Call) -> Answer:
    sha = call.params["sha"]
    if call.repository.git.kind(sha) != "commit":
        raise not_found()
    return Answer(200, git_commit_body(call.world, call.repository, call.repository.git.commit(sha)))


_GIT = "/repos/{owner}/{repo}/git"

ROUTES: tuple[Route, ...] = (
    route("GET", _GIT + "/ref/{ref:p}", get_ref, "contents"),
    route("GET", _GIT + "/matching-refs/{ref:p}", list_matching_refs, "contents"),
    route("POST", _GIT + "/refs", create_ref, "contents"),
    route("PATCH", _GIT + "/refs/{ref:p}", update_ref, "contents"),
    route("DELETE", _GIT + "/refs/{ref:p}", delete_ref, "contents"),
    route("POST", _GIT + "/blobs", create_blob, "contents"),
    route("GET", _GIT + "/blobs/{sha}", get_blob, "contents"),
    route("POST", _GIT + "/trees", create_tree, "contents"),
    route("GET", _GIT + "/trees/{sha:p}", get_tree, "contents"),
    route("POST", _GIT + "/commits", create_commit, "contents"),
    route("GET", _GIT + "/commits/{sha}", get_commit, "contents"),
)
