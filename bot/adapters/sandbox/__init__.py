"""Sandboxes: bubblewrap, none at all, and the refusal to run."""

from typing import Literal

from bot.adapters.sandbox.bubblewrap import BubblewrapSandbox
from bot.adapters.sandbox.refusing import NoSandbox
from bot.adapters.sandbox.unsafe import UnsafeSandbox
from bot.ports import Sandbox

__all__ = ["BubblewrapSandbox", "NoSandbox", "UnsafeSandbox", "choose_sandbox"]


def choose_sandbox(setting: Literal["auto", "bubblewrap", "none"]) -> Sandbox:
    """The sandbox for a setting. `auto` is bubblewrap or a refusal, never `none`: that takes an explicit setting."""
    if setting == "none":
        return UnsafeSandbox()
    sandbox = BubblewrapSandbox()
    reason = sandbox.available() if setting == "auto" else None
    return sandbox if reason is None else NoSandbox(reason)
