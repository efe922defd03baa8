"""The one way out of a sandbox: which hosts the list allows, which addresses they may have, what the proxy does."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from ipaddress import ip_address
from pathlib import Path

import pytest
import structlog

from bot.adapters.sandbox import BubblewrapSandbox, ContainerSandbox, Network, UnsafeSandbox, parse_allowed_hosts
from bot.adapters.sandbox.network.connect import Outer, _own
from bot.adapters.sandbox.network.egress import Egress, RefusedError, Rule, clean_host, egress_for, is_public
from bot.adapters.sandbox.network.messages import parse_request
from bot.adapters.sandbox.network.proxy import proxy
from bot.core.errors import BotError
from bot.ports import Sandbox

from .conftest import ISOLATED, SMALL
from .image import IMAGE
from .services import hello, page, serving

pytestmark = pytest.mark.slow

Ask = Callable[..., "asyncio.Future[bytes]"]
NOT_PUBLIC = """
127.0.0.1 127.8.9.1 0.0.0.0 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 224.0.0.1 255.255.255.255 ::1 ::
fe80::1 fc00::1 fd00:ec2::254 fec0::1 ff02::1 ::ffff:127.0.0.1 ::ffff:169.254.169.254 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe
2002:7f00:1::1 2001:0:7f00:1::1 ::127.0.0.1 192.0.2.1 198.18.0.1 240.0.0.1
"""


def test_a_list_becomes_rules() -> None:
    """Names, wildcards, addresses, ports; case and blanks do not matter."""
    assert parse_allowed_hosts(" PyPI.org, *.Example.com:8443,10.0.0.5:8080, ::1,[fd00::1]:99, bücher.example. ,") == (
        Rule("pypi.org"),
        Rule("*.example.com", 8443),
        Rule("10.0.0.5", 8080),
        Rule("::1"),
        Rule("fd00::1", 99),
        Rule("xn--bcher-kva.example"),
    )
    assert parse_allowed_hosts("") == ()


@pytest.mark.parametrize("wrong", ["*", "https://pypi.org", "a b", "pypi.org:0", "pypi.org:http", "x.*.org", "-a.org"])
def test_a_wrong_list_is_named(wrong: str) -> None:
    """With the setting, the word, and what a right one looks like."""
    with pytest.raises(BotError, match="DEVFLOW_ALLOWED_HOSTS is wrong") as error:
        parse_allowed_hosts(f"pypi.org,{wrong}")
    assert repr(wrong) in str(error.value)


@pytest.mark.parametrize(
    ("host", "port", "allowed"),
    [
        ("pypi.org", 443, True),
        ("pypi.org", 80, True),
        ("pypi.org", 22, False),
        ("evil-pypi.org", 443, False),
        ("pypi.org.evil.example", 443, False),
        ("a.example.com", 8443, True),
        ("a.b.example.com", 8443, True),
        ("example.com", 8443, False),
        ("a.example.com", 443, False),
        ("10.0.0.5", 8080, True),
        ("10.0.0.6", 8080, False),
    ],
)
def test_only_what_is_listed_is_allowed(host: str, port: int, allowed: bool) -> None:
    """A wildcard stands for names below it, a rule without a port for the web's two."""
    egress = Egress(parse_allowed_hosts("pypi.org, *.example.com:8443, 10.0.0.5:8080"))
    if allowed:
        egress.check(host, port)
    else:
        with pytest.raises(RefusedError, match="DEVFLOW_ALLOWED_HOSTS"):
            egress.check(host, port)


def test_what_a_command_may_reach() -> None:
    """Without a list: nothing, or public hosts and this machine's indexes for the install step. With one: the list."""
    rules = parse_allowed_hosts("pypi.org")
    env = {"PIP_INDEX_URL": "https://user:word@Index.corp:8443/simple", "PIP_FIND_LINKS": "/wheels http://files.corp"}
    indexes = frozenset({("index.corp", 8443), ("files.corp", 80)})
    assert egress_for((), env, network=False) is None
    assert egress_for((), env, network=True) == Egress(public=True, indexes=indexes)
    assert egress_for(rules, {}, network=False) == Egress(rules)
    listed = egress_for(rules, env, network=True)
    assert listed is not None
    with pytest.raises(RefusedError):
        listed.check("index.corp", 8443)
    assert not listed.check("pypi.org", 443)


