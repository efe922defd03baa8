"""Reads `.github/devflow.yml` as the default branch has it now; a pull request's own version never counts."""

from dataclasses import replace

from bot.core.config import CONFIG_PATH, Config
from bot.core.config_reading import MAX_BYTES, ConfigError, parse_config
from bot.core.repository import Repo
from bot.core.runs import RunPlan
from bot.core.yaml_models import FileProblem
from bot.ports import Ports


async def config_of(ports: Ports, repo: Repo) -> Config:
    """The settings of a repository. Raises `ConfigError` for a file that cannot be used, and `GitHubError`."""
    file = await ports.github.file(repo, CONFIG_PATH, most=MAX_BYTES)
    if file is None:
        return Config()
    if file.content is None:
        raise ConfigError([FileProblem(CONFIG_PATH, 1, 1, f"{file.problem}.", "Put a YAML file there.")])
    return parse_config(file.content)


async def usable_config(ports: Ports, repo: Repo) -> Config:
    """The settings, or the defaults where the file cannot be used: for what goes on whatever the file says."""
    try:
        return await config_of(ports, repo)
    except ConfigError:
        return Config()


def settled(plan: RunPlan, config: Config) -> RunPlan:
    """The plan of a run with what the repository's settings say of gates, memory and agents."""
    gates = config.gates
    return replace(
        plan,
        remind_hours=gates.remind_hours,
        expire_days=gates.expire_days,
        risk_paths=gates.risk_paths,
        memory=config.memory,
        pins=tuple(config.routing.pin.items()),
    )
