"""The Action, job by job: each is on a fresh folder, and only git refs are between them."""

import asyncio
import lzma
import subprocess
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.memory.memories import Query
from bot.core.repository import Repo
from bot.core.state import MEMORY_REF, issue_ref
from bot.job import comment_delivery
from tests.scenarios.actions import ActionRig, action_rig
from tests.scenarios.pulls import now, remark, turns_grey
from tests.scenarios.rig import REPO

pytestmark = pytest.mark.slow
WIDGET = Repo("acme", "widget")
REF = issue_ref(1)
"""Of the first issue of a repository."""
SAID = "Dark mode colours live in theme.css, they are agreed with the design team"


@pytest.fixture
async def jobs(tmp_path: Path) -> AsyncIterator[ActionRig]:
    async with action_rig(tmp_path) as made:
        yield made


def told(jobs: ActionRig, phase: str) -> str:
    """The first message of the newest conversation of a phase."""
    texts = [str(body["messages"][0]["content"][0]["text"]) for body in jobs.claude.bodies]
    return [text for text in texts if text.startswith(f'<phase name="{phase}"')][-1]


async def test_four_jobs_from_a_command_to_a_merge(jobs: ActionRig) -> None:
    """Command, approval, review, merge. What the first job learned is told to the third, and the fourth judges it."""
    jobs.issue(7, title="Dark mode", body="Please.")
    jobs.plays("dark-mode", "risky")
    await jobs.comment(f"/memory add {SAID}\n/dev-workflow")
    assert (len(jobs.reports), jobs.reports[-1].outputs["status"]) == (1, "waiting")
    await jobs.comment("/approve")
    assert (len(jobs.reports), await jobs.ended()) == (2, ("succeeded", ""))
    pull = jobs.pull_request(closing=7)
    jobs.numbers[8] = (REPO, pull.number)
    turns_grey(jobs, ("t1", "It is grey now.", True))
    jobs.github.review(
        REPO, pull.number, by="maintainer", verdict="request_changes", body="Colours.", comments=[remark("Too dark.")]
    )
    await jobs.settle()
    assert await jobs.ended() == ("succeeded", "")
    assert jobs.files(now(jobs, pull))["widget.py"].count("grey") == 1
    assert SAID in told(jobs, "revision")
    jobs.github.merge(REPO, pull.number, by="maintainer")
    await jobs.settle()
    memories = [one.memory for one in await jobs.bot.store.recall(Query(WIDGET, SAID))]
    [found] = [memory for memory in memories if SAID in memory.text]
    assert found.uses > 0
    assert found.helped == 2
    assert {run.outcome for run in await jobs.bot.store.runs()} == {"merged"}
    assert "### 🎉 Merged" in jobs.bot_comments()[1].body
    assert not _secrets_in_refs(jobs)
    jobs.read_all(7)
    jobs.read_all(8)
    await jobs.finish()


def _secrets_in_refs(jobs: ActionRig) -> list[str]:
    """Files in our refs that hold the job's token, or a header made of it."""
    found, names = [], _git(jobs, "for-each-ref", "--format=%(refname)", "refs/devflow").decode().split()
    assert len(names) >= 2
    for ref in names:
        for file in _git(jobs, "ls-tree", "--name-only", ref).decode().split():
            blob = _git(jobs, "cat-file", "blob", f"{ref}:{file}")
            content = lzma.decompress(blob) if file.endswith(".xz") else blob
            if jobs.token.encode() in content or b"x-access-token" in content:
                found.append(f"{ref}:{file}")
    return found


def _git(jobs: ActionRig, *args: str) -> bytes:
    place = f"--git-dir={jobs.folder / 'github' / 'acme' / 'widget.git'}"
    return subprocess.run(["git", place, *args], check=True, capture_output=True).stdout


