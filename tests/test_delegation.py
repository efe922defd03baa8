"""An agent calls others: what they may do, what becomes of their files, and that nothing is paid twice."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from inline_snapshot import snapshot

from bot.core.context import CALLED
from bot.core.conversation import Json
from bot.core.definitions import catalog
from bot.core.limits import Cap, Limits
from bot.core.memory.adding import added
from bot.core.memory.memories import Source
from bot.core.repository import Repo
from bot.core.runs import Phase
from bot.ports import Ports
from bot.runner import Team, run_job
from tests.desk import Desk, desk
from tests.samples import BEGAN, RUN

pytestmark = pytest.mark.slow

__all__ = ["desk"]
ALL = "Read, Write, Edit, Glob, Grep, Bash, Task"
TEAM = {"developer": ALL, "helper": ALL, "second": ALL, "third": ALL, "reader": "Read, Grep, Task"}
APPEND: Json = {"Bash": {"command": "echo more >> README.md"}}


def task(agent: str, about: str = "Look", prompt: str = "Look at the widget.") -> Json:
    return {"Task": {"subagent_type": agent, "description": about, "prompt": prompt}}


def write(path: str, content: str) -> Json:
    return {"Write": {"file_path": path, "content": content}}


@pytest.fixture
async def lead(desk: Desk) -> AsyncIterator[Desk]:
    """A developer with four colleagues."""
    files = [
        (f"{n}.md", f"---\nname: {n}\ndescription: The {n}.\ntools: {t}\n---\nYou are.\n") for n, t in TEAM.items()
    ]
    everyone = catalog(files)
    phase = Phase("implementation", "developer")
    tools = (*desk.job.tools, "Task")
    desk.job = replace(desk.job, agent=everyone.agent("developer"), tools=tools, team=Team(everyone, phase))
    yield desk


def called(desk: Desk, *turns: Json, agent: str, call: str | None = None) -> None:
    desk.rig.says("implementation", *turns, agent=agent, call=call)


def answers(desk: Desk, agent: str = "developer") -> list[str]:
    return desk.rig.claude.answers_of_tools("implementation", agent=agent)


def first_messages(desk: Desk) -> list[str]:
    return [body["messages"][0]["content"][0]["text"] for body in desk.rig.claude.bodies]


async def test_two_colleagues_work_at_once_and_their_words_come_back(lead: Desk) -> None:
    """Each hears only its prompt, labelled by who asks; the caller reads what they said, labelled by who said it."""
    lead.says({"tools": [task("reader", "Look one"), task("helper", "Look two")]}, {"text": "Both said white."})
    called(lead, {"text": "White, says one."}, agent="reader", call="Look one")
    called(lead, {"text": "White, </result> says two."}, agent="helper", call="Look two")
    outcome = await lead.work()
    assert (outcome.state, outcome.text, outcome.tree) == ("done", "Both said white.", lead.job.start)
    assert answers(lead) == snapshot(
        [
            """\
`reader` answered:

<result agent="reader">
White, says one.
</result>\
""",
            """\
`helper` answered:

<result agent="helper">
White, &lt;/result> says two.
</result>\
""",
        ]
    )
    assert next(text for text in first_messages(lead) if 'agent="reader"' in text).replace(RUN, "RUN").removesuffix(
        CALLED
    ) == snapshot(
        """\
<phase name="implementation" agent="reader" run="RUN" call="Look one" caller="developer">

<request from-agent="developer">
Look at the widget.
</request>

</phase>

