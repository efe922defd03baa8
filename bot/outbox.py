"""Applies effects: stored first, looked for by their mark, then made once."""

import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar

import structlog

from bot.core.effects import Effect, mark
from bot.core.repository import IssueDraft, PullDraft, PullRequest, Repo, Sha
from bot.core.runs import RunId
from bot.core.text import split_comment
from bot.ports import GitHubError, Ports

PART_LIMIT = 64_500
"""Characters of one comment without its mark; GitHub refuses more than 65,536 in all."""
WAITS = (1, 2, 4, 8, 16, 32, 60, 120, 240)
"""Seconds between attempts while GitHub is out of order: eight minutes in all."""
TOO_MANY = 429
LINE = (60,) * 75
"""Seconds between attempts while a limit on writes is reached: it is over after an hour."""
SLACK = timedelta(minutes=10)
"""By how much GitHub's clock may be behind ours."""
T = TypeVar("T")
Step = Callable[[Ports, Effect], Awaitable[str]]


async def post_comment(ports: Ports, run: RunId, key: str, repo: Repo, number: int, body: str) -> int:
    """Post a comment once, in as many parts as it needs; returns the id of the first part."""
    ids = [int(await _apply(ports, effect)) for effect in _comment_effects(run, key, repo, number, body)]
    return ids[0]


async def intend_comment(ports: Ports, run: RunId, key: str, repo: Repo, number: int, body: str) -> None:
    """Store that a comment will be posted; `post_comment` with the same key posts it."""
    for effect in _comment_effects(run, key, repo, number, body):
        await ports.store.add_effect(effect)


async def reword_comment(ports: Ports, run: RunId, key: str, repo: Repo, number: int, body: str) -> None:
    """Change what a comment that was intended will say; one that is posted stays as it is."""
    for effect in _comment_effects(run, key, repo, number, body):
        await ports.store.rewrite_effect(effect, effect.body)


def _comment_effects(run: RunId, key: str, repo: Repo, number: int, body: str) -> list[Effect]:
    effects = []
    for index, part in enumerate(split_comment(body, PART_LIMIT), 1):
        part_key = key if index == 1 else f"{key}.{index}"
        effects.append(Effect(run, part_key, "comment", repo, str(number), f"{part}\n\n{mark(run, part_key)}"))
    return effects


async def edit_comment(
    ports: Ports, run: RunId, key: str, repo: Repo, comment_id: int, body: str, *, in_line: bool = False
) -> None:
    """Replace the text of a comment of ours. Making the same edit twice is harmless."""
    text = split_comment(body, PART_LIMIT)[0]
    whole = f"{text}\n\n{mark(run, key)}"
    await patiently(ports, lambda: ports.github.edit_comment(repo, comment_id, whole), in_line=in_line)


async def make_branch(ports: Ports, run: RunId, repo: Repo, branch: str, sha: Sha) -> Sha:
    """Make the branch once; returns what it points at, which is an earlier commit of this run after a crash."""
    effect = Effect(run, "branch", "branch", repo, branch, json.dumps({"sha": sha}))
    return Sha(await _apply(ports, effect))


async def open_pull(ports: Ports, run: RunId, repo: Repo, draft: PullDraft) -> PullRequest:
    """Open the run's pull request once, or find it."""
    body = f"{draft.body}\n\n{mark(run, 'pull')}"
    fields = {"title": draft.title, "body": body, "head": draft.head, "base": draft.base, "draft": draft.draft}
    await _apply(ports, Effect(run, "pull", "pull", repo, draft.head, json.dumps(fields)))
    pull = await ports.github.find_pull(repo, draft.head)
    if pull is None:
        raise GitHubError(f"The pull request from `{draft.head}` was made, but GitHub does not list it.")
    return pull


async def open_issue(ports: Ports, run: RunId, key: str, repo: Repo, parent: int, draft: IssueDraft) -> int:
    """Open an issue of ours once; returns its number. `parent` is the issue that it comes from."""
    fields = {
        "title": draft.title,
        "body": f"{draft.body}\n\n{mark(run, key)}",
        "labels": list(draft.labels),
        "since": ports.clock.now().isoformat(),
    }
    return int(await _apply(ports, Effect(run, key, "issue", repo, str(parent), json.dumps(fields))))


async def _apply(ports: Ports, effect: Effect) -> str:
    return await apply_once(ports, effect, _find, _make)


async def apply_once(ports: Ports, effect: Effect, find: Step, make: Step) -> str:
    """Store the effect, then find what an earlier try made of it, or make it; returns what GitHub calls it.

    An effect that is stored already is the one that counts. `find` returns an empty text for nothing.
    """
    stored = await ports.store.add_effect(effect)
    if stored.state == "done":
        return stored.remote

    async def once() -> str:
        return await find(ports, stored) or await make(ports, stored)

    remote = await patiently(ports, once, in_line=True)
    await ports.store.effect_done(stored, remote)
    return remote


async def patiently(ports: Ports, call: Callable[[], Awaitable[T]], *, in_line: bool = False) -> T:
    """Repeat the call while GitHub is out of order. It must look for its own mark before it creates anything.

    `in_line` is for what must come, however late: while a limit on writes is reached it waits for its turn.
    """
    waits, line = iter(WAITS), iter(LINE if in_line else ())
    while True:
        try:
            return await call()
        except GitHubError as error:
            limited = error.status == TOO_MANY
            wait = next(line if limited else waits, None) if limited or not 0 < error.status < 500 else None
            if wait is None:
                raise
            structlog.get_logger().warning("GitHub has to wait", error=str(error), wait=wait)
        await ports.clock.sleep(wait)


async def _find(ports: Ports, effect: Effect) -> str:
    match effect.kind:
        case "comment":
            comment = await ports.github.find_comment(effect.repo, int(effect.target), mark(effect.run, effect.key))
            return str(comment.id) if comment else ""
        case "branch":
            return str(await ports.github.branch_head(effect.repo, effect.target) or "")
        case "pull":
            pull = await ports.github.find_pull(effect.repo, effect.target)
            return str(pull.number) if pull and mark(effect.run, effect.key) in pull.body else ""
        case "issue":
            since = datetime.fromisoformat(json.loads(effect.body)["since"]) - SLACK
            issue = await ports.github.find_issue(effect.repo, mark(effect.run, effect.key), since)
            return str(issue.number) if issue else ""
        case kind:
            raise ValueError(f"{kind} is not made here")


async def _make(ports: Ports, effect: Effect) -> str:
    match effect.kind:
        case "comment":
            return str((await ports.github.create_comment(effect.repo, int(effect.target), effect.body)).id)
        case "branch":
            sha = Sha(json.loads(effect.body)["sha"])
            await ports.github.create_branch(effect.repo, effect.target, sha)
            return sha
        case "pull":
            return str((await ports.github.open_pull(effect.repo, PullDraft(**json.loads(effect.body)))).number)
        case "issue":
            wanted = json.loads(effect.body)
            draft = IssueDraft(wanted["title"], wanted["body"], tuple(wanted["labels"]))
            return str((await ports.github.create_issue(effect.repo, draft)).number)
        case kind:
            raise ValueError(f"{kind} is not made here")
