"""Check runs and commit statuses of a commit, as one list."""

from bot.adapters.github import wire, wire_checks
from bot.adapters.github.asks import Ask
from bot.adapters.github.paths import names, sha_path
from bot.adapters.github.reads import PAGE, Reads
from bot.core.repository import Repo, Sha
from bot.core.reviews import Annotation, Check


class Checks(Reads):
    """The last method of `bot.ports_github.Reviews`."""

    async def checks(self, repo: Repo, sha: Sha) -> list[Check]:
        """At most a hundred annotations of a run."""
        runs = await self._check_runs(repo, sha_path(sha))
        found = [run.core(await self._annotations(repo, run)) for run in runs]
        return found + [status.core() for status in await self._statuses(repo, sha_path(sha))]

    async def _check_runs(self, repo: Repo, sha: str) -> list[wire_checks.CheckRunWire]:
        owner, name = names(repo)
        ask = Ask(f"read the checks of {sha[:12]} in {repo}", "Checks: read", repo=repo)
        found: list[wire_checks.CheckRunWire] = []
        while len(found) % PAGE == 0:
            page = len(found) // PAGE + 1
            answer = await self._send(
                ask,
                lambda gh, page=page: gh.rest.checks.async_list_for_ref(  # type: ignore[misc]
                    owner, name, sha, filter_="latest", per_page=PAGE, page=page
                ),
            )
            rows = wire.parse(wire_checks.CheckRuns, answer, ask).check_runs
            found += rows
            if not rows:
                break
        return found

    async def _annotations(self, repo: Repo, run: wire_checks.CheckRunWire) -> tuple[Annotation, ...]:
        """Only of a run that did not end well: what passed needs no explaining."""
        if not run.output.annotations_count or run.conclusion in (None, "success", "skipped", "neutral"):
            return ()
        owner, name = names(repo)
        ask = Ask(f"read the annotations of the check {run.name} in {repo}", "Checks: read", repo=repo)
        answer = await self._send(
            ask, lambda gh: gh.rest.checks.async_list_annotations(owner, name, run.id, per_page=PAGE)
        )
        return tuple(row.core() for row in wire.parse(wire_checks.Annotations, answer, ask).root)

    async def _statuses(self, repo: Repo, sha: str) -> list[wire_checks.StatusWire]:
        owner, name = names(repo)
        ask = Ask(f"read the commit statuses of {sha[:12]} in {repo}", "Commit statuses: read", repo=repo)
        answer = await self._send(
            ask, lambda gh: gh.rest.repos.async_get_combined_status_for_ref(owner, name, sha, per_page=PAGE)
        )
        return wire.parse(wire_checks.CombinedStatus, answer, ask).statuses
