"""`/review`: anybody's pull request is read and commented on its lines, and nothing of it is run."""

import re

import pytest
from inline_snapshot import snapshot

from bot.core.conversation import Json
from bot.core.effects import marks_in
from tests.scenarios.parts import plain
from tests.scenarios.pulls import sentences
from tests.scenarios.rig import REPO, Rig

pytestmark = pytest.mark.slow

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

<details><summary>More remarks: 1</summary>

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

Elapsed TIME · N tokens · COST of $5.00, expected COST

<sub>run `RUN`</sub>\
"""
        ]
    )


async def test_reviewers_can_only_read(bot: Rig) -> None:
    """No tool that writes or runs, for them and for whom they call; the files are those of the pull request."""
    pull_by_stranger(bot)
    reads: Json = {"tools": [{"Read": {"file_path": "added.txt"}}, {"Bash": {"command": "cat /etc/passwd"}}]}
    bot.says("critique", reads, verdict(verdict="approve", summary="Fine."))
    await bot.comment("/review", on=8)
    tools = {tool["name"] for body in bot.claude.bodies for tool in body["tools"]}
    assert tools == {"Read", "Glob", "Grep", "Recall", "Task", "submit_review"}
    read, refused = bot.claude.answers_of_tools("critique", agent="code-reviewer")[:2]
    assert "b" in read
    assert "no tool 'Bash'" in refused
    assert bot.read_all(8)


async def test_a_fork_is_reviewed(bot: Rig) -> None:
    """Its commits are read through the repository itself; nobody's branch is needed."""
    fork = bot.github.fork(REPO, "stranger")
    bot.github.push(fork, "main", {"widget.py": PAINTED}, "Paint", by="stranger")
    number = bot.github.open_pull(REPO, title="Paint it", head="stranger:main", by="stranger")
    bot.numbers[8] = (REPO, number)
    bot.says("critique", verdict(EVAL))
    await bot.comment("/review", on=8)
    assert await bot.ended() == ("succeeded", "")
    assert [thread.path for thread in bot.github.threads_on(REPO, number)] == ["widget.py"]
    assert '+    return "white" if kind else eval(kind)' in bot.claude.told("critique")
    assert bot.read_all(8)


async def test_a_head_that_moves_meanwhile_changes_nothing(bot: Rig) -> None:
    """The review is of the commit that was there when it was asked for."""
    number = pull_by_stranger(bot)
    asked = bot.github.branches(REPO)["paint"]
    bot.says("critique", verdict(EVAL))
    clone = bot.github.hangs("GET", "/acme/widget.git/info/refs")
    await bot.comment("/review", on=8, settle=False)
    await bot.reached(clone)
    bot.github.push(REPO, "paint", {"widget.py": "x = 1\n"}, "Other", by="stranger")
    clone.release()
    await bot.settle()
    [review] = bot.github.reviews_on(REPO, number)
    assert review.commit == asked
    assert "eval" in bot.claude.told("critique")
    assert bot.read_all(8)


async def test_a_suggestion_stays_in_its_block(bot: Rig) -> None:
    """Whatever the model writes: no fence of its own ends the block, nobody is pinged, nothing is closed."""
    number = pull_by_stranger(bot)
    breaks = "x\n```\n@octocat closes #1\n````\n"
    bot.says("critique", verdict({**EVAL, "suggestion": breaks, "body": "```python\nleft open"}))
    await bot.comment("/review", on=8)
    [thread] = bot.github.threads_on(REPO, number)
    assert thread.comments[0].body == snapshot("""\
```python
left open
```

`````suggestion
x
```
@octocat closes #1
````
`````

<sub>code-reviewer</sub>\
""")
    assert bot.read_all(8)


async def test_lines_that_github_does_not_take_stand_in_the_words(bot: Rig) -> None:
    """Nothing that was found is lost when GitHub refuses the places."""
    number = pull_by_stranger(bot)
    bot.says("critique", verdict(EVAL))
    body = {"message": "Unprocessable Entity", "errors": ["Line could not be resolved"]}
    bot.github.fails("POST", f"/pulls/{number}/reviews$", status=422, body=body)
    await bot.comment("/review", on=8)
    [review] = bot.github.reviews_on(REPO, number)
    assert sentences(review.body) == snapshot("""\
### 🔎 Review

**code-reviewer**: asks for changes.
One thing must change.

**security-engineer**: asks for changes.
One thing must change.

<details><summary>More remarks: 1</summary>

- `widget.py:5` (code-reviewer): This runs what a stranger says.

  Ask `@octocat`.

  ```
      return COLORS.get(kind, "white")
  ```

</details>

<sub>of `SHA` · asked by @maintainer · run `RUN`</sub>

<!-- devflow:run=RUN key=review -->\
""")
    assert bot.github.threads_on(REPO, number) == []
    assert bot.read_all(8)


