"""What a shell offers for the values of options; it runs when somebody presses Tab, and never fails then."""

from pathlib import Path

SANDBOXES = ("auto", "bubblewrap", "container", "none")


def sandboxes() -> list[str]:
    return list(SANDBOXES)


def agents(incomplete: str) -> list[str]:
    """Names of agents, those of this checkout, too, behind what is written up to the last comma."""
    from bot.definitions import builtin_catalog

    own = {path.stem for path in Path(".claude/agents").glob("*.md")}
    return _listed(incomplete, sorted({*builtin_catalog().names, *own}))


def skippable(incomplete: str) -> list[str]:
    """Phases that can be left out."""
    from bot.core.planning import SKIPPABLE

    return _listed(incomplete, list(SKIPPABLE))


def _listed(incomplete: str, names: list[str]) -> list[str]:
    """The list so far with each name that is not in it."""
    before, comma, _ = incomplete.rpartition(",")
    return [f"{before}{comma}{name}" for name in names if name not in before.split(",")]
