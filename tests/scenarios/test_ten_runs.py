"""Ten runs at once, ten minutes long, with people who ask: every limit of GitHub holds, counted by the local GitHub."""

import asyncio

import pytest

from bot.core.command_list import NAMES
from bot.core.conversation import Json
from bot.core.effects import marks_in
from bot.offline.github.traffic import Request, busiest
from tests.scenarios.parts import SPEED
from tests.scenarios.rig import Rig

RUNS = 10
MINUTES = 10
MINUTE = 60 / SPEED
"""Seconds of a minute on the clock of the scenarios."""
LOOKS = 5
"""How often an agent looks at a file before it hands in; each look is a change of the status comment."""
REAL = {"status_seconds": 10.0, "write_seconds": 1.0, "runs_at_once": RUNS, "model_concurrency": 2 * RUNS}
HANDED_IN: dict[str, Json] = {
    "requirements": {
        "submit_requirements": {
            "summary": "Dark.",
            "acceptance": ["It is dark."],
            "assumptions": [],
            "out_of_scope": [],
        }
    },
    "design": {"submit_design": {"summary": "One function.", "design": "Add it.", "files": ["widget.py"], "risks": []}},
    "tasks": {
        "submit_tasks": {
            "tasks": [
                {
                    "id": "T1",
                    "title": "Add dark mode",
                    "description": "Add it.",
                    "agent": "developer",
                    "files": ["widget.py"],
                    "depends_on": [],
                    "acceptance": ["Dark."],
                }
            ]
        }
    },
    "review": {"submit_review": {"verdict": "approve", "summary": "Good.", "comments": []}},
}
DARK = 'def color() -> str:\n    return "white"\n\n\ndef dark() -> str:\n    return "black"\n'


def slow_agents(bot: Rig) -> None:
    """Let each agent take its time, so that a run is at work for about ten minutes."""
    phases = ("requirements", "design", "tasks", "implementation", "testing", "review")
    seconds = MINUTES * MINUTE / len(phases) / (LOOKS + 1)
    for phase in phases:
        turns: list[Json] = [
            {"tools": [{"Read": {"file_path": "widget.py"}}], "delay_seconds": seconds} for _ in range(LOOKS)
        ]
        if phase in HANDED_IN:
            turns.append({"tools": [HANDED_IN[phase]], "delay_seconds": seconds})
        else:
            write = {"Write": {"file_path": "widget.py", "content": DARK}}
            turns += [{"tools": [write]}] if phase == "implementation" else []
            turns.append({"text": "Done.", "delay_seconds": seconds})
        bot.says(phase, *turns)
    bot.claude.thinks()


@pytest.mark.slow
@pytest.mark.parametrize("bot", [REAL], indirect=True)
async def test_ten_runs_and_their_people_stay_under_every_limit(bot: Rig) -> None:
    """80 and 500 writes that people see, 900 points, 100 requests at once; nobody's answer is lost, no run fails."""
    slow_agents(bot)
    for number in range(RUNS):
        bot.repository(name := f"acme/widget-{number}")
        bot.issue(100 + number, repo=name)
        bot.github.add_user(f"person-{number}")
        bot.github.grant(name, f"person-{number}", "read")
    started = asyncio.get_running_loop().time()
    await asyncio.gather(*(bot.comment("/dev-workflow", on=100 + n, settle=False) for n in range(RUNS)))
    for minute in range(1, MINUTES):
        await asyncio.sleep(max(0.0, started + minute * MINUTE - asyncio.get_running_loop().time()))
        await asyncio.gather(
            *(bot.comment(f"/help {NAMES[minute]}", on=100 + n, by=f"person-{n}", settle=False) for n in range(RUNS))
        )
    await bot.settle()
    runs = await bot.bot.store.runs()
    assert [run.reason for run in runs if run.state not in {"succeeded", "unproven"}] == []
    assert len(runs) == RUNS
    answers = [mark for n in range(RUNS) for text in bot.bot_comments(100 + n) for mark in marks_in(text.body)]
    assert sum(run == "none" for run, _ in answers) == RUNS * (MINUTES - 1)
    for number in range(RUNS):
        assert len(bot.read_all(100 + number)) == 8 + MINUTES - 1
    judge(bot.github.requests, bot.github.most_at_once)


def judge(requests: list[Request], most_at_once: int) -> None:
    """GitHub's limits, and that there was enough to try them."""

    def content(request: Request) -> int:
        return int(request.is_content)

    edits = sum(request.method == "PATCH" for request in requests)
    seen = {
        "writes a minute": busiest(requests, MINUTE, content),
        "writes an hour": busiest(requests, 60 * MINUTE, content),
        "points a minute": busiest(requests, MINUTE, lambda request: request.points),
        "at once": most_at_once,
    }
    print(seen, {"edits": edits, "requests": len(requests)})
    assert seen["writes a minute"] <= 80
    assert seen["writes an hour"] <= 500
    assert seen["points a minute"] <= 900
    assert seen["at once"] <= 100
    assert edits > 3 * RUNS, "the status comments were kept true all the same"
    assert sum(request.is_content for request in requests) > 200, "there was enough to count"
