"""Team: the chief product manager confirms or changes whom the rules propose, and the plan follows."""

import json

from bot.core.context import team_piece
from bot.core.planning import with_team
from bot.core.routing.pins import with_pins
from bot.core.runs import Member, PhaseResult, RunPlan
from bot.core.submissions import Team
from bot.core.team import CHIEF
from bot.core.team_texts import team_text
from bot.phases.settling import facts_at
from bot.phases.work import Work


async def choose(work: Work) -> PhaseResult:
    """Who works on the request and why; `with_chosen` makes the plan that follows."""
    proposed, catalog = work.run.plan.team, work.catalog
    among = {member.agent for member in proposed}
    others = [Member(name, "not proposed") for name in catalog.names if name not in among and name != CHIEF]
    facts = await facts_at(work.ports, work.checkout)
    pieces = [*await work.to_plan(), team_piece([*proposed, *others], catalog, facts.sentence())]
    outcome = await work.agent("team", work.phase.agent, work.start, pieces, submits="team")
    if not isinstance(outcome.submission, Team):
        return work.ended(outcome)
    summary = team_text(outcome.submission.summary, _members(outcome.submission), proposed)
    return work.result("done", summary, summary, {"tree": work.start, "submission": outcome.submission.model_dump()})


def with_chosen(plan: RunPlan, chosen: PhaseResult) -> RunPlan:
    """The plan with the team that a finished phase has chosen.

    Not made in the phase itself: one that is begun again after a crash has to find the proposal, not the choice.
    """
    return with_pins(with_team(plan, _members(Team.model_validate(json.loads(chosen.data)["submission"]))))


def _members(team: Team) -> tuple[Member, ...]:
    return tuple(Member(form.name, " ".join(form.reason.split())) for form in team.agents)
