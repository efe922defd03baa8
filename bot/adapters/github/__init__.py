"""GitHub over REST: `bot.ports.GitHub` on top of githubkit, with our own retries, pacing and token renewal."""

from bot.adapters.github.client import GitHubAdapter
from bot.adapters.github.deliveries import AppDeliveries
from bot.adapters.github.registering import new_app

__all__ = ["AppDeliveries", "GitHubAdapter", "new_app"]
