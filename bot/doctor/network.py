"""Checks of the way out: who can be reached, whether addresses belong together, whether the clock is right."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from bot.core.findings import Verdicts, not_looked_at, ok, warning, wrong
from bot.doctor.case import Case
from bot.doctor.examine import Check
from bot.ports_doctor import UnreachableError

MOST_SECONDS_OFF = 30
"""What an App signs is good from a minute before to nine minutes after; answers take their time, too."""
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_PROXIES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")


async def addresses(case: Case) -> Verdicts:
    api, server = case.settings.github_api_url.rstrip("/"), case.server
    for name, url in (("GITHUB_API_URL", api), ("GITHUB_SERVER_URL", server)):
        if not _is_url(url):
            return wrong(f"{name} is no URL", f"Set {name} to one such as {_EXAMPLES[name]}.")
    wanted = _api_of(server)
    if api == wanted or (_host(api) in _LOOPBACK and _host(server) in _LOOPBACK):
        return ok(f"{api} is the API of {server}")
    fix = f"Set GITHUB_API_URL={wanted} for {server}"
    if (beside := _server_of(api)) and beside != server:
        fix += f", or GITHUB_SERVER_URL={beside} for {api}"
    return wrong(f"GITHUB_API_URL ({api}) and GITHUB_SERVER_URL ({server}) do not belong together", f"{fix}.")


def _api_of(server: str) -> str:
    """https://docs.github.com/en/enterprise-server/rest/using-the-rest-api/getting-started-with-the-rest-api"""
    host = _host(server)
    if host == "github.com":
        return "https://api.github.com"
    return f"https://api.{host}" if host.endswith(".ghe.com") else f"{server}/api/v3"


def _server_of(api: str) -> str:
    """Empty where the API's address has none of the known forms."""
    host = _host(api)
    if host == "api.github.com" or host.endswith(".ghe.com"):
        return f"https://{host.removeprefix('api.')}"
    return api.removesuffix("/api/v3") if api.endswith("/api/v3") else ""


def _is_url(url: str) -> bool:
    return url.startswith(("http://", "https://")) and bool(_host(url))


def _host(url: str) -> str:
    """Empty where there is none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


async def github_api(case: Case) -> Verdicts:
    return await _reachable(case, case.settings.github_api_url, "GITHUB_API_URL", known=True)


async def github(case: Case) -> Verdicts:
    return await _reachable(case, case.server, "GITHUB_SERVER_URL")


async def model(case: Case) -> Verdicts:
    if case.settings.provider != "anthropic":
        return not_looked_at(f"{case.settings.provider} has an address for each region; the first run will tell")
    return await _reachable(case, case.settings.anthropic_base_url or "https://api.anthropic.com", "ANTHROPIC_BASE_URL")


async def _reachable(case: Case, url: str, setting: str, *, known: bool = False) -> Verdicts:
    host = _host(url)
    try:
        answer = await (case.greeting() if known else case.parts.reach(url))
    except UnreachableError as error:
        return wrong(f"{host} cannot be reached: {error}", _way_out(str(error), url, setting, case.env))
    if known and not answer.from_github:
        return wrong(
            f"{host} answers ({answer.status}), but it is not GitHub's API",
            f"Look at GITHUB_API_URL ({url}) and at what stands between: a captive portal or a proxy's error page.",
        )
    return ok(f"{host} answers ({answer.status})")


def _way_out(said: str, url: str, setting: str, env: Mapping[str, str]) -> str:
    """What to do about an error of the network, by its words."""
    host, proxy = _host(url), next((name for name in _PROXIES if env.get(name)), "")
    if "CERTIFICATE" in said.upper():
        return f"Set SSL_CERT_FILE to a file with the authority that signed the certificate of {host}."
    if proxy and host not in _LOOPBACK:
        return f"{proxy} is set: see that this proxy lets {host} through, or name {host} in NO_PROXY."
    if "Name or service" in said or "name resolution" in said or "nodename" in said:
        return f"Look at {setting} and at this machine's name server: `getent hosts {host}` finds nothing."
    return f"Look at {setting} and at firewalls: `curl -I {url}` must get an answer; some networks need HTTPS_PROXY."


async def clock(case: Case) -> Verdicts:
    answer = await case.greeting()
    if answer.date is None:
        return not_looked_at("GitHub's answer has no date")
    off = (case.parts.clock.now() - answer.date).total_seconds()
    if abs(off) <= MOST_SECONDS_OFF:
        return ok(f"within {MOST_SECONDS_OFF} s of GitHub's")
    way = "ahead of" if off > 0 else "behind"
    found = f"this machine's clock is {abs(off):.0f} s {way} GitHub's"
    fix = "Turn on time synchronisation: `timedatectl set-ntp true`."
    if case.settings.app_id:
        return wrong(f"{found}; GitHub refuses what an App signs at a wrong time", fix)
    return warning(found, fix)


_EXAMPLES = {"GITHUB_API_URL": "https://api.github.com", "GITHUB_SERVER_URL": "https://github.com"}

CHECKS = (
    Check("GitHub addresses", addresses),
    Check("GitHub API reachable", github_api, ("network",)),
    Check("GitHub reachable", github, ("network",)),
    Check("model reachable", model, ("network",)),
    Check("clock", clock, ("network",)),
)
