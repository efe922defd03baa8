"""A phase that was killed and begins again says what it would have said."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from bot.core import planning
from bot.core.conversation import Json
from bot.core.repository import Repo
from bot.core.runs import PhaseResult
from tests.samples import RUN, a_request, a_run
from tests.scenarios.rig import REPO, parts


class OneByOne:
    """Steps in their order, without a database: what a workflow does if nothing goes wrong."""

    async def step(self, name: str, work: Callable[[], Awaitable[Json]], *, seconds: float | None = None) -> Json:
        return await work()

    async def graph(
        self, needs: Mapping[str, Sequence[str]], work: Callable[[str, Mapping[str, Json]], Awaitable[Json]]
    ) -> dict[str, Json]:
        return {name: await work(name, {}) for name in needs}

    async def segment(self, name: str) -> Json:
        raise NotImplementedError

    async def receive(self, topic: str, *, seconds: float) -> Json | None:
        raise NotImplementedError


async def test_a_choice_that_was_not_stored_is_compared_with_the_same_proposal(tmp_path: Path) -> None:
    """Killed before its result was stored, the choice of the team is told the second time as the first time."""
    async with parts(tmp_path) as rig:
        rig.plays("comprehensive")
        store, number = rig.bot.store, rig.issue(7)
        request = a_request(base_sha=rig.github.commit(REPO, "main").sha, issue=number)
        plan = planning.plan(5.0, [], "comprehensive")
        await store.add_run(a_run(repo=Repo.parse(REPO), request=request, plan=plan))
        await rig.bot.runs.segment(RUN, "team", OneByOne())
        (first,) = await store.phases(RUN)
        assert "added `" in first.summary
        await store.save_phase(PhaseResult(RUN, "team", first.agent, "running", started_at=first.started_at))
        await rig.bot.runs.segment(RUN, "team", OneByOne())
        (second,) = await store.phases(RUN)
        assert second.summary == first.summary
        await rig.bot.runs.board.close()
