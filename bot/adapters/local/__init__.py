"""A git repository on this machine in the place of one on GitHub."""

from bot.adapters.local.checkout import Here, find_checkout
from bot.adapters.local.host import LocalHost, repository_name

__all__ = ["Here", "LocalHost", "find_checkout", "repository_name"]
