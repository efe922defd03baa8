"""Loads the agents that come with Devflow."""

from importlib.resources import files

from bot.core.definitions import Catalog, catalog


def builtin_catalog() -> Catalog:
    """The agents under `bot/defaults/agents`. Raises `DefinitionError` if one of them is broken."""
    folder = files("bot").joinpath("defaults", "agents")
    pages = sorted((page for page in folder.iterdir() if page.name.endswith(".md")), key=lambda page: page.name)
    return catalog((f"bot/defaults/agents/{page.name}", page.read_text("utf-8")) for page in pages)