async def test_a_run_lost_with_its_runner_goes_on_by_itself(jobs: ActionRig) -> None:
    """Nobody comments again: the next job by the clock ends it, and has nothing to do after that."""
    jobs.issue(7, title="Dark mode", body="Please.")
    jobs.plays("dark-mode")
    jobs.claude.hangs(phase="design")
    await jobs.comment("/dev-workflow", settle=False)
    lost = await jobs.process(jobs.folder / "lost")
    await jobs.asked("design", fault="hangs")
    lost.kill()
    await lost.wait()
    assert (await jobs.look_after()).summary.count("Nothing to do") == 1, "the dead job still has its lease"
    jobs.clock.shift = timedelta(minutes=5)
    report = await jobs.look_after()
    assert report.code == 0
    assert jobs.pull_request(closing=7).state == "open"
    assert [r.phase for r in jobs.claude.requests].count("requirements") == 2, "what was paid for is not asked again"
    calls = len(jobs.claude.requests)
    await jobs.look_after()
    assert len(jobs.claude.requests) == calls
    jobs.github.merge(REPO, jobs.pull_request(closing=7).number, by="maintainer")
    await jobs.look_after()
    assert "### 🎉 Merged" in jobs.bot_comments()[0].body, "a merge whose own job GitHub dropped is found"
    assert "Nothing to do" in (await jobs.look_after()).summary
    jobs.read_all()


async def test_people_are_reminded_without_an_event(jobs: ActionRig) -> None:
    """The gate's reminder, once; then its end."""
    jobs.issue(7, title="Dark mode", body="Please.")
    jobs.plays("dark-mode", "risky")
    await jobs.comment("/dev-workflow")
    assert jobs.reports[-1].outputs["status"] == "waiting"
    for hours in (1, 25, 26):
        jobs.clock.shift = timedelta(hours=hours)
        await jobs.look_after()
    assert len([text for text in jobs.read_all() if "⏰ Still waiting." in text]) == 1
    jobs.clock.shift = timedelta(days=8)
    kept = _git(jobs, "rev-parse", REF).decode().strip()
    _git(jobs, "update-ref", REF, "main")
    damaged = await jobs.look_after()
    assert (damaged.code, "is damaged" in damaged.summary, "is damaged" in damaged.annotations[0]) == (1, True, True)
    _git(jobs, "update-ref", REF, kept)
    await jobs.look_after()
    assert "Nobody decided within 7 days. `/resume` goes on with it." in jobs.bot_comments()[0].body
    assert "Nothing to do" in (await jobs.look_after()).summary
    jobs.read_all()


async def test_a_running_job_hears_cancel(jobs: ActionRig) -> None:
    """It reads the thread itself: the job of that comment waits for this one's end, and finds it done."""
    jobs.issue(7)
    jobs.claude.hangs()
    jobs.plays("dark-mode")
    await jobs.comment("/dev-workflow", settle=False)
    playing = asyncio.create_task(jobs.settle())
    await jobs.asked("requirements", fault="hangs")
    said = jobs.github.comment(*jobs.place(7), "/cancel", by="maintainer")
    await playing
    assert [report.outputs["status"] for report in jobs.reports] == ["cancelled", "cancelled"]
    assert await jobs.bot.store.delivery_outcome(comment_delivery(said)) == "cancelled"
    assert len([text for text in jobs.read_all() if text.startswith("⏹️")]) == 1


async def test_a_job_near_its_limit_leaves_its_work_and_says_how_to_go_on(jobs: ActionRig) -> None:
    """The next job resumes: what was finished is not done again."""
    jobs.issue(7)
    jobs.plays("dark-mode")
    jobs.claude.hangs(phase="design")
    await jobs.comment("/dev-workflow", settle=False)
    playing = asyncio.create_task(jobs.settle())
    await jobs.asked("design", fault="hangs")
    jobs.clock.shift = timedelta(hours=1)
    await playing
    assert await jobs.ended() == ("cancelled", "Stopped: the job reached its limit of 60 minutes.")
    assert "/resume" in jobs.bot_comments()[-1].body
    assert jobs.reports[-1].code == 0
    jobs.clock.shift = timedelta()
    before = len(jobs.claude.requests)
    await jobs.comment("/resume")
    assert await jobs.ended() == ("succeeded", "")
    assert jobs.claude.requests[before].phase == "design"
    jobs.read_all()