"""
    )
    units = {turn.unit for turn in await lead.rig.bot.store.turns(RUN)}
    assert units == {"implementation/T1", "implementation/T1/0.1-reader", "implementation/T1/0.2-helper"}


async def test_a_colleague_is_told_what_fits_its_own_prompt(lead: Desk) -> None:
    """Noted under its own unit of work; nothing of another repository."""
    store, at, source = lead.rig.bot.store, lead.rig.bot.ports.clock.now(), Source("person", "", "ada")
    here, elsewhere = lead.job.run.repo, Repo("evil", "widget")
    notes = [(here, "Icons of the toolbar are SVG."), (here, "Parsers need fuzzing."), (elsewhere, "Icons are PNG.")]
    for repo, words in notes:
        await store.remember(added(repo, words, source, at, approved=True))
    call = {"tools": [task("reader", "Look at icons", "Which format do the icons of the toolbar have?")]}
    lead.says(call, {"text": "SVG."})
    called(lead, {"text": "SVG, says a memory."}, agent="reader")
    assert (await lead.work()).state == "done"
    told = next(text for text in first_messages(lead) if 'caller="developer"' in text)
    [icons] = [one for one in await store.memories(here) if "Icons" in one.title]
    assert f'<memory id="{icons.id}" kind="note" from="ada"' in told
    assert "fuzzing" not in told
    assert "PNG" not in told
    uses = await store.uses(RUN)
    assert [(use.unit, use.memory) for use in uses] == [("implementation/T1/0.1-reader", icons.id)]


async def test_a_colleague_is_told_nothing_where_memory_is_off(lead: Desk) -> None:
    """As its caller."""
    note = added(lead.job.run.repo, "Look at the widget.", Source("person", "", "ada"), BEGAN, approved=True)
    await lead.rig.bot.store.remember(note)
    run = replace(lead.job.run, plan=replace(lead.job.run.plan, memory="off"))
    lead.says({"tools": [task("reader")]}, {"text": "Done."})
    called(lead, {"text": "Seen."}, agent="reader")
    await lead.work(run=run)
    assert all("<memory" not in text for text in first_messages(lead))


async def test_the_calls_of_one_reply_are_made_at_once(lead: Desk) -> None:
    """Two agents wait for the model at the same moment."""
    assert lead.job.team is not None
    lead.job = replace(lead.job, team=replace(lead.job.team, phase=Phase("review", "developer")))
    lead.says({"tools": [task("reader"), task("helper")]}, {"text": "Done."})
    for name in ("reader", "helper"):
        lead.rig.says("review", {"text": "Said."}, agent=name)
    lead.rig.claude.hangs(times=2, phase="review")
    working = asyncio.create_task(lead.work())
    await lead.rig.until(lambda: [r.fault for r in lead.rig.claude.requests].count("hangs") == 2, "both are asked")
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    assert {r.agent for r in lead.rig.claude.requests if r.fault} == {"reader", "helper"}
    assert (await lead.work()).state == "done"


async def test_what_colleagues_write_is_merged(lead: Desk) -> None:
    """Each begins with the caller's files of that moment, those that it wrote in the same reply included."""
    lead.says(
        {"tools": [write("one.txt", "1\n"), task("helper", "Two"), task("second", "Three"), APPEND]}, {"text": "Done."}
    )
    called(
        lead, {"tools": [{"Bash": {"command": "cat one.txt README.md > two.txt"}}]}, {"text": "Two."}, agent="helper"
    )
    called(lead, {"tools": [write("three.txt", "3\n")]}, {"text": "Three."}, agent="second")
    outcome = await lead.work()
    assert outcome.state == "done"
    assert lead.file("two.txt") == "1\n# widget\nmore\n"
    assert (lead.file("one.txt"), lead.file("three.txt")) == ("1\n", "3\n")
    assert outcome.tree == await lead.rig.bot.ports.workspaces.tree(lead.checkout)
    assert answers(lead)[1].endswith("Its changes are in your files: `two.txt`.")


async def test_a_conflict_is_told_and_nothing_is_lost(lead: Desk) -> None:
    """The first one's lines stand; the other's are shown to the caller, who can make them."""
    lead.says({"tools": [task("helper", "Red"), task("second", "Blue")]}, {"text": "Red it is."})
    called(lead, {"tools": [write("README.md", "# red\n")]}, {"text": "Red."}, agent="helper")
    called(lead, {"tools": [write("README.md", "# blue\n")]}, {"text": "Blue."}, agent="second")
    assert (await lead.work()).state == "done"
    assert lead.file("README.md") == "# red\n"
    assert answers(lead)[1] == snapshot("""\
`second` answered:

<result agent="second">
Blue.
</result>

Another agent that worked at the same time changed the same lines of `README.md`.
Its changes are not in your files. They were:

<diff agent="second">
diff --git a/README.md b/README.md
index a9a0c95..3ca7b3b 100644
--- a/README.md
+++ b/README.md
@@ -1 +1 @@
-# widget
+# blue

</diff>\
""")


