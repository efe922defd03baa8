"""`--dry-run` plans, builds and tests, shows the change, and pushes nothing; the same wish without it then delivers."""

import pytest
from inline_snapshot import snapshot

from tests.scenarios.parts import plain
from tests.scenarios.rig import REPO, Rig

pytestmark = pytest.mark.slow


async def test_a_dry_run_shows_the_change_and_pushes_nothing(bot: Rig) -> None:
    """The last comment has the evidence, the diff folded, and the command that opens the pull request."""
    bot.issue(7, title="Dark mode", body="Please.")
    bot.plays("dark-mode")
    command = await bot.comment("/dev-workflow a switch --dry-run")
    assert await bot.ended() == ("succeeded", "")
    assert bot.reactions(command) == ["rocket"]
    texts = [plain(text) for text in bot.read_all()]
    assert texts[0].partition("\n\n")[0] == snapshot("""\
### ✅ Done, and nothing was pushed
The evidence holds. To open the pull request, comment `/dev-workflow a switch`.\
""")
    assert "| ✅ | [change](#COMMENT) | devflow |" in texts[0]
    assert texts[-1] == snapshot("""\
### ✅ Change

This was a dry run: nothing was pushed. Every check holds. To open the pull request, comment `/dev-workflow a switch`.

| | check | found |
|---|---|---|
| ✅ | Tests | `TESTS` ended with exit code 0, 2 passed, TIME |
| ✅ | Tested state | the tests ran on the final files (tree `SHA`) |
| ✅ | Files | 2 of 2 planned files changed |
| ℹ️ | Beyond the plan | `tests/test_widget.py`, approved in review |
| ✅ | Review | approved |

<details><summary>The change</summary>

```diff
diff --git a/tests/test_widget.py b/tests/test_widget.py
index 8c578a0..d4beea4 100644
--- a/tests/test_widget.py
+++ b/tests/test_widget.py
@@ -6,3 +6,6 @@ import widget
 class WidgetTest(unittest.TestCase):
     def test_color(self) -> None:
         self.assertEqual(widget.color(), "white")
+
+    def test_dark(self) -> None:
+        self.assertEqual(widget.dark(), "black")
diff --git a/theme.css b/theme.css
new file mode 100644
index 0000000..052bf63
--- /dev/null
+++ b/theme.css
@@ -0,0 +1 @@
+:root {}
diff --git a/widget.py b/widget.py
index ce5a7f0..40320d5 100644
--- a/widget.py
+++ b/widget.py
@@ -3,3 +3,7 @@
 \n\
 def color() -> str:
     return "white"
+
+
+def dark() -> str:
+    return "black"
```

</details>

<sub>devflow · TIME · run `RUN`</sub>\
""")
    assert set(bot.github.branches(REPO)) == {"main"}
    assert bot.github.pulls(REPO) == []
    writes = {request.path.rpartition("/")[2] for request in bot.github.requests if request.is_write}
    assert not writes & {"blobs", "trees", "commits", "refs", "pulls"}


async def test_the_same_wish_without_it_delivers_what_was_built(bot: Rig) -> None:
    """No agent is asked again, nothing is posted twice, and the pull request holds what the dry run showed."""
    bot.issue(7, title="Dark mode", body="Please.")
    bot.plays("dark-mode")
    await bot.comment("/dev-workflow --dry-run")
    bot.read_all()
    asked = len(bot.claude.requests)
    await bot.comment("/dev-workflow")
    assert await bot.ended() == ("succeeded", "")
    assert len(bot.claude.requests) == asked
    assert bot.titles() == ["### ✅ Done: #2", "### ✅ Pull request"]
    assert "widget.py" in bot.files(bot.pull_request(closing=7))


async def test_another_wish_or_another_base_is_built_anew(bot: Rig) -> None:
    """What was shown is not what is asked for now."""
    bot.issue(7, title="Dark mode", body="Please.")
    bot.plays("dark-mode")
    await bot.comment("/dev-workflow --dry-run")
    bot.read_all()
    asked = len(bot.claude.requests)
    bot.github.push(REPO, "main", {"NOTES": "new\n"}, "Note", by="maintainer")
    await bot.comment("/dev-workflow")
    assert len(bot.claude.requests) > asked
    bot.read_all()


async def test_a_dry_run_that_proves_nothing_says_so(bot: Rig) -> None:
    """The reason stands first; the change is shown all the same."""
    bot.issue(7)
    bot.plays("plan", "build", "red-test", "approve")
    bot.says("testing", {"text": "I see nothing wrong."}, agent="developer")
    bot.says("testing", {"text": "Still nothing."}, agent="developer", attempt=2)
    await bot.comment("/dev-workflow --dry-run")
    state, reason = await bot.ended()
    last = plain(bot.read_all()[-1])
    assert (state, "Tests" in reason) == ("failed", True)
    assert last.splitlines()[2].startswith("This was a dry run: nothing was pushed. The evidence speaks against")
    assert "```diff" in last
    assert set(bot.github.branches(REPO)) == {"main"}
