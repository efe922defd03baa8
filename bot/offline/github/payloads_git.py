"""Commits, refs, trees, files, comparisons and pull requests in the JSON that GitHub publishes."""

import base64
from datetime import UTC
from urllib.parse import quote

from bot.offline.github.gitdiff import FileDiff, changed_files, merge_base, merged_tree
from bot.offline.github.gitstore import Commit, Entry, Signature
from bot.offline.github.payloads import (
    api_url,
    association,
    issue_page,
    label_body,
    node_id,
    page_url,
    repository_body,
    time_text,
    user_body,
)
from bot.offline.github.state import Issue, Json, Pull, Repository, User, World


def signature_body(signature: Signature) -> Json:
    return {"name": signature.name, "email": signature.email, "date": time_text(signature.at.astimezone(UTC))}


def user_of(world: World, signature: Signature) -> User | None:
    """Whose address a commit carries."""
    return next((user for user in world.users.values() if user.email == signature.email), None)


def verification_body(repository: Repository, commit: Commit) -> Json:
    """Whether GitHub signed the commit; its real signatures are armoured, ours only says so."""
    verified = commit.sha in repository.verified
    return {
        "verified": verified,
        "reason": "valid" if verified else "unsigned",
        "signature": "-----BEGIN PGP SIGNATURE-----\n\nlocal\n-----END PGP SIGNATURE-----" if verified else None,
        "payload": f"tree {commit.tree}" if verified else None,
        "verified_at": time_text(commit.committer.at.astimezone(UTC)) if verified else None,
    }


def git_commit_body(world: World, repository: Repository, commit: Commit) -> Json:
    """A commit as `git/commits` shows it."""
    url, page = f"{api_url(world, repository)}/git", page_url(world, repository)
    return {
        "sha": commit.sha,
        "node_id": node_id("Commit", commit.sha),
        "url": f"{url}/commits/{commit.sha}",
        "html_url": f"{page}/commit/{commit.sha}",
        "author": signature_body(commit.author),
        "committer": signature_body(commit.committer),
        "message": commit.message,
        "tree": {"sha": commit.tree, "url": f"{url}/trees/{commit.tree}"},
        "parents": [
            {"sha": sha, "url": f"{url}/commits/{sha}", "html_url": f"{page}/commit/{sha}"} for sha in commit.parents
        ],
        "verification": verification_body(repository, commit),
    }


def commit_body(world: World, repository: Repository, sha: str) -> Json:
    """A commit as `commits/{ref}` shows it, without its files."""
    commit = repository.git.commit(sha)
    url, page = api_url(world, repository), page_url(world, repository)
    git = git_commit_body(world, repository, commit)
    people = {"author": user_of(world, commit.author), "committer": user_of(world, commit.committer)}
    return {
        "sha": sha,
        "node_id": git["node_id"],
        "url": f"{url}/commits/{sha}",
        "html_url": git["html_url"],
        "comments_url": f"{url}/commits/{sha}/comments",
        "commit": {
            "url": git["url"],
            **{key: git[key] for key in ("author", "committer", "message", "tree", "verification")},
            "comment_count": 0,
        },
        **{role: user_body(world, person) if person else None for role, person in people.items()},
        "parents": [{"sha": p, "url": f"{url}/commits/{p}", "html_url": f"{page}/commit/{p}"} for p in commit.parents],
    }


def file_body(world: World, repository: Repository, head: str, file: FileDiff) -> Json:
    """One changed file of a commit, comparison or pull request."""
    page = page_url(world, repository)
    body: Json = {
        "sha": file.sha,
        "filename": file.path,
        "status": file.status,
        "additions": file.additions,
        "deletions": file.deletions,
        "changes": file.additions + file.deletions,
        "blob_url": f"{page}/blob/{head}/{quote(file.path)}",
        "raw_url": f"{page}/raw/{head}/{quote(file.path)}",
        "contents_url": f"{api_url(world, repository)}/contents/{quote(file.path)}?ref={head}",
    }
    if file.patch is not None:
        body["patch"] = file.patch
    if file.previous:
        body["previous_filename"] = file.previous
    return body


