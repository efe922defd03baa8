"""Which repository and which state a word at the terminal means, by the folder it is called in."""

from pathlib import Path

from bot.bootstrap_local import checkout_around
from bot.core.repository import Repo
from bot.settings import Settings, load_settings


def settings_here() -> Settings:
    """The settings, with the state of the checkout around this folder if this folder has none of its own."""
    settings, folder = load_settings(), Path.cwd()
    if (folder / settings.state_dir).exists() or (around := checkout_around(folder)) is None:
        return settings
    state = around[0] / settings.state_dir
    return settings.model_copy(update={"state_dir": state}) if state.exists() else settings


def repository_here() -> Repo | None:
    """The checkout around this folder, by the name that `devflow run` gives it."""
    around = checkout_around(Path.cwd())
    return around[1] if around else None
