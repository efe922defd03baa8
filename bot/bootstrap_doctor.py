"""Makes what only `devflow doctor` looks with: adapters that read, once, and change nothing."""

from bot.adapters.claude.inspection import ClaudeCatalog
from bot.adapters.github.inspection import GitHubInspection
from bot.adapters.reach import reach
from bot.adapters.store.inspection import StoreInspection
from bot.bootstrap import make_sandbox, records_url, way_in
from bot.core.errors import BotError
from bot.doctor.case import Parts
from bot.ports import Clock
from bot.ports_doctor import Inspection
from bot.settings import Settings


def doctor_parts(settings: Settings, clock: Clock) -> Parts:
    """Nothing is opened or asked yet."""
    s = settings
    return Parts(
        reach,
        _inspection(settings, clock),
        ClaudeCatalog(s.anthropic_api_key.get_secret_value(), s.anthropic_base_url, s.provider),
        StoreInspection(records_url(settings)),
        lambda: make_sandbox(settings),
        clock,
    )


def _inspection(settings: Settings, clock: Clock) -> Inspection | BotError:
    api = settings.github_api_url
    try:
        return way_in(
            settings,
            lambda app, key: GitHubInspection.for_app(app, key, api_url=api, clock=clock),
            lambda token: GitHubInspection.for_token(token, api_url=api, clock=clock),
        )
    except BotError as error:
        return error
