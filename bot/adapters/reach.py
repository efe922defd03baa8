"""Asks a host for any answer, to see whether it can be reached from here, and what its clock says."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from bot.ports_doctor import Answered, UnreachableError

TIMEOUT = httpx.Timeout(10.0, connect=5.0)


async def reach(url: str) -> Answered:
    """See `bot.ports_doctor.Reach`. No credentials are sent, and no redirect is followed."""
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT, headers={"User-Agent": "devflow-bot"}) as client:
            answer = await client.get(url)
    except httpx.TimeoutException as error:
        raise UnreachableError(f"no answer in time ({type(error).__name__})") from None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, OSError) as error:
        raise UnreachableError(" ".join(str(error).split())[:300] or type(error).__name__) from None
    return Answered(answer.status_code, _date(answer.headers.get("date", "")), "x-github-media-type" in answer.headers)


def _date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