async def test_a_command_from_the_actions_page(jobs: ActionRig) -> None:
    """It counts as the comment of whoever gave it, and is told in the thread; a reader may not."""
    jobs.issue(7)
    repository = {"full_name": REPO}
    for actor, command, answer in (("maintainer", "/ping", "Devflow is here"), ("reader", "/dev-workflow", "🔒")):
        payload = {"repository": repository, "sender": {"login": actor}, "inputs": {"issue": str(jobs.place(7)[1])}}
        await jobs.job("workflow_dispatch", payload, command=command)
        page, told = jobs.read_all()
        assert f"@{actor} gave a command on the Actions page" in page
        assert answer in told


async def test_a_token_that_may_not_open_pull_requests(jobs: ActionRig) -> None:
    """The branch is there, with a link that opens it, the setting to change, and the patch in the summary."""
    jobs.github.let_actions_open_pulls(REPO, allowed=False)
    jobs.issue(7, title="Dark mode", body="Please.")
    jobs.plays("dark-mode")
    await jobs.comment("/dev-workflow")
    assert await jobs.ended() == ("succeeded", "")
    report = jobs.reports[-1]
    branch = report.outputs["branch"]
    assert (report.code, report.outputs["pull_request"]) == (0, "")
    assert branch in jobs.github.branches(REPO)
    assert "+++ b/theme.css" in report.summary
    status, *_, last = jobs.read_all()
    assert status.startswith("### ✅ Done: the pull request is yours to open")
    assert f"{jobs.github.url}/{REPO}/compare/main...{branch}?expand=1&title=Add+dark+mode" in last
    assert "Allow GitHub Actions to create and approve pull requests" in last
    jobs.github.let_actions_open_pulls(REPO, allowed=True)
    await jobs.comment("/retry delivery")
    pull = jobs.pull_request(closing=7)
    assert (pull.state, pull.head) == ("open", branch)
    assert [name for name in jobs.github.branches(REPO) if name.startswith("devflow/")] == [branch]
    jobs.read_all()


async def test_jobs_as_the_runner_starts_them(jobs: ActionRig, tmp_path: Path) -> None:
    """`python -I -m bot action` in a checkout with a `bot/` of its own: outputs, summary, masks, exit codes."""
    jobs.issue(7)
    jobs.plays("dark-mode")
    jobs.github.comment(*jobs.place(7), "/dev-workflow", by="maintainer")
    code, out, outputs, summary = await _process(jobs, tmp_path / "one")
    assert (code, outputs["status"], outputs["pull_request"]) == (0, "succeeded", "2"), out
    assert f"::add-mask::{jobs.token}" in out
    assert "| requirements | business-analyst | done |" in summary
    assert "byte for byte" in summary
    _git(jobs, "update-ref", MEMORY_REF, "main")
    jobs.github.comment(*jobs.place(7), "/status", by="maintainer")
    code, out, *_ = await _process(jobs, tmp_path / "two")
    assert code == 2
    assert out.splitlines()[-1].startswith(f"::error title=Devflow::The state in `{MEMORY_REF}` is damaged")
    jobs.read_all()


async def _process(jobs: ActionRig, folder: Path) -> tuple[int, str, dict[str, str], str]:
    """(exit code, what it printed, outputs, summary) of a job on the newest delivery."""
    process = await jobs.process(folder)
    out, _ = await process.communicate()
    rows = _text(folder / "output").splitlines()
    outputs = {row.partition("<<")[0]: rows[at + 1] for at, row in enumerate(rows) if "<<" in row}
    return process.returncode or 0, out.decode(), outputs, _text(folder / "summary")


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""
