"""A maintainer comments, and a pull request with evidence comes of it."""

from inline_snapshot import snapshot

from tests.scenarios.parts import plain
from tests.scenarios.rig import REPO, Rig


async def test_a_maintainer_gets_a_pull_request(bot: Rig) -> None:
    """One comment becomes a branch whose tests ran, and a pull request that closes the issue."""
    bot.issue(7, title="Dark mode", body="Please.")
    bot.plays("dark-mode")
    command = await bot.comment("/dev-workflow", on=7, by="maintainer")
    assert await bot.ended() == ("succeeded", "")
    assert bot.reactions(command) == ["rocket"]
    assert [plain(text) for text in bot.read_all()] == snapshot(
        [
            """\
### ✅ Done: #2
The evidence holds. It stands in the pull request.

`████████████████████` 7 of 7 phases

| | phase | agent | time | tokens | cost |
|---|---|---|---:|---:|---:|
| ✅ | [requirements](#COMMENT) | business-analyst | TIME | N | COST |
| ✅ | [design](#COMMENT) | architect | TIME | N | COST |
| ✅ | [tasks](#COMMENT) | product-manager | TIME | N | COST |
| ✅ | [implementation](#COMMENT) | developer | TIME | N | COST |
| ✅ | [testing](#COMMENT) | qa-engineer | TIME | N | COST |
| ✅ | [review](#COMMENT) | code-reviewer | TIME | N | COST |
| ✅ | [pull request](#COMMENT) | devflow | TIME |  |  |

Elapsed TIME · N tokens · COST of $5.00, expected COST

<sub>run `RUN`</sub>\
""",
            """\
### ✅ Requirements

The widget has a dark mode.

**Acceptance**

- [ ] `widget.dark()` answers black.

<sub>business-analyst SHA · TIME · N tokens · COST · next: design · run `RUN`</sub>\
""",
            """\
### ✅ Design

One function and one file.

<details><summary>More, by architect</summary>

Add `dark()`.

**Files**

- `widget.py`
- `theme.css`

</details>

<sub>architect SHA · TIME · N tokens · COST · next: tasks · run `RUN`</sub>\
""",
            """\
### ✅ Tasks

| task | | agent | files | after |
|---|---|---|---|---|
| T1 | Add dark mode | developer | `widget.py`, `theme.css` |  |

<details><summary>More, by product-manager</summary>

**T1: Add dark mode**

Add `dark()` and its theme.

- [ ] `dark()` answers black.

</details>

<sub>product-manager SHA · TIME · N tokens · COST · next: implementation · run `RUN`</sub>\
""",
            """\
### ✅ Implementation

1 of 1 tasks are built. Files changed, as git sees them:

- `theme.css`
- `widget.py`

<details><summary>More, by developer</summary>

**T1: Add dark mode**

Added `dark()` and the theme.

</details>

<sub>developer SHA · TIME · N tokens · COST · next: testing · run `RUN`</sub>\
""",
            """\
### ✅ Testing

1. `TESTS`: exit code 0, 2 passed, 0 failed, TIME

<details><summary>Output</summary>

```
..
----------------------------------------------------------------------
Ran 2 tests in TIME

OK
```

</details>

<details><summary>More, by qa-engineer</summary>

Added `test_dark`.

</details>

<sub>qa-engineer SHA · TIME · N tokens · COST · next: review · run `RUN`</sub>\
""",
            """\
### ✅ Review

`code-reviewer`: **Approved.** Small and tested.

`security-engineer`: **Approved.** Small and tested.

<sub>code-reviewer SHA, security-engineer SHA · TIME · N tokens · COST · next: pull request · run `RUN`</sub>\
""",
            """\
### ✅ Pull request

#2 is open. Every check holds.

| | check | found |
|---|---|---|
| ✅ | Branch | `devflow/issue-1-RUN` is at `SHA`, read back from GitHub |
| ✅ | Content | the branch holds byte for byte what was tested |
| ✅ | Signature | verified by GitHub |
| ✅ | Tests | `TESTS` ended with exit code 0, 2 passed, TIME |
| ✅ | Tested state | the tests ran on the final files (tree `SHA`) |
| ✅ | Files | 2 of 2 planned files changed |
| ℹ️ | Beyond the plan | `tests/test_widget.py`, approved in review |
| ✅ | Review | approved |
| ✅ | Pull request | #2 is open at `SHA` |

<sub>devflow · TIME · run `RUN`</sub>\
""",
        ]
    )

    pull = bot.pull_request(closing=7)
    assert (pull.title, pull.base, pull.draft) == ("Add dark mode", "main", False)
    assert plain(pull.body) == snapshot("""\
One function and one file.

| task | | agent | files | after |
|---|---|---|---|---|
| T1 | Add dark mode | developer | `widget.py`, `theme.css` |  |

Closes #1

### Evidence
Checked by the program, not claimed by a model.

| | check | found |
|---|---|---|
| ✅ | Branch | `devflow/issue-1-RUN` is at `SHA`, read back from GitHub |
| ✅ | Content | the branch holds byte for byte what was tested |
| ✅ | Signature | verified by GitHub |
| ✅ | Tests | `TESTS` ended with exit code 0, 2 passed, TIME |
| ✅ | Tested state | the tests ran on the final files (tree `SHA`) |
| ✅ | Files | 2 of 2 planned files changed |
| ℹ️ | Beyond the plan | `tests/test_widget.py`, approved in review |
| ✅ | Review | approved |

<sub>Asked by @maintainer in #1 · run `RUN` · TIME · N tokens · COST, expected COST</sub>

<!-- devflow:run=RUN key=pull -->\
""")
    assert bot.files(pull)["theme.css"] == ":root {}\n"
    assert sorted(bot.files(pull)) == ["tests/test_widget.py", "theme.css", "widget.py"]
    assert [plain(message) for message in bot.messages(pull)] == snapshot(
        [
            """\
Add dark mode

Task T1, built by developer.

Devflow-Run: RUN\
""",
            """\
Add tests

By qa-engineer.

Devflow-Run: RUN\
""",
        ]
    )
    assert bot.github.commit(REPO, pull.head).verified
    bot.github.merge(REPO, pull.number, by="maintainer")
    assert bot.github.issue(REPO, bot.numbers[7][1]).state == "closed"
