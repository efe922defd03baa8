"""Checks of the webhook: its secret, where it points, and how the newest deliveries went."""

import ipaddress
from collections.abc import Sequence
from urllib.parse import urlsplit

from bot.core.app_manifest import WEBHOOK_PATH
from bot.core.findings import Verdicts, not_looked_at, ok, warning, wrong
from bot.doctor.case import Case
from bot.doctor.examine import Check
from bot.ports_doctor import DeliverySeen

SHORT = 16
"""Characters; a shorter secret can be guessed from a delivery and its signature."""
RELAYS = ("smee.io",)


async def secret(case: Case) -> Verdicts:
    given = [part.strip() for part in case.settings.webhook_secret.get_secret_value().split(",") if part.strip()]
    make = "Make one with `openssl rand -hex 32`, set DEVFLOW_WEBHOOK_SECRET, and enter the same"
    at = f"at {await case.app_page()}" if not case.lacks(("app", "network", "github")) else "in the webhook's settings"
    if not given and case.in_a_job:
        return not_looked_at("a job of GitHub Actions gets no deliveries")
    if not given:
        return wrong("DEVFLOW_WEBHOOK_SECRET is not set, so `devflow serve` does not start", f"{make} {at}.")
    if min(map(len, given)) < SHORT:
        return wrong(f"DEVFLOW_WEBHOOK_SECRET is shorter than {SHORT} characters: it can be guessed", f"{make} {at}.")
    return ok("set" if len(given) == 1 else f"{len(given)} are set; deliveries may be signed with any of them")


async def address(case: Case) -> Verdicts:
    hook, page = await case.github.hook(), await case.app_page()
    if not hook.url:
        return wrong(
            "the App has no webhook", f"Set its URL to https://YOUR.HOST{WEBHOOK_PATH} at {page}, and tick Active."
        )
    found: Verdicts = []
    parts = urlsplit(hook.url)
    relayed = hook.url == case.settings.webhook_relay or parts.hostname in RELAYS
    if not relayed and parts.path != WEBHOOK_PATH:
        found += wrong(
            f"the webhook's URL {hook.url} does not end in {WEBHOOK_PATH}",
            f"Set it to {parts.scheme}://{parts.netloc}{WEBHOOK_PATH} at {page}.",
        )
    if _is_private(parts.hostname or "") and not _is_private(urlsplit(case.server).hostname or ""):
        found += wrong(
            f"GitHub cannot reach {parts.hostname}, a private address",
            f"Set the webhook's URL to an address in the internet at {page}, or use a relay.",
        )
    if hook.content_type != "json":
        found += wrong(f"the webhook's content type is {hook.content_type}", f"Set it to application/json at {page}.")
    if not hook.signed:
        found += wrong(
            "the webhook has no secret, so every delivery is refused", f"Enter DEVFLOW_WEBHOOK_SECRET at {page}."
        )
    if not hook.verified:
        found += warning("GitHub does not check your server's certificate", f"Enable SSL verification at {page}.")
    return found or ok(hook.url)


def _is_private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith((".local", ".internal", ".localhost"))


async def deliveries(case: Case) -> Verdicts:
    """The newest attempt at each delivery; only failures since the last success count as wrong."""
    newest: dict[str, DeliverySeen] = {}
    for seen in await case.github.deliveries():
        newest.setdefault(seen.guid, seen)
    rows = list(newest.values())
    if not rows:
        return not_looked_at("GitHub has sent nothing yet", "Comment on an issue, and look again.")
    failed = [row for row in rows if not 200 <= row.answer < 300]
    since = next((at for at, row in enumerate(rows) if 200 <= row.answer < 300), len(rows))
    if not since:
        old = f"; {len(failed)} of the last {len(rows)} failed before that" if failed else ""
        return ok(f"the newest arrived{old}")
    return _failing(rows[:since], await case.app_page(), await case.app_page("advanced"))


def _failing(rows: Sequence[DeliverySeen], page: str, log: str) -> Verdicts:
    row = rows[0]
    count = "the newest delivery" if len(rows) == 1 else f"the newest {len(rows)} deliveries"
    again = f"then press Redeliver at {log}"
    if row.answer == 401:
        return wrong(
            f"{count} failed: 401, so the webhook's secret is not DEVFLOW_WEBHOOK_SECRET",
            f"Enter the same at {page}, restart the server, {again}.",
        )
    if row.answer in {404, 405}:
        return wrong(
            f"{count} failed: {row.answer}, so something else answers there, or the path is wrong",
            f"Set the webhook's URL to https://YOUR.HOST{WEBHOOK_PATH} at {page}, {again}.",
        )
    if row.answer in {0, 502, 504} or row.answer == 503:
        return wrong(
            f"{count} failed: {row.status} ({row.answer}), so GitHub cannot reach the server",
            f"See that `devflow serve` runs, and that firewall and proxy let GitHub through to it; {again}.",
        )
    return wrong(
        f"{count} failed: {row.status} ({row.answer})", f"Look at the answers at {log}, and at the server's log."
    )


CHECKS = (
    Check("webhook secret", secret),
    Check("webhook address", address, ("app", "network", "github")),
    Check("webhook deliveries", deliveries, ("app", "network", "github")),
)
