"""`/review`: anybody's pull request is read and commented on its lines, and nothing of it is run."""

from inline_snapshot import snapshot

from bot.core.conversation import Json
from tests.scenarios.parts import plain
from tests.scenarios.rig import REPO, Rig

PAINTED = '"""A widget."""\n\n\ndef color(kind: str) -> str:\n    return "white" if kind else eval(kind)\n'
EVAL: Json = {
    "path": "widget.py",
    "line": 5,
    "body": "This runs what a stranger says.\n\nAsk @octocat.",
    "suggestion": '    return COLORS.get(kind, "white")',
}


def verdict(*comments: Json, summary: str = "One thing must change.", verdict: str = "request_changes") -> Json:
    """A reviewer's last turn."""
    return {"tools": [{"submit_review": {"verdict": verdict, "summary": summary, "comments": list(comments)}}]}


def pull_by_stranger(bot: Rig, text: str = PAINTED) -> int:
    """A pull request of somebody who may not write here, called 8."""
    bot.github.push(REPO, "paint", {"widget.py": text, "added.txt": "a\nb\n"}, "Paint", by="stranger")
    number = bot.github.open_pull(REPO, title="Paint it", body="As you like.", head="paint", by="stranger")
    bot.numbers[8] = (REPO, number)
    return number


async def test_a_pull_request_is_reviewed(bot: Rig) -> None:
    """Remarks on changed lines stand there with their suggestions, the others in the words of one review."""
    number = pull_by_stranger(bot)
    elsewhere = {"path": "README.md", "line": 1, "body": "Say it here, too."}
    bot.says("critique", verdict(EVAL, elsewhere), agent="code-reviewer")
    bot.says("critique", verdict(EVAL, summary="Never `eval`."), agent="security-engineer")
    command = await bot.comment("/review is it safe?", on=8)
    assert await bot.ended() == ("succeeded", "")
    assert bot.reactions(command) == ["rocket"]
    [review] = bot.github.reviews_on(REPO, number)
    assert (review.author, review.state) == (bot.me, "commented")
    assert plain(review.body) == snapshot("""\
### 🔎 Review

**code-reviewer**: asks for changes. One thing must change.

**security-engineer**: asks for changes. Never `eval`.

<details><summary>Not on changed lines: 1</summary>

- `README.md:1` (code-reviewer): Say it here, too.

</details>

<sub>of `SHA` · asked by @maintainer · run `RUN`</sub>

<!-- devflow:run=RUN key=review -->\
""")
    [thread] = bot.github.threads_on(REPO, number)
    assert (thread.path, thread.line) == ("widget.py", 5)
    assert plain(thread.comments[0].body) == snapshot("""\
This runs what a stranger says.

Ask `@octocat`.

```suggestion
    return COLORS.get(kind, "white")
```

<sub>code-reviewer</sub>\
""")
    assert [plain(text) for text in bot.read_all(8)] == snapshot(
        [
            """\
### ✅ Reviewed
The review stands in this pull request.

`████████████████████` 1 of 1 phases

| | phase | agent | time | tokens | cost |
|---|---|---|---:|---:|---:|
| ✅ | critique | code-reviewer, security-engineer | TIME | N | COST |

Elapsed TIME · N tokens · COST of $5.00

<sub>run `RUN`</sub>\
"""
        ]
    )
