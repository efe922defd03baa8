"""Whoever may not give a command is told why, once, and nothing else happens."""

from inline_snapshot import snapshot

from tests.scenarios.parts import plain
from tests.scenarios.rig import Rig


async def test_a_stranger_is_refused_with_the_reason_once(bot: Rig) -> None:
    """Each command once: the second attempt gets the reaction alone, another person a reason of their own."""
    bot.issue(7)
    first = await bot.comment("/dev-workflow", by="stranger")
    assert bot.next_comment() == snapshot("""\
🔒 @stranger `/dev-workflow` needs `write` access to this repository; you have `read` access.

Somebody with `admin` access can give it in the repository's settings.
A maintainer can lend it here: `/delegate @stranger dev-workflow`\
""")
    second = await bot.comment("/dev-workflow please\n\n/dev-workflow now", by="stranger")
    assert (bot.reactions(first), bot.reactions(second)) == (["confused"], ["confused"])
    await bot.comment("/cancel", by="stranger")
    assert bot.next_comment().startswith("🔒 @stranger `/cancel` needs")
    await bot.comment("/dev-workflow", by="reader")
    assert bot.next_comment().startswith("🔒 @reader")
    await bot.nothing_happened()


async def test_a_reader_may_look_but_not_start(bot: Rig) -> None:
    """`/status`, `/help` and `/ping` are for everybody who can read."""
    bot.issue(7)
    ping = await bot.comment("/ping", by="reader")
    assert plain(bot.next_comment()) == snapshot("""\
🏓 Devflow is here.

- model: ready
- sandbox: ready\
""")
    await bot.comment("/status", by="reader")
    assert bot.next_comment() == snapshot(
        "No run has been started on this issue yet. Start one with `/dev-workflow`, or see `/help`."
    )
    await bot.comment("/help", by="reader")
    assert bot.next_comment().startswith("| command | what it does | who may give it |")
    await bot.comment("/help cancel", by="reader")
    assert bot.next_comment() == snapshot("""\
`/cancel [RUN]`

Stop a run; nothing more is spent, and the work so far is left on a branch. Needs write permission.

- `RUN`: the name of a run; without it, the one at work on the issue

```text
/cancel
```\
""")
    assert bot.reactions(ping) == ["rocket"]
    await bot.nothing_happened()
