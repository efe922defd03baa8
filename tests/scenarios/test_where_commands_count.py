"""Only what a person writes as a command is one, and each is carried out once."""

from inline_snapshot import snapshot

from tests.scenarios.rig import BOT, Rig

NO_COMMANDS = {
    "in a code block": "```\n/dev-workflow\n```",
    "in indented code": "    /dev-workflow",
    "in a quote": "> /dev-workflow",
    "in an HTML comment": "<!--\n/dev-workflow\n-->",
    "in inline code": "`/dev-workflow`",
    "in the middle of a line": "I would like /dev-workflow here.",
    "of another bot": "/rebase\n/assign @maintainer\n/usr/bin/true",
}


async def test_what_is_only_shown_is_not_obeyed(bot: Rig) -> None:
    """Not even a reaction: whoever quotes a command gets no answer, and neither does the bot itself."""
    bot.issue(7)
    ours = await bot.comment("/dev-workflow", by=BOT)
    assert bot.next_comment() == "/dev-workflow"
    assert bot.reactions(ours) == []
    posted = {why: await bot.comment(text) for why, text in NO_COMMANDS.items()}
    assert {why: bot.reactions(comment) for why, comment in posted.items()} == {why: [] for why in NO_COMMANDS}
    await bot.nothing_happened()


async def test_an_edit_runs_only_what_is_new(bot: Rig) -> None:
    """Words around a command change nothing; a command that is added is carried out."""
    bot.issue(7)
    comment = await bot.comment("Hello.")
    await bot.edit_comment(comment, "Hello.\n\n/ping")
    assert bot.next_comment().startswith("🏓")
    await bot.edit_comment(comment, "Hello, all.\n\n/ping\n\nThank you.")
    assert bot.read_all() == []
    await bot.edit_comment(comment, "Hello, all.\n\n/ping\n/status")
    assert bot.next_comment().startswith("No run has been started")
    await bot.delete_comment(comment)
    await bot.nothing_happened()


async def test_a_delivery_that_comes_twenty_times_at_once_is_one_run(bot: Rig) -> None:
    """GitHub delivers at least once; the bot answers once."""
    bot.issue(7)
    bot.says("requirements", {"stop_reason": "refusal"})
    bot.github.hook_down = True
    await bot.comment("/dev-workflow")
    await bot.nothing_happened()
    await bot.redeliver(times=20)
    assert len(await bot.bot.store.runs()) == 1
    assert [r.phase for r in bot.claude.requests] == ["requirements"]
    assert bot.titles() == ["### ❌ Failed", "### ❌ Requirements"]
    await bot.redeliver(times=20)
    assert len(await bot.bot.store.runs()) == 1


async def test_a_slip_is_shown_with_what_was_meant(bot: Rig) -> None:
    """The line, a caret under the wrong word, and what to write instead; nothing is started."""
    bot.issue(7)
    texts = ["/dev-workflow add it --bugdet 3", "/dev-worfklow add it", "/dev-workflow --budget much", "/help deploy"]
    posted = [await bot.comment(text) for text in texts]
    assert bot.read_all() == snapshot(
        [
            """\
`/dev-workflow` has no flag `--bugdet`.

```text
/dev-workflow add it --bugdet 3
                     ^
```

Did you mean `--budget`? Put ` -- ` before words that are no flags.\
""",
            """\
There is no command `/dev-worfklow`.

```text
/dev-worfklow add it
^
```

Did you mean `/dev-workflow`? Nothing was run: give the command again with that name.\
""",
            """\
`much` is no budget.

```text
/dev-workflow --budget much
                       ^
```

It is a number from 0.01 to 100 US dollars, as in `--budget 2.50`.\
""",
            """\
There is no command `deploy`.

```text
/help deploy
      ^
```

`/help` alone shows all there are.\
""",
        ]
    )
    assert [bot.reactions(comment) for comment in posted] == [["confused"]] * 4
    await bot.nothing_happened()
