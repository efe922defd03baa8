"""Checks of who we are to GitHub: an App or a token, and what an App was given."""

from collections.abc import Mapping

from bot.core.app_wanted import EVENTS, OPTIONAL_PERMISSIONS, PERMISSIONS, title
from bot.core.errors import BotError
from bot.core.findings import Verdict, Verdicts, not_looked_at, ok, wrong
from bot.doctor.case import Case
from bot.doctor.examine import Check
from bot.ports import GitHubError

LEVELS = ("", "read", "write", "admin")


async def identity(case: Case) -> Verdicts:
    github = case.parts.github
    if isinstance(github, BotError):
        return wrong(github.message, _way_in(case, github))
    if case.asked.offline:
        return not_looked_at(f"{_who(case)} is set; whether GitHub accepts it needs the network")
    try:
        if case.settings.app_id:
            seen = await case.app_itself()
            beside = "; GITHUB_TOKEN is set, too, and not used" if _token(case) else ""
            return ok(f"GitHub accepts the App {seen.slug}{beside}")
        who = await github.identity()
        return ok(f"GitHub accepts the token of {who.login}")
    except GitHubError as error:
        return _refused(case, error)


def _token(case: Case) -> str:
    return case.settings.github_token.get_secret_value()


def _who(case: Case) -> str:
    return f"the App {case.settings.app_id}" if case.settings.app_id else "GITHUB_TOKEN"


def _way_in(case: Case, error: BotError) -> str:
    """The next step where no request could even be made."""
    if case.settings.app_id:
        page = f"{case.server}/settings/apps (an organisation's: {case.server}/organizations/NAME/settings/apps)"
        return f"Make a private key on the App's page under {page}; set DEVFLOW_PRIVATE_KEY to its PEM or path."
    if case.settings.private_key.get_secret_value():
        return "DEVFLOW_PRIVATE_KEY is set, DEVFLOW_APP_ID is not: set it to the number on the App's page."
    if _token(case):
        return "Set GITHUB_TOKEN to the token alone, without spaces or quotes."
    return (
        "Make a GitHub App: `devflow setup`, or `devflow serve --setup` on a server. Or set GITHUB_TOKEN. "
        "`devflow run` in a checkout needs neither."
    )


def _refused(case: Case, error: GitHubError) -> Verdicts:
    if error.status not in {401, 403, 404}:
        return wrong(str(error), "See `GitHub API reachable` and `GitHub addresses` above.")
    if not case.settings.app_id:
        fix = f"It is wrong, expired or revoked: make a new one at {case.server}/settings/tokens, and set GITHUB_TOKEN."
        return wrong(f"GitHub refuses GITHUB_TOKEN ({error.status})", fix)
    said = str(error).lower()
    pages = f"{case.server}/settings/apps"
    if "expiration" in said or "issued at" in said:
        return wrong("GitHub refuses what the App signs, for its time", "Set this machine's clock; see `clock` above.")
    if "integration not found" in said or error.status == 404:
        found, fix = f"GitHub knows no App with the number {case.settings.app_id}", "Set DEVFLOW_APP_ID to the App ID"
    else:
        found = f"the private key is not one of the App {case.settings.app_id}, or that number is wrong"
        fix = "Compare DEVFLOW_APP_ID, or make a new key for DEVFLOW_PRIVATE_KEY,"
    return wrong(f"{found} ({error.status})", f"{fix} on the App's page under {pages}.")


async def permissions(case: Case) -> Verdicts:
    page = await case.app_page("permissions")
    fix = f"at {page}, save, and accept the change in each installation"
    return lacking((await case.app()).permissions, fix) or ok("all that Devflow needs are granted")


def lacking(held: Mapping[str, str], fix: str) -> Verdicts:
    """A verdict for each permission that is missing or too low; `fix` completes "Set Issues to Read and write"."""
    found: Verdicts = []
    for name, level in PERMISSIONS.items():
        has = held.get(name, "")
        if has in LEVELS and LEVELS.index(has) >= LEVELS.index(level):
            continue
        words = "Read and write" if level == "write" else "Read-only"
        optional = name in OPTIONAL_PERMISSIONS
        why = ": rules that name teams fail" if optional else ""
        told = f"the permission {title(name)} is {has or 'not granted'}, and {level} is needed{why}"
        found.append(Verdict("warning" if optional else "wrong", told, f"Set {title(name)} to {words} {fix}."))
    return found


async def events(case: Case) -> Verdicts:
    missing = [title(name) for name in EVENTS if name not in (await case.app()).events]
    if not missing:
        return ok("all that Devflow acts on are subscribed to")
    named = ", ".join(missing)
    page = await case.app_page("permissions")
    return wrong(f"not subscribed to: {named}", f"Tick {named} under `Subscribe to events` at {page}, and save.")


CHECKS = (
    Check("GitHub identity", identity),
    Check("App permissions", permissions, ("app", "network", "github")),
    Check("App events", events, ("app", "network", "github")),
)