def ref_body(world: World, repository: Repository, ref: str, sha: str) -> Json:
    """A git ref by its full name."""
    url = f"{api_url(world, repository)}/git"
    kind = repository.git.kind(sha) or "commit"
    return {
        "ref": ref,
        "node_id": node_id("Ref", ref),
        "url": f"{url}/{ref}",
        "object": {"sha": sha, "type": kind, "url": f"{url}/{kind}s/{sha}"},
    }


def tree_body(world: World, repository: Repository, sha: str, entries: list[Entry]) -> Json:
    url = f"{api_url(world, repository)}/git"
    rows = []
    for entry in entries:
        row: Json = {"path": entry.path, "mode": entry.mode, "type": entry.kind, "sha": entry.sha}
        if entry.size is not None:
            row["size"] = entry.size
        rows.append({**row, "url": f"{url}/{entry.kind}s/{entry.sha}"})
    return {"sha": sha, "url": f"{url}/trees/{sha}", "tree": rows, "truncated": False}


def content_body(world: World, repository: Repository, ref: str, entry: Entry) -> Json:
    """One row of `contents/`, without the content itself."""
    url, page = api_url(world, repository), page_url(world, repository)
    kind = "dir" if entry.kind == "tree" else "symlink" if entry.mode == "120000" else "file"
    path = quote(entry.path)
    links = {
        "self": f"{url}/contents/{path}?ref={ref}",
        "git": f"{url}/git/{entry.kind}s/{entry.sha}",
        "html": f"{page}/{'tree' if kind == 'dir' else 'blob'}/{ref}/{path}",
    }
    return {
        "type": kind,
        "name": entry.path.rpartition("/")[2],
        "path": entry.path,
        "sha": entry.sha,
        "size": entry.size or 0,
        "url": links["self"],
        "git_url": links["git"],
        "html_url": links["html"],
        "download_url": None if kind == "dir" else f"{page}/raw/{ref}/{path}",
        "_links": links,
    }


def file_content_body(world: World, repository: Repository, ref: str, entry: Entry, content: bytes) -> Json:
    """A file of `contents/`: base64 in lines of 60; nothing of one over 1 MB.

    https://docs.github.com/en/rest/repos/contents#get-repository-content
    """
    body = content_body(world, repository, ref, entry)
    if len(content) > 1_000_000:
        return {**body, "encoding": "none", "content": ""}
    encoded = base64.b64encode(content).decode()
    lines = [encoded[i : i + 60] for i in range(0, len(encoded), 60)]
    return {**body, "encoding": "base64", "content": "".join(line + "\n" for line in lines)}


def pull_body(world: World, repository: Repository, issue: Issue, pull: Pull) -> Json:
    """A pull request as lists show it."""
    url, page = api_url(world, repository), issue_page(world, repository, issue)
    links = {
        "self": f"{url}/pulls/{issue.number}",
        "html": page,
        "issue": f"{url}/issues/{issue.number}",
        "comments": f"{url}/issues/{issue.number}/comments",
        "review_comments": f"{url}/pulls/{issue.number}/comments",
        "review_comment": f"{url}/pulls/comments{{/number}}",
        "commits": f"{url}/pulls/{issue.number}/commits",
        "statuses": f"{url}/statuses/{pull.head_sha}",
    }
    return {
        "id": pull.id,
        "node_id": node_id("PullRequest", pull.id),
        "number": issue.number,
        "state": issue.state,
        "locked": False,
        "active_lock_reason": None,
        "title": issue.title,
        "user": user_body(world, issue.by.user),
        "body": issue.body,
        "labels": [label_body(world, repository, label) for label in issue.labels],
        "milestone": None,
        "assignee": None,
        "assignees": [],
        "requested_reviewers": [],
        "requested_teams": [],
        "created_at": time_text(issue.created_at),
        "updated_at": time_text(issue.updated_at),
        "closed_at": time_text(issue.closed_at),
        "merged_at": time_text(pull.merged_at),
        "merge_commit_sha": pull.merge_sha,
        "draft": pull.draft,
        "author_association": association(repository, issue.by.user),
        "auto_merge": None,
        "url": links["self"],
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        **{f"{key}_url": links[key] for key in ("issue", "comments", "review_comments", "review_comment")},
        **{f"{key}_url": links[key] for key in ("commits", "statuses")},
        "head": _side(world, pull.fork or repository, pull.head, pull.head_sha),
        "base": _side(world, repository, pull.base, pull.base_sha),
        "_links": {key: {"href": href} for key, href in links.items()},
    }


