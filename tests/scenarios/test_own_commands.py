"""A repository's `.claude/commands` are slash commands here."""

import pytest
from inline_snapshot import snapshot

from tests.scenarios.parts import plain
from tests.scenarios.rig import REPO, Rig
from tests.scenarios.test_settings import set_up

pytestmark = pytest.mark.slow

CHANGELOG = """\
---
description: Add an entry to the changelog
argument-hint: [version] [words]
---
Add an entry for $1 to CHANGELOG.md: $ARGUMENTS
"""
SHIP = """\
---
description: Prepare a release
phases:
  - {name: notes, agent: architect, gate: true}
  - {name: bump, agent: developer}
---
Prepare release $1.
"""
ENTRY = [
    {"tools": [{"Write": {"file_path": "CHANGELOG.md", "content": "# 1.2\n\nDark mode.\n"}}]},
    {"text": "I added the entry.\n\nIt says what changed."},
]


def define(bot: Rig, files: dict[str, str | None], branch: str = "main") -> None:
    """Put commands on a branch."""
    bot.github.push(
        REPO, branch, {f".claude/commands/{name}.md": text for name, text in files.items()}, "Commands", by="maintainer"
    )


async def test_a_command_changes_files_and_opens_a_pull_request(bot: Rig) -> None:
    """One agent does what the text says with what was given; the program tests it, and the evidence stands there."""
    bot.issue(7)
    define(bot, {"deep/changelog": CHANGELOG})
    bot.says("work", *ENTRY)
    given = await bot.comment('/Changelog 1.2 "dark mode"\nBe short.')
    assert await bot.ended() == ("succeeded", "")
    told = bot.claude.told("work")
    assert 'Add an entry for 1.2 to CHANGELOG.md: 1.2 "dark mode"\n\nBe short.' in told
    assert "the text of this repository's command `/changelog`. Do what it says." in told
    assert [text.partition("\n")[0] for text in map(plain, bot.read_all())] == snapshot(
        ["### ✅ Done: #2", "### ✅ Work", "### ✅ Testing", "### ✅ Pull request"]
    )
    pull = bot.pull_request(closing=7)
    assert (pull.title, pull.draft, bot.files(pull)) == snapshot(
        (
            'changelog 1.2 "dark mode": Dark mode',
            False,
            {
                "CHANGELOG.md": """\
# 1.2

Dark mode.
"""
            },
        )
    )
    assert plain(pull.body).replace(bot.github.url, "https://github") == snapshot("""\
I added the entry.

Part of #1

### Evidence
Checked by the program, not claimed by a model.

| | check | found |
|---|---|---|
| ✅ | Branch | `devflow/issue-1-RUN` is at `SHA`, read back from GitHub |
| ✅ | Content | the branch holds byte for byte what was tested |
| ✅ | Signature | verified by GitHub |
| ✅ | Tests | `TESTS` ended with exit code 0, 1 passed, TIME |
| ✅ | Tested state | the tests ran on the final files (tree `SHA`) |
| ✅ | Files | 1 changed: `CHANGELOG.md` |
| ℹ️ | Review | there was none: a command of this repository made it |

<sub>Asked by @maintainer in #1 · run `RUN` · TIME · N tokens · COST, expected COST</sub>

<!-- devflow:run=RUN key=pull -->\
""")
    assert [text.splitlines()[0] for text in bot.messages(pull)] == ['Carry out /changelog 1.2 "dark mode"']
    assert bot.reactions(given) == ["rocket"]


async def test_a_command_that_changes_nothing_is_an_answer(bot: Rig) -> None:
    """Its words are the comment; there is no branch and no pull request."""
    bot.issue(7)
    define(bot, {"explain": "Explain $ARGUMENTS."})
    bot.says("work", {"text": "It is white.\n\nAlways."})
    await bot.comment("/explain the color")
    assert await bot.ended() == ("succeeded", "")
    assert [plain(text) for text in bot.read_all()] == snapshot(
        [
            """\
### ✅ Done
Nothing was changed: the answer stands below.

`███████░░░░░░░░░░░░░` 1 of 3 phases

| | phase | agent | time | tokens | cost |
|---|---|---|---:|---:|---:|
| ✅ | [work](#COMMENT) | developer | TIME | N | COST |
| ➖ | testing | developer |  |  |  |
| ➖ | pull request | devflow |  |  |  |

Elapsed TIME · N tokens · COST of $5.00, expected COST

<sub>run `RUN`</sub>\
""",
            """\
### ✅ Work

It is white.

<details><summary>More, by developer</summary>

Always.

</details>

<sub>developer SHA · TIME · N tokens · COST · next: testing · run `RUN`</sub>\
""",
        ]
    )
    assert bot.github.pulls(REPO) == []
    assert list(bot.github.branches(REPO)) == ["main"]


async def test_phases_follow_each_other_and_wait_at_their_gates(bot: Rig) -> None:
    """The second agent sees what the first one wrote, after somebody approved it."""
    bot.issue(7)
    define(bot, {"ship": SHIP})
    bot.says("notes", {"text": "Release 2.0 brings dark mode."})
    await bot.comment("/ship 2.0")
    assert (await bot.last_run()).state == "waiting"
    assert "### ✋ Waiting for approval of notes" in bot.titles()
    assert not [r for r in bot.claude.requests if r.phase == "bump"]
    bot.says("bump", {"tools": [{"Write": {"file_path": "VERSION", "content": "2.0\n"}}]}, {"text": "Bumped."})
    await bot.comment("/approve")
    assert await bot.ended() == ("succeeded", "")
    assert "Release 2.0 brings dark mode." in bot.claude.told("bump")
    assert bot.files(bot.pull_request(closing=7)) == {"VERSION": "2.0\n"}
    bot.read_all()


