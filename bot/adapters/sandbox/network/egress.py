"""Which hosts a sandboxed command may reach, and which addresses they may have."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from bot.core.errors import BotError

SETTING = "DEVFLOW_ALLOWED_HOSTS"
WEB_PORTS = frozenset({80, 443})
_NAME = re.compile(r"(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_MAX_NAME = 253
_TRANSLATED = IPv6Network("64:ff9b::/96")
"""IPv6 addresses with an IPv4 address in their last 32 bits (RFC 6052)."""
_INDEXES = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS")

Address = IPv4Address | IPv6Address


class RefusedError(Exception):
    """A connection that is not allowed, with a sentence for people."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One allowed host: a name, `*.name` for every name below it, or an address. `port` None: 80 and 443."""

    host: str
    port: int | None = None

    @property
    def literal(self) -> Address | None:
        return address_of(self.host)

    def fits(self, host: str, port: int) -> bool:
        if port not in ({self.port} if self.port else WEB_PORTS):
            return False
        if self.host.startswith("*."):
            return host.endswith(self.host[1:])
        return host == self.host or (self.literal is not None and self.literal == address_of(host))


@dataclass(frozen=True, slots=True)
class Egress:
    """What may be reached: `rules`, or every public host with `public`. `indexes` are (host, port) of the package
    indexes that this machine's own configuration names: such a host may have a private address."""

    rules: tuple[Rule, ...] = ()
    public: bool = False
    indexes: frozenset[tuple[str, int]] = frozenset()

    def check(self, host: str, port: int) -> bool:
        """Whether it may have an address that is not public. Raises `RefusedError` for a host that is not allowed."""
        index = (host, port) in self.indexes
        fitting = [rule for rule in self.rules if rule.fits(host, port)]
        if not fitting and not (self.public and (index or port in WEB_PORTS)):
            what = "every public host on ports 80 and 443" if self.public else "only what it lists"
            raise RefusedError(f"{host}:{port} may not be reached from the sandbox: {SETTING} allows {what}.")
        return index or any(rule.literal is not None for rule in fitting)


def parse_allowed_hosts(text: str) -> tuple[Rule, ...]:
    """The rules of a list such as `pypi.org, *.example.com, 10.0.0.5:8080`. Raises `BotError` naming a wrong one."""
    return tuple(_rule(word.strip()) for word in text.split(",") if word.strip())


def egress_for(rules: Sequence[Rule], env: Mapping[str, str], *, network: bool) -> Egress | None:
    """What one command may reach, None for nothing. `env` are the variables of this machine's package managers."""
    indexes = _indexes(env) if network else frozenset[tuple[str, int]]()
    if rules:
        return Egress(tuple(rules), indexes=indexes)
    return Egress(public=True, indexes=indexes) if network else None


def clean_host(host: str) -> str:
    """A host as it is compared: lower case, no final dot, no brackets. Raises `RefusedError` for what is no host."""
    plain = host.strip("[]").removesuffix(".").lower()
    if len(plain) > _MAX_NAME or not (address_of(plain) or (_NAME.fullmatch(plain) and "*" not in plain)):
        raise RefusedError("That is no host name.")
    return plain


def address_of(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def is_public(address: Address) -> bool:
    """Whether an address belongs to the internet: no loopback, link, private, shared, metadata or multicast address,
    and none inside of an IPv6 address that stands for an IPv4 one."""
    if isinstance(address, IPv6Address):
        mapped = IPv4Address(int(address) & 0xFFFFFFFF) if address in _TRANSLATED else address.ipv4_mapped
        if mapped is not None:
            return is_public(mapped)
        if address.teredo or address.is_site_local or (address.sixtofour and not is_public(address.sixtofour)):
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved and not address.is_unspecified


def _rule(word: str) -> Rule:
    if address_of(word):
        return Rule(word.lower())
    host, colon, port = word.rpartition(":")
    host, port = (host, port) if colon else (word, "")
    ascii_host = _ascii(host)
    known = address_of(ascii_host) or _NAME.fullmatch(ascii_host)
    if not known or (colon and not (port.isdecimal() and 0 < int(port) < 65536)):
        raise BotError(
            f"{SETTING} is wrong: {word!r} is no host.",
            "List host names with commas between them, as in `pypi.org, *.pythonhosted.org, 10.0.0.5:8080`.",
        )
    return Rule(ascii_host, int(port) if port else None)


def _ascii(host: str) -> str:
    """A name as it goes over the wire, empty if it cannot."""
    plain = host.strip("[]").removesuffix(".").lower()
    try:
        return plain if plain.isascii() else plain.encode("idna").decode()
    except UnicodeError:
        return ""


def _indexes(env: Mapping[str, str]) -> frozenset[tuple[str, int]]:
    urls = [urlsplit(word) for name in _INDEXES for word in env.get(name, "").split()]
    return frozenset(filter(None, map(_place, urls)))


def _place(url: SplitResult) -> tuple[str, int] | None:
    """(host, port) of a web address."""
    try:
        port = url.port or {"http": 80, "https": 443}[url.scheme]
        return clean_host(url.hostname or ""), port
    except (KeyError, ValueError, RefusedError):
        return None
