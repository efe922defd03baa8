"""Connections of the proxy: to an address that was checked, or through the proxy that this machine has to use."""

import asyncio
import base64
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import SplitResult, unquote, urlsplit

from bot.adapters.sandbox.network.egress import SETTING, Address, Egress, RefusedError, is_public

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Outer:
    """Proxies of this machine by scheme, from the usual variables; `direct` are hosts that are reached without."""

    proxies: Mapping[str, SplitResult]
    direct: tuple[str, ...] = ()

    @classmethod
    def from_environment(cls, env: Mapping[str, str]) -> "Outer":
        known = {name.lower(): value for name, value in env.items() if value}
        proxies = {}
        for scheme in ("http", "https"):
            value = known.get("pip_proxy") or known.get(f"{scheme}_proxy") or known.get("all_proxy") or ""
            url = urlsplit(value if "://" in value else f"http://{value}")
            if value and url.hostname and url.scheme in {"http", "https"}:
                proxies[scheme] = url
        return cls(proxies, tuple(w.strip().lstrip("*.").lower() for w in known.get("no_proxy", "").split(",") if w))

    def proxy_for(self, scheme: str, host: str) -> SplitResult | None:
        if any(one and (host == one or host.endswith(f".{one}")) for one in self.direct):
            return None
        return self.proxies.get(scheme)


async def connect(egress: Egress, host: str, port: int) -> Streams:
    """A connection to the host, at an address that it may have. Raises `RefusedError` and `OSError`."""
    addresses = await checked_addresses(egress, host, port)
    problem: OSError = ConnectionError(f"{host} has no address.")
    for address in addresses:
        try:
            async with asyncio.timeout(_SECONDS):
                return await asyncio.open_connection(str(address), port)
        except OSError as error:
            problem = error
    raise problem


async def checked_addresses(egress: Egress, host: str, port: int) -> list[Address]:
    """Where a host may be reached; what is connected to is one of these addresses, never the name again, so that a
    second answer of its name server cannot differ. Raises `RefusedError` if none may be, `OSError` if it has none."""
    private = egress.check(host, port)
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(ip_address(str(info[4][0]).partition("%")[0]) for info in found))
    allowed = [one for one in addresses if private or (is_public(one) and not _own(one))]
    if addresses and not allowed:
        raise RefusedError(
            f"{host} has an address of this machine or of a private network; {SETTING} can allow it by its IP address."
        )
    return allowed


def _own(address: Address) -> bool:
    """Whether an address is this machine's own: the kernel would then call from that same address. Nothing is sent."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((str(address), 9))
            return bool(ip_address(probe.getsockname()[0].partition("%")[0]) == address)
    except OSError:
        return False


async def connect_proxy(proxy: SplitResult) -> Streams:
    """A connection to a proxy of this machine, which its owner named. Raises `OSError`."""
    secure = proxy.scheme == "https"
    async with asyncio.timeout(_SECONDS):
        return await asyncio.open_connection(proxy.hostname, proxy.port or (443 if secure else 80), ssl=secure or None)


def credentials(proxy: SplitResult) -> tuple[str, ...]:
    """The header line that a proxy with a user and password wants."""
    if proxy.username is None:
        return ()
    pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return (f"Proxy-Authorization: Basic {base64.b64encode(pair.encode()).decode()}",)