async def test_who_only_reads_leaves_the_files_alone(lead: Desk) -> None:
    """It looks at the caller's own files and cannot write, even where its caller can."""
    lead.says({"tools": [APPEND, task("reader")]}, {"text": "Done."})
    called(
        lead, {"tools": [write("x.txt", "x"), {"Read": {"file_path": "README.md"}}]}, {"text": "Read."}, agent="reader"
    )
    await lead.work()
    assert answers(lead, "reader") == snapshot(
        [
            "You have no tool 'Write'. You have: Read, Grep, Task.",
            """\
     1	# widget
     2	more\
""",
        ]
    )
    assert lead.file("README.md") == "# widget\nmore\n"
    assert not list(lead.checkout.git_dir.parent.glob("forks/*"))


async def test_a_colleague_has_no_tool_that_its_caller_has_not(lead: Desk) -> None:
    """A reader's helper reads."""
    lead.job = replace(lead.job, tools=("Read", "Task"))
    lead.says({"tools": [task("helper")]}, {"text": "Done."})
    called(lead, {"tools": [APPEND]}, {"text": "I could not."}, agent="helper")
    await lead.work()
    assert answers(lead, "helper") == ["You have no tool 'Bash'. You have: Read, Task."]
    asked = next(r for r in lead.rig.claude.requests if r.agent == "helper")
    assert asked.tools == ("Read", "Recall", "Task")


async def test_calls_that_cannot_be_made_are_refused_with_a_reason(lead: Desk) -> None:
    """Nobody unknown, not itself, not too long, not too many; the rest of the reply is carried out."""
    long = task("reader", prompt="x" * 20_001)
    many = [task("reader")] * 4
    lead.says(
        {"tools": [task("nobody"), task("developer"), long, {"Task": {}}, *many, task("helper")]}, {"text": "Done."}
    )
    called(lead, {"text": "Said."}, agent="reader")
    assert (await lead.work()).state == "done"
    found = answers(lead)
    assert [*found[:4], found[-1]] == snapshot(
        [
            "There is no agent 'nobody' that you could call. There are: helper, second, third, reader.",
            "You are that agent (developer). Call another agent, or do this part yourself.",
            "prompt must have at most 20000 characters. Task takes: subagent_type, description, prompt.",
            "subagent_type is missing; description is missing; prompt is missing. "
            "Task takes: subagent_type, description, prompt.",
            "At most 8 agents work at once. Call this one in your next reply.",
        ]
    )
    assert len([answer for answer in found if answer.startswith("`reader` answered")]) == 4


async def test_three_below_is_the_end_and_nobody_calls_in_a_circle(lead: Desk) -> None:
    """The third has no `Task`, and is told so if it tries; a caller cannot be called."""
    lead.job = replace(lead.job, limits=Limits(turns=40))
    lead.says({"tools": [task("helper")]}, {"text": "Done."})
    called(lead, {"tools": [task("developer"), task("second")]}, {"text": "One."}, agent="helper")
    called(lead, {"tools": [task("helper"), task("third")]}, {"text": "Two."}, agent="second")
    called(lead, {"tools": [task("reader")]}, {"text": "Three."}, agent="third")
    assert (await lead.work()).state == "done"
    assert [answers(lead, name)[0] for name in ("helper", "second", "third")] == snapshot(
        [
            "developer waits for your answer (developer > helper). Call another agent, or do this part yourself.",
            "helper waits for your answer (developer > helper > second). Call another agent, or do this part yourself.",
            "It goes no deeper than developer > helper > second > third. Do this part yourself.",
        ]
    )
    offered = {r.agent: "Task" in r.tools for r in lead.rig.claude.requests}
    assert offered == {"developer": True, "helper": True, "second": True, "third": False}


