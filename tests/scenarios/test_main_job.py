"""A maintainer comments, and a pull request with evidence comes of it."""

from inline_snapshot import snapshot

from tests.scenarios.rig import REPO, Rig


async def test_a_maintainer_gets_a_pull_request(bot: Rig) -> None:
    """One comment becomes a branch whose tests ran, and a pull request that closes the issue."""
    bot.issue(7, title="Dark mode", body="Please.")
    bot.plays("dark-mode")
    command = await bot.comment("/dev-workflow", on=7, by="maintainer")
    run = await bot.last_run()
    assert (run.state, run.reason) == ("succeeded", "")
    pull = bot.pull_request(closing=7)
    assert bot.files(pull)["theme.css"] == ":root {}\n"
    assert sorted(bot.files(pull)) == ["tests/test_widget.py", "theme.css", "widget.py"]
    assert not pull.draft
    assert "Closes #1" in pull.body
    assert bot.reactions(command) == ["rocket"]
    titles = [text.splitlines()[0] for text in bot.read_all()]
    assert titles == snapshot(
        [
            "### ✅ Done: #2",
            "### ✅ Requirements",
            "### ✅ Design",
            "### ✅ Tasks",
            "### ✅ Implementation",
            "### ✅ Testing",
            "### ✅ Review",
            "### ✅ Pull request",
        ]
    )
    assert bot.github.commit(REPO, pull.head).verified
