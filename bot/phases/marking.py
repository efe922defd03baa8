"""What is kept with every result beside the result: who made it, by which definition, and what they explained."""

import json
from collections.abc import Sequence
from dataclasses import replace

from bot.core.definitions import AgentDefinition, Catalog
from bot.core.runs import PhaseResult, RunPlan, Turn
from bot.core.transcript import reply_from_json


def marked(
    result: PhaseResult, turns: Sequence[Turn], catalog: Catalog, plan: RunPlan, models: Sequence[str]
) -> PhaseResult:
    """The result with the version of each agent that spoke, also at its commits, and the models it worked on where
    somebody chose among `models`; in a learning run with their words."""
    known = {agent.name: agent for agent in catalog.agents}
    lead = result.agent.split(", ")
    names = sorted({turn.agent for turn in turns}, key=lambda name: (name not in lead, name))
    spoke = [known[name] for name in names if name in known]
    data = json.loads(result.data)
    if spoke:
        chosen = turns if plan.model or len(models) > 1 else ()
        data["agents"] = [_entry(agent) | _models(agent.name, chosen) for agent in spoke]
    for commit in data.get("commits", []):
        if agent := known.get(commit["agent"]):
            commit["version"] = agent.version
    if plan.mode == "learning" and (words := _explained(result, turns)):
        data["explained"] = words
    return replace(result, data=json.dumps(data))


def _entry(agent: AgentDefinition) -> dict[str, str]:
    return {"name": agent.name, "version": agent.version, **({"path": agent.path} if agent.path else {})}


def _models(agent: str, turns: Sequence[Turn]) -> dict[str, str]:
    """In the order of their use."""
    used = dict.fromkeys(turn.model for turn in turns if turn.agent == agent)
    return {"models": ", then ".join(used)} if used else {}


def _explained(result: PhaseResult, turns: Sequence[Turn]) -> list[dict[str, str]]:
    """What agents said while they worked; what is in their result already is left out."""
    said = [(turn.agent, reply_from_json(turn.reply).text.strip()) for turn in turns if turn.reply]
    return [{"agent": agent, "text": text} for agent, text in said if text and text not in result.output]