@pytest.mark.parametrize("address", NOT_PUBLIC.split())
def test_addresses_that_are_not_public(address: str) -> None:
    """Loopback, link-local with the clouds' metadata, private, shared, multicast; also as IPv6 spells IPv4."""
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"])
def test_addresses_that_are_public(address: str) -> None:
    """Hosts of the internet, also behind an address translator."""
    assert is_public(ip_address(address))


def test_an_address_of_this_machine_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Services that listen everywhere can be called by the machine's public address too. Nothing is sent."""
    monkeypatch.undo()
    assert _own(ip_address("127.0.0.1"))
    assert not _own(ip_address("192.0.2.1"))


@pytest.mark.parametrize("host", ["", "a b", "a/b", "*.org", "a\r\nb", "x" * 300, "a..b"])
def test_what_is_no_host_is_refused(host: str) -> None:
    """Nothing else comes near the resolver or the log."""
    with pytest.raises(RefusedError):
        clean_host(host)


def test_a_request_goes_on_without_what_is_for_the_proxy() -> None:
    """In the form for the host itself, under the name that was checked, one to a connection."""
    request = parse_request(
        ["GET http://PyPI.org:80/simple/?a=b HTTP/1.1", "Host: evil.example", "Proxy-Authorization: x", "Accept: y"]
    )
    assert request.head(whole=False) == (
        b"GET /simple/?a=b HTTP/1.1\r\nHost: pypi.org\r\nAccept: y\r\nConnection: close\r\n\r\n"
    )
    assert request.head(whole=True).startswith(b"GET http://pypi.org/simple/?a=b HTTP/1.1\r\n")


@pytest.mark.parametrize(
    "line",
    [
        "GET /a HTTP/1.1",
        "GET ftp://a.org/ HTTP/1.1",
        "CONNECT a.org HTTP/1.1",
        "nonsense",
        "GET http://a:99999/ x",
    ],
)
def test_what_is_no_request_to_a_proxy_is_refused(line: str) -> None:
    """With an answer, not with a traceback."""
    with pytest.raises(RefusedError):
        parse_request([line])


@pytest.fixture
async def ask(tmp_path: Path) -> AsyncIterator[Ask]:
    """`await ask(egress, text, outer)`: what a proxy with this rule answers to a request."""

    async def asked(egress: Egress, text: str, outer: Outer | None = None) -> bytes:
        async with proxy(tmp_path / "proxy.sock", egress, outer or Outer({})):
            reader, writer = await asyncio.open_unix_connection(tmp_path / "proxy.sock")
            writer.write(text.encode())
            answer = await reader.read()
            writer.close()
            return answer

    yield lambda *args: asyncio.ensure_future(asked(*args))


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: str) -> list[str]:
    """Let every name have these addresses, one after the other; returns the list of names that were asked for."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def fake(host: str, port: int, *args: object, **keywords: object) -> object:
        try:
            ip_address(host)
        except ValueError:
            asked.append(host)
            if not answers:
                raise socket.gaierror("Name or service not known") from None
            host = answers[min(len(asked), len(answers)) - 1]
        return real(host, port, *args, **keywords)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", fake)
    return asked


async def test_an_allowed_host_is_reached_both_ways(ask: Ask) -> None:
    """As a tunnel, and as a plain request."""
    with serving() as service:
        egress = Egress(parse_allowed_hosts(f"127.0.0.1:{service.port}"))
        there = f"127.0.0.1:{service.port}"
        tunnelled = await ask(egress, f"CONNECT {there} HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n")
        assert tunnelled == b"HTTP/1.1 200 Connection established\r\n\r\n" + hello([])
        assert await ask(egress, f"GET http://{there}/x HTTP/1.1\r\nHost: other\r\n\r\n") == hello([])
        assert service.heads == [["GET / HTTP/1.1"], ["GET /x HTTP/1.1", f"Host: {there}", "Connection: close"]]


@pytest.mark.parametrize("form", ["CONNECT {}:{} HTTP/1.1\r\n\r\n", "GET http://{}:{}/ HTTP/1.1\r\n\r\n"])
async def test_a_host_that_is_not_listed_is_refused_and_logged(ask: Ask, form: str) -> None:
    """403, with a sentence that names the setting, in the first line as well; nobody is called."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(0))
    with serving() as service, structlog.testing.capture_logs() as logs:
        answer = (await ask(Egress(parse_allowed_hosts("pypi.org")), form.format("127.0.0.1", service.port))).decode()
        assert service.heads == []
    words = f"127.0.0.1:{service.port} may not be reached from the sandbox: DEVFLOW_ALLOWED_HOSTS allows only what it"
    assert answer.startswith(f"HTTP/1.1 403 {words}")
    assert words in answer.partition("\r\n\r\n")[2]
    assert [log["host"] for log in logs] == [f"127.0.0.1:{service.port}"]