async def test_a_lost_answer_is_not_a_second_review(bot: Rig) -> None:
    """A restart finds the review by its mark, and no reviewer is asked again."""
    number = pull_by_stranger(bot)
    bot.says("critique", verdict(EVAL))
    lost = bot.github.hangs("POST", f"/pulls/{number}/reviews$", after_effect=True)
    await bot.comment("/review", on=8, settle=False)
    await bot.reached(lost)
    calls = len(bot.claude.requests)
    await bot.restart()
    lost.release()
    await bot.settle()
    assert await bot.ended() == ("succeeded", "")
    assert len(bot.claude.requests) == calls
    [review] = bot.github.reviews_on(REPO, number)
    assert [key for _, key in marks_in(review.body)] == ["review"]
    assert bot.read_all(8)


async def test_a_label_asks_for_a_review(bot: Rig) -> None:
    """As the command does; who takes it away stops that review, and no revision."""
    number = pull_by_stranger(bot)
    bot.says("critique", verdict(EVAL))
    bot.claude.hangs()
    bot.github.label(REPO, number, "devflow:review", by="maintainer")
    await bot.asked("critique", fault="hangs")
    bot.github.unlabel(REPO, number, "devflow:review", by="maintainer")
    await bot.settle()
    assert (await bot.ended())[0] == "cancelled"
    assert bot.github.reviews_on(REPO, number) == []
    assert len(bot.read_all(8)) == 2


async def test_many_remarks_are_few_comments(bot: Rig) -> None:
    """What two say alike is said once, and the rest of a flood stands folded in the words."""
    text = "".join(f"line_{n} = {n}\n" for n in range(40))
    number = pull_by_stranger(bot, text)
    flood = [{"path": "./widget.py", "line": n, "body": f"Why {n}?"} for n in range(1, 41)]
    bot.says("critique", verdict(*flood))
    await bot.comment("/review", on=8)
    assert len(bot.github.threads_on(REPO, number)) == 25
    [review] = bot.github.reviews_on(REPO, number)
    assert len(re.findall(r"^- `widget.py:\d+`", review.body, re.MULTILINE)) == 15
    assert bot.read_all(8)


async def test_an_issue_cannot_be_reviewed(bot: Rig) -> None:
    """The answer says where the command belongs."""
    bot.issue(7)
    await bot.comment("/review", on=7)
    await bot.comment("/revise make it grey", on=7)
    assert bot.read_all(7) == snapshot(
        [
            """\
😕 `/review` reviews a pull request, and this is an issue.

Comment it on the pull request.\
""",
            """\
😕 `/revise` changes a pull request of mine, and this is an issue.

Comment it on the pull request.\
""",
        ]
    )


async def test_reviewers_who_fail_say_so(bot: Rig) -> None:
    """One opinion is better than none; without any, the run has failed."""
    number = pull_by_stranger(bot)
    bot.says("critique", {"stop_reason": "refusal"})
    await bot.comment("/review", on=8)
    assert (await bot.ended())[0] == "failed"
    assert bot.github.reviews_on(REPO, number) == []
    assert [sentences(text) for text in bot.read_all(8)][1:] == snapshot(
        [
            """\
### ❌ Critique

The model declined to do the work of `code-reviewer`.
Put the request in other words.
The model declined to do the work of `security-engineer`.
Put the request in other words.

To try again, comment this:

```text
/review
```

<sub>code-reviewer SHA, security-engineer SHA · TIME · N tokens · COST · run `RUN`</sub>\
"""
        ]
    )
    bot.says("critique", verdict(EVAL), agent="code-reviewer")
    await bot.comment("/review", on=8)
    [review] = bot.github.reviews_on(REPO, number)
    assert sentences(review.body) == snapshot("""\
### 🔎 Review

**code-reviewer**: asks for changes.
One thing must change.

**security-engineer** did not get to the end.
The model declined to do the work of `security-engineer`.
Put the request in other words.

<sub>of `SHA` · asked by @maintainer · run `RUN`</sub>

<!-- devflow:run=RUN key=review -->\
""")
    assert bot.read_all(8)
