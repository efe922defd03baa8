"""Runs, phases and tasks to try the core on."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.core import planning
from bot.core.conversation import Usage
from bot.core.repository import Repo, Sha
from bot.core.runs import PhaseName, PhaseResult, PhaseState, Request, Run, RunId
from bot.stored_app import StoredApp

COM = {"api_url": "https://api.github.com", "server_url": "https://github.com"}

BEGAN = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
RUN = RunId("260504-120000-abc")


def a_request(**changes: object) -> Request:
    """What a maintainer asked for on issue 7."""
    request = Request(
        description="add a dark mode",
        issue=7,
        issue_title="Too bright",
        issue_body="Please.",
        requester="maintainer",
        comment_id=1000,
        base="main",
        base_sha=Sha("a" * 40),
        again="/dev-workflow add a dark mode",
    )
    return replace(request, **changes)  # type: ignore[arg-type]


def a_run(**changes: object) -> Run:
    """A run of that request, begun at noon."""
    plan = planning.plan(5.0, [])
    run = Run(RUN, Repo("acme", "widget"), a_request(), plan, state="running", created_at=BEGAN)
    return replace(run, **changes)  # type: ignore[arg-type]


def a_phase(
    name: PhaseName, state: PhaseState = "done", summary: str = "Said.", output: str = "", **data: object
) -> PhaseResult:
    """A phase that took twelve seconds and two cents."""
    return PhaseResult(
        RUN,
        name,
        "architect",
        state,
        summary,
        output,
        json.dumps(data),
        started_at=BEGAN,
        ended_at=BEGAN + timedelta(seconds=12),
        usage=Usage(input=900, output=100),
        usd=0.02,
    )


def an_app(number: int = 7, **changes: str) -> StoredApp:
    """What set-up stores of an App; its secrets are `secret` and `hush`."""
    fields: dict[str, object] = {
        "id": number,
        "slug": f"devflow-{number}",
        "html_url": f"https://github.com/apps/devflow-{number}",
        "pem": "-----BEGIN RSA PRIVATE KEY-----\nsecret\n",
        "webhook_secret": "hush",
        "webhook": "https://devflow.example/webhooks/github",
        **COM,
        **changes,
    }
    return StoredApp.model_validate(fields)
