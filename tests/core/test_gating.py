"""Where a run waits, and what follows from what people decided."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.gating import Ask, End, Work, due, followers, next_step, risks, sent_back
from bot.core.people import Gate, artefact_hash
from bot.core.planning import Task
from bot.core.runs import Automation, Phase, PhaseResult, Run
from tests.samples import BEGAN, RUN, a_phase, a_run

QUICK = ["requirements", "design", "tasks", "implementation", "testing", "review", "delivery"]


def task(*paths: str) -> Task:
    return Task("T1", "Do it", "Do.", "developer", paths)


def a_plan(*paths: str) -> PhaseResult:
    form = {"id": "T1", "title": "Do it", "description": "Do.", "agent": "developer", "files": list(paths)}
    return a_phase("tasks", submission={"tasks": [{**form, "depends_on": [], "acceptance": ["Done."]}]})


def run_with(automation: Automation) -> Run:
    run = a_run()
    return replace(run, plan=replace(run.plan, automation=automation))


def results(*found: PhaseResult) -> dict[str, PhaseResult]:
    return {result.name: result for result in found}


PLANNED = (a_phase("requirements"), a_phase("design"))


def test_a_manual_run_goes_phase_by_phase() -> None:
    """After each one it asks for the approval of just that."""
    run = run_with("manual")
    assert next_step(run, {}, []) == Work(("requirements",))
    done = results(a_phase("requirements"))
    asked = next_step(run, done, [])
    assert isinstance(asked, Ask)
    assert asked.gate.phases == ("requirements",)
    approved = replace(asked.gate, state="approved")
    assert next_step(run, done, [approved]) == Work(("design",))
    other = results(a_phase("requirements", summary="Something else."))
    assert isinstance(next_step(run, other, [approved]), Ask), "another text is not what was approved"


def test_a_smart_run_looks_at_the_plan_first() -> None:
    """It stops behind the tasks, and goes on by itself if they are harmless."""
    run = run_with("smart")
    assert next_step(run, {}, []) == Work(("requirements", "design", "tasks"))
    harmless = results(*PLANNED, a_plan("widget.py"))
    assert next_step(run, harmless, []) == Work(tuple(QUICK[3:]))
    asked = next_step(run, results(*PLANNED, a_plan("widget.py", "pyproject.toml")), [])
    assert isinstance(asked, Ask)
    assert asked.gate.phases == ("requirements", "design", "tasks")
    assert asked.gate.why == "It changes what the project depends on: `pyproject.toml`."
    assert next_step(run_with("auto"), results(*PLANNED, a_plan("pyproject.toml")), []) == Work(tuple(QUICK[3:]))


def test_what_was_taken_over_needs_no_approval_unless_it_waited_for_one() -> None:
    """A plan in the thread was read by whoever wants it built; what an ended run waited with waits again."""
    run = run_with("manual")
    assert next_step(run, results(a_phase("requirements", **{"from": "another"})), []) == Work(("design",))
    waited = a_phase("requirements", **{"from": "another"}, unapproved=True)
    assert isinstance(next_step(run, results(waited), []), Ask)


def test_a_question_comes_before_everything() -> None:
    """It is asked once; with its answer the phase goes on."""
    run = run_with("smart")
    asks = a_phase("design", "waiting", question={"unit": "design#1", "text": "Which?"})
    asked = next_step(run, results(a_phase("requirements"), asks), [])
    assert isinstance(asked, Ask)
    assert (asked.gate.kind, asked.gate.why, asked.gate.unit) == ("question", "Which?", "design#1")
    answered = replace(asked.gate, state="answered", words="That.")
    assert next_step(run, results(a_phase("requirements"), asks), [answered]) == Work(("design", "tasks"))


def test_a_failure_ends_the_run_without_a_gate() -> None:
    """What is left is skipped by those that need what failed."""
    run = run_with("manual")
    assert next_step(run, results(a_phase("requirements"), a_phase("design", "failed")), []) == Work(tuple(QUICK[2:]))
    everything = results(*(a_phase(name) for name in QUICK))
    assert next_step(run_with("auto"), everything, []) == End()


def test_a_phase_of_an_own_command_can_have_a_gate() -> None:
    """Whatever the automation."""
    run = run_with("auto")
    phases = (Phase("look", "architect", gate=True), Phase("do", "developer", ("look",)))
    run = replace(run, plan=replace(run.plan, phases=phases, purpose="custom"))
    assert next_step(run, {}, []) == Work(("look",))
    asked = next_step(run, results(a_phase("look")), [])
    assert isinstance(asked, Ask)
    assert next_step(run, results(a_phase("look")), [replace(asked.gate, state="approved")]) == Work(("do",))


@pytest.mark.parametrize(
    ("path", "what"),
    [
        (".github/workflows/ci.yml", "how GitHub treats"),
        ("api/requirements-dev.txt", "depends on"),
        ("web/package.json", "depends on"),
        ("app/migrations/0002_users.py", "stored data"),
        ("deploy/Dockerfile", "deployed"),
        (".env.production", "secrets"),
    ],
)
def test_some_files_are_a_risk(path: str, what: str) -> None:
    """By their path or their name."""
    [found] = risks([task("widget.py", path)])
    assert what in found


def test_other_files_are_none_unless_the_repository_says_so() -> None:
    """Code, tests and documents."""
    harmless = task("src/login.py", "tests/test_login.py", "docs/guide.md")
    assert risks([harmless]) == []
    assert risks([harmless], ["src/login*"]) == ["It changes what this repository marks as risky: `src/login.py`."]
    assert risks([task(*(f"f{n}.py" for n in range(30)))]) == ["It changes 30 files."]


def test_a_rejection_names_its_phase_or_means_all() -> None:
    """The first word counts if it is a phase."""
    run, gate = a_run(), Gate(RUN, 1, "approval", ("design", "tasks"), "")
    assert sent_back(run, replace(gate, words="tasks: too many")) == (["tasks"], "too many")
    assert sent_back(run, replace(gate, words="too many tasks")) == (["design", "tasks"], "too many tasks")
    assert followers(run, ["tasks"]) == ["implementation", "testing", "review", "delivery"]


def test_reminders_and_the_end() -> None:
    """One a day, then the end after a week; without reminders only the end."""
    gate = Gate(RUN, 1, "approval", ("design",), "", opened_at=BEGAN)
    assert due(gate, 24, 7, BEGAN) == (0, 86_400.0)
    assert due(gate, 24, 7, BEGAN + timedelta(hours=30)) == (1, 18 * 3600.0)
    assert due(gate, 24, 7, BEGAN + timedelta(days=6, hours=23)) == (6, 3600.0)
    assert due(gate, 24, 7, BEGAN + timedelta(days=7)) == (0, 0.0)
    assert due(gate, 0, 7, BEGAN) == (0, 7 * 86_400.0)


def test_the_hash_binds_words_and_attempt() -> None:
    """Whatever the order; nothing can move from one field to the next."""
    one, two = a_phase("design", summary="a", output="b"), a_phase("tasks")
    assert artefact_hash([one, two]) == artefact_hash([two, one])
    assert artefact_hash([one]) != artefact_hash([replace(one, attempt=2)])
    assert artefact_hash([one]) != artefact_hash([replace(one, summary="ab", output="")])
