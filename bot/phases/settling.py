"""Who can work on a run, and who will: fixed before the first agent works, and stored with the plan."""

import asyncio
from dataclasses import replace

from bot.core.definitions import AGENTS_FOLDER, MAX_BYTES, MAX_FILES, Catalog, model_id, with_files
from bot.core.facts import Facts, facts_of
from bot.core.routing.pins import check_pins, with_pinned
from bot.core.runs import Run
from bot.core.team import propose
from bot.ports import Checkout, Ports
from bot.routing import LEAST_RESULTS, agents_known
from bot.testing import read_text


async def catalog_for(ports: Ports, builtin: Catalog, run: Run) -> tuple[Catalog, tuple[str, ...]]:
    """(the built-in agents with the repository's own, notes on files that are not used).

    They are those of the default branch when the run was asked for, the same at every restart. Raises `GitHubError`
    and `WorkspaceError`.
    """
    if run.plan.agents_sha is None:
        return builtin, ()
    url, token = await ports.github.git_credentials(run.repo)
    sha = run.plan.agents_sha
    files, left_out = await ports.workspaces.folder(url, token, sha, AGENTS_FOLDER, most=MAX_FILES, size=MAX_BYTES)
    return await asyncio.to_thread(with_files, builtin, files, left_out)


async def settle(
    ports: Ports, run: Run, catalog: Catalog, notes: tuple[str, ...], checkout: Checkout, model: str
) -> Run:
    """The run with the team that the rules propose and the models of all agents, once. The checkout is at its base.

    Raises `BotError` if the command, or a pin, names an agent that is not there.
    """
    if run.plan.team:
        return run
    plan, asked = run.plan, run.request
    check_pins(plan, catalog)
    team = propose(
        "\n".join([asked.description, asked.issue_title, asked.issue_body]),
        await facts_at(ports, checkout),
        plan.mode,
        catalog,
        success=(await agents_known(ports, run)).shares(LEAST_RESULTS),
        wanted=plan.wanted,
        skipped=plan.skipped,
    )
    models = tuple(
        (agent.name, plan.model or model_id(agent.model, plan.model_of(agent.name, model))) for agent in catalog.agents
    )
    plan = replace(plan, team=with_pinned(team, plan), models=models, notes=notes)
    await ports.store.set_plan(run.id, plan)
    return replace(run, plan=plan)


async def facts_at(ports: Ports, checkout: Checkout) -> Facts:
    """What the files of the checkout say of the repository."""
    return facts_of(await ports.workspaces.files(checkout), lambda path: read_text(checkout, path))
