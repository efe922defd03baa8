"""What flows from phase to phase: shortened for the next one, whole on request, and nothing that was not given."""

import re

import pytest

from bot.core.conversation import Json
from tests.scenarios.rig import Rig

pytestmark = pytest.mark.slow

RULES = "\n".join(
    f"Rule {n}: the shade number {n} of the palette is kept for later use by themes." for n in range(1, 371)
)
DESIGN = f"Add `dark()`.\n\n{RULES}\n\nThe widget answers black."
SUBMIT: Json = {
    "submit_tasks": {
        "tasks": [
            {
                "id": "T1",
                "title": "Add dark mode",
                "description": "Add `dark()` and its theme.",
                "agent": "developer",
                "files": ["widget.py", "theme.css"],
                "depends_on": [],
                "acceptance": ["`dark()` answers black."],
            }
        ]
    }
}


def recalls(source: str, page: int = 1) -> Json:
    return {"Recall": {"source": source, "page": page}}


def designs_at_length(bot: Rig) -> None:
    """The design is much longer than what a phase may be given; who plans the tasks asks for all of it."""
    bot.issue(7)
    bot.plays("dark-mode")
    design: Json = {"summary": "Shades.", "design": DESIGN, "files": ["widget.py"], "risks": []}
    bot.says("design", {"tools": [{"submit_design": design}]})
    pages = [recalls("design"), recalls("design", 2), recalls("requirements"), recalls("review")]
    bot.says("tasks", {"tools": pages[:1]}, {"tools": pages[1:]}, {"tools": [SUBMIT]})


def check(bot: Rig) -> None:
    """The first message held a part, with its name; `Recall` gave the rest of it, and of nothing else."""
    told = bot.claude.told("tasks")
    assert 'phase="design" agent="architect" shortened="design"' in told
    assert "Add `dark()`." in told
    assert told.count("\nRule ") < 300
    first, second, whole, other = bot.claude.answers_of_tools("tasks")[:4]
    assert first.startswith('<result source="design" page="1 of ')
    rules = [int(number) for number in re.findall(r"Rule (\d+):", first + second)]
    assert rules == list(range(1, 371))
    assert whole == "You were given no shortened piece 'requirements'. There are: design."
    assert other == "You were given no shortened piece 'review'. There are: design."


async def test_a_long_result_is_shortened_and_can_be_had_whole(bot: Rig) -> None:
    """Page by page; what was given whole, and what never was, is refused with the names of what there is."""
    designs_at_length(bot)
    await bot.comment("/dev-workflow")
    assert await bot.ended() == ("succeeded", "")
    check(bot)
    assert "Rule 7:" not in bot.claude.told("testing"), "the tests' author needs the tasks, not the design"
    bot.read_all()


async def test_the_whole_is_still_there_after_a_restart(bot: Rig) -> None:
    """The process that takes the conversation up gives the same first message and the same pages."""
    designs_at_length(bot)
    bot.claude.hangs(phase="tasks")
    await bot.comment("/dev-workflow", settle=False)
    await bot.asked("tasks", fault="hangs")
    await bot.restart()
    await bot.settle()
    assert await bot.ended() == ("succeeded", "")
    check(bot)
    begun = {str(body["messages"][0]["content"][0]["text"]) for body in bot.claude.bodies}
    assert len([text for text in begun if text.startswith('<phase name="tasks"')]) == 1
    bot.read_all()


async def test_agents_of_one_kind_begin_with_the_same_bytes(bot: Rig) -> None:
    """Tools and system text come first and carry marks, so that the second task's agent reads them from the cache; the
    status comment says how much of the prompts came from there."""
    bot.issue(7)
    bot.plays("dark-mode")
    first = SUBMIT["submit_tasks"]["tasks"][0]
    second = first | {"id": "T2", "description": f"Name the colors.\n{RULES}", "files": ["palette.css"]}
    bot.says("tasks", {"tools": [{"submit_tasks": {"tasks": [first, second]}}]})
    write = {"Write": {"file_path": "palette.css", "content": ":root {}\n"}}
    bot.says("implementation", {"tools": [write]}, {"text": "Done."}, task="T2")
    await bot.comment("/dev-workflow")
    assert await bot.ended() == ("succeeded", "")
    begun = [
        body
        for body in bot.claude.bodies
        if len(body["messages"]) == 1
        and str(body["messages"][0]["content"][0]["text"]).startswith('<phase name="implementation"')
    ]
    assert len(begun) == 2
    one, other = ([body["tools"], body["system"]] for body in begun)
    assert one == other
    assert one[0][-1]["cache_control"] == one[1][-1]["cache_control"] == {"type": "ephemeral"}
    assert sum("shortened=" in str(body["messages"]) for body in begun) == 1
    assert re.search(r"tokens \(\d+ % of the prompts cached\)", bot.bot_comments(7)[0].body)
    bot.read_all()
