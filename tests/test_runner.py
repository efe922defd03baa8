"""One agent at work: turns are paid once, tools are run once, limits hold, and every end has its sentence."""

import asyncio
from dataclasses import replace

import pytest
from inline_snapshot import snapshot

from bot.core.conversation import Json, Usage
from bot.core.limits import Cap, Limits
from bot.core.runs import Turn
from bot.core.submissions import Review
from bot.ports import WorkspaceError
from bot.runner import run_job, total_usage
from bot.tools import READING
from tests.desk import Desk, desk
from tests.samples import RUN
from tests.scenarios.parts import HandClock

__all__ = ["desk"]

APPROVE: Json = {"submit_review": {"verdict": "approve", "summary": "Fine.", "comments": []}}
WRITE: Json = {"Write": {"file_path": "new.txt", "content": "new\n"}}
APPEND: Json = {"Bash": {"command": "echo more >> README.md"}}


def review(desk: Desk) -> dict[str, object]:
    """What makes the job one that hands in a review."""
    first = desk.job.first.replace("implementation", "review")
    return {"unit": "review", "first": first, "submits": "review", "tools": READING}


async def test_plain_words_end_a_job_without_a_form(desk: Desk) -> None:
    """Its files are the result; the tree is that of the checkout."""
    desk.says({"tools": [WRITE]}, {"text": "Wrote it."})
    outcome = await desk.work()
    assert (outcome.state, outcome.text) == ("done", "Wrote it.")
    assert outcome.tree == await desk.rig.bot.ports.workspaces.tree(desk.checkout)
    assert outcome.tree != desk.job.start
    assert desk.turns == 2


async def test_every_turn_is_stored_with_its_price_and_its_tree(desk: Desk) -> None:
    """What is paid is known after each half of a turn."""
    desk.says(
        {"tools": [WRITE], "usage": {"input": 1000, "output": 100, "cache_read": 500}},
        {"text": "Wrote it.", "usage": {"input": 2000, "output": 50}},
    )
    outcome = await desk.work()
    turns = await desk.stored()
    assert [turn.usage for turn in turns] == [Usage(input=1000, output=100, cache_read=500), Usage(2000, 50)]
    assert [turn.tree for turn in turns] == [outcome.tree, outcome.tree]
    assert all(turn.usd and turn.usd <= turn.reserved_usd for turn in turns)
    assert total_usage(turns)[0] == Usage(input=3000, output=150, cache_read=500)


async def test_a_form_that_is_taken_ends_the_job(desk: Desk) -> None:
    """No further call is made for it."""
    desk.says({"text": "Here.", "tools": [APPROVE]}, phase="review")
    outcome = await desk.work(**review(desk))
    assert outcome.submission == Review(verdict="approve", summary="Fine.", comments=[])
    assert desk.asked == [0]


async def test_a_job_that_was_done_costs_nothing_again(desk: Desk) -> None:
    """A worker that was killed after the last turn is told the same by the store."""
    desk.says({"tools": [WRITE, APPEND]}, {"text": "Wrote it."})
    first = await desk.work()
    again = await desk.work()
    assert again == first
    assert desk.asked == [0, 1]
    assert desk.file("README.md") == "# widget\nmore\n"


async def test_a_killed_job_goes_on_with_the_turn_that_was_under_way(desk: Desk) -> None:
    """What was paid for is not asked for again, and what the tools did is there."""
    desk.says({"tools": [APPEND]}, {"tools": [WRITE]}, {"text": "Wrote it."})
    desk.after = {1: desk.rig.claude.hangs}
    working = asyncio.create_task(desk.work())
    await desk.rig.asked("implementation", fault="hangs")
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    assert [turn.usd is None for turn in await desk.stored()] == [False, True]
    outcome = await desk.work()
    assert outcome.state == "done"
    assert desk.asked == [0, 1, 1, 2]
    assert (desk.file("README.md"), desk.file("new.txt")) == ("# widget\nmore\n", "new\n")


