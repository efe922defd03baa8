"""Who gets the work, and on which model: history, pins and failed attempts decide, and people can read why."""

import pytest

from bot.core.repository import Repo
from bot.core.routing.results import WorkResult
from bot.core.runs import Outcome, RunId
from tests.samples import a_run
from tests.scenarios.rig import REPO, Rig

pytestmark = pytest.mark.slow

HAIKU, SONNET, OPUS = "claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5"
SPECIALIST = "api-integration-specialist"


@pytest.fixture(autouse=True)
def never_explores(monkeypatch: pytest.MonkeyPatch) -> None:
    """The dice fall by the run's id, which is another one each time."""
    monkeypatch.setattr("bot.core.routing.choice.EXPLORE", 0.0)
    monkeypatch.setattr("bot.core.routing.models.TRY", 0.0)


async def history(
    bot: Rig, agent: str, marks: str, *, outcome: Outcome = "", model: str = SONNET, repo: str = REPO
) -> None:
    """Earlier runs with one backend task of an agent each: `+` was done, `-` was not; each cost 42 cents."""
    for mark in marks:
        name = f"260101-000000-{len(await bot.bot.store.runs())}"
        run = a_run(id=RunId(name), repo=Repo.parse(repo))
        await bot.bot.store.add_run(run)
        now = bot.bot.clock.now()
        await bot.bot.store.set_run_state(run.id, "succeeded", at=now)
        await bot.bot.store.set_outcome(run.id, outcome)
        done = WorkResult(run.id, "implementation/T1", agent, model, "backend", mark == "+", 0, 0.42, 9.0, now)
        await bot.bot.store.note_results([done])


async def built_by(bot: Rig) -> list[tuple[str, str]]:
    """(agent, model) of each unit of the newest run's implementation, in their order."""
    turns = await bot.bot.store.turns((await bot.last_run()).id)
    found = [(turn.agent, turn.model) for turn in turns if turn.unit.startswith("implementation")]
    return list(dict.fromkeys(found))


async def why(bot: Rig, on: int = 7) -> list[str]:
    """The lines of `/agents --why` that tell of choices."""
    bot.read_all(on)
    await bot.comment("/agents --why", on=on)
    return [line for line in bot.next_comment(on).splitlines() if line.startswith("- ")]


def wants_both(bot: Rig) -> None:
    """An issue for which the rules bring the specialist into the team, and the plan still names the developer."""
    bot.issue(7, title="A color for the night", body="For the API.")
    bot.plays("dark-mode")


async def test_history_moves_a_task_to_another_builder(bot: Rig) -> None:
    """Whoever did such work clearly better here gets it; people read it where the task is told, and may ask why."""
    await history(bot, "developer", "-+-+-+")
    await history(bot, SPECIALIST, "+" * 7, outcome="merged")
    await history(bot, SPECIALIST, "++-")
    wants_both(bot)
    await bot.comment("/dev-workflow")
    assert await bot.ended() == ("succeeded", "")
    assert await built_by(bot) == [(SPECIALIST, SONNET)]
    line = f"{SPECIALIST}: 9 of 10 backend tasks went well here (7 merged), $0.42 each; chosen over developer (3 of 6)"
    told = next(text for text in bot.read_all() if text.startswith("### ✅ Implementation"))
    assert f"T1 was not given to developer, as planned. {line} Files changed" in told
    assert f"built by {SPECIALIST}." in bot.messages(bot.pull_request())[0]
    await bot.restart()
    assert await why(bot) == [f"- implementation/T1 by {line}"]


