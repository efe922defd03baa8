"""What a run does that carries out a repository's own command."""

from collections.abc import Sequence

from bot.core.repository import Sha
from bot.core.repository_commands import RepositoryCommand
from bot.core.runs import Phase, RunPlan

ALONE = "work"
"""The phase of a command that names none."""
DEVELOPER = "developer"
"""Who does a command that names no agent, and mends what its tests find."""
ENDING = ("testing", "delivery")
"""What follows where files were changed."""


def custom_plan(
    command: RepositoryCommand, budget_usd: float, models: Sequence[tuple[str, str]], agents_sha: Sha
) -> RunPlan:
    """Its phases one after the other, for they share their files; then tests and a pull request."""
    phases = list[Phase]()
    for step in command.phases:
        before = (phases[-1].name,) if phases else ()
        needs = tuple(dict.fromkeys((*step.needs, *before)))
        phases.append(Phase(step.name, step.agent, needs, step.gate, _prompt(command, step.name)))
    if not phases:
        phases.append(Phase(ALONE, DEVELOPER, prompt=_prompt(command, "")))
    phases.append(Phase("testing", DEVELOPER, (phases[-1].name,)))
    phases.append(Phase("delivery", "devflow", ("testing",)))
    return RunPlan(tuple(phases), budget_usd, tuple(models), agents_sha=agents_sha, purpose="custom")


def _prompt(command: RepositoryCommand, phase: str) -> str:
    others = [step.name for step in command.phases if step.name != phase]
    part = f" This is its phase `{phase}`: do what belongs to it" if phase else " Do what it says"
    rest = f", and leave the rest to {', '.join(others)}" if others else ""
    return (
        f"The request is the text of this repository's command `/{command.name}`.{part}{rest}. "
        "End with plain text: it is posted as your answer."
    )
