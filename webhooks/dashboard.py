"""The pages: runs with their phases, times and costs, as HTML, as JSON and as a stream of changes. Read-only."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import orjson
from fastapi import APIRouter, HTTPException, Query
from fastapi.sse import EventSourceResponse, ServerSentEvent
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from bot.core.comments import expected
from bot.core.conversation import Usage
from bot.core.estimates import estimate_of
from bot.core.expected import Estimate
from bot.core.memory.memories import TAUGHT, Use
from bot.core.repository import Repo
from bot.core.runs import PhaseName, PhaseResult, PhaseState, Run, RunId, RunState
from bot.ports import Clock, Store
from webhooks.feed import SHOWN, RunFeed

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class PhaseView:
    """A phase as pages and `/api` show it; `seconds` is None until it is over."""

    name: PhaseName
    agent: str
    state: PhaseState
    summary: str = ""
    output: str = ""
    started_at: datetime | None = None
    seconds: float | None = None
    usd: float = 0.0
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class MemoryView:
    """A memory that agents of a run were shown; `units` are their pieces of work."""

    id: str
    kind: str
    title: str
    units: tuple[str, ...]
    verdict: str


@dataclass(frozen=True, slots=True)
class RunView:
    """A run as pages and `/api` show it; `seconds` counts on while it goes on."""

    id: RunId
    repo: str
    issue: int
    title: str
    requester: str
    state: RunState
    reason: str
    created_at: datetime | None
    ended_at: datetime | None
    seconds: float | None
    usd: float
    budget_usd: float
    tokens: int
    cached: float
    """The share of the prompts that was read from the cache, 0 to 1."""
    estimate: Estimate | None
    issue_url: str
    pull_number: int | None
    pull_url: str | None
    phases: tuple[PhaseView, ...]
    memories: tuple[MemoryView, ...] = ()

    @property
    def progress(self) -> str:
        """`design (2 of 7)`: what is under way or was the last to be."""
        begun = [phase for phase in self.phases if phase.state != "waiting"]
        return f"{begun[-1].name} ({len(begun)} of {len(self.phases)})" if begun else ""


class Dashboard:
    """Answers for everything that shows runs; `github_url` is where issues and pull requests are linked to."""

    def __init__(self, store: Store, clock: Clock, github_url: str, feed: RunFeed) -> None:
        self._store = store
        self._clock = clock
        self._github_url = github_url.rstrip("/")
        self._feed = feed
        self._pages = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._pages.filters.update(duration=duration, expected=expected, moment=moment, money=money)

    def router(self) -> APIRouter:
        """The routes, all of them GET."""
        router = APIRouter()
        router.add_api_route("/", self.index, response_class=HTMLResponse)
        router.add_api_route("/runs/{run_id}", self.run, response_class=HTMLResponse)
        router.add_api_route("/api/runs", self.api_runs)
        router.add_api_route("/api/runs/{run_id}", self.api_run)
        router.add_api_route("/events", self.events, response_class=EventSourceResponse)
        return router

    async def index(self) -> HTMLResponse:
        """The newest runs as a page."""
        return self._page("runs.html", runs=await self._views(None, None, SHOWN))

    async def run(self, run_id: str) -> HTMLResponse:
        """One run as a page."""
        view = await self._view(run_id)
        if view is None:
            return self._page("missing.html", status=HTTPStatus.NOT_FOUND, run_id=run_id)
        return self._page("run.html", run=view)

    async def api_runs(
        self,
        repo: Annotated[str | None, Query(max_length=200)] = None,
        issue: int | None = None,
        limit: Annotated[int, Query(ge=1, le=200)] = SHOWN,
    ) -> Response:
        """The newest runs, of one repository (`owner/name`) and issue if asked, without what agents wrote."""
        try:
            wanted = Repo.parse(repo) if repo else None
        except ValueError as error:
            raise HTTPException(HTTPStatus.BAD_REQUEST, str(error)) from error
        views = await self._views(wanted, issue, limit)
        return _json([replace(v, phases=tuple(replace(p, output="") for p in v.phases)) for v in views])

    async def api_run(self, run_id: str) -> Response:
        """One run, whole."""
        view = await self._view(run_id)
        if view is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such run.")
        return _json(view)

    async def events(self) -> AsyncIterator[ServerSentEvent]:
        """`ready` once changes are watched for, then a `run` with its id, state and phases for each change."""
        if self._feed.full:
            yield ServerSentEvent(comment="too many readers", retry=30_000)
            return
        yield ServerSentEvent(retry=3_000, comment="runs")
        async for changes in self._feed.changes():
            if not changes:
                yield ServerSentEvent(event="ready", data={})
            for change in changes:
                data = {"id": change.id, "state": change.state, "phases": dict(change.phases)}
                yield ServerSentEvent(event="run", data=data)

    async def _views(self, repo: Repo | None, issue: int | None, limit: int) -> list[RunView]:
        runs = await self._store.runs(repo=repo, issue=issue, limit=limit)
        phases = await asyncio.gather(*(self._store.phases(run.id) for run in runs))
        return [self._shown(run, results) for run, results in zip(runs, phases, strict=True)]

    async def _view(self, run_id: str) -> RunView | None:
        run = await self._store.run(RunId(run_id))
        if run is None:
            return None
        view = self._shown(run, await self._store.phases(run.id))
        return replace(view, memories=await self._memories(run))

    async def _memories(self, run: Run) -> tuple[MemoryView, ...]:
        """What its agents were shown; of what was forgotten since, nothing is left to show."""
        units: dict[str, list[Use]] = {}
        for use in await self._store.uses(run.id):
            if use.unit != TAUGHT:
                units.setdefault(use.memory, []).append(use)
        found = [(uses, await self._store.memory(run.repo, one)) for one, uses in units.items()]
        return tuple(
            MemoryView(memory.id, memory.kind, memory.title, tuple(use.unit for use in uses), uses[0].verdict)
            for uses, memory in found
            if memory is not None and memory.state != "forgotten"
        )

    def _shown(self, run: Run, results: list[PhaseResult]) -> RunView:
        repository = f"{self._github_url}/{quote(run.repo.owner, safe='')}/{quote(run.repo.name, safe='')}"
        end = run.ended_at or self._clock.now()
        usage = sum((result.usage for result in results), Usage())
        return RunView(
            id=run.id,
            repo=str(run.repo),
            issue=run.request.issue,
            title=run.request.issue_title,
            requester=run.request.requester,
            state=run.state,
            reason=run.reason,
            created_at=run.created_at,
            ended_at=run.ended_at,
            seconds=(end - run.created_at).total_seconds() if run.created_at else None,
            usd=sum(result.usd for result in results),
            budget_usd=run.plan.budget_usd,
            tokens=usage.total,
            cached=usage.cached,
            estimate=estimate_of(run, {result.name: result for result in results}),
            issue_url=f"{repository}/issues/{run.request.issue}",
            pull_number=run.pull_number,
            pull_url=f"{repository}/pull/{run.pull_number}" if run.pull_number else None,
            phases=_phases(run, results),
        )

    def _page(self, template: str, *, status: int = HTTPStatus.OK, **values: object) -> HTMLResponse:
        return HTMLResponse(self._pages.get_template(template).render(values), status)


def _phases(run: Run, results: list[PhaseResult]) -> tuple[PhaseView, ...]:
    """All planned phases in their order, those that have not begun too."""
    stored = {result.name: result for result in results}
    return tuple(
        _phase(stored[phase.name]) if phase.name in stored else PhaseView(phase.name, phase.agent, "waiting")
        for phase in run.plan.phases
    )


def _phase(result: PhaseResult) -> PhaseView:
    return PhaseView(
        name=result.name,
        agent=result.agent,
        state=result.state,
        summary=result.summary,
        output=result.output,
        started_at=result.started_at,
        seconds=result.seconds,
        usd=result.usd,
        tokens=result.usage.total,
    )


def duration(seconds: float | None) -> str:
    """`41 s`, `2 min 05 s`, `3 h 07 min`; nothing for None."""
    if seconds is None:
        return ""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def moment(at: datetime | None) -> str:
    """`2026-03-01 09:30 UTC`; nothing for None."""
    return "" if at is None else at.strftime("%Y-%m-%d %H:%M UTC")


def money(usd: float) -> str:
    """`$0.42`; a cent is the least that is shown of something."""
    return f"${max(usd, 0.01):,.2f}" if usd > 0 else "$0.00"


def _json(value: object) -> Response:
    return Response(orjson.dumps(value), media_type="application/json")
