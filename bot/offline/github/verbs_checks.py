"""What continuous integration does on GitHub, and what owners set up, as methods."""

from typing import Literal

from bot.core.reviews import Check
from bot.offline.github import checking, conversations
from bot.offline.github.acting import Acting
from bot.offline.github.state import Repository
from bot.offline.github.state_checks import StatusState


class CheckVerbs(Acting):
    """Each verb names who did it. Raises `KeyError` for what is not there."""

    def check(self, repo: str, ref: str, check: Check, *, by: str = "github-actions[bot]") -> int:
        """GitHub Actions starts (a conclusion of None) or ends a check on a commit, with its remarks; returns its id.

        `by` is whose push it checks. The check's `app` does not count.
        """
        with self._world.lock:
            checking.ci_app(self._world)
        with self._acting(repo, by) as (world, repository, actor):
            return checking.set_check(world, repository, actor, sha_at(repository, ref), check).id

    def commit_status(
        self,
        repo: str,
        ref: str,
        context: str,
        state: StatusState,
        *,
        by: str,
        description: str | None = None,
        target_url: str | None = None,
    ) -> None:
        """Something outside says how a commit fares, with somebody's token."""
        with self._acting(repo, by) as (world, repository, actor):
            sha, texts = sha_at(repository, ref), (description, target_url)
            checking.set_status(world, repository, actor, sha, context, state, texts)

    def create_label(self, repo: str, name: str, color: str = "ededed", description: str | None = None) -> None:
        """Raises `KeyError` if there is one of this name."""
        with self._world.lock:
            repository = self._world.repository(repo)
            if repository.label(name):
                raise KeyError(f"{repo} has a label {name}")
            conversations.create_label(self._world, repository, name, color, description)

    def labels(self, repo: str) -> dict[str, str]:
        """Names and colours of a repository's labels."""
        with self._world.lock:
            return {label.name: label.color for label in self._world.repository(repo).labels.values()}

    def team(self, org: str, slug: str, login: str, state: Literal["active", "pending"] = "active") -> None:
        """Put somebody into a team, which is made if there is none; pending is who has not accepted."""
        with self._world.lock:
            self._world.user(login)
            self._world.teams.setdefault((org.lower(), slug.lower()), {})[login.lower()] = state

    def sub_issues(self, repo: str, number: int) -> list[int]:
        with self._world.lock:
            return list(self._world.repository(repo).issues[number].sub_issues)

    def mergeability_lags(self, reads: int) -> None:
        """The next reads of single pull requests find GitHub still computing whether they can be merged."""
        with self._world.lock:
            self._world.lagging = reads


def sha_at(repository: Repository, ref: str) -> str:
    """Raises `KeyError` if the ref names no commit."""
    sha = repository.git.resolve(ref)
    if sha is None:
        raise KeyError(f"{repository.full_name} has nothing named {ref}")
    return sha
