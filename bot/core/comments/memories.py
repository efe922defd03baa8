"""What is said about memories: tables for `/memory`, and what became of a change."""

from collections.abc import Sequence

from bot.core.comments.common import cell, safe
from bot.core.memory.memories import Memory, Remembered
from bot.core.text import inline_code

NOTHING = "Nothing is remembered of this repository yet.\n\nRuns leave what they learned; `/memory add TEXT` adds more."


def memory_list(known: Sequence[Memory], waiting: Sequence[Memory], *, more: bool) -> str:
    """The answer to `/memory`: what counts, newest first, and what waits to be approved."""
    if not known and not waiting:
        return NOTHING
    parts = [_table(known)] if known else []
    parts += ["Only the newest are shown. `/memory search WORDS` finds the others."] if more else []
    if waiting:
        parts += ["Not used yet, because nobody with `write` access stands behind them:", _table(waiting)]
        parts += ["`/memory approve ID` has them used; merging the pull request they come from does so, too."]
    parts += ["`/memory forget ID` erases one."] if known else []
    return "\n\n".join(parts)


def memories_found(wish: str, found: Sequence[Memory]) -> str:
    """The answer to `/memory search`, best first: what agents would be shown."""
    words = inline_code(safe(" ".join(wish.split()))[:100])
    if not found:
        return f"Nothing that is remembered fits {words}. `/memory` shows all."
    return f"What fits {words}, best first:\n\n{_table(found)}"


def memory_added(kept: Remembered, *, asked: str, approved: bool) -> str:
    """The answer to `/memory add`."""
    one = kept.memory
    secret = "" if "[redacted" in asked or "[redacted" not in one.text else " What looks like a secret was left out."
    match kept.how:
        case "forgotten":
            return f"😕 Somebody had this forgotten as `{one.id}`. `/memory add` it in other words if it holds again."
        case "known" if one.state == "active":
            return f"🧠 That is remembered already, as `{one.id}`.{secret}"
        case _ if not approved and one.state == "pending":
            return f"🧠 Noted as `{one.id}`. It is used once a maintainer comments `/memory approve {one.id}`.{secret}"
    instead = " It takes the place of what was known." if kept.how == "replaced" else ""
    where = " in all repositories of this owner that allow it" if one.shared else ""
    return f"🧠 Remembered as `{one.id}`{where}. Agents are told where it fits.{instead}{secret}"


def memory_forgotten(one: Memory) -> str:
    """The answer to `/memory forget`."""
    return f"🧹 `{one.id}` is forgotten. No agent is told of it any more, and it does not come back by itself."


def memory_approved(one: Memory) -> str:
    """The answer to `/memory approve`."""
    return f"🧠 `{one.id}` is used from now on: {cell(one.title)}"


def _table(memories: Sequence[Memory]) -> str:
    rows = [f"| `{one.id}` | {one.kind} | {cell(one.title)} | {_from(one)} | {_helped(one)} |" for one in memories]
    return "\n".join(["| id | kind | says | from | helped |", "|---|---|---|---|---|", *rows])


def _from(one: Memory) -> str:
    who = "" if one.source.by == "devflow" else f"`{one.source.by}`, "
    where = f"run `{one.source.ref}`" if one.source.kind == "run" else cell(one.source.ref)
    shared = f" (shared by {cell(str(one.repo))})" if one.shared else ""
    return f"{who}{where}, {one.at:%Y-%m-%d}{shared}"


def _helped(one: Memory) -> str:
    """In how many runs that were merged, of those whose pull request ended."""
    ended = one.helped + one.misled
    return f"{one.helped} of {ended}" if ended else ""
