"""`devflow run` in a checkout: no GitHub, the whole job, and nothing lost."""

import json
import os
import pty
import signal
import subprocess

import pytest

from tests.scenarios.pulls import APPROVED, GREY, TEST_GREY, submit
from tests.terminal.desk import PATIENCE, Desk, events

WISH = "Dark mode\n\nPlease."
CHANGED = ["tests/test_widget.py", "theme.css", "widget.py"]


def test_a_wish_becomes_a_branch(desk: Desk) -> None:
    """The files, the person's branch and index stay as they are; the branch has what was tested, in her name."""
    desk.plays("dark-mode")
    before = desk.git("rev-parse", "HEAD")
    said = desk.devflow("run", WISH)
    assert said.returncode == 0, said.stdout + said.stderr
    [branch] = desk.branches()
    assert f"git merge {branch}" in said.stdout
    assert "succeeded" in said.stdout
    assert said.stderr == ""
    assert desk.git("log", "-1", "--format=%an <%ae>", branch) == "Maria Curie <maria@example.org>"
    assert desk.git("merge-base", "main", branch) == before
    assert desk.git("diff", "--name-only", f"main...{branch}").splitlines() == CHANGED
    now = (desk.git("rev-parse", "HEAD"), desk.git("branch", "--show-current"), desk.git("status", "--short"))
    assert now == (before, "main", "")


@pytest.mark.slow
def test_programs_read_lines_of_json_and_the_change_is_applied(desk: Desk) -> None:
    """A line for each thing that happened, the last one says how it ended; `--apply` leaves the change in the files."""
    desk.plays("dark-mode")
    said = desk.devflow("run", "--json", "--apply", WISH)
    assert said.returncode == 0, said.stdout + said.stderr
    told = events(said)
    assert [event["event"] for event in told][:2] == ["run", "phase"]
    done = [event["name"] for event in told if event["event"] == "phase" and event["state"] == "done"]
    assert done == ["requirements", "design", "tasks", "implementation", "testing", "review", "delivery"]
    end = told[-1]
    assert (end["event"], end["state"], [end["branch"]]) == ("end", "succeeded", desk.branches())
    assert {row["state"] for row in end["evidence"]} <= {"ok", "note"}
    assert sorted(desk.git("status", "--short").split()[1::2]) == CHANGED
    assert desk.git("diff", end["branch"], "--", "widget.py") == ""


@pytest.mark.slow
def test_a_gate_is_decided_later_in_another_process(desk: Desk) -> None:
    """Without somebody who types, the run waits and says so (exit code 3); a rejection goes to the agent."""
    desk.plays("dark-mode")
    first = desk.devflow("run", "--manual", WISH)
    assert first.returncode == 3
    assert "devflow resume" in first.stderr
    assert desk.branches() == []
    again = desk.devflow("resume", "--say", "/reject say more")
    assert again.returncode == 3
    assert "say more" in str(desk.claude.bodies[-2:])
    for left in ("design", "tasks", "implementation", "testing", "review"):
        said = desk.devflow("resume", "--say", "/approve", "--json")
        assert said.returncode == 3, said.stdout + said.stderr
        assert events(said)[-1]["phases"] == [left]
    assert desk.devflow("resume", "--say", "/approve").returncode == 0
    assert len(desk.branches()) == 1


