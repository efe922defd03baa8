"""Sandboxes: bubblewrap, a container, none at all, and the refusal to run."""

from typing import Literal

from bot.adapters.sandbox.bubblewrap import BubblewrapSandbox
from bot.adapters.sandbox.container.sandbox import DEFAULT_IMAGE, ContainerSandbox
from bot.adapters.sandbox.network.egress import parse_allowed_hosts
from bot.adapters.sandbox.network.gateway import Network
from bot.adapters.sandbox.refusing import NoSandbox
from bot.adapters.sandbox.unsafe import UnsafeSandbox
from bot.ports import Sandbox

__all__ = [
    "DEFAULT_IMAGE",
    "BubblewrapSandbox",
    "ContainerSandbox",
    "Network",
    "NoSandbox",
    "UnsafeSandbox",
    "choose_sandbox",
    "parse_allowed_hosts",
]


def choose_sandbox(
    setting: Literal["auto", "bubblewrap", "container", "none"],
    network: Network | None = None,
    image: str = DEFAULT_IMAGE,
    command: str = "",
) -> Sandbox:
    """The sandbox for a setting. `auto` is bubblewrap or a refusal, never `none`: that takes an explicit setting.

    `image` and `command` are the container's; `network` says what commands may reach, except without a sandbox.
    """
    if setting == "none":
        return UnsafeSandbox()
    if setting == "container":
        return ContainerSandbox(image, command, network)
    sandbox = BubblewrapSandbox(network)
    reason = sandbox.available() if setting == "auto" else None
    return sandbox if reason is None else NoSandbox(reason)
