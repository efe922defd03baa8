"""Checks of the model: whether there is a key, whether it is taken, whether the models have these names."""

import asyncio

from bot.core.definitions import model_id
from bot.core.findings import Verdicts, not_looked_at, ok, warning, wrong
from bot.core.prices import price_table
from bot.definitions import builtin_catalog
from bot.doctor.case import Case, NotLookedAtError
from bot.doctor.examine import Check
from bot.ports_doctor import Known

KEYS = "https://platform.claude.com/settings/keys"
MODELS = "https://platform.claude.com/docs/en/about-claude/models/overview"
SECONDS = 30.0
"""Importing the model's package takes some seconds on a small machine."""


async def key(case: Case) -> Verdicts:
    if lacking := case.parts.models.missing():
        cause, _, fix = lacking.partition(": ")
        return wrong(cause, f"{fix[:1].upper()}{fix[1:]}")
    if case.settings.provider != "anthropic":
        return ok(f"what {case.settings.provider} needs is set; whether it is accepted shows at the first run")
    if case.asked.offline:
        return not_looked_at("ANTHROPIC_API_KEY is set; whether it is accepted needs the network")
    match await case.parts.models.knows(case.settings.model):
        case "refused":
            return wrong(
                "ANTHROPIC_API_KEY is refused (401)",
                f"Make a new key at {KEYS}, and set it; a key of another service needs DEVFLOW_PROVIDER.",
            )
        case "forbidden":
            return wrong("ANTHROPIC_API_KEY may not do this (403)", f"Look at the key's workspace at {KEYS}.")
        case _:
            return ok("ANTHROPIC_API_KEY is accepted")


async def models(case: Case) -> Verdicts:
    """Of the settings, and of the agents that are built in."""
    if case.settings.provider != "anthropic":
        return not_looked_at(f"{case.settings.provider} cannot be asked for the names of its models")
    if case.parts.models.missing():
        raise NotLookedAtError("needs a key; see `model key` above")
    wanted = _wanted(case)
    answers = await asyncio.gather(*(case.parts.models.knows(name) for name in wanted))
    if {"refused", "forbidden"} & set(answers):
        raise NotLookedAtError("the key was refused; see `model key` above")
    unknown = [name for name, answer in zip(wanted, answers, strict=True) if answer == "unknown"]
    return _told(case, wanted, unknown, list(answers))


def _told(case: Case, wanted: dict[str, str], unknown: list[str], answers: list[Known]) -> Verdicts:
    if not unknown:
        return ok(f"known: {', '.join(wanted)}")
    if "known" not in answers and case.settings.anthropic_base_url:
        return warning(
            f"{case.settings.anthropic_base_url} knows none of the models, or does not list models",
            "See that ANTHROPIC_BASE_URL is right, and DEVFLOW_MODEL a name that this service has.",
        )
    return [
        verdict
        for name in unknown
        for verdict in wrong(
            f"there is no model `{name}`, or this key may not use it",
            f"Correct {wanted[name]}; {MODELS} lists the names.",
        )
    ]


def _wanted(case: Case) -> dict[str, str]:
    """Model ids, each with what names it."""
    usual = case.settings.model
    listed = [name.strip() for name in case.settings.models.split(",") if name.strip()]
    found = {model_id(agent.model, usual): f"the agent {agent.name}" for agent in builtin_catalog().agents}
    found |= {model_id(name, usual): "DEVFLOW_MODELS" for name in listed}
    return {usual: "DEVFLOW_MODEL"} | {name: why for name, why in found.items() if name != usual}


async def order(case: Case) -> Verdicts:
    """Whether DEVFLOW_MODELS and DEVFLOW_PRICES make sense; the server does not start otherwise."""
    usual = case.settings.model
    listed = [model_id(name.strip(), usual) for name in case.settings.models.split(",") if name.strip()]
    if listed and usual not in listed:
        return wrong(
            f"DEVFLOW_MODELS does not have DEVFLOW_MODEL ({usual}), so the server does not start",
            f"Name {usual} in DEVFLOW_MODELS, at its place between cheap and strong.",
        )
    price_table(case.settings.prices)
    return ok(" < ".join(listed) if listed else f"one model: {usual}")


CHECKS = (
    Check("model key", key, seconds=SECONDS),
    Check("model names", models, ("network",), seconds=SECONDS),
    Check("model choice", order),
)
