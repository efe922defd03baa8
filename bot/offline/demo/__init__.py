"""The demo: the whole job on this machine, against a local GitHub."""

from bot.offline.demo.show import run_demo
from bot.offline.demo.wish import Wish

__all__ = ["Wish", "run_demo"]