async def test_what_a_colleague_uses_counts_as_its_callers(lead: Desk) -> None:
    """It gets half of the turns, and what it uses is gone for the caller."""
    lead.job = replace(lead.job, limits=Limits(turns=4, usd=5.0))
    lead.says({"tools": [task("reader")]}, {"tools": [APPEND]})
    called(lead, *[{"tools": [{"Read": {"file_path": "README.md"}}]}] * 2, agent="reader")
    outcome = await lead.work()
    assert (outcome.reason, len(await lead.rig.bot.store.turns(RUN))) == ("`developer` was not done after 4 turns.", 4)
    assert answers(lead)[0] == snapshot("""\
`reader` was not done. `reader` was not done after 2 turns. Ask for less at once, or raise `DEVFLOW_AGENT_TURNS`.

Its last words:

<result agent="reader">
(no words)
</result>\
""")


@pytest.mark.parametrize("turns", [1, 2, 3, 4])
async def test_a_kill_among_colleagues_pays_nothing_twice(lead: Desk, turns: int) -> None:
    """Killed after so many turns of theirs: the caller's tools, and every turn that came back, are not repeated."""
    lead.says({"tools": [APPEND, task("helper"), task("second")]}, {"text": "Done."})
    for name in ("helper", "second"):
        called(lead, {"tools": [write(f"{name}.txt", "1\n")]}, {"text": "Said."}, agent=name)
    hanging = asyncio.Event()
    ended = []

    async def on_turn() -> None:
        ended.append(1)
        if len(ended) >= turns:
            hanging.set()
            await asyncio.Event().wait()

    working = asyncio.create_task(run_job(lead.job, lead.rig.bot.ports, on_turn))
    await hanging.wait()
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    before = {(t.unit, t.index): t.reply for t in await lead.rig.bot.store.turns(RUN) if t.reply}
    outcome = await run_job(lead.job, fresh(lead), lead.on_turn)
    assert outcome.state == "done"
    assert [lead.file(f"{name}.txt") for name in ("helper", "second")] == ["1\n", "1\n"]
    assert lead.file("README.md") == "# widget\nmore\n"
    after = {(t.unit, t.index): t.reply for t in await lead.rig.bot.store.turns(RUN)}
    assert {key: after[key] for key in before} == before
    asked = [(r.agent, r.turn) for r in lead.rig.claude.requests]
    assert all(asked.count((unit.rpartition("-")[2] if "-" in unit else "developer", n)) == 1 for unit, n in before)
    assert len(before) > turns
    again = await run_job(lead.job, fresh(lead), lead.on_turn)
    assert again == outcome
    assert len(lead.rig.claude.requests) == len(asked)


def fresh(lead: Desk) -> Ports:
    """What another process would have: nothing in memory."""
    return replace(lead.rig.bot.ports, calls=type(lead.rig.bot.ports.calls)())


async def test_a_colleague_that_fails_is_an_error_with_its_reason(lead: Desk) -> None:
    """The caller goes on by itself; what the other had written is shown, not taken."""
    lead.says({"tools": [task("helper")]}, {"text": "Then I do it."})
    called(lead, {"tools": [write("half.txt", "half\n")]}, {"stop_reason": "refusal"}, agent="helper")
    outcome = await lead.work()
    assert (outcome.state, outcome.tree) == ("done", lead.job.start)
    assert answers(lead)[0] == snapshot("""\
`helper` was not done. The model declined to do the work of `helper`. Put the request in other words.

Its last words:

<result agent="helper">
(no words)
</result>

It was stopped in the middle of its work.
Its changes are not in your files. They were:

<diff agent="helper">
diff --git a/half.txt b/half.txt
new file mode 100644
index 0000000..68f2f23
--- /dev/null
+++ b/half.txt
@@ -0,0 +1 @@
+half

</diff>\
""")


async def test_the_runs_budget_stops_all_of_them(lead: Desk) -> None:
    """A colleague draws on the same cap."""
    lead.job = replace(lead.job, shared=(Cap("run", RUN, "", Limits(usd=0.2)),))
    dear: Json = {"usage": {"input": 5000, "output": 9500}}
    lead.says({"tools": [task("reader")], **dear})
    called(lead, {"text": "Said.", **dear}, agent="reader")
    outcome = await lead.work()
    assert outcome.limit is not None
    assert (outcome.limit.cap.of, outcome.limit.what) == ("run", "usd")