async def test_a_reply_that_was_paid_for_is_used_after_a_crash(desk: Desk) -> None:
    """Killed between the reply and its tools: the tools run from the files as they were, without a call."""
    desk.says({"tools": [APPEND]}, {"text": "Wrote it."})
    await desk.work(limits=Limits(turns=1))
    (turn,) = await desk.stored()
    await desk.rig.bot.store.finish_turn(replace(turn, results=None, tree=None))
    outcome = await desk.work()
    assert (outcome.state, desk.file("README.md")) == ("done", "# widget\nmore\n")
    assert desk.asked == [0, 1]


async def test_files_that_are_gone_mean_a_fresh_start(desk: Desk) -> None:
    """On another machine the conversation would speak of files that are not there: the job begins again."""
    desk.says({"tools": [WRITE]}, {"text": "Wrote it."})
    first = await desk.work()
    ports = desk.rig.bot.ports
    await ports.workspaces.drop(RUN)
    credentials = await ports.github.git_credentials(desk.job.run.repo)
    await ports.workspaces.open(RUN, *credentials, desk.job.run.request.base_sha)
    second = await desk.work()
    assert second == first
    assert desk.asked == [0, 1, 0, 1]
    assert len(await desk.stored("implementation/T1~2")) == 2


async def test_a_start_that_is_nowhere_is_an_error(desk: Desk) -> None:
    """Nothing is asked of the model on wrong files."""
    missing = desk.job.start.translate(str.maketrans("0123456789abcdef", "123456789abcdef0"))
    with pytest.raises(WorkspaceError, match="not on this machine"):
        await desk.work(start=missing)
    assert desk.asked == []


async def test_a_tool_that_the_agent_does_not_have_is_refused(desk: Desk) -> None:
    """A reviewer cannot write, whatever it asks for."""
    desk.says({"tools": [WRITE]}, {"tools": [APPROVE]}, phase="review")
    outcome = await desk.work(**review(desk))
    assert outcome.tree == desk.job.start
    assert desk.rig.claude.answers_of_tools("review") == snapshot(
        ["You have no tool 'Write'. You have: Read, Glob, Grep."]
    )


async def test_what_cannot_be_committed_is_told_to_the_agent(desk: Desk) -> None:
    """It gets the chance to mend it; until then the last good tree stands."""
    desk.says(
        {"tools": [{"Bash": {"command": "printf x > \"$(printf 'a\\nb')\""}}]},
        {"tools": [{"Bash": {"command": 'rm a*; echo "# gadget" > README.md'}}]},
        {"text": "Mended."},
    )
    outcome = await desk.work()
    assert outcome.state == "done"
    assert [turn.tree == desk.job.start for turn in await desk.stored()] == [True, False, False]
    assert desk.rig.claude.answers_of_tools("implementation")[0] == snapshot("""\
(no output)

The checkout cannot be committed like this: `a\\nb` has a control character in its name. Mend it before you go on.\
""")


@pytest.mark.parametrize(
    ("turns", "limits", "reason"),
    [
        (
            [{"tools": [WRITE]}] * 2,
            Limits(turns=2),
            snapshot("`developer` was not done after 2 turns. Ask for less at once, or raise `DEVFLOW_AGENT_TURNS`."),
        ),
        (
            [],
            Limits(seconds=0),
            snapshot("`developer` was not done after 0 s. Ask for less at once, or raise `DEVFLOW_AGENT_SECONDS`."),
        ),
        (
            [],
            Limits(usd=0.01),
            snapshot("`developer` was not done within $0.01. Ask for less at once, or raise `DEVFLOW_AGENT_USD`."),
        ),
        (
            [{"text": "I", "stop_reason": "max_tokens"}] * 4,
            Limits(),
            snapshot("`developer` handed in no result, though it was asked 3 times."),
        ),
        (
            [{"stop_reason": "refusal"}],
            Limits(),
            snapshot("The model declined to do the work of `developer`. Put the request in other words."),
        ),
        (
            [{"text": "x", "stop_reason": "context_exceeded"}],
            Limits(),
            snapshot("The conversation of `developer` is too long for the model. Ask for less at once."),
        ),
    ],
)
async def test_every_limit_ends_with_a_sentence(desk: Desk, turns: list[Json], limits: Limits, reason: str) -> None:
    """What it was, and what to do about it."""
    if turns:
        desk.says(*turns)
    outcome = await desk.work(limits=limits)
    assert (outcome.state, f"{outcome.reason} {outcome.hint}".strip()) == ("failed", reason)
    assert set(desk.asked) == set(range(len(turns)))


