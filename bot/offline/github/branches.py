"""What people and bots do to branches and pull requests; each change is announced to the webhook."""

import re
from collections.abc import Mapping

from bot.offline.github.conversations import new_issue, set_state
from bot.offline.github.events import issue_event, push_event, synchronize_event
from bot.offline.github.gitdiff import ahead_behind, merge_base, merged_tree
from bot.offline.github.gitstore import GitError, Signature
from bot.offline.github.refusals import RefusalError, git_refused, invalid
from bot.offline.github.reviewing import head_moved
from bot.offline.github.state import Actor, Issue, Pull, Repository, World

NO_SHA = "0" * 40
_CLOSES = re.compile(
    r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+(?P<repo>[\w.-]+/[\w.-]+)?#(?P<number>\d+)", re.I
)


def signature(world: World, actor: Actor) -> Signature:
    """Who GitHub writes into commits it makes for this actor."""
    return Signature(actor.user.login, actor.user.email, world.now())


def set_ref(world: World, repository: Repository, actor: Actor, ref: str, sha: str | None) -> None:
    """Move, make or (None) remove a ref and announce what that means. Raises `RefusalError` if git does not take it."""
    try:
        repository.git.set_ref(ref, sha)
    except GitError as fault:
        raise git_refused(fault) from fault
    refs_moved(world, repository, actor)


def refs_moved(world: World, repository: Repository, actor: Actor) -> None:
    """Compare the branches with those last announced, and announce pushes and what they do to pull requests."""
    old, new = repository.heads, repository.git.refs()
    changed = [branch for branch in sorted(old.keys() | new.keys()) if old.get(branch) != new.get(branch)]
    if not changed:
        return
    repository.heads, repository.pushed_at = new, world.now()
    for branch in changed:
        push_event(world, repository, actor, branch, old.get(branch, NO_SHA), new.get(branch, NO_SHA))
        for issue, pull in list(repository.pulls()):
            if issue.state == "open":
                _follow(world, repository, actor, issue, pull, branch)


def _follow(world: World, repository: Repository, actor: Actor, issue: Issue, pull: Pull, branch: str) -> None:
    sha = repository.heads.get(branch)
    if pull.base == branch and sha:
        pull.base_sha = sha
    if pull.head != branch or pull.fork:
        return
    if sha is None:
        set_state(world, repository, actor, issue, closed=True)
        return
    before, pull.head_sha = pull.head_sha, sha
    issue.updated_at = world.now()
    repository.git.set_ref(f"refs/pull/{issue.number}/head", sha)
    head_moved(repository, pull)
    synchronize_event(world, repository, actor, issue, before, sha)


def commit_files(
    world: World,
    repository: Repository,
    actor: Actor,
    branch: str,
    files: Mapping[str, bytes | str | None],
    message: str,
) -> str:
    """One commit on a branch (made from the default branch if it is new), announced as a push; returns its SHA.

    A content of None deletes the file. Raises `RefusalError` if there is nothing to delete or a path is not allowed.
    """
    git = repository.git
    parent = git.resolve(f"refs/heads/{branch}") or git.resolve(f"refs/heads/{repository.default_branch}")
    try:
        changes = [("100644", _blob(repository, content), path) for path, content in files.items()]
        tree = git.write_tree(git.commit(parent).tree if parent else None, changes)
    except GitError as fault:
        raise git_refused(fault) from fault
    by = signature(world, actor)
    sha = git.write_commit(tree, [parent] if parent else [], message, by, by)
    set_ref(world, repository, actor, f"refs/heads/{branch}", sha)
    return sha


def _blob(repository: Repository, content: bytes | str | None) -> str | None:
    if content is None:
        return None
    return repository.git.write_blob(content.encode() if isinstance(content, str) else content)


