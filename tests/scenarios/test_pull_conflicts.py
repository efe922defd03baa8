"""Our branch and its base, or our branch and a person's push, do not fit together."""

import shutil

import pytest
from inline_snapshot import snapshot

from bot.core.conversation import Json
from tests.scenarios.pulls import (
    APPROVED,
    GREY,
    TEST_GREY,
    head,
    now,
    opened,
    remark,
    sentences,
    submit,
    threads,
    turns_grey,
)
from tests.scenarios.rig import REPO, Rig

pytestmark = pytest.mark.slow

OTHER_DARK = '"""A widget."""\n\n\ndef color() -> str:\n    return "white"\n\n\ndef size() -> int:\n    return 1\n'
"""The base adds a function where ours adds another."""
BOTH: Json = {
    "Write": {
        "file_path": "widget.py",
        "content": OTHER_DARK + '\n\ndef dark() -> str:\n    return "black"\n',
    }
}


async def test_conflicts_with_the_base_are_merged(bot: Rig) -> None:
    """A merge commit with two parents, made by an agent from both sides, tested, and told; then the wish itself."""
    pull = await opened(bot)
    theirs = {"widget.py": OTHER_DARK, "new.txt": "n\n", ".github/workflows/ci.yml": "on: push\n"}
    base = bot.github.push(REPO, "main", theirs, "Size", by="maintainer")
    assert now(bot, pull).head_sha == pull.head_sha
    bot.says("revision", {"tools": [BOTH]}, {"text": "Both functions are there."}, task="merge")
    bot.says("review", APPROVED)
    bot.says("revision", submit(("t1", "Both are there.", True)))
    bot.github.review(REPO, pull.number, by="maintainer", comments=[remark("Does it fit?")])
    await bot.settle()
    assert await bot.ended() == ("succeeded", "")
    merge = bot.github.commit(REPO, head(bot, pull))
    assert merge.parents == (pull.head_sha, base)
    assert merge.message.startswith("Merge branch main\n")
    assert bot.files(now(bot, pull))["widget.py"] == OTHER_DARK + '\n\ndef dark() -> str:\n    return "black"\n'
    assert [sentences(text).partition("<details>")[0] for text in bot.read_all(8)][1:] == snapshot(
        [
            """\
### ✅ Revision

Grey instead of black.

- `widget.py:8`: done

Pushed SHA.
Every check holds.

The base branch was merged in, because the two had conflicts in `widget.py`.

| | check | found |
|---|---|---|
| ✅ | Branch | `devflow/issue-1-RUN` is at `SHA`, read back from GitHub |
| ✅ | Content | the branch holds byte for byte what was tested |
| ✅ | Signature | verified by GitHub |
| ✅ | Tests | `TESTS` ended with exit code 0, 2 passed, TIME |
| ✅ | Tested state | the tests ran on the final files (tree `SHA`) |
| ✅ | Files | 3 changed: `tests/test_widget.py`, `theme.css`, `widget.py` |
| ✅ | Review | approved |

"""
        ]
    )
    assert bot.github.merge(REPO, pull.number, by="maintainer")
    await bot.settle()
    assert bot.read_all(7)


async def test_a_conflict_that_is_not_mended_is_not_pushed(bot: Rig) -> None:
    """Both sides still stand in the file after two tries: that is said, and nothing of it is on GitHub."""
    pull = await opened(bot)
    bot.github.push(REPO, "main", {"widget.py": OTHER_DARK}, "Size", by="maintainer")
    bot.says("revision", {"text": "It is fine like this."}, task="merge")
    await bot.comment("/revise make it grey", on=8)
    assert (await bot.ended())[0] == "failed"
    assert head(bot, pull) == pull.head_sha
    assert [sentences(text) for text in bot.read_all(8)][1:] == snapshot(
        [
            """\
### ❌ Revision

Both sides of a conflict still stand in widget.py.

To try again, comment this:

```text
/revise make it grey
```

<sub>developer SHA · TIME · N tokens · COST · run `RUN`</sub>\
"""
        ]
    )


