"""What there is to see on GitHub, as methods."""

from bot.core import repository as core
from bot.offline.github.gitdiff import diff_text
from bot.offline.github.gitstore import Entry
from bot.offline.github.payloads import issue_page, node_id
from bot.offline.github.state import Comment, Issue, Pull, Repository, World
from bot.offline.github.verbs import comment_in


class Views:
    """Copies of the state as it is now. Raises `KeyError` for what is not there."""

    _world: World

    def _look(self, repo: str) -> Repository:
        return self._world.repository(repo)

    def issue(self, repo: str, number: int) -> core.Issue:
        with self._world.lock:
            return _issue(self._world, self._look(repo), self._look(repo).issues[number])

    def issues(self, repo: str) -> list[core.Issue]:
        """Oldest first, pull requests among them."""
        with self._world.lock:
            repository = self._look(repo)
            return [_issue(self._world, repository, issue) for issue in repository.issues.values()]

    def comments_on(self, repo: str, number: int) -> list[core.Comment]:
        """Oldest first."""
        with self._world.lock:
            repository = self._look(repo)
            issue = repository.issues[number]
            return [_comment_seen(self._world, repository, issue, c) for c in issue.comments.values()]

    def reactions_on(self, repo: str, comment_id: int) -> list[tuple[str, str]]:
        """(login, content) of every reaction on a comment, oldest first."""
        with self._world.lock:
            return [(r.user.login, r.content) for r in comment_in(self._look(repo), comment_id)[1].reactions]

    def pulls(self, repo: str) -> list[core.PullRequest]:
        """Oldest first, open and closed."""
        with self._world.lock:
            repository = self._look(repo)
            return [_pull_seen(self._world, repository, *row) for row in repository.pulls()]

    def is_merged(self, repo: str, number: int) -> bool:
        with self._world.lock:
            pull = self._look(repo).issues[number].pull
            return pull is not None and pull.merged_at is not None

    def branches(self, repo: str) -> dict[str, str]:
        """Branch names and their SHAs."""
        with self._world.lock:
            return dict(self._look(repo).heads)

    def refs(self, repo: str) -> dict[str, str]:
        """Full names and SHAs of all refs, branches and others."""
        with self._world.lock:
            return {"refs/" + name: sha for name, sha in self._look(repo).git.refs("refs/").items()}

    def commit(self, repo: str, ref: str) -> core.RemoteCommit:
        """Raises `KeyError` if the ref names no commit."""
        with self._world.lock:
            repository = self._look(repo)
            commit = repository.git.commit(_sha(repository, ref))
            parents = tuple(core.Sha(sha) for sha in commit.parents)
            verified = commit.sha in repository.verified
            return core.RemoteCommit(core.Sha(commit.sha), core.Sha(commit.tree), parents, commit.message, verified)

    def file_at(self, repo: str, ref: str, path: str) -> bytes:
        """A file's content. Raises `KeyError` if it is not there."""
        with self._world.lock:
            git, sha = self._look(repo).git, _sha(self._look(repo), ref)
            entry = git.file(sha, path)
            if entry is None:
                raise KeyError(f"no {path} at {ref}")
            return git.blob(entry.sha)

    def tree(self, repo: str, ref: str) -> dict[str, str]:
        """Paths of all files at a ref, with the SHAs of their contents."""
        return {entry.path: entry.sha for entry in self._files(repo, ref)}

    def modes(self, repo: str, ref: str) -> dict[str, str]:
        """Paths of all files at a ref, with git's modes: `100755` can be run."""
        return {entry.path: entry.mode for entry in self._files(repo, ref)}

    def _files(self, repo: str, ref: str) -> list[Entry]:
        with self._world.lock:
            entries = self._look(repo).git.tree(_sha(self._look(repo), ref), recursive=True)
            return [entry for entry in entries if entry.kind != "tree"]

    def diff(self, repo: str, base: str, head: str) -> str:
        """The unified diff between two refs."""
        with self._world.lock:
            repository = self._look(repo)
            return diff_text(repository.git, _sha(repository, base), _sha(repository, head))


def _sha(repository: Repository, ref: str) -> str:
    sha = repository.git.resolve(ref)
    if sha is None:
        raise KeyError(f"{repository.full_name} has nothing named {ref}")
    return sha


def _issue(world: World, repository: Repository, issue: Issue) -> core.Issue:
    return core.Issue(
        number=issue.number,
        title=issue.title,
        body=issue.body or "",
        author=issue.by.user.login,
        state=issue.state,
        html_url=issue_page(world, repository, issue),
        is_pull=issue.pull is not None,
        labels=tuple(label.name for label in issue.labels),
    )


def _comment_seen(world: World, repository: Repository, issue: Issue, comment: Comment) -> core.Comment:
    return core.Comment(
        id=comment.id,
        author=comment.by.user.login,
        body=comment.body,
        html_url=f"{issue_page(world, repository, issue)}#issuecomment-{comment.id}",
        created_at=comment.created_at,
        author_is_bot=comment.by.user.type == "Bot",
    )


def _pull_seen(world: World, repository: Repository, issue: Issue, pull: Pull) -> core.PullRequest:
    return core.PullRequest(
        number=issue.number,
        title=issue.title,
        body=issue.body or "",
        head=pull.head,
        head_sha=core.Sha(pull.head_sha),
        base=pull.base,
        state=issue.state,
        draft=pull.draft,
        html_url=issue_page(world, repository, issue),
        author=issue.by.user.login,
        head_repo=core.Repo.parse((pull.fork or repository).full_name),
        base_sha=core.Sha(pull.base_sha),
        merged=pull.merged_at is not None,
        merge_sha=core.Sha(pull.merge_sha) if pull.merge_sha else None,
        node_id=node_id("PullRequest", pull.id),
    )