async def test_a_small_rest_of_the_budget_means_a_shorter_reply(desk: Desk) -> None:
    """Room to answer is halved until the call fits, and no call can pass the cap."""
    desk.says({"text": "Short."})
    await desk.work(shared=(Cap("run", RUN, "", Limits(usd=0.1)),))
    (turn,) = await desk.stored()
    assert desk.rig.claude.bodies[0]["max_tokens"] == 8000
    assert turn.reserved_usd <= 0.1


async def test_a_conversation_that_grew_too_long_is_shortened_once(desk: Desk) -> None:
    """Old answers of tools go first; the last ones and the job itself stay."""
    read: Json = {"tools": [{"Read": {"file_path": "widget.py"}}]}
    desk.says(*[read] * 4, {"text": "Done."})
    desk.after = {4: lambda: desk.rig.claude.fails(400, "invalid_request_error", "prompt is too long: 9 tokens > 8")}
    outcome = await desk.work()
    assert (outcome.state, outcome.text) == ("done", "Done.")
    answers = [answer.splitlines()[0] for answer in desk.rig.claude.answers_of_tools("implementation", newest=True)]
    assert answers == snapshot(
        [
            "[removed to make room; call the tool again if you need it]",
            "[removed to make room; call the tool again if you need it]",
            '     1\t"""A widget."""',
            '     1\t"""A widget."""',
        ]
    )


async def test_a_reply_that_did_not_fit_takes_its_tools_along(desk: Desk) -> None:
    """What is left of the conversation still answers every call of a tool."""
    cut: Json = {"tools": [APPEND, WRITE], "stop_reason": "context_exceeded"}
    desk.says({"tools": [WRITE]}, cut)
    desk.after = {2: lambda: desk.says({"tools": [WRITE]}, {"text": "Done."})}
    assert (await desk.work()).text == "Done."


async def test_a_reply_that_was_cut_off_says_what_was_done_of_it(desk: Desk) -> None:
    """Calls that came whole are made; the one at the cut is not, and the agent is told."""
    desk.says({"tools": [APPEND, WRITE], "stop_reason": "max_tokens"}, {"text": "Done."})
    assert (await desk.work()).state == "done"
    assert desk.file("README.md") == "# widget\nmore\n"
    assert not (desk.checkout.root / "new.txt").exists()
    assert desk.rig.claude.answers_of_tools("implementation") == snapshot(
        [
            """\
(no output)

Your reply was cut off at its limit after this call. Make smaller calls.\
"""
        ]
    )


async def test_a_call_that_failed_costs_what_it_reported(desk: Desk) -> None:
    """A refused call is free, a broken stream costs its input; neither keeps its reservation."""
    desk.says({"text": "Done."})
    desk.rig.claude.fails(401, "authentication_error", "no key")
    outcome = await desk.work()
    assert (outcome.state, outcome.reason) == snapshot(
        (
            "failed",
            "Claude refused the key (401 authentication_error: no key). Check ANTHROPIC_API_KEY and what it may use.",
        )
    )
    (turn,) = await desk.stored()
    assert (turn.usd, turn.usage, turn.reply) == (0.0, Usage(), None)
    assert (await desk.work()).state == "done"
    assert [turn.index for turn in await desk.stored()] == [0, 1]


