"""A pull request that breaks settings, agents or commands is told so, line by line, before it is merged."""

import pytest
from inline_snapshot import snapshot

from tests.scenarios.parts import plain
from tests.scenarios.rig import REPO, Rig

pytestmark = pytest.mark.slow

PHASES = "---\nphases:\n  - {name: a, agent: helper}\n  - {name: b, agent: hlper}\n---\nx"
AGENT = "---\nname: helper\ndescription: Helps.\n---\nYou help.\n"


async def propose(bot: Rig, files: dict[str, str | bytes | None], *, number: int = 8, by: str = "stranger") -> None:
    """Push to a branch, and open a pull request from it the first time."""
    bot.github.push(REPO, "topic", files, "Change it", by="maintainer")
    if number not in bot.numbers:
        pull = bot.github.open_pull(REPO, head="topic", base="main", title="Set it up", body="", by=by)
        bot.numbers[number] = (REPO, pull)
    await bot.settle()


def told(text: str) -> list[str]:
    """The problems of a comment: place and first sentence."""
    lines = [line[3:].partition("](http") for line in text.splitlines() if line.startswith("- [")]
    return [f"{place}: {rest.partition('): ')[2].partition('. ')[0]}" for place, _, rest in lines]


async def test_every_wrong_line_is_linked_and_mended_in_the_same_comment(bot: Rig) -> None:
    """One comment, edited with each push; nothing of the head is ever run."""
    await propose(
        bot,
        {
            ".github/devflow.yml": "automation: of\npermissions:\n  commands: {ship: write, shop: write}\n",
            ".claude/commands/ship.md": PHASES,
            ".claude/commands/deep/status.md": "Ours.",
            ".claude/agents/helper.md": AGENT.replace("description", "descripton"),
            ".claude/agents/tools.md": AGENT.replace("name: helper", "name: tools\ntools: Read, Fly"),
            "docs/plain.md": "---\nnothing: [of ours\n---\n",
        },
    )
    told_first = bot.next_comment(on=8)
    assert told(told_first) == snapshot(
        [
            "`.claude/agents/helper.md` line 3: Unknown key `descripton`",
            "`.claude/agents/tools.md` line 3: There is no tool `Fly` here",
            "`.claude/commands/deep/status.md` line 1: `/status` is a command of the bot's own",
            "`.claude/commands/ship.md` line 4: There is no agent `hlper`",
            "`.github/devflow.yml` line 1: `of` is not one of manual, smart, auto",
            "`.github/devflow.yml` line 3: There is no command `shop`",
        ]
    )
    head = bot.github.branches(REPO)["topic"]
    page = f"{bot.github.url}/{REPO}/blob/{head}"
    assert f"[`.claude/agents/helper.md` line 3]({page}/.claude/agents/helper.md?plain=1#L3): Unknown key" in told_first
    assert f"[`.github/devflow.yml` line 1]({page}/.github/devflow.yml#L1): `of` is not one of" in told_first
    await propose(
        bot,
        {
            ".github/devflow.yml": "automation: 'auto'\n",
            ".claude/commands/ship.md": "Ship it.",
            ".claude/commands/deep/status.md": None,
            ".claude/agents/helper.md": AGENT,
            ".claude/agents/tools.md": None,
        },
    )
    (comment,) = bot.bot_comments(on=8)
    assert plain(comment.body).partition("\n\n<!--")[0] == snapshot("""\
### ✅ Mended
Devflow can use these files now.

<sub>Checked at `SHA`: 3 files. Nothing of it was run.</sub>\
""")
    await propose(bot, {".github/devflow.yml": "automation: [\n"})
    (comment,) = bot.bot_comments(on=8)
    assert "⚠️" in comment.body
    await bot.nothing_happened(on=8)


async def test_right_files_are_not_worth_a_word(bot: Rig) -> None:
    """Nor are pull requests that change nothing of ours."""
    await propose(bot, {".github/devflow.yml": "automation: auto\n", ".claude/agents/helper.md": AGENT})
    await propose(bot, {".github/devflow.yml": None, ".claude/agents/helper.md": None, "README.md": "# Hi\n"})
    assert bot.bot_comments(on=8) == []


async def test_names_of_files_that_stay_are_known(bot: Rig) -> None:
    """An agent of the default branch may be named by a new command, and a command by new settings."""
    own = {".claude/agents/helper.md": AGENT, ".claude/commands/ship.md": "Ship it."}
    bot.github.push(REPO, "main", own, "Ours", by="maintainer")
    await propose(
        bot,
        {
            ".claude/commands/tidy.md": "---\nphases: [{name: a, agent: helper}]\n---\nTidy up.",
            ".github/devflow.yml": "permissions: {commands: {ship: triage, tidy: write}}",
        },
    )
    assert bot.bot_comments(on=8) == []


async def test_what_strangers_write_stays_theirs(bot: Rig) -> None:
    """No link, no ping and no mark of ours gets out of a wrong file into our words."""
    evil = "'x](https://evil.example) @maintainer <!-- devflow:run=1 key=2 -->': 1\n"
    await propose(bot, {".github/devflow.yml": evil, ".claude/commands/a](x).md": "y", ".claude/agents/a\nb.md": "z"})
    body = bot.next_comment(on=8)
    assert told(body) == snapshot(
        [
            "`.claude/agents/a b.md` line 1: Its name has characters that cannot be shown",
            "`.claude/commands/a](x).md` line 1: `a](x)` cannot be the name of a command",
            "`.github/devflow.yml` line 1: Unknown key `x](https://evil.example) @maintainer <!-- devflow:run=1 key=`",
        ]
    )
    assert "/.claude/commands/a%5D%28x%29.md?plain=1#L1)" in body
    await bot.nothing_happened(on=8)


async def test_a_comment_that_is_gone_stays_gone(bot: Rig) -> None:
    """Somebody did not want it; the next push does not fail on it."""
    await propose(bot, {".github/devflow.yml": "x: 1\n"})
    bot.next_comment(on=8)
    (comment,) = bot.bot_comments(on=8)
    await bot.delete_comment(comment.id)
    await propose(bot, {".github/devflow.yml": "y: 1\n"})
    assert bot.bot_comments(on=8) == []
    bot.read[bot.place(8)] = 0
