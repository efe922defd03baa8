"""What becomes of something that is to be remembered, beside what is remembered already."""

from collections.abc import Sequence
from dataclasses import replace

from bot.core.memory.documents import MOST_NAMES, Sketch, nearly_the_same
from bot.core.memory.memories import Memory


def likeness(new: Memory, sketch: Sketch, others: Sequence[tuple[Memory, Sketch]]) -> Memory | None:
    """The one that says nearly the same. One that was forgotten comes before one that is there."""
    alike = [
        other for other, its in others if nearly_the_same(sketch, its) and _same_question(new, other, sketch == its)
    ]
    return min(alike, key=lambda other: other.state != "forgotten", default=None)


def _same_question(new: Memory, other: Memory, word_for_word: bool) -> bool:
    """Two answers to one question that differ in a word contradict each other, and are not merged."""
    if other.state == "forgotten" or not (new.subject or other.subject):
        return True
    return word_for_word and new.subject in {other.subject, ""}


def merge(old: Memory, new: Memory) -> Memory:
    """The old one with what the new one adds. What waits for approval adds nothing to what was approved; what was
    approved takes the place of what waits."""
    if new.state == "pending":
        return old
    if old.state == "pending":
        return replace(new, id=old.id, uses=old.uses, helped=old.helped, misled=old.misled, used_at=old.used_at)
    return replace(
        old,
        trust=max(old.trust, new.trust),
        at=max(old.at, new.at),
        files=_union(old.files, new.files),
        symbols=_union(old.symbols, new.symbols),
    )


def _union(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*one, *other]))[:MOST_NAMES]