async def test_help_lists_them(bot: Rig) -> None:
    """With what they are for, beside the built-in ones."""
    bot.issue(7)
    define(bot, {"changelog": CHANGELOG, "ship": SHIP, "status": "Mine.", "broken": "---\nphases: 1\n---\nx"})
    await bot.comment("/help", by="reader")
    assert bot.next_comment().partition("explains one, and its flags.")[2] == snapshot("""\


Commands of this repository; who may write may give them:

- `/changelog [version] [words]`: Add an entry to the changelog
- `/ship`: Prepare a release
- ⚠️ `.claude/commands/broken.md:2:9`: `phases` is a list.
- ⚠️ `.claude/commands/status.md:1:1`: `/status` is a command of the bot's own.\
""")
    await bot.comment("/help ship")
    assert bot.next_comment() == snapshot("""\
`/ship`

Prepare a release

- `notes` by `architect`, then waits for `/approve`
- `bump` by `developer`, after notes

From `.claude/commands/ship.md` on the default branch.\
""")
    await bot.comment("/help shipp")
    assert "Did you mean `/ship`?" in bot.next_comment()
    await bot.nothing_happened()


async def test_a_broken_file_is_told_to_who_gives_its_command(bot: Rig) -> None:
    """Silence would look as if nobody had listened."""
    bot.issue(7)
    define(bot, {"ship": SHIP.replace("developer", "develper")})
    await bot.comment("/ship 1.0")
    assert bot.next_comment() == snapshot("""\
😕 `/ship` cannot be used: .claude/commands/ship.md:5:25: there is no agent `develper`.

Did you mean `developer`?\
""")
    await bot.nothing_happened()


async def test_who_may_give_them(bot: Rig) -> None:
    """Write by default, a rule by name, and what is lent."""
    bot.issue(7)
    define(bot, {"explain": "Explain.", "ship": "Ship."})
    await bot.comment("/explain", by="reader")
    assert bot.next_comment().startswith("🔒 @reader `/explain` needs `write` access to this repository")
    set_up(bot, "permissions: {commands: {explain: read, ship: admin}}")
    await bot.comment("/ship", by="maintainer")
    assert bot.next_comment().startswith("🔒 @maintainer `/ship` needs `admin` access")
    bot.says("work", {"text": "So."})
    await bot.comment("/explain", by="stranger")
    assert bot.titles() == ["### ✅ Done", "### ✅ Work"]


async def test_the_commands_of_others_are_left_alone(bot: Rig) -> None:
    """A name that nobody defines here is another bot's; so is one on a branch that is not the default one."""
    bot.issue(7)
    define(bot, {"ship": "Ship."})
    define(bot, {"retest": "Test."}, branch="topic")
    for text in ("/retest", "/lgtm", "/ok-to-test please", "> /ship", "`/ship`"):
        await bot.comment(text)
    await bot.nothing_happened()


async def test_what_runs_is_what_the_command_said_when_it_was_given(bot: Rig) -> None:
    """A change of its file after that is for the next run."""
    bot.issue(7)
    define(bot, {"explain": "Explain the color."})
    bot.says("work", {"text": "Hm."})
    bot.claude.hangs()
    await bot.comment("/explain", settle=False)
    await bot.asked("work", fault="hangs")
    define(bot, {"explain": "Print the keys."})
    await bot.comment("/cancel")
    assert "Explain the color." in (await bot.last_run()).request.description
    bot.says("work", {"text": "The keys."})
    await bot.comment("/explain")
    assert "Print the keys." in (await bot.last_run()).request.description
    assert "keys" not in str(bot.claude.bodies[0])
    bot.read_all()


async def test_a_command_that_failed_is_taken_up_again(bot: Rig) -> None:
    """`/retry` does the phase that failed; what was done before it stays."""
    bot.issue(7)
    define(bot, {"ship": SHIP.replace(", gate: true", "")})
    bot.says("notes", {"text": "Release 2.0."})
    bot.says("bump", {"stop_reason": "refusal"})
    await bot.comment("/ship 2.0")
    assert (await bot.ended())[0] == "failed"
    bot.says("bump", {"tools": [{"Write": {"file_path": "VERSION", "content": "2.0\n"}}]}, {"text": "Bumped."})
    await bot.comment("/retry")
    assert await bot.ended() == ("succeeded", "")
    assert [asked.phase for asked in bot.claude.requests].count("notes") == 1
    assert bot.files(bot.pull_request(closing=7)) == {"VERSION": "2.0\n"}
    bot.read_all()


async def test_a_text_cannot_change_how_the_repository_is_run(bot: Rig) -> None:
    """Protected paths are not pushed, whoever asks for it."""
    bot.issue(7)
    define(bot, {"evil": "Do it."})
    write = {"Write": {"file_path": ".github/workflows/x.yml", "content": "on: push\n"}}
    bot.says("work", {"tools": [write]}, {"text": "Done."})
    await bot.comment("/evil")
    state, reason = await bot.ended()
    assert (state, reason) == snapshot(("failed", "Protected paths: `.github/workflows/x.yml`"))
    assert bot.github.pulls(REPO) == []
    bot.read_all()
