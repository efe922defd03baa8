"""The root directory that a sandboxed command sees, as arguments of bubblewrap."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bot.ports import SandboxLimits

HOME = "/home/user"
HOSTNAME = "sandbox"
_FRESH = (("/dev/shm", "1777"), ("/tmp", "1777"), (HOME, "0700"))  # noqa: S108
_LINKED = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_ETC = (
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "alternatives",
    "ca-certificates",
    "ca-certificates.conf",
    "crypto-policies",
    "pki",
    "ssl/certs",
    "ssl/openssl.cnf",
    "localtime",
    "timezone",
    "mime.types",
    "protocols",
    "services",
)
_MASKED = (
    "kcore",
    "keys",
    "kmsg",
    "kpagecgroup",
    "kpagecount",
    "kpageflags",
    "latency_stats",
    "sched_debug",
    "slabinfo",
    "timer_list",
    "vmallocinfo",
)
PASSWD = b"root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/home/user:/bin/bash\n"
GROUP = b"root:x:0:\nuser:x:1000:\n"
HOSTS = b"127.0.0.1 localhost sandbox\n::1 localhost\n"
_CERTIFICATES = (
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "GIT_SSL_CAINFO",
)


def interpreter() -> tuple[Path, ...]:
    """Where the running Python is installed (its base, never a virtual environment), if not under `/usr`."""
    homes = dict.fromkeys((Path(sys.base_prefix), Path(sys.base_prefix).resolve()))
    return tuple(home for home in homes if not home.is_relative_to("/usr") and len(home.parts) > 2)


def python() -> str:
    """The running interpreter as it is found inside."""
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return str(Path(sys.base_prefix, "bin", name))


def hidden() -> tuple[Path, ...]:
    """The bot's own folders: its virtual environment, its packages, its metadata."""
    package = Path(__file__).resolve().parents[2]
    own = [package, package.parent / "webhooks", *package.parent.glob("devflow_bot-*.dist-info")]
    if sys.prefix != sys.base_prefix:
        own += [Path(sys.prefix), Path(sys.prefix).resolve()]
    return tuple(dict.fromkeys(path for path in own if path.is_dir()))


def system_root(limits: SandboxLimits) -> Iterator[str]:
    """System folders read-only, our own folders covered, fresh `/proc`, `/dev`, `/tmp` and HOME."""
    shown = [Path("/usr"), *interpreter()]
    for folder in shown:
        yield from ("--ro-bind", str(folder), str(folder))
    for name in _LINKED:
        path = Path("/", name)
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()).lstrip("/"), str(path))
        elif path.is_dir():
            yield from ("--ro-bind", str(path), str(path))
    for folder in hidden():
        if any(folder.is_relative_to(visible) for visible in shown):
            yield from ("--perms", "0555", "--tmpfs", str(folder), "--remount-ro", str(folder))
    yield from _etc(_ETC)
    yield from _proc()
    yield from ("--dev", "/dev")
    size = str(limits.memory_mb * 2**20 // 2)
    for fresh, mode in _FRESH:
        yield from ("--perms", mode, "--size", size, "--tmpfs", fresh)


def _proc() -> Iterator[str]:
    """A fresh `/proc`, read-only: to a bot that runs as root, inside is root of the host too where files are asked, and
    `/proc/sys/kernel/core_pattern` would be its way out. bubblewrap covers `/proc/sys` only for other users."""
    yield from ("--proc", "/proc")
    for name in _MASKED:
        if Path("/proc", name).exists():
            yield from ("--ro-bind", "/dev/null", f"/proc/{name}")
    yield from ("--remount-ro", "/proc")


def generated(passwd: int, group: int, hosts: int) -> list[str]:
    """Files under `/etc` that are made, not shown, from the descriptors that hold them."""
    files = {"passwd": passwd, "group": group, "hosts": hosts}
    return [arg for name, fd in files.items() for arg in ("--perms", "0444", "--ro-bind-data", str(fd), f"/etc/{name}")]


def variables(env: Mapping[str, str], extra: Path | None, *, network: bool) -> Iterator[str]:
    """The whole environment; with a network, also the files that variables of `env` name."""
    ours = {"PATH": search_path(extra), "HOME": HOME, "LANG": "C.UTF-8"}
    given = {name: value for name, value in env.items() if not network or may_pass_online(name)}
    if network:
        for name, value in given.items():
            yield from _files_of(name, value)
    for name, value in {**ours, **given}.items():
        yield from ("--setenv", name, value)


def _files_of(name: str, value: str) -> Iterator[str]:
    for word in value.split() if name in _CERTIFICATES or name.startswith("PIP_") else ():
        if word.startswith("/") and Path(word).exists():
            yield from ("--ro-bind", word, word)


def may_pass_online(name: str) -> bool:
    """Whether a variable may reach a command with a network: only what says how to use it, so that no secret leaves."""
    return name.startswith("PIP_") or name.lower().endswith("_proxy") or name in _CERTIFICATES


def search_path(extra: Path | None, mounted: str = "/env") -> str:
    """PATH: the extra folder's programs, the running interpreter's, the system's."""
    own = [f"{mounted}/bin"] if extra else []
    base = [f"{home}/bin" for home in (Path(sys.base_prefix),) if home != Path("/usr")]
    system = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]
    return ":".join(dict.fromkeys([*own, *base, *system]))


def _etc(names: Sequence[str]) -> Iterator[str]:
    for name in names:
        path = Path("/etc", name)
        if path.exists():
            yield from ("--ro-bind", str(path.resolve()), str(path))
