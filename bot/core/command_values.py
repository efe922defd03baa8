"""What stands behind a flag, read and checked; whatever is wrong is told with its column."""

import re
from typing import TypeVar

from bot.core.command_words import Words, WrongWordError
from bot.core.definitions import ALIASES, is_model
from bot.core.frontmatter import AGENT_NAME
from bot.core.planning import MODES, SKIPPABLE
from bot.core.runs import AUTOMATIONS, Automation, Mode, PhaseName
from bot.core.text import inline_code

MIN_BUDGET_USD = 0.01
MAX_BUDGET_USD = 100.0


T = TypeVar("T", bound=str)


def mode(words: Words) -> Mode:
    return _one_of(words, tuple(MODES)) or "quick"


def automation(words: Words) -> Automation | None:
    return _one_of(words, AUTOMATIONS)


def _one_of(words: Words, names: tuple[T, ...]) -> T | None:
    """Which of several flags that exclude each other is there."""
    given = sorted((words.flags[f"--{name}"][1], name) for name in names if f"--{name}" in words.flags)
    if len(given) > 1:
        raise WrongWordError(given[1][0], f"`--{given[0][1]}` and `--{given[1][1]}` exclude each other.", "Give one.")
    return given[0][1] if given else None


def _listed(words: Words, flag: str) -> list[tuple[str, int]]:
    """The parts of a flag's list with commas, each with its column."""
    value, position = words.flags.get(flag, ("", 0))
    # A quoted value has the column of its quote.
    position = words.line.text.find(value, position)
    end = position + len(value)
    if flag in words.flags and (not value or words.line.text[end : end + 1] == ","):
        raise WrongWordError(end, f"The list of `{flag}` ends with a comma.", "Write it without spaces, or in quotes.")
    return [(part[0].lower(), position + part.start()) for part in re.finditer(r"[^,\s]+", value)]


def agents(words: Words) -> tuple[str, ...]:
    """Names as an agent's file can have them; whether there is such an agent depends on the repository."""
    found = _listed(words, "--agents")
    for name, at in found:
        if not AGENT_NAME.fullmatch(name):
            hint = "Name agents with commas between them, as in `--agents data-engineer,technical-writer`."
            raise WrongWordError(at, f"{inline_code(name)} is not the name of an agent.", hint)
    return tuple(dict.fromkeys(name for name, _ in found))


def model(words: Words) -> str:
    """A short name or the id of a model, empty without the flag."""
    name, at = words.flags.get("--model", ("", 0))
    if name and not is_model(name):
        hint = f"Write {', '.join(ALIASES)}, or the whole id of a Claude model."
        raise WrongWordError(at, f"{inline_code(name)} is no model.", hint)
    return name


def skipped(words: Words, mode: Mode) -> tuple[PhaseName, ...]:
    """Phases of the mode that a run can do without."""
    there = [phase.name for phase in MODES[mode]]
    possible = [name for name in there if name in SKIPPABLE]
    hint = f"A {mode} run can leave out {', '.join(f'`{name}`' for name in possible)}."
    found: list[PhaseName] = []
    for name, at in _listed(words, "--skip"):
        phase = next((phase for phase in possible if phase == name), None)
        if phase is None:
            problem = "cannot be left out" if name in there else f"is no phase of a {mode} run"
            raise WrongWordError(at, f"{inline_code(name)} {problem}.", hint)
        found.append(phase)
    return tuple(dict.fromkeys(found))


def budget(value: str, position: int, example: str = "`--budget 2.50`") -> float:
    match = re.fullmatch(r"\$?((?:\d{1,12}(?:\.\d{0,12})?|\.\d{1,12}))(?:\$|usd)?", value, re.ASCII | re.IGNORECASE)
    usd = float(match[1]) if match else 0.0
    if not MIN_BUDGET_USD <= usd <= MAX_BUDGET_USD:
        limits = f"from {MIN_BUDGET_USD:g} to {MAX_BUDGET_USD:g} US dollars"
        raise WrongWordError(
            position, f"{inline_code(value)} is no budget.", f"It is a number {limits}, as in {example}."
        )
    return usd


def branch(value: str, position: int) -> str:
    """By the rules of `git check-ref-format --branch` (https://git-scm.com/docs/git-check-ref-format)."""
    parts = value.split("/")
    wrong = (
        re.search(r"[\x00-\x20\x7f~^:?*\[\\\s]|\.\.|@\{", value)
        or value in {"@", "HEAD"}
        or value.startswith("-")
        or value.endswith(".")
        or any(not part or part.startswith(".") or part.endswith(".lock") for part in parts)
        or len(value.encode(errors="replace")) > 244
    )
    if wrong:
        hint = "Name a branch of this repository, as in `--base main`."
        raise WrongWordError(position, f"git allows no branch of the name {inline_code(value)}.", hint)
    return value
