"""The program believes no agent: what is wrong with a result fails the run, by name."""

import pytest
from inline_snapshot import snapshot

from bot.core.conversation import Json
from tests.scenarios.parts import plain
from tests.scenarios.rig import REPO, Rig

pytestmark = pytest.mark.slow

APPROVED: Json = {"submit_review": {"verdict": "approve", "summary": "Fine.", "comments": []}}
REFUSED: Json = {
    "submit_review": {
        "verdict": "request_changes",
        "summary": "It has no test.",
        "comments": [{"path": "widget.py", "line": 8, "body": "Test this."}],
    }
}
ADD_LIGHT: Json = {
    "Edit": {
        "file_path": "widget.py",
        "old_string": '    return "black"\n',
        "new_string": '    return "black"\n\n\ndef light() -> str:\n    return "yellow"\n',
    }
}
ADD_DARK: Json = {
    "Edit": {
        "file_path": "widget.py",
        "old_string": '    return "white"\n',
        "new_string": '    return "white"\n\n\ndef dark() -> str:\n    return "black"\n',
    }
}
WRITE_EXTRA: Json = {"Write": {"file_path": "theme.css", "content": ":root {}\n"}}
WRITE_WORKFLOW: Json = {"Write": {"file_path": ".github/workflows/ci.yml", "content": "on: push\n"}}


async def test_tests_that_stay_red_fail_the_run(bot: Rig) -> None:
    """The developer gets two rounds; then there is a draft that closes nothing, and the reason stands everywhere."""
    bot.issue(7)
    bot.plays("plan", "build", "red-test", "approve")
    bot.says("testing", {"text": "I see nothing wrong."}, agent="developer")
    bot.says("testing", {"text": "Still nothing."}, agent="developer", attempt=2)
    command = await bot.comment("/dev-workflow")
    state, reason = await bot.ended()
    assert (state, plain(reason)) == snapshot(
        ("failed", "Tests: `TESTS` ended with exit code 1, 1 passed, 1 failed, TIME")
    )
    pull = bot.pull_request()
    assert pull.draft
    assert "Closes" not in pull.body
    assert plain(pull.body.partition("| | check")[0]) == snapshot("""\
> [!CAUTION]
> The evidence speaks against this change. Tests: `TESTS` ended with exit code 1, 1 passed, 1 failed, TIME.

One function.

| task | | agent | files | after |
|---|---|---|---|---|
| T1 | Add dark mode | developer | `widget.py` |  |

Part of #1

### Evidence
Checked by the program, not claimed by a model.

""")
    texts = bot.read_all()
    assert plain(texts[0].partition("\n\n")[0]) == snapshot("""\
### ❌ Failed
Tests: `TESTS` ended with exit code 1, 1 passed, 1 failed, TIME.
The work so far is in #2.\
""")
    assert plain(texts[5].partition("<details>")[0]) == snapshot("""\
### ❌ Testing

1. `TESTS`: exit code 1, 1 passed, 1 failed, TIME
2. `TESTS`: exit code 1, 1 passed, 1 failed, TIME
3. `TESTS`: exit code 1, 1 passed, 1 failed, TIME

""")
    assert texts[-1].splitlines()[2].split(". ")[::2] == snapshot(
        ["The evidence speaks against this change", "The work so far is in #2."]
    )
    assert bot.reactions(command) == ["confused"]


async def test_a_red_test_goes_back_to_the_developer_once(bot: Rig) -> None:
    """What is mended in the loop is its own commit, and the tests of the final files count."""
    bot.issue(7)
    bot.plays("plan", "build", "red-test", "approve")
    bot.says("testing", {"tools": [ADD_LIGHT]}, {"text": "Added `light()`."}, agent="developer")
    await bot.comment("/dev-workflow")
    assert await bot.ended() == ("succeeded", "")
    assert [message.splitlines()[0] for message in bot.messages(bot.pull_request())] == snapshot(
        ["Add dark mode", "Add tests", "Mend what the tests found"]
    )
    testing = bot.read_all()[5]
    assert [plain(line) for line in testing.splitlines() if line[:2] in {"1.", "2."}] == snapshot(
        ["1. `TESTS`: exit code 1, 1 passed, 1 failed, TIME", "2. `TESTS`: exit code 0, 2 passed, 0 failed, TIME"]
    )


async def test_what_the_review_asks_for_is_made_and_tested_again(bot: Rig) -> None:
    """One round: a commit for it, the tests once more on the final files, then a second look that approves."""
    bot.issue(7)
    bot.plays("plan", "build", "no-tests-missing")
    bot.says("review", {"tools": [REFUSED]}, agent="code-reviewer")
    bot.says("review", {"tools": [APPROVED]}, agent="security-engineer")
    bot.says("review", {"tools": [ADD_LIGHT]}, {"text": "Done."}, agent="developer")
    bot.says("review", {"tools": [APPROVED]}, attempt=2)
    await bot.comment("/dev-workflow")
    assert await bot.ended() == ("succeeded", "")
    pull = bot.pull_request()
    assert [message.splitlines()[0] for message in bot.messages(pull)] == snapshot(
        ["Add dark mode", "Make the changes the review asked for"]
    )
    assert "the tests ran on the final files" in pull.body
    assert plain(bot.read_all()[6]) == snapshot("""\
### ✅ Review

`code-reviewer`: **Approved.** Fine.

`security-engineer`: **Approved.** Fine.

<details><summary>More, by code-reviewer, security-engineer</summary>

`code-reviewer`: **Changes requested.** It has no test.

**Remarks**

- `widget.py:8` Test this.

`security-engineer`: **Approved.** Fine.

---

`code-reviewer`: **Approved.** Fine.

`security-engineer`: **Approved.** Fine.

</details>

<sub>code-reviewer SHA, security-engineer SHA, developer SHA · TIME · N tokens · COST · next: pull request · run `RUN`</sub>\
""")  # noqa: E501