@pytest.mark.parametrize("host", ["localhost", "2130706433", "127.1", "0x7f.1", "[::ffff:127.0.0.1]", "rebind.example"])
async def test_no_name_leads_to_this_machine(ask: Ask, monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    """What counts is the address, however it is spelt."""
    if host == "rebind.example":
        resolving(monkeypatch, "127.0.0.1")
    for egress in (Egress(public=True), Egress((Rule("rebind.example"), Rule("localhost")))):
        answer = await ask(egress, f"CONNECT {host}:443 HTTP/1.1\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 403 ")


async def test_the_machines_own_address_is_refused_even_if_it_is_public(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a machine that stands in the internet itself."""
    monkeypatch.setattr("bot.adapters.sandbox.network.connect.is_public", lambda _: True)
    assert b"403" in await ask(Egress(public=True), "CONNECT 127.0.0.1:443 HTTP/1.1\r\n\r\n")


async def test_an_address_is_looked_up_once_and_that_one_is_called(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that answers differently the second time is not asked a second time."""
    asked = resolving(monkeypatch, "127.0.0.1", "10.0.0.1")
    with serving() as service:
        egress = Egress(public=True, indexes=frozenset({("index.example", service.port)}))
        answer = await ask(egress, f"GET http://index.example:{service.port}/ HTTP/1.1\r\n\r\n")
    assert (answer, asked) == (hello([]), ["index.example"])


async def test_an_index_of_this_machine_may_be_private_and_nothing_beside_it(ask: Ask) -> None:
    """Exactly the host and the port that the configuration names."""
    with serving() as service, serving() as other:
        egress = Egress(public=True, indexes=frozenset({("127.0.0.1", service.port)}))
        assert await ask(egress, f"GET http://127.0.0.1:{service.port}/ HTTP/1.1\r\n\r\n") == hello([])
        assert b"403" in await ask(egress, f"GET http://127.0.0.1:{other.port}/ HTTP/1.1\r\n\r\n")
        assert other.heads == []


async def test_this_machines_own_proxy_is_used(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the machine itself has to use one: with its password, which the sandbox never sees."""
    resolving(monkeypatch)

    def through(head: list[str]) -> bytes:
        return b"HTTP/1.1 200 OK\r\n\r\nraw" if head[0].startswith("CONNECT") else page(b"plain")

    with serving(through) as upstream:
        url = f"http://me:secret@127.0.0.1:{upstream.port}"
        outer = Outer.from_environment({"https_proxy": url, "HTTP_PROXY": url, "no_proxy": "direct.example"})
        assert (await ask(Egress(public=True), "CONNECT pypi.org:443 HTTP/1.1\r\n\r\n", outer)).endswith(b"\r\n\r\nraw")
        answer = await ask(Egress(public=True), "GET http://pypi.org/x HTTP/1.1\r\n\r\n", outer)
        assert answer == page(b"plain")
        assert b"403" in await ask(Egress(public=True), "GET http://169.254.169.254/ HTTP/1.1\r\n\r\n", outer)
        assert b"502" in await ask(Egress(public=True), "GET http://direct.example/ HTTP/1.1\r\n\r\n", outer)
    assert [head[0] for head in upstream.heads] == ["CONNECT pypi.org:443 HTTP/1.1", "GET http://pypi.org/x HTTP/1.1"]
    assert all("Proxy-Authorization: Basic bWU6c2VjcmV0" in head for head in upstream.heads)


async def test_what_cannot_be_reached_is_said(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """502 for a name without an address, 400 for what is no request."""
    resolving(monkeypatch)
    answer = await ask(Egress(public=True), "GET http://gone.example/ HTTP/1.1\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 502 gone.example cannot be reached")
    assert (await ask(Egress(public=True), "\x16\x03\x01\r\n\r\n")).startswith(b"HTTP/1.1 400 ")


# In the sandbox

FETCH = """
import os, sys, urllib.request, urllib.error
try:
    print(urllib.request.urlopen(sys.argv[1], timeout=20).read().decode(), end="")
except urllib.error.HTTPError as error:
    print(error.code, error.read().decode(), end="")
except OSError as error:
    print("no way:", error)
"""


@pytest.fixture(params=ISOLATED)
def made(request: pytest.FixtureRequest) -> Callable[[Network], Sandbox]:
    """Each sandbox that isolates, made for a network."""
    if request.param == "container":
        command = request.getfixturevalue("podman")
        return lambda network: ContainerSandbox(IMAGE, command, network)
    request.getfixturevalue("bubblewrap")
    return BubblewrapSandbox


async def fetch(sandbox: Sandbox, checkout: Path, url: str, *, network: bool = False) -> str:
    argv = ["python3", "-c", FETCH, url]
    return (await sandbox.run(argv, checkout=checkout, limits=SMALL, network=network)).output


async def test_a_listed_host_is_reached_from_the_sandbox_and_no_other(
    made: Callable[[Network], Sandbox], checkout: Path
) -> None:
    """The same for ordinary commands and for the install step."""
    with serving() as service, serving() as other:
        sandbox = made(Network(parse_allowed_hosts(f"127.0.0.1:{service.port}")))
        for network in (False, True):
            assert await fetch(sandbox, checkout, f"http://127.0.0.1:{service.port}/", network=network) == "hello\n"
            refused = await fetch(sandbox, checkout, f"http://127.0.0.1:{other.port}/", network=network)
            assert refused.startswith("403 ")
            assert "DEVFLOW_ALLOWED_HOSTS" in refused
    assert (len(service.heads), other.heads) == (2, [])


async def test_without_a_list_there_is_no_way_out(made: Callable[[Network], Sandbox], checkout: Path) -> None:
    """No proxy, no variable that names one; and the install step's does not lead to this machine."""
    with serving() as service:
        sandbox = made(Network())
        here = f"http://127.0.0.1:{service.port}/"
        assert "no way" in await fetch(sandbox, checkout, here)
        away = await fetch(sandbox, checkout, f"http://169.254.169.254:{service.port}/", network=True)
        assert away.startswith("403 ")
        assert "no way" in await fetch(sandbox, checkout, here, network=True), "its own loopback is empty"
        assert "_proxy" not in (await sandbox.run(["env"], checkout=checkout, limits=SMALL)).output.lower()
    assert service.heads == []


async def test_the_exit_code_comes_through_the_relay(made: Callable[[Network], Sandbox], checkout: Path) -> None:
    """The command is not changed by the way out: its code, its signals, a program that is not there."""
    sandbox = made(Network(parse_allowed_hosts("example.com")))
    for argv, code in ((["sh", "-c", "exit 7"], 7), (["sh", "-c", "kill -TERM $$"], 143), (["no-such-program"], 127)):
        assert (await sandbox.run(argv, checkout=checkout, limits=SMALL)).exit_code == code


async def test_a_sandbox_that_is_none_takes_no_list(checkout: Path) -> None:
    """Without a sandbox nothing is kept from the network: the setting changes nothing, as its page says."""
    with serving() as service:
        assert await fetch(UnsafeSandbox(), checkout, f"http://127.0.0.1:{service.port}/") == "hello\n"


@pytest.mark.bwrap
async def test_pip_installs_from_the_index_of_this_machine(
    bubblewrap: BubblewrapSandbox, checkout: Path, tmp_path: Path
) -> None:
    """The configuration names an index on loopback: pip reaches it through the proxy, and nothing else there."""
    import io
    import zipfile

    wheel = io.BytesIO()
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny.py", "ANSWER = 42\n")
        archive.writestr("tiny-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1\n")
        archive.writestr("tiny-1.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("tiny-1.dist-info/RECORD", "")

    def index(head: list[str]) -> bytes:
        if head[0].startswith("GET /simple/tiny/ "):
            return page(b'<a href="/files/tiny-1-py3-none-any.whl">tiny-1-py3-none-any.whl</a>', "text/html")
        return page(wheel.getvalue(), "application/octet-stream")

    extra = tmp_path / "env"
    extra.mkdir()
    with serving(index) as service:
        env = {"PIP_INDEX_URL": f"http://127.0.0.1:{service.port}/simple", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        result = await bubblewrap.run(
            ["python3", "-m", "pip", "install", "--no-cache-dir", "--target", "/env/lib", "tiny"],
            checkout=checkout, limits=SMALL, network=True, env=env, extra=extra, extra_writable=True,
        )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert (extra / "lib/tiny.py").read_text() == "ANSWER = 42\n"
    assert len(service.heads) == 2