def test_what_never_came_back_counts_as_reserved() -> None:
    """It may have been charged."""
    lost = Turn(RUN, "design", 0, "architect", "m", 0.25)
    assert total_usage([lost, replace(lost, usd=0.1, usage=Usage(10, 5))]) == (Usage(10, 5), 0.35)


async def test_a_call_that_hangs_is_stopped_when_time_is_over(desk: Desk) -> None:
    """The limit is named, and the call counts as reserved: nobody knows what it cost."""
    clock = HandClock()
    desk.says({"text": "Half."})
    desk.rig.claude.hangs()
    job = replace(desk.job, limits=Limits(seconds=600))
    working = asyncio.create_task(run_job(job, replace(desk.rig.bot.ports, clock=clock), desk.on_turn))
    await desk.rig.asked("implementation", fault="hangs")
    clock.advance(600)
    outcome = await working
    assert outcome.limit is not None
    assert (outcome.limit.what, outcome.reason) == ("seconds", "`developer` was not done after 600 s.")
    (turn,) = await desk.stored()
    assert (turn.usd, turn.reserved_usd > 0) == (None, True)


async def test_who_finds_no_room_waits_for_calls_that_are_open(desk: Desk) -> None:
    """What another call does not use is free again when it ends; a smaller reply is asked for only then."""
    caps = (Cap("run", RUN, "", Limits(usd=0.2)),)
    desk.says({"text": "One.", "usage": {"output": 1000}})
    calls = desk.rig.bot.ports.calls.of(RUN)
    other = Turn(RUN, "implementation/T2", 0, "developer", "m", 0.15)
    assert await desk.rig.bot.store.reserve_turn(other, caps) is None
    calls.begin()
    working = asyncio.create_task(desk.work(shared=caps))
    await desk.rig.until(lambda: bool(calls.ended._waiters), "it waits")  # type: ignore[attr-defined]
    assert desk.asked == []
    await desk.rig.bot.store.finish_turn(replace(other, usd=0.01))
    calls.end()
    assert (await working).state == "done"
    assert desk.rig.claude.bodies[0]["max_tokens"] == 16_000


async def test_the_calls_of_one_reply_are_made_in_their_order(desk: Desk) -> None:
    """What reads after a command finds what the command left; two commands do not get in each other's way."""
    slow: Json = {"Bash": {"command": "sleep 0.2; echo more >> README.md"}}
    count: Json = {"Bash": {"command": "wc -l < README.md"}}
    desk.says({"tools": [slow, {"Read": {"file_path": "README.md"}}, count]}, {"text": "Wrote it."})
    await desk.work()
    _, read, counted = desk.rig.claude.answers_of_tools("implementation")
    assert "more" in read
    assert counted == "2"


@pytest.mark.parametrize(("counted", "removed"), [(100, 0), (10**6, 1)])
async def test_a_long_conversation_is_shortened_if_the_provider_counts_it_so(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, counted: int, removed: int
) -> None:
    """Our estimate is a bound: what it finds too long may yet fit, and then nothing is left out."""
    monkeypatch.setattr("bot.runner.CONVERSATION_TOKENS", 1_000)
    desk.rig.claude.count = lambda body: {"input_tokens": counted}  # type: ignore[method-assign]
    write: Json = {"Write": {"file_path": "long.txt", "content": "A line of a long file.\n" * 300}}
    desk.says(
        {"tools": [write]},
        {"tools": [{"Read": {"file_path": "long.txt"}}]},
        *[{"tools": [{"Glob": {"pattern": "*.py"}}]}] * 4,
        {"text": "Done."},
    )
    await desk.work()
    assert str(desk.rig.claude.bodies[-1]).count("[removed to make room") == removed
