"""The last step of registering an App: its keys, for the code that GitHub gave to the browser."""

import re

import httpx
import structlog
from pydantic import BaseModel, ValidationError

from bot.adapters.github.connection import OLDEST_API, TIMEOUT
from bot.core.app_manifest import NewApp
from bot.core.errors import BotError
from bot.ports import Clock

PAUSES = (1.0, 3.0, 9.0)
"""Seconds between tries: the code is good for an hour, and the person waits before the page."""
_CODE = re.compile(r"[0-9A-Za-z_-]{1,200}")

log = structlog.get_logger("github")


class _Answer(BaseModel):
    id: int
    slug: str
    html_url: str
    pem: str
    webhook_secret: str | None = None


async def new_app(api_url: str, code: str, clock: Clock) -> NewApp:
    """Exchange the code, which works once. Raises `BotError`; neither code nor keys are in its text or in a log."""
    if not _CODE.fullmatch(code):
        raise BotError("GitHub's code is malformed.", "Start again from the set-up page.")
    lost = False
    async with httpx.AsyncClient(timeout=TIMEOUT, headers={"X-GitHub-Api-Version": OLDEST_API}) as client:
        for pause in (*PAUSES, None):
            try:
                answer = await client.post(f"{api_url.rstrip('/')}/app-manifests/{code}/conversions")
            except httpx.HTTPError as error:
                log.warning("App's keys not there yet", cause=type(error).__name__)
                lost = lost or not isinstance(error, httpx.ConnectError)
            else:
                if answer.status_code < 500:
                    return _read(answer, lost=lost)
                log.warning("App's keys not there yet", status=answer.status_code)
                lost = True
            if pause is not None:
                await clock.sleep(pause)
    raise BotError(f"GitHub at {api_url} did not hand out the App's keys.", _AGAIN)


_AGAIN = "Delete the App without keys in GitHub's settings (Developer settings, GitHub Apps), and start again."


def _read(answer: httpx.Response, *, lost: bool) -> NewApp:
    if answer.status_code == 404:
        cause = "its answer was lost" if lost else "it was used before, or is older than an hour"
        raise BotError(f"GitHub takes this code no more: {cause}.", _AGAIN)
    if answer.status_code != 201:
        raise BotError(f"GitHub refused to hand out the App's keys ({answer.status_code}).", _AGAIN)
    try:
        found = _Answer.model_validate_json(answer.content)
    except ValidationError:
        raise BotError("GitHub's answer has not the form of an App's keys.", _AGAIN) from None
    return NewApp(found.id, found.slug, found.html_url, found.pem, found.webhook_secret or "")
