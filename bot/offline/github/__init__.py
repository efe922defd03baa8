"""A stateful GitHub on loopback: REST, git over HTTP, signed webhooks and pages, with faults that can be asked for."""

from bot.offline.github.faults import Hang
from bot.offline.github.local import LocalGitHub
from bot.offline.github.traffic import Exchange, Request

__all__ = ["Exchange", "Hang", "LocalGitHub", "Request"]
