"""Effects on pull requests that are there: a review, answers in its threads, further commits on our branch."""

import json
from dataclasses import asdict, replace

import structlog

from bot.core.effects import Effect, mark
from bot.core.repository import Repo, Sha
from bot.core.reviews import InlineComment, ReviewDraft
from bot.core.runs import RunId
from bot.outbox import apply_once
from bot.ports import LineOutsideDiffError, Ports

REVIEW = "review"
PUSH = "push"


async def post_review(ports: Ports, run: RunId, repo: Repo, number: int, draft: ReviewDraft, plain: str) -> int:
    """Submit the run's review once; returns its id.

    `plain` is a body that says everything, for when GitHub takes none of the comments on lines.
    """
    fields = {
        "commit": draft.commit,
        "body": draft.body,
        "plain": plain,
        "comments": [asdict(c) for c in draft.comments],
    }
    effect = Effect(run, REVIEW, "review", repo, str(number), json.dumps(fields))
    return int(await apply_once(ports, effect, _find_review, _make_review))


async def _find_review(ports: Ports, effect: Effect) -> str:
    found = await ports.github.find_review(effect.repo, int(effect.target), mark(effect.run, effect.key))
    return str(found.id) if found else ""


async def _make_review(ports: Ports, effect: Effect) -> str:
    fields, number, end = json.loads(effect.body), int(effect.target), f"\n\n{mark(effect.run, effect.key)}"
    comments = tuple(InlineComment(**comment) for comment in fields["comments"])
    draft = ReviewDraft(Sha(fields["commit"]), fields["body"] + end, "COMMENT", comments)
    try:
        made = await ports.github.create_review(effect.repo, number, draft)
    except LineOutsideDiffError as error:
        structlog.get_logger().warning("comments put into the review's body", run=effect.run, error=str(error))
        plain = replace(draft, body=fields["plain"] + end, comments=())
        made = await ports.github.create_review(effect.repo, number, plain)
    return str(made.id)


async def post_reply(ports: Ports, run: RunId, key: str, repo: Repo, number: int, comment: int, body: str) -> int:
    """Answer in the thread that begins with a comment, once; returns the answer's id."""
    fields = {"comment": comment, "body": f"{body}\n\n{mark(run, key)}"}
    effect = Effect(run, key, "review_reply", repo, str(number), json.dumps(fields))
    return int(await apply_once(ports, effect, _find_reply, _make_reply))


async def _find_reply(ports: Ports, effect: Effect) -> str:
    found = await ports.github.find_review_comment(effect.repo, int(effect.target), mark(effect.run, effect.key))
    return str(found.id) if found else ""


async def _make_reply(ports: Ports, effect: Effect) -> str:
    fields, number = json.loads(effect.body), int(effect.target)
    made = await ports.github.reply_to_review_comment(effect.repo, number, fields["comment"], fields["body"])
    return str(made.id)


async def resolve(ports: Ports, run: RunId, repo: Repo, thread: str) -> None:
    """Resolve a thread once: who opens it again is not overruled after a crash."""
    effect = Effect(run, f"resolve-{thread}", "resolve", repo, thread, "")
    await apply_once(ports, effect, _nothing, _resolve)


async def _nothing(ports: Ports, effect: Effect) -> str:
    return ""


async def _resolve(ports: Ports, effect: Effect) -> str:
    await ports.github.resolve_thread(effect.repo, effect.target)
    return effect.target


async def push(ports: Ports, run: RunId, key: str, repo: Repo, branch: str, sha: Sha, expected: Sha) -> Sha:
    """Move our branch forward once; returns the commit that was pushed, an earlier one of this run after a crash.

    Raises `BranchMovedError` if the branch is not where it was expected.
    """
    effect = Effect(run, key, "push", repo, branch, json.dumps({"sha": sha, "expected": expected}))
    return Sha(await apply_once(ports, effect, _find_push, _push))


async def pushed_onto(ports: Ports, run: RunId, key: str) -> Sha | None:
    """The commit that a push which is stored already goes onto."""
    found = next((e for e in await ports.store.effects(run) if e.key == key), None)
    return Sha(json.loads(found.body)["expected"]) if found else None


async def pushed_by(ports: Ports, run: RunId) -> Sha | None:
    """The last commit that a run has pushed."""
    done = [e for e in await ports.store.effects(run) if e.kind == "push" and e.state == "done"]
    return Sha(done[-1].remote) if done else None


async def _find_push(ports: Ports, effect: Effect) -> str:
    """Somebody may have pushed on top of ours since."""
    sha, head = Sha(json.loads(effect.body)["sha"]), await ports.github.branch_head(effect.repo, effect.target)
    if head is None or head == json.loads(effect.body)["expected"]:
        return ""
    ours = head == sha or await ports.github.merge_base(effect.repo, sha, head) == sha
    return sha if ours else ""


async def _push(ports: Ports, effect: Effect) -> str:
    fields = json.loads(effect.body)
    await ports.github.update_branch(effect.repo, effect.target, Sha(fields["sha"]), Sha(fields["expected"]))
    return str(fields["sha"])
