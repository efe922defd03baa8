"""What a run says of its agents follows from what is stored of it, and says nothing where it cannot."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from bot.core.conversation import Json
from bot.core.definitions import AgentDefinition, Catalog
from bot.core.errors import BotError
from bot.core.routing.models import SUFFICES, TRY, choose_model
from bot.core.routing.pins import check_pins, with_pinned, with_pins
from bot.core.routing.results import WorkResult, results_of, tally_of
from bot.core.routing.tally import Count, Tally
from bot.core.runs import Member, Outcome, Phase, PhaseResult, PhaseState, RunId, RunPlan, RunState, Turn
from tests.samples import BEGAN, a_run

RUN = RunId("r")
OUTCOMES: Sequence[Outcome] = ("merged", "closed", "reverted")
TASK = {"description": "Do it.", "depends_on": [], "acceptance": []}
PLANNED: Json = {
    "submission": {
        "tasks": [
            {**TASK, "id": "T1", "title": "The server", "agent": "developer", "files": ["server.py"]},
            {**TASK, "id": "T2", "title": "The page", "agent": "uiux-designer", "files": ["page.html"]},
        ]
    }
}
BUILT: Json = {"tree": "t", "commits": [{"task": "T1", "agent": "developer"}, {"task": "T2", "agent": "uiux-designer"}]}


def phases(**given: tuple[PhaseState, Json]) -> dict[str, PhaseResult]:
    """Of a run whose tasks were planned; `data` as the phases keep it."""
    found: dict[str, tuple[PhaseState, Json]] = {"tasks": ("done", PLANNED), **given}
    return {name: PhaseResult(RUN, name, "a", state, data=json.dumps(data)) for name, (state, data) in found.items()}


def turn(unit: str, agent: str = "developer", model: str = "sonnet", usd: float | None = 0.5) -> Turn:
    return Turn(RUN, unit, 0, agent, model, 2.0, usd=usd, seconds=1.5)


def told(state: RunState, ended: Mapping[str, PhaseResult], *turns: Turn) -> list[WorkResult]:
    return results_of(a_run(id=RUN, state=state), ended, turns, BEGAN)


def test_each_piece_of_work_is_one_result() -> None:
    """A task by its kind, another phase by its name; agents that were called count for who called them, a call that
    never came back by what was reserved."""
    ended = phases(implementation=("done", BUILT), design=("done", {"tree": "t"}))
    found = told(
        "succeeded",
        ended,
        turn("design", "architect"),
        turn("design/0.1-data-engineer", "data-engineer"),
        turn("implementation/T1"),
        turn("implementation/T1/3.1-qa-engineer/0.2-x", "x", usd=None),
        turn("implementation/T1/redo"),
        turn("implementation/T2~2", "uiux-designer"),
    )
    assert [(one.unit, one.agent, one.kind, one.ok, one.usd, one.seconds) for one in found] == [
        ("design", "architect", "design", True, 1.0, 3.0),
        ("implementation/T1", "developer", "backend", True, 3.0, 4.5),
        ("implementation/T2", "uiux-designer", "frontend", True, 0.5, 1.5),
    ]


def test_only_the_last_model_did_it() -> None:
    """The one before was not strong enough."""
    found = told(
        "succeeded",
        phases(implementation=("done", BUILT)),
        turn("implementation/T1", model="haiku"),
        turn("implementation@2/T1"),
    )
    assert [(one.model, one.ok) for one in found] == [("haiku", False), ("sonnet", True)]


@pytest.mark.parametrize(
    ("data", "oks"),
    [
        ({"tree": "t", "failed": ["T1"], "commits": BUILT["commits"][1:]}, {"T1": False, "T2": True}),
        ({"tree": "t", "limit": {}, "commits": BUILT["commits"][1:]}, {"T2": True}),
        ({"reason": "GitHub is gone"}, {}),
    ],
)
def test_what_stopped_an_agent_from_outside_says_nothing_of_it(data: Json, oks: dict[str, bool]) -> None:
    """A limit, or an error of ours; what was built by then was built."""
    ended = phases(implementation=("failed", data))
    found = told("failed", ended, turn("implementation/T1"), turn("implementation/T2", "uiux-designer"))
    assert {one.unit.partition("/")[2]: one.ok for one in found} == oks


def test_a_cancelled_run_says_nothing() -> None:
    """Nor does a phase that did not come to its end."""
    assert told("cancelled", phases(design=("done", {"tree": "t"})), turn("design")) == []
    assert told("failed", phases(design=("running", {})), turn("design")) == []


@pytest.mark.parametrize(
    ("testing", "review", "ok", "rounds"),
    [
        ({"tests": {"state": "passed"}, "history": ["failed", "passed"]}, {"verdict": "approve"}, True, 1),
        ({"tests": {"state": "failed"}, "history": ["failed"] * 3}, {}, False, 2),
        ({"history": ["passed"]}, {"verdict": "request_changes", "verdicts": [{}, {}]}, False, 1),
        (
            {"tests": {"state": "failed"}},
            {"verdict": "approve", "tests": {"state": "passed"}, "verdicts": [{}, {}]},
            True,
            1,
        ),
    ],
)
def test_a_task_is_done_when_tests_and_reviewers_agree(testing: Json, review: Json, ok: bool, rounds: int) -> None:
    """How often they sent it back is kept; who only thought is not asked again."""
    ended = phases(implementation=("done", BUILT), testing=("done", testing), review=("done", review))
    task, plan = told("failed", ended, turn("implementation/T1"), turn("tasks", "product-manager"))
    assert (task.ok, task.rounds) == (ok, rounds)
    assert (plan.ok, plan.rounds) == (True, 0)


def test_the_worth_of_a_result() -> None:
    """What went well in the end is a half at least; who built it answers for a close or a revert."""
    done = WorkResult(RUN, "implementation/T1", "a", "m", "backend", True, 1, 0.0, 0.0, BEGAN)
    worth = [replace(done, rounds=rounds, revised=revised).worth for rounds, revised in ((1, 0), (1, 2), (99, 0))]
    assert worth == [0.875, 0.625, 0.5]
    ends = [replace(done, outcome=outcome).worth for outcome in OUTCOMES]
    assert ends == [0.875, 0.0, 0.0]
    thought = replace(done, unit="design", outcome="closed", rounds=0)
    assert thought.worth == 1.0


def test_a_model_whose_work_was_sent_back_did_not_suffice() -> None:
    """Another may have mended it; the agent keeps most of it."""
    mended = WorkResult(RUN, "implementation/T1", "a", "m", "backend", True, 1, 0.0, 0.0, BEGAN)
    assert tally_of([mended], BEGAN, "model").seen("m", "backend") == Count(1, 0, 0)
    assert tally_of([mended], BEGAN, "agent").seen("a", "backend") == Count(1, 1, 0)


def models(**results: str) -> Tally:
    found = Tally()
    for model, marks in results.items():
        for mark in marks:
            found.note(model, "backend", float(mark == "+"), usd=0.1)
    return found


ALL = ("haiku", "sonnet", "opus")


def chosen(tally: Tally, failed_with: str = "", usual: str = "sonnet") -> tuple[str, str]:
    choice = choose_model(ALL, usual, "backend", tally, seed="quiet", failed_with=failed_with)
    assert choice.why.startswith(f"{choice.name}: ")
    return choice.name, choice.reason


def test_a_cheap_model_has_to_suffice() -> None:
    """Known to, at this kind of work; or no worse than the usual one."""
    assert chosen(Tally()) == ("sonnet", "usual")
    assert chosen(models(haiku="++++")) == ("sonnet", "usual")
    assert chosen(models(haiku="+++++")) == ("haiku", "suffices")
    assert chosen(models(haiku="+-+-+-")) == ("sonnet", "usual")
    assert chosen(models(haiku="+-+-+-", sonnet="+-+---")) == ("haiku", "suffices")
    assert chosen(models(haiku="+++++"), usual="haiku") == ("haiku", "usual")
    assert 0.5 < SUFFICES < 1


def test_after_a_failure_comes_the_next_stronger_one() -> None:
    """Whatever history says; behind the strongest there is none."""
    assert chosen(models(haiku="+" * 9), "haiku") == ("sonnet", "escalated")
    assert chosen(Tally(), "sonnet") == ("opus", "escalated")
    assert chosen(Tally(), "opus") == ("opus", "escalated")


def test_a_model_of_which_too_little_is_known_is_tried() -> None:
    """In a small share of the work, else nobody would ever know."""
    made = [choose_model(ALL, "sonnet", "backend", Tally(), seed=f"run-{n}") for n in range(2000)]
    share = sum(one.reason == "exploring" for one in made) / len(made)
    assert TRY / 2 < share < TRY * 2
    assert {one.name for one in made} == {"haiku", "sonnet"}


def test_shares_are_of_those_who_did_enough() -> None:
    """Over all kinds of work; what was merged is counted beside."""
    tally = models(a="+" * 3 + "-", b="+")
    tally.note("a", "docs", 0.75, merged=True)
    assert tally.seen("a") == Count(5, 4, 1)
    assert tally.shares(5) == {"a": pytest.approx(0.75, abs=0.01)}


PLAN = RunPlan((Phase("design", "architect"), Phase("tasks", "product-manager")), 5.0)
PINS = (("design", "boss"), ("backend", "builder"))


def an_agent(name: str, *tools: str) -> AgentDefinition:
    return AgentDefinition(name, "Does it.", tools, "", "Do it.", "v")


def test_pinned_agents_have_their_phases() -> None:
    """And are in the team; a command that names agents, and a run that revises, know no pins."""
    pinned = RunPlan(PLAN.phases, 5.0, pins=PINS)
    assert [phase.agent for phase in with_pins(pinned).phases] == ["boss", "product-manager"]
    named = with_pins(RunPlan(PLAN.phases, 5.0, pins=PINS, wanted=("x",)))
    assert (named.phases, named.pins) == (PLAN.phases, ())
    assert with_pins(RunPlan(PLAN.phases, 5.0, pins=PINS, purpose="revise")).pins == ()
    team = with_pinned((Member("boss", "in every run"),), pinned)
    assert team == (Member("boss", "in every run"), Member("builder", "pinned for backend"))


def test_a_pin_that_cannot_be_kept_is_told() -> None:
    """Who is not there, or builds without a tool that writes."""
    pinned = RunPlan(PLAN.phases, 5.0, pins=PINS)
    check_pins(pinned, Catalog((an_agent("boss", "Read"), an_agent("builder", "Write"))))
    with pytest.raises(BotError, match="pins `builder` for backend, but it cannot change files"):
        check_pins(pinned, Catalog((an_agent("boss"), an_agent("builder", "Read"))))
    with pytest.raises(BotError, match="pins `boss` for design, but there is no such agent"):
        check_pins(pinned, Catalog((an_agent("builder", "Write"),)))