async def test_who_is_known_least_is_tried_now_and_then(bot: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """And that is said."""
    monkeypatch.setattr("bot.core.routing.choice.EXPLORE", 1.0)
    await history(bot, "developer", "+" * 6)
    wants_both(bot)
    await bot.comment("/dev-workflow")
    assert await built_by(bot) == [(SPECIALIST, SONNET)]
    tried = "none of its backend tasks has ended here yet; tried to learn how well it does"
    assert await why(bot) == [f"- implementation/T1 by {SPECIALIST}: {tried}"]


async def test_history_of_another_repository_does_not_count(bot: Rig) -> None:
    """Not even of the same owner; with nothing known the plan decides, and that is said."""
    bot.repository("acme/other")
    await history(bot, "developer", "-" * 9, repo="acme/other")
    await history(bot, SPECIALIST, "+" * 9, repo="acme/other")
    wants_both(bot)
    await bot.comment("/dev-workflow")
    assert await built_by(bot) == [("developer", SONNET)]
    assert await why(bot) == [
        "- implementation/T1 by developer: none of its backend tasks has ended here yet, "
        "too little to say more; the plan named it"
    ]


async def test_a_run_leaves_evidence(bot: Rig) -> None:
    """One result for each piece of work, with what people made of it; hearing of its end twice adds nothing."""
    bot.issue(7)
    bot.plays("dark-mode")
    await bot.comment("/dev-workflow")
    run = await bot.last_run()
    await bot.bot.runs.finish(run.id, "succeeded", "")
    bot.github.merge(REPO, bot.pull_request().number, by="maintainer")
    await bot.settle()
    found = await bot.bot.store.results(run.repo)
    assert sorted((one.unit, one.agent, one.kind, one.ok) for one in found) == [
        ("design", "architect", "design", True),
        ("implementation/T1", "developer", "backend", True),
        ("requirements", "business-analyst", "requirements", True),
        ("review", "code-reviewer", "review", True),
        ("review", "security-engineer", "review", True),
        ("tasks", "product-manager", "tasks", True),
        ("testing", "qa-engineer", "testing", True),
    ]
    turns = await bot.bot.store.turns(run.id)
    assert sum(one.usd for one in found) == pytest.approx(sum(turn.usd or 0.0 for turn in turns))
    assert {(one.outcome, one.model, one.at) for one in found} == {("merged", SONNET, run.ended_at)}
    bot.read_all()


async def test_a_pin_comes_before_history(bot: Rig) -> None:
    """It joins the team, builds, and takes its phase; after a restart, too."""
    pins = "routing:\n  pin:\n    backend: data-engineer\n    design: performance-optimizer\n"
    bot.github.push(REPO, "main", {".github/devflow.yml": pins}, "Settings", by="maintainer")
    await history(bot, SPECIALIST, "+" * 9)
    await history(bot, "developer", "-" * 9)
    wants_both(bot)
    bot.claude.hangs(phase="implementation")
    await bot.comment("/dev-workflow", settle=False)
    await bot.asked("implementation", fault="hangs")
    await bot.restart()
    await bot.settle()
    assert await bot.ended() == ("succeeded", "")
    assert await built_by(bot) == [("data-engineer", SONNET)]
    run = await bot.last_run()
    members = {member.agent: member.reason for member in run.plan.team}
    assert members["data-engineer"] == "pinned for backend"
    assert {turn.agent for turn in await bot.bot.store.turns(run.id, "design")} == {"performance-optimizer"}
    assert await why(bot) == ["- implementation/T1 by data-engineer: pinned for backend in `.github/devflow.yml`"]


async def test_a_command_comes_before_a_pin(bot: Rig) -> None:
    """Whoever names agents gets them, and what the plan makes of them."""
    pins = "routing: {pin: {backend: data-engineer}}\n"
    bot.github.push(REPO, "main", {".github/devflow.yml": pins}, "Settings", by="maintainer")
    await history(bot, "developer", "-" * 9)
    await history(bot, SPECIALIST, "+" * 9)
    bot.issue(7)
    bot.plays("dark-mode")
    await bot.comment(f"/dev-workflow --agents {SPECIALIST}")
    assert await built_by(bot) == [("developer", SONNET)]
    assert await why(bot) == [
        "- implementation/T1 by developer: the plan named it, and the command names whom to plan with"
    ]


async def test_a_pin_that_cannot_be_kept_stops_the_run(bot: Rig) -> None:
    """Before the model is asked anything, with the names there are."""
    pins = "routing: {pin: {backend: wizard}}\n"
    bot.github.push(REPO, "main", {".github/devflow.yml": pins}, "Settings", by="maintainer")
    bot.issue(7)
    await bot.comment("/dev-workflow")
    state, reason = await bot.ended()
    assert state == "failed"
    assert "`.github/devflow.yml` pins `wizard` for backend, but there is no such agent. There are: api-" in reason
    assert bot.claude.requests == []
    bot.read_all()


MODELS = pytest.mark.parametrize("bot", [{"models": f"haiku,{SONNET},opus"}], indirect=True)


@MODELS
async def test_a_cheap_model_works_where_it_sufficed(bot: Rig) -> None:
    """Not where nothing is known; a failed test brings the next stronger one, and comments name the models."""
    await history(bot, "developer", "+" * 9, model=HAIKU)
    bot.issue(7)
    bot.plays("dark-mode", "red-test")
    light = 'def light() -> str:\n    return "yellow"\n'
    edit = {"Write": {"file_path": "widget.py", "content": f'def color() -> str:\n    return "white"\n\n\n{light}'}}
    bot.says("testing", {"tools": [edit]}, {"text": "Gives light."}, agent="developer")
    await bot.comment("/dev-workflow")
    assert await bot.ended() == ("succeeded", "")
    assert await built_by(bot) == [("developer", HAIKU)]
    run = await bot.last_run()
    assert {turn.model for turn in await bot.bot.store.turns(run.id, "testing/fix1")} == {SONNET}
    titles = {text.splitlines()[0]: text for text in bot.read_all()}
    assert f" on {HAIKU} · " in titles["### ✅ Implementation"]
    assert titles["### ✅ Testing"].count(f" on {SONNET}") == 2
    await bot.restart()
    lines = await why(bot)
    cheap = f"{HAIKU}: 9 of 9 backend tasks went well here, $0.42 each; cheaper than {SONNET}"
    assert f"- implementation/T1 by {cheap}" in lines
    assert f"- testing/fix1 by {SONNET}: an attempt on {HAIKU} failed" in lines
    found = {(one.unit, one.agent): (one.model, one.ok, one.rounds) for one in await bot.bot.store.results(run.repo)}
    assert found["implementation/T1", "developer"] == (HAIKU, True, 1)
    assert found["testing", "developer"] == (SONNET, True, 0)


@MODELS
async def test_retry_goes_on_with_a_stronger_model(bot: Rig) -> None:
    """For the phase that failed; the next ones begin as usual."""
    bot.issue(7)
    bot.plays("dark-mode")
    bot.claude.refuses(phase="design")
    await bot.comment("/dev-workflow")
    first = await bot.last_run()
    assert {turn.model for turn in await bot.bot.store.turns(first.id, "design")} == {SONNET}
    await bot.comment("/retry")
    assert await bot.ended() == ("succeeded", "")
    second = await bot.last_run()
    models = {turn.unit: turn.model for turn in await bot.bot.store.turns(second.id)}
    assert (models["design"], models["tasks"]) == (OPUS, SONNET)
    design = next(text for text in bot.read_all() if text.startswith("### ✅ Design"))
    assert f" on {OPUS} · " in design
    assert f"- design by {OPUS}: an attempt on {SONNET} failed" in await why(bot)


@MODELS
async def test_a_phase_that_people_send_back_gets_a_stronger_model(bot: Rig) -> None:
    """What follows it is only done again, as usual."""
    bot.issue(7)
    wanted = {"summary": "Dark.", "acceptance": ["It is dark."], "assumptions": [], "out_of_scope": []}
    bot.says("requirements", {"tools": [{"submit_requirements": wanted}]})
    await bot.comment("/dev-workflow --manual")
    await bot.comment("/reject requirements: think of people who are logged out")
    run = await bot.last_run()
    models = {turn.unit: turn.model for turn in await bot.bot.store.turns(run.id)}
    assert models == {"requirements": SONNET, "requirements@2": OPUS}
    await bot.comment("/cancel")
    bot.read_all()


@MODELS
async def test_a_model_that_a_person_names_holds_for_all(bot: Rig) -> None:
    """Whatever history says, and after a restart."""
    await history(bot, "developer", "+" * 9, model=HAIKU)
    bot.issue(7)
    bot.plays("dark-mode")
    bot.claude.hangs(phase="implementation")
    await bot.comment("/dev-workflow --model opus", settle=False)
    await bot.asked("implementation", fault="hangs")
    await bot.restart()
    await bot.settle()
    assert await bot.ended() == ("succeeded", "")
    run = await bot.last_run()
    assert {turn.model for turn in await bot.bot.store.turns(run.id)} == {OPUS}
    assert "--model opus" in run.request.again
    bot.read_all()