def _side(world: World, repository: Repository, branch: str, sha: str) -> Json:
    return {
        "label": f"{repository.owner.login}:{branch}",
        "ref": branch,
        "sha": sha,
        "user": user_body(world, repository.owner),
        "repo": repository_body(world, repository),
    }


def full_pull_body(world: World, repository: Repository, issue: Issue, pull: Pull) -> Json:
    """A pull request by itself: with its size and whether it can be merged."""
    git = repository.git
    start = merge_base(git, pull.base_sha, pull.head_sha) or pull.base_sha
    files = changed_files(git, start, pull.head_sha)
    merged = pull.merged_at is not None
    open_now = issue.state == "open"
    mergeable = merged_tree(git, pull.base_sha, pull.head_sha) is not None if open_now else None
    return {
        **pull_body(world, repository, issue, pull),
        "merged": merged,
        "mergeable": mergeable,
        "rebaseable": mergeable,
        "mergeable_state": _mergeable_state(repository, pull, mergeable),
        "merged_by": user_body(world, pull.merged_by) if pull.merged_by else None,
        "comments": len(issue.comments),
        "review_comments": sum(len(thread.comments) for thread in pull.threads),
        "maintainer_can_modify": False,
        "commits": len(git.log(pull.head_sha, start)),
        "additions": sum(file.additions for file in files),
        "deletions": sum(file.deletions for file in files),
        "changed_files": len(files),
    }


def _mergeable_state(repository: Repository, pull: Pull, mergeable: bool | None) -> str:
    if not mergeable:
        return "unknown" if mergeable is None else "dirty"
    suite = repository.suites.get(pull.head_sha)
    failed = suite is not None and suite.conclusion in ("failure", "timed_out")
    return "draft" if pull.draft else "unstable" if failed else "clean"


def push_body(world: World, repository: Repository, branch: str, before: str, after: str) -> Json:
    """What a push event adds to the common payload; all zeros stand for a branch that was not or is no more."""
    none = "0" * 40
    git, url = repository.git, page_url(world, repository)
    created, deleted = before == none, after == none
    old_default = repository.heads.get(repository.default_branch)
    without = (old_default if branch != repository.default_branch else None) if created else before
    shas = [] if deleted else git.log(after, without, limit=20)[::-1]
    commits = [_pushed_commit(world, repository, sha) for sha in shas]
    head = None if deleted else (commits[-1] if commits else _pushed_commit(world, repository, after))
    return {
        "ref": f"refs/heads/{branch}",
        "before": before,
        "after": after,
        "base_ref": None,
        "created": created,
        "deleted": deleted,
        "forced": not created and not deleted and merge_base(git, before, after) != before,
        "compare": f"{url}/compare/{before[:12]}...{after[:12]}",
        "commits": commits,
        "head_commit": head,
    }


def _pushed_commit(world: World, repository: Repository, sha: str) -> Json:
    commit = repository.git.commit(sha)
    files = changed_files(repository.git, commit.parents[0], sha) if commit.parents else []
    people = {
        role: {"name": who.name, "email": who.email, "date": time_text(who.at.astimezone(UTC))}
        for role, who in (("author", commit.author), ("committer", commit.committer))
    }
    return {
        "id": sha,
        "tree_id": commit.tree,
        "distinct": True,
        "message": commit.message,
        "timestamp": time_text(commit.committer.at.astimezone(UTC)),
        "url": f"{page_url(world, repository)}/commit/{sha}",
        **people,
        "added": [f.path for f in files if f.status == "added"],
        "removed": [f.path for f in files if f.status == "removed"],
        "modified": [f.path for f in files if f.status not in ("added", "removed")],
    }
