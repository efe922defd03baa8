"""Checks of one repository: whether we may work there, what its workflows may do, whether its settings can be read."""

from bot.core.app_manifest import install_page
from bot.core.command_list import COMMANDS, NAMES
from bot.core.config import CONFIG_PATH
from bot.core.config_reading import MAX_BYTES, Known, read_config
from bot.core.findings import Verdict, Verdicts, not_looked_at, ok, warning, wrong
from bot.doctor.case import Case, NotLookedAtError
from bot.doctor.examine import Check
from bot.doctor.identity import lacking
from bot.ports import GitHubError
from bot.ports_doctor import IdentitySeen, RepositorySeen


async def installed(case: Case) -> Verdicts:
    seen = await case.installation()
    if seen is None:
        page = install_page((await case.app()).html_url)
        return wrong(f"the App is not installed on {case.repo}", f"Install it there at {page}.")
    if seen.suspended:
        return wrong(f"the installation on {case.repo} is suspended", f"Unsuspend it at {seen.html_url}.")
    waiting = lacking(seen.permissions, f"for the App, and accept it at {seen.html_url}")
    return waiting or ok(f"the App is installed on {case.repo} with all it needs")


async def access(case: Case) -> Verdicts:
    if case.settings.app_id and await case.installation() is None:
        raise NotLookedAtError("the App is not installed there; see `App installed` above")
    try:
        seen = await case.github.repository(case.repo)
    except GitHubError as error:
        if error.status in {401, 403}:
            raise NotLookedAtError("GitHub refused; see `GitHub identity` above") from None
        raise
    page = f"{case.server}/{case.repo}"
    if seen is None:
        return wrong(f"{case.repo} does not exist, or we may not see it", f"Look at {page}, and who was let in there.")
    if seen.archived:
        return wrong(f"{case.repo} is archived: nothing can be written", f"Unarchive it at {page}/settings.")
    if not seen.has_issues:
        return wrong(f"{case.repo} has no issues", f"Turn Issues on at {page}/settings.")
    if case.settings.app_id:
        return ok(f"{case.repo} can be read; writing is `App installed`")
    return _of_token(case, seen, await case.github.identity(), page)


def _of_token(case: Case, seen: RepositorySeen, who: IdentitySeen, page: str) -> Verdicts:
    if seen.may_push is False:
        return wrong(
            f"{who.login} may not write to {case.repo}", f"Give {who.login} the Write role at {page}/settings/access."
        )
    if who.scopes is None:
        told = "GitHub does not tell what a fine-grained or a workflow's token may do; the first write will show"
        return ok(f"{who.login} may write to {case.repo}. {told}")
    enough = {"repo"} if seen.private else {"repo", "public_repo"}
    if not enough & set(who.scopes):
        needed = "repo" if seen.private else "public_repo"
        return wrong(
            f"the token has the scopes {', '.join(who.scopes) or 'none'}, and {needed} is needed",
            f"Add the scope {needed} at {case.server}/settings/tokens.",
        )
    return ok(f"{who.login} may write to {case.repo}, scopes {', '.join(who.scopes)}")


async def actions(case: Case) -> Verdicts:
    """Matters where Devflow works as a GitHub Action: a server writes as its App."""
    page = f"{case.server}/{case.repo}/settings/actions"
    told = warning if case.settings.app_id else wrong
    try:
        seen = await case.github.actions(case.repo)
    except GitHubError as error:
        if error.status in {401, 403, 404}:
            return not_looked_at("GitHub tells this to administrators only", f"Look for yourself at {page}.")
        raise
    if not seen.enabled:
        return told("GitHub Actions are turned off, so Devflow's Action does not run", f"Turn them on at {page}.")
    if not seen.may_open_pulls:
        fix = f"Tick `Allow GitHub Actions to create and approve pull requests` at {page}."
        return told("Devflow's Action may not open pull requests here; it leaves a branch and a link", fix)
    return ok("they run, and may open pull requests")


async def config(case: Case) -> Verdicts:
    try:
        file = await case.github.file(case.repo, CONFIG_PATH, most=MAX_BYTES)
    except GitHubError as error:
        if error.status in {401, 403, 404}:
            raise NotLookedAtError(f"{case.repo} cannot be read; see above") from None
        raise
    page = f"{case.server}/{case.repo}/blob/HEAD/{CONFIG_PATH}"
    if file is None:
        return ok(f"there is no {CONFIG_PATH}, so the defaults hold")
    if file.content is None:
        return wrong(f"{CONFIG_PATH}: {file.problem}", f"Put a YAML file there: {page}")
    known = Known(set(NAMES), {definition.label for definition in COMMANDS if definition.by_label})
    _, problems = read_config(file.content, CONFIG_PATH, known)
    told = [
        Verdict("wrong", f"{problem.place}: {problem.message}", f"{problem.hint} {page}#L{problem.line}")
        for problem in problems
    ]
    return told or ok(f"{CONFIG_PATH} can be used")


CHECKS = (
    Check("App installed", installed, ("repo", "app", "network", "github")),
    Check("repository", access, ("repo", "network", "github")),
    Check("GitHub Actions", actions, ("repo", "network", "github")),
    Check("repository settings", config, ("repo", "network", "github")),
)