def open_pull(
    world: World,
    repository: Repository,
    actor: Actor,
    texts: tuple[str, str | None],
    head: str,
    base: str,
    *,
    draft: bool,
) -> Issue:
    """A pull request with (title, body) from one branch, or `owner:branch` of a fork, into another.

    Raises `RefusalError` as GitHub does: for a branch that is not there, for nothing to merge, and for a second one
    from the same branch.
    """
    owner, _, branch = head.rpartition(":")
    fork = _fork(world, repository, owner)
    for field, name, heads in (("head", branch, (fork or repository).heads), ("base", base, repository.heads)):
        if name not in heads:
            raise invalid("PullRequest", "invalid", field)
    for issue, pull in repository.pulls():
        if issue.state == "open" and (pull.head, pull.base, pull.fork) == (branch, base, fork):
            text = f"A pull request already exists for {repository.owner.login}:{branch}."
            raise invalid("PullRequest", "custom", "", text)
    head_sha, base_sha = (fork or repository).heads[branch], repository.heads[base]
    if fork:
        repository.git.run("fetch", "--quiet", "--no-tags", str(fork.git.path), head_sha)
    if merge_base(repository.git, base_sha, head_sha) is None:
        text = f"The {branch} branch has no history in common with {base}"
        raise invalid("PullRequest", "custom", "", text)
    if ahead_behind(repository.git, base_sha, head_sha)[0] == 0:
        raise invalid("PullRequest", "custom", "", f"No commits between {base} and {branch}")
    issue = new_issue(world, repository, actor, *texts, resource="PullRequest")
    issue.pull = Pull(world.new_id(), branch, base, head_sha, base_sha, draft, fork=fork)
    repository.git.set_ref(f"refs/pull/{issue.number}/head", head_sha)
    issue_event(world, repository, actor, issue, "opened")
    return issue


def _fork(world: World, repository: Repository, owner: str) -> Repository | None:
    """The owner's repository of the same name. Raises `RefusalError` 422 if there is none."""
    if not owner or owner.lower() == repository.owner.login.lower():
        return None
    found = world.repositories.get(f"{owner}/{repository.name}".lower())
    if found is None:
        raise invalid("PullRequest", "invalid", "head")
    return found


def merge_pull(
    world: World, repository: Repository, actor: Actor, issue: Issue, message: str = "", *, squash: bool = False
) -> str:
    """Merge with a real commit, close the pull request and the issues it names; returns the commit's SHA.

    Raises `RefusalError` 405 if it is closed, a draft, or has conflicts.
    """
    pull, git = issue.pull, repository.git
    if pull is None or issue.state == "closed" or pull.draft:
        raise RefusalError(405, "Pull Request is not mergeable")
    base_sha = repository.heads[pull.base]
    tree = merged_tree(git, base_sha, pull.head_sha)
    if tree is None:
        raise RefusalError(405, "Pull Request is not mergeable")
    by = signature(world, actor)
    head = f"Merge pull request #{issue.number} from {repository.owner.login}/{pull.head}"
    default = f"{issue.title} (#{issue.number})" if squash else f"{head}\n\n{issue.title}"
    parents = [base_sha] if squash else [base_sha, pull.head_sha]
    web = Signature("GitHub", "noreply@github.com", by.at)
    sha = git.write_commit(tree, parents, message or default, by, web)
    repository.verified.add(sha)
    pull.merged_at, pull.merged_by, pull.merge_sha = world.now(), actor.user, sha
    set_state(world, repository, actor, issue, closed=True)
    set_ref(world, repository, actor, f"refs/heads/{pull.base}", sha)
    if pull.base == repository.default_branch:
        _close_named(world, repository, actor, issue)
    return sha


def _close_named(world: World, repository: Repository, actor: Actor, issue: Issue) -> None:
    for found in _CLOSES.finditer(issue.body or ""):
        named = repository.issues.get(int(found["number"]))
        if named and not named.pull and (found["repo"] or repository.full_name).lower() == repository.full_name.lower():
            set_state(world, repository, actor, named, closed=True)
