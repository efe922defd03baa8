"""What scenarios about pull requests of ours share: one that is open, and what Claude says of it."""

from dataclasses import replace

from bot.core.comments import Progress, pull_body
from bot.core.conversation import Json, Usage
from bot.core.effects import mark, without_marks
from bot.core.evidence import Evidence, Row, Verdict
from bot.core.repository import PullRequest, Sha
from bot.core.reviews import InlineComment
from bot.core.runs import Run, RunState
from tests.samples import BEGAN, a_phase, a_request, a_run
from tests.scenarios.parts import plain
from tests.scenarios.rig import BOT, REPO, Rig

WITH_DARK = {
    "theme.css": ":root {}\n",
    "widget.py": (
        '"""A widget."""\n\n\ndef color() -> str:\n    return "white"\n\n\ndef dark() -> str:\n    return "black"\n'
    ),
    "tests/test_widget.py": (
        "import unittest\n\nimport widget\n\n\nclass WidgetTest(unittest.TestCase):\n"
        '    def test_color(self) -> None:\n        self.assertEqual(widget.color(), "white")\n\n'
        '    def test_dark(self) -> None:\n        self.assertEqual(widget.dark(), "black")\n'
    ),
}
DARK = 8
"""The line of `widget.py` that answers black."""
GREY: Json = {
    "Edit": {"file_path": "widget.py", "old_string": '    return "black"\n', "new_string": '    return "grey"\n'}
}
TEST_GREY: Json = {
    "Edit": {
        "file_path": "tests/test_widget.py",
        "old_string": 'self.assertEqual(widget.dark(), "black")',
        "new_string": 'self.assertEqual(widget.dark(), "grey")',
    }
}
APPROVED: Json = {"tools": [{"submit_review": {"verdict": "approve", "summary": "Grey is fine.", "comments": []}}]}


async def opened(bot: Rig, verdict: Verdict = "proven") -> PullRequest:
    """Our pull request for issue 7 as a run leaves it, without the run; scenarios call it 8."""
    issue = bot.issue(7, title="Dark mode", body="Please.")
    base = bot.github.commit(REPO, "main").sha
    request = a_request(description="", issue=issue, issue_title="Dark mode", base_sha=base, again="/dev-workflow")
    run = a_run(request=request)
    found = Evidence((Row("Tests", "2 passed", "ok" if verdict == "proven" else "fail"),), verdict, "Tests: they fail")
    body = pull_body(Progress(run, {}, Usage(), 0.5, BEGAN), "Adds `dark()`.", found)
    branch = f"devflow/issue-{issue}-{run.id}"
    bot.github.push(REPO, branch, WITH_DARK, "Add dark mode", by=BOT)
    draft = verdict != "proven"
    text = f"{body}\n\n{mark(run.id, 'pull')}"
    number = bot.github.open_pull(REPO, title="Add dark mode", head=branch, body=text, draft=draft, by=BOT)
    await store_run(bot, run, number, verdict)
    bot.numbers[8] = (REPO, number)
    await bot.settle()
    return bot.pull_request(closing=7)


def limit(bot: Rig, setting: str) -> None:
    """Let the repository set one of its limits."""
    config = {".github/devflow.yml": f"limits:\n  {setting}\n"}
    bot.github.push(REPO, "main", config, "Settings", by="maintainer")


async def store_run(bot: Rig, run: Run, number: int, verdict: Verdict) -> None:
    """What the store has of the run that opened the pull request."""
    store = bot.bot.store
    await store.add_run(replace(run, state="running"))
    await store.set_pull(run.id, number)
    await store.save_phase(replace(a_phase("delivery", verdict=verdict), run=run.id))
    state: RunState = "succeeded" if verdict == "proven" else "failed"
    await store.set_run_state(run.id, state, at=BEGAN)


def submit(*answers: tuple[str, str, bool], summary: str = "Grey instead of black.") -> Json:
    """The developer's last turn: (thread, answer, done) each."""
    threads = [{"id": name, "answer": answer, "done": done} for name, answer, done in answers]
    return {"tools": [{"submit_revision": {"summary": summary, "threads": threads}}]}


def turns_grey(bot: Rig, *answers: tuple[str, str, bool]) -> None:
    """The developer changes the color and its test, and both reviewers are content."""
    bot.says("revision", {"tools": [GREY, TEST_GREY]}, submit(*answers))
    bot.says("review", APPROVED)


def remark(text: str, line: int = DARK, path: str = "widget.py") -> InlineComment:
    """A comment on a line."""
    return InlineComment(path, line, text)


def threads(bot: Rig, number: int) -> list[tuple[str, bool, list[str]]]:
    """(path, resolved, comments) of each thread of a pull request."""
    found = bot.github.threads_on(REPO, number)
    return [
        (thread.path, thread.is_resolved, [plain(without_marks(c.body)) for c in thread.comments]) for thread in found
    ]


def head(bot: Rig, pull: PullRequest) -> Sha:
    """Where the pull request's branch is now."""
    return Sha(bot.github.branches(REPO)[pull.head])


def now(bot: Rig, pull: PullRequest) -> PullRequest:
    """The pull request as it is now."""
    return next(p for p in bot.github.pulls(REPO) if p.number == pull.number)


def sentences(text: str) -> str:
    """A comment with one sentence a line, for those with long lines."""
    return plain(text).replace(". ", ".\n")
