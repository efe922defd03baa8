"""What people do on GitHub, as methods."""

from collections.abc import Mapping

from bot.offline.github import branches, conversations
from bot.offline.github.acting import Acting
from bot.offline.github.state import Comment, Issue, Repository


class Verbs(Acting):
    """Each verb names who did it; each is announced to the webhook. Raises `KeyError` for what is not there."""

    def open_issue(
        self, repo: str, *, title: str, body: str | None = None, by: str, labels: tuple[str, ...] = ()
    ) -> int:
        """Returns the issue's number."""
        with self._acting(repo, by) as (world, repository, actor):
            return conversations.open_issue(world, repository, actor, title, body, list(labels)).number

    def edit_issue(self, repo: str, number: int, *, title: str | None = None, body: str | None = None, by: str) -> None:
        with self._acting(repo, by) as (world, repository, actor):
            conversations.edit_texts(world, repository, actor, repository.issues[number], title, body)

    def comment(self, repo: str, number: int, body: str, *, by: str) -> int:
        """Returns the comment's id."""
        with self._acting(repo, by) as (world, repository, actor):
            return conversations.add_comment(world, repository, actor, repository.issues[number], body).id

    def edit_comment(self, repo: str, comment_id: int, body: str, *, by: str) -> None:
        with self._acting(repo, by) as (world, repository, actor):
            conversations.edit_comment(world, repository, actor, *comment_in(repository, comment_id), body)

    def delete_comment(self, repo: str, comment_id: int, *, by: str) -> None:
        with self._acting(repo, by) as (world, repository, actor):
            conversations.delete_comment(world, repository, actor, *comment_in(repository, comment_id))

    def label(self, repo: str, number: int, name: str, *, by: str) -> None:
        with self._acting(repo, by) as (world, repository, actor):
            conversations.add_labels(world, repository, actor, repository.issues[number], [name])

    def unlabel(self, repo: str, number: int, name: str, *, by: str) -> None:
        with self._acting(repo, by) as (world, repository, actor):
            label = conversations.label_named(world, repository, name)
            conversations.remove_label(world, repository, actor, repository.issues[number], label)

    def close_issue(self, repo: str, number: int, *, by: str) -> None:
        """Closes an issue, or a pull request without merging it."""
        with self._acting(repo, by) as (world, repository, actor):
            conversations.set_state(world, repository, actor, repository.issues[number], closed=True)

    def reopen_issue(self, repo: str, number: int, *, by: str) -> None:
        with self._acting(repo, by) as (world, repository, actor):
            conversations.set_state(world, repository, actor, repository.issues[number], closed=False)

    def push(self, repo: str, branch: str, files: Mapping[str, bytes | str | None], message: str, *, by: str) -> str:
        """One commit with these files (None deletes) on a branch, from the default branch if new; returns its SHA."""
        with self._acting(repo, by) as (world, repository, actor):
            return branches.commit_files(world, repository, actor, branch, files, message)

    def delete_branch(self, repo: str, branch: str, *, by: str) -> None:
        with self._acting(repo, by) as (world, repository, actor):
            branches.set_ref(world, repository, actor, f"refs/heads/{branch}", None)

    def open_pull(
        self,
        repo: str,
        *,
        title: str,
        head: str,
        base: str = "main",
        body: str | None = None,
        draft: bool = False,
        by: str,
    ) -> int:
        """Returns the pull request's number."""
        with self._acting(repo, by) as (world, repository, actor):
            return branches.open_pull(world, repository, actor, (title, body), head, base, draft=draft).number

    def ready_for_review(self, repo: str, number: int, *, by: str) -> None:
        with self._acting(repo, by) as (world, repository, actor):
            conversations.set_draft(world, repository, actor, repository.issues[number], draft=False)

    def convert_to_draft(self, repo: str, number: int, *, by: str) -> None:
        with self._acting(repo, by) as (world, repository, actor):
            conversations.set_draft(world, repository, actor, repository.issues[number], draft=True)

    def merge(self, repo: str, number: int, *, by: str) -> str:
        """Returns the merge commit's SHA."""
        with self._acting(repo, by) as (world, repository, actor):
            return branches.merge_pull(world, repository, actor, repository.issues[number])


def comment_in(repository: Repository, comment_id: int) -> tuple[Issue, Comment]:
    """Raises `KeyError` if the comment is not in the repository."""
    found = repository.comment(comment_id)
    if found is None:
        raise KeyError(f"no comment {comment_id} in {repository.full_name}")
    return found
