"""What is stored before a run begins: the wish as it stood, the plan, and results of an earlier plan."""

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import datetime

from bot.core import planning
from bot.core.command_kinds import DevWorkflow, Grooming, Planning
from bot.core.conversation import Usage
from bot.core.definitions import Catalog, model_id
from bot.core.errors import BotError
from bot.core.repository import Issue, Repo, Sha
from bot.core.runs import Automation, Request, Run, RunId, RunPlan
from bot.ports import Ports

AGAIN_LIMIT = 600
"""Characters of a command that is shown to be given again."""
Starting = DevWorkflow | Planning | Grooming
"""Commands that begin a run on an issue."""
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Ask:
    """Who asks for something, where and when, by a comment or without one (`comment_id` is 0).

    `source` is the same for every delivery of the same wish, and another for every other wish in the issue.
    """

    repo: Repo
    issue: Issue
    author: str
    at: datetime
    source: str
    comment_id: int = 0
    index: int = 0
    """Which of several commands of the comment."""
    key: str = ""
    """Of the answer: the same for every delivery of the same command."""
    label: str = ""
    """The label that gave the command, empty for a comment."""


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a run gets where its command says nothing."""

    budget_usd: float
    model: str
    automation: Automation = "smart"


async def new_run(
    ports: Ports, catalog: Catalog, defaults: Defaults, run_id: RunId, ask: Ask, command: Starting
) -> Run:
    """The run that a command asks for, as everything stands now. Raises `BotError` for a base that is not there."""
    default = (await ports.github.repository(ask.repo)).default_branch
    base = (None if isinstance(command, Grooming) else command.base) or default
    head = await ports.github.branch_head(ask.repo, base)
    if head is None:
        raise BotError(f"There is no branch `{base}` in {ask.repo}.", "Name one that is there: `--base BRANCH`.")
    agents_sha = head if base == default else await ports.github.branch_head(ask.repo, default)
    request = Request(
        description="\n\n".join(filter(None, [command.description, command.details])),
        issue=ask.issue.number,
        issue_title=ask.issue.title,
        issue_body=ask.issue.body,
        requester=ask.author,
        comment_id=ask.comment_id,
        base=base,
        base_sha=head,
        again=command_again(command),
    )
    return Run(run_id, ask.repo, request, _plan(catalog, defaults, command, agents_sha), created_at=ports.clock.now())


def _plan(catalog: Catalog, defaults: Defaults, command: Starting, agents_sha: Sha | None) -> RunPlan:
    models = [(agent.name, agent.model or defaults.model) for agent in catalog.agents]
    budget = command.budget_usd or defaults.budget_usd
    if isinstance(command, Planning):
        return planning.plan_only(budget, models, command.stage, agents_sha=agents_sha)
    if isinstance(command, Grooming):
        return planning.groom(budget, models, sub_issues=command.sub_issues, agents_sha=agents_sha)
    plan = planning.plan(
        budget, models, command.mode, wanted=command.agents, skipped=command.skip, agents_sha=agents_sha
    )
    model = model_id(command.model, defaults.model) if command.model else ""
    return replace(plan, automation=command.automation or defaults.automation, dry_run=command.dry_run, model=model)


async def take_over_plan(ports: Ports, run: Run) -> None:
    """Give a run with no words of its own the results of the issue's last plan, if that ended well on the same base.

    They are stored as done before the run begins, without the tree they were made on: it may have moved since.
    """
    if run.plan.purpose != "build" or run.request.description or await ports.store.phases(run.id):
        return
    earlier = await ports.store.runs(repo=run.repo, issue=run.request.issue)
    plan = next((r for r in earlier if r.id != run.id and r.plan.purpose == "plan" and r.state == "succeeded"), None)
    if plan is None or plan.request.base != run.request.base:
        return
    wanted = {phase.name for phase in run.plan.phases} & set(planning.REUSED)
    for result in await ports.store.phases(plan.id):
        if result.name in wanted and result.state == "done":
            data = {key: value for key, value in json.loads(result.data).items() if key != "tree"}
            kept = json.dumps({**data, "from": plan.id})
            await ports.store.save_phase(replace(result, run=run.id, data=kept, usage=Usage(), usd=0.0))


def command_again(command: Starting) -> str:
    """The command as it can be given once more; empty if it is long."""
    name, flags = "/dev-workflow", list[str]()
    if isinstance(command, Planning):
        name = f"/planning {command.stage}"
    elif isinstance(command, Grooming):
        name = "/grooming"
        flags += ["--sub-issues"] if command.sub_issues else []
    else:
        flags += [f"--{command.mode}"] if command.mode != "quick" else []
        flags += [f"--{command.automation}"] if command.automation else []
        flags += ["--dry-run"] if command.dry_run else []
        flags += [f"--agents {','.join(command.agents)}"] if command.agents else []
        flags += [f"--skip {','.join(command.skip)}"] if command.skip else []
        flags += [f"--model {command.model}"] if command.model else []
    flags += [f"--budget {command.budget_usd:g}"] if command.budget_usd else []
    if not isinstance(command, Grooming):
        flags += [f"--base {command.base}"] if command.base else []
    words = f"-- {command.description}" if "--" in command.description else command.description
    line = " ".join(filter(None, [name, *flags, words]))
    text = f"{line}\n{command.details}".strip()
    return text if len(text) <= AGAIN_LIMIT else ""


def make_run_id(at: datetime, source: int | str, index: int) -> RunId:
    """The same for every delivery of the same wish, and sorting by time; `source` is a comment's id, or a text."""
    digits, rest = "", source if isinstance(source, int) else int(hashlib.sha256(source.encode()).hexdigest()[:15], 16)
    while rest:
        rest, digit = divmod(rest, 36)
        digits = _DIGITS[digit] + digits
    return RunId(f"{at:%y%m%d-%H%M%S}-{digits or '0'}" + (f"-{index}" if index else ""))
