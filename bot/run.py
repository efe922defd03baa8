"""One durable run: phases in the order of its plan, each stored and posted before the next, then its end told."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import cast

import structlog

from bot.core import comments
from bot.core.comments import phase_comment
from bot.core.conversation import Json, ModelError
from bot.core.definitions import Catalog
from bot.core.errors import BotError
from bot.core.gating import TEAM, Ask, next_step, passable
from bot.core.gating import Work as Segment
from bot.core.history import phase_seconds
from bot.core.partial import stop_of
from bot.core.planning import ASIDE
from bot.core.repository import Sha
from bot.core.runs import ENDED, Phase, PhaseName, PhaseResult, Run, RunId, RunState, Turn, phase_of
from bot.core.scheduling import longest_first
from bot.estimating import estimated, estimated_again
from bot.gates import WAKE, carry_out, done_with, phase_key, stand, voided
from bot.heart import Heart
from bot.kept import keep_changes, make_again
from bot.outbox import patiently, post_comment
from bot.phases import Rules, Work, catalog_for, guidance_in, land_state, marked, perform, settle, with_chosen
from bot.ports import Checkout, GitHubError, Ports, SandboxError, Steps, WorkspaceError
from bot.remembering import learn
from bot.routing import note_results
from bot.runner import QuestionError, total_usage
from bot.status import StatusBoard, finish_reactions
from bot.testing import env_of

MOST_LOOKS = 1000
LOST = "The run did not come to its end, and was stopped. `/retry` goes on with it."
HALT_SECONDS = 3600.0
"""How long a run of a repository whose line is stopped waits before it looks again by itself."""
KNOWN = (BotError, ModelError, GitHubError, WorkspaceError, SandboxError)
"""Errors whose text names cause and next step."""


class Runs:
    """Carries out runs. Everything that must survive is in the store; this object holds no state of a run."""

    def __init__(self, ports: Ports, catalog: Catalog, rules: Rules) -> None:
        self._ports = ports
        self._catalog = catalog
        self._rules = rules
        self.board = StatusBoard(ports, rules.status_seconds)
        self.after: Callable[[Run], Awaitable[None]] | None = None
        """What the end of a run leads to; it is called at least once."""
        self.heart = Heart(ports, self.board, rules.stall_seconds)

    async def coordinate(self, run_id: RunId, steps: Steps) -> Json:
        """The whole of a run. It may wait for days between segments; a segment has its repository to itself."""
        opened = await steps.step("open", lambda: self._open(run_id))
        problem = str(opened.get("problem", ""))
        following: Json = {"do": "end"}
        for number in range(1, MOST_LOOKS):
            following = {"do": "end"} if problem else await steps.step(f"next-{number}", lambda: self._look(run_id))
            if following["do"] == "wait":
                await steps.receive(WAKE, seconds=following["seconds"])
            elif following["do"] == "work":
                await self._segment(run_id, f"part-{number}", steps)
            elif following["do"] == "end":
                break
        else:
            following = {"do": "end", "state": "failed", "reason": LOST}
        return await steps.step("close", lambda: self._close(run_id, problem, following))

    async def _segment(self, run_id: RunId, name: str, steps: Steps) -> None:
        try:
            await steps.segment(name)
        except Exception:  # noqa: BLE001
            structlog.get_logger().exception("segment broke", run=run_id, segment=name)
            await steps.step(f"{name}-broke", lambda: self._broke(run_id))

    async def _look(self, run_id: RunId) -> Json:
        """What comes next; where people cannot be told what the run waits for, it ends."""
        try:
            return await self._next(run_id)
        except GitHubError as error:
            structlog.get_logger().warning("the run cannot be followed", run=run_id, error=str(error))
            return {"do": "end", "state": "failed", "reason": str(error)}

    async def _next(self, run_id: RunId) -> Json:
        """What the coordinator does next: `work`, `wait` so many seconds, look `again`, or `end`."""
        run, store = await self._run(run_id), self._ports.store
        if run.state in ENDED:
            return {"do": "end"}
        if halt := await store.halted(run.repo):
            reason = comments.held(halt.by, halt.reason)
            await store.set_run_state(run_id, "waiting", reason=reason)
            self.board.touch(run_id)
            return {"do": "wait", "seconds": HALT_SECONDS}
        for result in await carry_out(self._ports, run):
            await self._post(run, next(p for p in run.plan.phases if p.name == result.name), result)
        await done_with(self._ports, run)
        gates = await store.gates(run_id)
        run = await self._with_team(run)
        step = next_step(run, {r.name: r for r in await store.phases(run_id)}, gates)
        waiting = next((gate for gate in gates if gate.state == "open"), None)
        if waiting or isinstance(step, Ask):
            return await stand(self._ports, self.board, run, waiting or cast("Ask", step).gate)
        return {"do": "work"} if isinstance(step, Segment) else {"do": "end"}

    async def segment(self, run_id: RunId, segment: str, steps: Steps) -> Json:
        """The phases up to the next gate, each as soon as what it needs has ended; of those that wait for a place, the
        one goes first that the longest work hangs on."""
        places = asyncio.Semaphore(self._rules.parallel)

        async def phase(name: str) -> Json:
            async with places:
                return await self._phase(run_id, name)

        async with self.heart.at_work(run_id):
            started = await steps.step("begin", lambda: self._begin(run_id))
            needs = {name: tuple(before) for name, before in started["needs"].items()}
            return dict(await steps.graph(needs, lambda name, _: phase(name)))

    async def finish(self, run_id: RunId, state: RunState, reason: str) -> None:
        """End a run, once, and tell it where GitHub lets us: status comment, reaction; then its files go."""
        await self._ports.store.set_run_state(run_id, state, reason=reason, at=self._ports.clock.now())
        run = await self._run(run_id)
        await self._tell(run_id, lambda: self.board.settle(run_id))
        await self._tell(run_id, lambda: patiently(self._ports, lambda: finish_reactions(self._ports, run.repo, run)))
        await self._tell(run_id, lambda: learn(self._ports, run))
        await note_results(self._ports, run)
        await self._ports.workspaces.drop(run_id)
        if (after := self.after) is not None:
            await self._tell(run_id, lambda: after(run))

    async def _tell(self, run_id: RunId, call: Callable[[], Awaitable[None]]) -> None:
        """The run has ended, whether GitHub wants to hear of it or not."""
        try:
            await call()
        except GitHubError as error:
            structlog.get_logger().warning("the end was not told", run=run_id, error=str(error))

    async def _run(self, run_id: RunId) -> Run:
        run = await self._ports.store.run(run_id)
        if run is None:
            raise BotError(f"There is no run `{run_id}`.", "Look at the list: `devflow runs`.")
        return run

    async def _open(self, run_id: RunId) -> Json:
        """A run that cannot say where it stands is not begun: nobody could follow or stop it."""
        run = await self._run(run_id)
        try:
            await self.board.open(await estimated(self._ports, run, self._rules.model))
        except GitHubError as error:
            return {"problem": str(error)}
        return {}

    async def _begin(self, run_id: RunId) -> Json:
        """The DAG of a segment: what is recorded here holds, whatever becomes of the plan."""
        run, store = await self._run(run_id), self._ports.store
        await store.set_run_state(run_id, "running")
        self.board.touch(run_id)
        step = next_step(run, {r.name: r for r in await store.phases(run_id)}, await store.gates(run_id))
        names = step.phases if isinstance(step, Segment) else ()
        wanted = {p.name: [need for need in p.needs if need in names] for p in run.plan.phases if p.name in names}
        seconds = phase_seconds(names, await store.past_runs(run.repo, "repository"))
        return {"needs": {name: wanted[name] for name in longest_first(wanted, seconds)}}

    async def _with_team(self, run: Run) -> Run:
        """The run with the plan that follows from its team, once that is chosen."""
        chosen = next((r for r in await self._ports.store.phases(run.id) if r.name == TEAM and r.state == "done"), None)
        if chosen is None:
            return run
        plan = with_chosen(run.plan, chosen)
        # Written once: a budget that is raised at this moment is part of the plan, too.
        if plan != run.plan:
            await self._ports.store.set_plan(run.id, plan)
        return replace(run, plan=plan)

    async def _broke(self, run_id: RunId) -> Json:
        """What a segment left unfinished cannot go on: the run ends, and says so."""
        run = await self._run(run_id)
        ended = {r.name for r in await self._ports.store.phases(run_id) if r.state in {"done", "failed", "skipped"}}
        for phase in run.plan.phases:
            if phase.name not in ended:
                await self._ports.store.save_phase(PhaseResult(run_id, phase.name, phase.agent, "skipped"))
        return {}

    async def _close(self, run_id: RunId, problem: str, last: Json) -> Json:
        run = await self._run(run_id)
        state, reason = await land_state(self._ports, run)
        if "state" in last:
            state, reason = last["state"], last["reason"]
        if problem:
            state, reason = "failed", problem
        await self.finish(run_id, state, reason)
        return {"state": (await self._run(run_id)).state}

    async def _phase(self, run_id: RunId, name: str) -> Json:
        """One phase, at least once: a result that is stored is posted again (found by its mark), not made again."""
        run = await self._run(run_id)
        phase = next(p for p in run.plan.phases if p.name == name)
        results = {str(r.name): r for r in await self._ports.store.phases(run_id)}
        result = results.get(name)
        if result is None or result.state not in {"done", "failed"}:
            if await self._held(run, phase, results):
                return {"state": "held"}
            if run.state in ENDED or not _ready(phase, results):
                await self._ports.store.save_phase(PhaseResult(run_id, phase.name, phase.agent, "skipped"))
                return {"state": "skipped"}
            result = await self._work(run, phase, results)
        try:
            await self._post(run, phase, result)
        except GitHubError as error:
            result = await self._unposted(result, error)
        return {"state": result.state}

    async def _held(self, run: Run, phase: Phase, results: Mapping[str, PhaseResult]) -> bool:
        """Whether the phase may not begin now: what it needs waits itself, or the coordinator has to look first."""
        if any(results[need].state == "waiting" for need in phase.needs if need in results):
            return True
        return await self._ports.store.halted(run.repo) is not None or await voided(self._ports, run)

    async def _work(self, run: Run, phase: Phase, results: Mapping[str, PhaseResult]) -> PhaseResult:
        known = results.get(phase.name)
        attempt, data = (known.attempt, known.data) if known else (1, "{}")
        started = self._ports.clock.now()
        if known and known.state == "running" and known.started_at:
            started = known.started_at
        begun = PhaseResult(run.id, phase.name, phase.agent, "running", data=data, started_at=started, attempt=attempt)
        await self._ports.store.save_phase(begun)
        self.board.touch(run.id)
        result = await self._guarded(run, phase, results)
        usage, usd = total_usage(await self._turns(run.id, phase.name))
        ended = self._ports.clock.now()
        result = replace(result, started_at=started, ended_at=ended, usage=usage, usd=usd, attempt=attempt)
        if phase.name == "tasks":
            result = await estimated_again(self._ports, run, result, self._rules.model)
        await self._ports.store.save_phase(result)
        await self._ports.keep()
        self.board.touch(run.id)
        return result

    async def _turns(self, run_id: RunId, phase: PhaseName) -> list[Turn]:
        turns = await self._ports.store.turns(run_id)
        return [turn for turn in turns if phase_of(turn.unit) == phase]

    async def _guarded(self, run: Run, phase: Phase, results: Mapping[str, PhaseResult]) -> PhaseResult:
        """Whatever goes wrong becomes a result that people can read; only being stopped passes through."""
        try:
            work = await self._prepare(run, phase, results)
            result = await perform(work)
            turns = await self._turns(run.id, phase.name)
            result = marked(result, turns, work.catalog, work.run.plan, self._rules.models)
            return await keep_changes(self._ports.workspaces, work.checkout, work.start, result)
        except asyncio.CancelledError:
            raise
        except QuestionError as asked:
            # Read again: the phase may have remembered what it has finished, and what it had begun.
            stored = await self._ports.store.phases(run.id)
            known: Json = next((json.loads(r.data) for r in stored if r.name == phase.name), {})
            data = json.dumps({**known, "question": {"unit": asked.unit, "text": asked.text}})
            return PhaseResult(run.id, phase.name, phase.agent, "waiting", data=data)
        except KNOWN as error:
            structlog.get_logger().warning("phase failed", run=run.id, phase=phase.name, error=str(error))
            reason = str(error)
        except Exception:  # noqa: BLE001
            structlog.get_logger().exception("phase broke", run=run.id, phase=phase.name)
            reason = f"Something went wrong inside Devflow. The log of run `{run.id}` has it."
        return PhaseResult(run.id, phase.name, phase.agent, "failed", reason, "", json.dumps({"reason": reason}))

    async def _prepare(self, run: Run, phase: Phase, results: Mapping[str, PhaseResult]) -> Work:
        ports, rules, workspaces = self._ports, self._rules, self._ports.workspaces
        catalog, notes = await catalog_for(ports, self._catalog, run)
        checkout, env = await self._checkout(run), None
        if phase.name in ASIDE:
            checkout, env = await workspaces.fork(checkout, phase.name), env_of(checkout)
        await workspaces.restore(checkout, run.request.base_sha)
        base, guidance = await workspaces.tree(checkout), guidance_in(checkout)
        run = await settle(ports, run, catalog, notes, checkout, rules.model)
        head = await self._head(run, checkout) or base
        begins = head if run.plan.purpose in {"review", "revise"} else base
        start = await self._start_tree(run, phase, results, checkout, begins)
        earlier = next(r for r in await ports.store.phases(run.id) if r.name == phase.name)
        began = earlier.started_at or ports.clock.now()
        said = tuple(note for note in await ports.store.notes(run.id) if note.at <= began)
        work = Work(run, phase, results, checkout, base, start, ports, catalog, rules, self.board, guidance, env)
        return replace(work, head=head, earlier=earlier, notes=said)

    async def _head(self, run: Run, checkout: Checkout) -> Sha | None:
        """The tree of the pull request that the run reads or goes on with; that of a fork is had through its ref."""
        onto = run.request.onto
        if onto is None:
            return None
        url, token = await self._ports.github.git_credentials(run.repo)
        ref = f"refs/pull/{onto.pull}/head" if onto.pull else ""
        return await self._ports.workspaces.fetch(checkout, url, token, onto.head, ref)

    async def _checkout(self, run: Run) -> Checkout:
        url, token = await self._ports.github.git_credentials(run.repo)
        return await self._ports.workspaces.open(run.id, url, token, run.request.base_sha)

    async def _start_tree(
        self, run: Run, phase: Phase, results: Mapping[str, PhaseResult], checkout: Checkout, base: Sha
    ) -> Sha:
        """The tree that the last finished phase before this one left; made again if this machine does not have it."""
        before = [p.name for p in run.plan.phases[: run.plan.phases.index(phase)]]
        ended = [results[name] for name in before if name in results]
        datas = [json.loads(result.data) for result in ended]
        tree = next((Sha(data["tree"]) for data in reversed(datas) if "tree" in data), base)
        # Of a run that goes on with another one, this machine may have the last tree and none before it.
        if not run.request.after and await self._ports.workspaces.restore(checkout, tree):
            return tree
        return await make_again(self._ports.workspaces, checkout, base, ended)

    async def _post(self, run: Run, phase: Phase, result: PhaseResult) -> None:
        """Nothing for a result that was taken over from a plan, or stands in the thread already; the end of a revision
        tells what led to it."""
        data = json.loads(result.data)
        told_later = run.plan.purpose == "revise" and result.name != "delivery" and passable(result)
        if "from" in data or "posted" in data or told_later or result.state == "waiting":
            return
        left = [p.name for p in run.plan.phases[run.plan.phases.index(phase) + 1 :]]
        text = phase_comment(run, result, left)
        await post_comment(self._ports, run.id, phase_key(result), run.repo, run.request.issue, text)

    async def _unposted(self, result: PhaseResult, error: GitHubError) -> PhaseResult:
        """A phase that nobody can read stops the run; the last one has left its pull request, which can be read."""
        structlog.get_logger().warning("phase not posted", run=result.run, phase=result.name, error=str(error))
        if result.state == "failed" or result.name == "delivery":
            return result
        data = {**json.loads(result.data), "reason": str(error), "go_on": False}
        result = replace(result, state="failed", data=json.dumps(data))
        await self._ports.store.save_phase(result)
        return result


def _ready(phase: Phase, results: Mapping[str, PhaseResult]) -> bool:
    """Whether what a phase needs is there; delivery also takes what there is when a limit has stopped the work."""
    stopped = phase.name == "delivery" and "tasks" in results and stop_of(results.values()) is not None
    return all(passable(results.get(need)) for need in (("tasks",) if stopped else phase.needs))