async def test_a_push_meanwhile_is_kept(bot: Rig) -> None:
    """The revision is put on top of what somebody pushed, tested there, and that is said."""
    pull = await opened(bot)
    turns_grey(bot, ("t1", "Grey.", True))
    commit = bot.github.hangs("POST", "/git/trees$")
    bot.github.review(REPO, pull.number, by="maintainer", comments=[remark("Too dark.")])
    await bot.reached(commit)
    pushed = bot.github.push(REPO, pull.head, {"mine.txt": "m\n"}, "Mine", by="maintainer")
    commit.release()
    await bot.settle()
    assert await bot.ended() == ("succeeded", "")
    assert bot.github.commit(REPO, head(bot, pull)).parents == (pushed,)
    assert bot.files(now(bot, pull))["mine.txt"] == "m\n"
    assert '"grey"' in bot.files(now(bot, pull))["widget.py"]
    assert [resolved for _, resolved, _ in threads(bot, pull.number)] == [True]
    said = sentences(bot.read_all(8)[-1]).splitlines()
    assert [line for line in said if "meanwhile" in line] == snapshot(
        ["Somebody pushed SHA to the branch meanwhile; the revision was put on top of it."]
    )


async def test_a_push_that_conflicts_is_brought_together(bot: Rig) -> None:
    """An agent makes one of both; a conflict that stays ends the run with nothing pushed."""
    pull = await opened(bot)
    bot.says("revision", {"tools": [GREY, TEST_GREY]}, submit())
    bot.says("review", APPROVED)
    bot.says("delivery", {"text": "Done."}, task="merge")
    commit = bot.github.hangs("POST", "/git/trees$")
    await bot.comment("/revise make it grey", on=8, settle=False)
    await bot.reached(commit)
    content = bot.github.file_at(REPO, pull.head, "widget.py").decode().replace("black", "navy")
    pushed = bot.github.push(REPO, pull.head, {"widget.py": content}, "Mine", by="maintainer")
    commit.release()
    await bot.settle()
    assert (await bot.ended())[0] == "failed"
    assert head(bot, pull) == pushed
    assert [sentences(text) for text in bot.read_all(8)][1:] == snapshot(
        [
            """\
### ❌ Pull request

Somebody pushed `SHA` meanwhile.
Both sides of a conflict still stand in widget.py.
Nothing was pushed.

To go on from where it stopped, comment this:

```text
/retry
```

<sub>devflow · TIME · N tokens · COST · run `RUN`</sub>\
"""
        ]
    )


async def test_a_machine_that_lost_the_files_makes_the_merge_again(bot: Rig) -> None:
    """From what is stored of each commit; no agent is asked a second time, and the merge keeps its two parents."""
    pull = await opened(bot)
    base = bot.github.push(REPO, "main", {"widget.py": OTHER_DARK, "new.txt": "n\n"}, "Size", by="maintainer")
    bot.says("revision", {"tools": [BOTH]}, {"text": "Both."}, task="merge")
    bot.says("revision", {"tools": [GREY, TEST_GREY]}, submit())
    bot.says("review", APPROVED)
    commit = bot.github.hangs("POST", "/git/trees$")
    await bot.comment("/revise make it grey", on=8, settle=False)
    await bot.reached(commit)
    calls = len(bot.claude.requests)
    await bot.stop()
    commit.release()
    shutil.rmtree(bot.folder / "state" / "work")
    await bot.start()
    await bot.settle()
    assert await bot.ended() == ("succeeded", "")
    assert len(bot.claude.requests) == calls
    merge = bot.github.commit(REPO, bot.github.commit(REPO, head(bot, pull)).parents[0])
    assert merge.parents == (pull.head_sha, base)
    assert '"grey"' in bot.files(now(bot, pull))["widget.py"]
    assert bot.read_all(8)