async def test_a_review_that_never_approves_what_was_not_planned_fails(bot: Rig) -> None:
    """A file beyond the plan needs the reviewer's word; without it the run has failed."""
    bot.issue(7)
    bot.plays("plan", "build", "no-tests-missing")
    bot.says("implementation", {"tools": [ADD_DARK, WRITE_EXTRA]}, {"text": "Done."})
    bot.says("review", {"tools": [APPROVED]}, agent="code-reviewer")
    bot.says("review", {"tools": [REFUSED]}, agent="security-engineer")
    bot.says("review", {"text": "I would not change it."}, agent="developer")
    await bot.comment("/dev-workflow")
    assert await bot.ended() == snapshot(("failed", "Beyond the plan: `theme.css`"))
    assert bot.pull_request().draft
    texts = bot.read_all()
    assert texts[0].startswith("### ❌ Failed")
    assert "The changes were not made: the developer changed nothing." in texts[6]


async def test_a_planned_file_that_was_not_touched_fails(bot: Rig) -> None:
    """To say that it is done is not enough: the plan names files, and git says which changed."""
    bot.issue(7)
    bot.plays("plan", "no-tests-missing", "approve")
    bot.says("implementation", {"tools": [WRITE_EXTRA]}, {"text": "Changed widget.py as planned."})
    await bot.comment("/dev-workflow")
    assert await bot.ended() == snapshot(("failed", "Planned, but unchanged: `widget.py`"))
    assert bot.pull_request().draft
    assert bot.titles()[0] == "### ❌ Failed"


async def test_agents_that_changed_nothing_leave_no_branch(bot: Rig) -> None:
    """There is nothing to look at, so nothing is pushed and no pull request is opened."""
    bot.issue(7)
    bot.plays("plan", "no-tests-missing", "approve")
    bot.says("implementation", {"text": "All done!"})
    await bot.comment("/dev-workflow")
    assert await bot.ended() == snapshot(("failed", "Files: nothing was changed"))
    assert list(bot.github.branches(REPO)) == ["main"]
    assert bot.github.pulls(REPO) == []
    assert plain(bot.read_all()[-1]) == snapshot("""\
### ❌ Pull request

The evidence speaks against this change. Files: nothing was changed. No pull request was opened.

| | check | found |
|---|---|---|
| ✅ | Tests | `TESTS` ended with exit code 0, 1 passed, TIME |
| ✅ | Tested state | the tests ran on the final files (tree `SHA`) |
| ❌ | Files | nothing was changed |
| ✅ | Review | approved |

To go on from where it stopped, comment this:

```text
/retry
```

<sub>devflow · TIME · run `RUN`</sub>\
""")


async def test_a_workflow_is_never_pushed(bot: Rig) -> None:
    """Not even on a branch, not even with the review's approval: GitHub would run it with the repository's rights."""
    bot.issue(7)
    bot.plays("plan", "no-tests-missing", "approve")
    bot.says("implementation", {"tools": [ADD_DARK, WRITE_WORKFLOW]}, {"text": "Done."})
    await bot.comment("/dev-workflow")
    assert await bot.ended() == snapshot(("failed", "Protected paths: `.github/workflows/ci.yml`"))
    assert list(bot.github.branches(REPO)) == ["main"]
    assert bot.titles()[-1] == "### ❌ Pull request"


async def test_a_branch_that_vanishes_before_it_is_read_back_fails(bot: Rig) -> None:
    """That GitHub said it was made proves nothing; what is there afterwards does."""
    bot.issue(7)
    bot.plays("plan", "build", "no-tests-missing", "approve")
    answer = bot.github.hangs("POST", "/git/refs$", after_effect=True)
    await bot.comment("/dev-workflow", settle=False)
    await bot.reached(answer)
    branch = next(name for name in bot.github.branches(REPO) if name != "main")
    bot.github.delete_branch(REPO, branch, by="maintainer")
    answer.release()
    await bot.settle()
    state, reason = await bot.ended()
    assert (state, plain(reason)) == snapshot(("failed", "Branch: `devflow/issue-1-RUN` is not on GitHub"))
    assert bot.github.pulls(REPO) == []
    assert plain(bot.read_all()[-1].partition("| | check")[0]) == snapshot("""\
### ❌ Pull request

The evidence speaks against this change. Branch: `devflow/issue-1-RUN` is not on GitHub. No pull request was opened.

""")


async def test_a_repository_without_tests_gets_a_draft(bot: Rig) -> None:
    """The work is shown, and so is that nothing proves it."""
    bot.issue(7)
    empty = {"tests/__init__.py": None, "tests/test_widget.py": None}
    bot.github.push(REPO, "main", empty, "Drop the tests", by="maintainer")
    bot.plays("plan", "build", "no-tests-missing", "approve")
    await bot.comment("/dev-workflow")
    assert await bot.ended() == snapshot(("unproven", "Tests: no tests found"))
    pull = bot.pull_request()
    assert pull.draft
    assert plain(pull.body.partition("| | check")[0]) == snapshot("""\
> [!WARNING]
> Nothing proves this change. Tests: no tests found.

One function.

| task | | agent | files | after |
|---|---|---|---|---|
| T1 | Add dark mode | developer | `widget.py` |  |

Closes #1

### Evidence
Checked by the program, not claimed by a model.

""")
    assert plain(bot.read_all()[0].partition("\n\n")[0]) == snapshot("""\
### ⚠️ Done, but nothing proves it: #2
Tests: no tests found.\
""")