@pytest.mark.slow
def test_a_run_goes_on_after_ctrl_c(desk: Desk) -> None:
    """What was paid for is not asked again."""
    desk.plays("dark-mode")
    desk.claude.hangs(phase="design")
    begun = subprocess.Popen(
        desk.command("run", "--json", WISH), cwd=desk.root, env=desk.environment(), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    desk.wait_for(lambda: any(request.fault == "hangs" for request in desk.claude.requests))
    begun.send_signal(signal.SIGINT)
    _, told = begun.communicate(timeout=PATIENCE)
    assert begun.returncode == 130
    assert "`devflow resume` goes on" in told
    assert "Traceback" not in told
    asked = [request.phase for request in desk.claude.requests]
    said = desk.devflow("resume")
    assert said.returncode == 0, said.stdout + said.stderr
    assert [request.phase for request in desk.claude.requests].count("requirements") == asked.count("requirements")
    assert len(desk.branches()) == 1


@pytest.mark.slow
def test_a_person_approves_at_the_terminal(desk: Desk) -> None:
    """What waits is shown, the question asked, and the run goes on with the answer; nothing typed leaves it."""
    desk.plays("dark-mode")
    screen, keys = pty.openpty()
    person = subprocess.Popen(
        desk.command("run", "--manual", WISH), cwd=desk.root, env=desk.environment(TERM="xterm", COLUMNS="100"),
        stdin=keys, stdout=keys, stderr=keys,
    )  # fmt: skip
    os.close(keys)
    shown = _until(screen, "or later (nothing): ")
    assert "Requirements" in shown
    os.write(screen, b"a\n")
    assert "Design" in _until(screen, "or later (nothing): ")
    os.write(screen, b"\n")
    assert "devflow resume" in _until(screen, "without asking.")
    assert person.wait(PATIENCE) == 3
    os.close(screen)


def _until(screen: int, words: str) -> str:
    """All that is shown until the words are."""
    shown = ""
    while words not in shown:
        shown += os.read(screen, 65536).decode(errors="replace")
    return shown


@pytest.mark.slow
def test_a_finished_branch_is_changed_as_the_person_says(desk: Desk) -> None:
    """One more commit, tested and reviewed; a merged branch is left alone, and the way to go on is named."""
    desk.plays("dark-mode")
    assert desk.devflow("run", WISH).returncode == 0
    [branch] = desk.branches()
    before = desk.git("rev-parse", branch)
    desk.says("revision", {"tools": [GREY, TEST_GREY]}, submit())
    desk.says("review", APPROVED)
    said = desk.devflow("revise", "Too dark.", "Grey.")
    assert said.returncode == 0, said.stdout + said.stderr
    assert "Too dark. Grey." in desk.claude.told("revision")
    assert desk.git("rev-list", f"{before}..{branch}").count("\n") == 0
    assert '"grey"' in desk.git("show", f"{branch}:widget.py")
    desk.git("merge", "-q", branch)
    late = desk.devflow("revise", "White again.")
    assert (late.returncode, "is closed" in late.stdout) == (2, True)


@pytest.mark.slow
def test_runs_and_memories_are_found_from_a_folder_below(desk: Desk) -> None:
    """The state is the checkout's, wherever in it a word is typed; nothing is left in the folder."""
    desk.plays("dark-mode")
    assert desk.devflow("memory", "add", "Colours live in theme.css").returncode == 0
    assert desk.devflow("run", WISH).returncode == 0
    desk.root /= "tests"
    assert len(json.loads(desk.devflow("runs", "--json").stdout)) == 1
    assert "Colours live in theme.css" in desk.devflow("memory").stdout
    assert not (desk.root / ".devflow").exists()


@pytest.mark.slow
def test_a_dry_run_keeps_no_branch(desk: Desk) -> None:
    """The change is shown."""
    desk.plays("dark-mode")
    said = desk.devflow("run", "--dry-run", WISH)
    assert said.returncode == 0, said.stdout + said.stderr
    assert "widget.py" in said.stdout
    assert desk.branches() == []


@pytest.mark.slow
def test_changes_in_no_commit_are_told_of_and_left_alone(desk: Desk) -> None:
    """The run sees the last commit; what does not fit on top of a person's own changes is not applied."""
    desk.plays("dark-mode")
    (desk.root / "widget.py").write_text("# mine\n")
    said = desk.devflow("run", "--apply", WISH)
    assert "1 changed file is in no commit" in said.stderr
    assert said.returncode == 2
    assert "does not fit your files" in said.stderr
    assert (desk.root / "widget.py").read_text() == "# mine\n"
    assert len(desk.branches()) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("run", ""), "nothing to build"),
        (("run", "--budget", "lots", "Dark mode"), "lots"),
        (("run", "--base", "nowhere", "Dark mode"), "There is no branch nowhere"),
        (("resume",), "Nothing was begun here"),
        (("resume", "no-such-run"), "no run `no-such-run`"),
        (("revise", ""), "not said what to change"),
        (("revise", "Grey"), "No branch was finished here yet"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(desk: Desk, args: tuple[str, ...], says: str) -> None:
    """Exit code 2, the cause and the next step; nothing is begun."""
    said = desk.devflow(*args)
    assert says in said.stdout + said.stderr
    assert "Traceback" not in said.stderr
    assert said.returncode == 2
    assert desk.claude.requests == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("before", "says"),
    [
        (("checkout", "-q", "--detach"), "No branch is checked out"),
        (("checkout", "-q", "--orphan", "new"), "has no commit yet"),
    ],
)
def test_a_checkout_that_cannot_be_worked_on(desk: Desk, before: tuple[str, ...], says: str) -> None:
    """The remedy is a git command."""
    desk.git(*before)
    said = desk.devflow("run", WISH)
    assert (said.returncode, says in said.stderr, "git " in said.stderr) == (2, True, True)


@pytest.mark.slow
def test_no_checkout_and_no_key(desk: Desk) -> None:
    """Both are told apart."""
    assert "ANTHROPIC_API_KEY" in desk.devflow("run", WISH, ANTHROPIC_API_KEY="").stderr
    outside = subprocess.run(
        desk.command("run", WISH),
        cwd=desk.root.parent,
        env=desk.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (outside.returncode, "not in a git checkout" in outside.stderr) == (2, True)
