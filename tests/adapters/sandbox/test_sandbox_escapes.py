"""Ways out of the bubblewrap sandbox, each tried as an attacker would try it."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.adapters.sandbox import BubblewrapSandbox
from bot.ports import ExecResult, SandboxLimits

from .conftest import SMALL, Shell, alive

pytestmark = pytest.mark.bwrap
OURS = Path(__file__).resolve().parents[3]


@pytest.fixture
def shell(bubblewrap: BubblewrapSandbox, checkout: Path) -> Shell:
    async def run(script: str, limits: SandboxLimits = SMALL, *, network: bool = False) -> ExecResult:
        return await bubblewrap.run(["/bin/bash", "-c", script], checkout=checkout, limits=limits, network=network)

    return run


@pytest.fixture
def python(bubblewrap: BubblewrapSandbox, checkout: Path) -> Shell:
    async def run(script: str, limits: SandboxLimits = SMALL, *, network: bool = False) -> ExecResult:
        return await bubblewrap.run(["python3", "-c", script], checkout=checkout, limits=limits, network=network)

    return run


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret.txt"
    path.write_text("TOKEN-IN-A-FILE\n")
    path.chmod(0o666)
    return path


@pytest.fixture
def service() -> Iterator[tuple[int, list[str]]]:
    """A service on the host's loopback: its port, and who called."""
    calls: list[str] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            calls.append("called")
            connection.sendall(b"hello")
            connection.close()

    thread = threading.Thread(target=serve)
    thread.start()
    yield listener.getsockname()[1], calls
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


async def test_files_of_the_host_do_not_exist(shell: Shell, secret: Path) -> None:
    """By their path, by the way over /proc, by going up from the checkout."""
    for path in (
        secret,
        f"/proc/self/root{secret}",
        f"/proc/1/root{secret}",
        "/proc/1/cwd/../secret.txt",
        "../secret.txt",
    ):
        result = await shell(f"cat '{path}'")
        assert result.exit_code != 0, path
        assert "TOKEN" not in result.output


@pytest.mark.parametrize(
    "path",
    [
        "/etc/shadow",
        "/etc/ssh",
        "/etc/ssl/private",
        "/root/.ssh",
        "/var",
        "/run",
        "/sys",
        "/home/user/.ssh",
        "/boot",
        "/opt",
    ],
)
async def test_private_folders_of_the_host_do_not_exist(shell: Shell, path: str) -> None:
    """Neither keys nor sockets nor the kernel's interface."""
    assert (await shell(f"ls {path}")).exit_code != 0


async def test_users_of_the_host_are_unknown(shell: Shell) -> None:
    """`/etc/passwd` is a made one."""
    assert (await shell("cut -d: -f1 /etc/passwd; id -u; id -g; whoami")).output == "root\nuser\n1000\n1000\nuser\n"


async def test_the_bots_own_code_and_packages_do_not_exist(shell: Shell, python: Shell) -> None:
    """Its source, its virtual environment, its packages."""
    for path in (OURS, OURS / "bot/ports.py", sys.prefix):
        assert (await shell(f"test -e {path}/bin || test -e {path}/ports.py || test -f {path}")).exit_code != 0, path
    assert "No module named 'bot'" in (await python("import bot")).output
    assert "No module named 'dbos'" in (await python("import dbos")).output


async def test_the_environment_of_no_process_tells_anything(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither ours, nor that of bubblewrap, which stays alive as process 1."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-secret-in-env")
    result = await shell("cat /proc/*/environ /proc/*/task/*/environ 2>/dev/null; env; true")
    assert "sk-secret-in-env" not in result.output
    assert "PATH=" in result.output, "something was read"


async def test_arguments_do_not_tell_paths_and_variables_of_the_host(
    bubblewrap: BubblewrapSandbox, checkout: Path
) -> None:
    """Neither inside, nor to other users of the machine, who can read every command line."""
    script = "cat /proc/*/cmdline | tr '\\0' ' '"
    result = await bubblewrap.run(
        ["/bin/bash", "-c", script], checkout=checkout, limits=SMALL, env={"NAME": "value-of-a-variable"}
    )
    assert "bwrap" in result.output
    assert str(checkout) not in result.output
    assert "value-of-a-variable" not in result.output


async def test_processes_of_the_host_are_invisible(shell: Shell) -> None:
    """A handful of processes, all of them the sandbox's own."""
    result = await shell("ls -d /proc/[0-9]* | wc -l")
    assert int(result.output) < 8


async def test_the_hosts_loopback_is_out_of_reach(python: Shell, service: tuple[int, list[str]]) -> None:
    """A service that trusts local callers is not called."""
    port, calls = service
    for host in ("127.0.0.1", "0.0.0.0", "::1"):
        result = await python(f"import socket; print(socket.create_connection(('{host}', {port}), 2).recv(9))")
        assert result.exit_code != 0
    assert calls == []


async def test_with_a_network_the_hosts_loopback_is_out_of_reach(python: Shell, service: tuple[int, list[str]]) -> None:
    """The install step has a network, but not this machine's."""
    port, calls = service
    result = await python(
        f"import socket; print(socket.create_connection(('127.0.0.1', {port}), 2).recv(9))", network=True
    )
    assert "ConnectionRefused" in result.output
    assert calls == []


async def test_a_server_inside_can_be_called_inside(python: Shell) -> None:
    """Tests that start a web server work: the sandbox has a loopback of its own."""
    script = (
        "from socket import *; s = create_server(('127.0.0.1', 0)); create_connection(s.getsockname()); print('ok')"
    )
    assert (await python(script)).output == "ok\n"


async def test_sockets_in_the_abstract_namespace_are_out_of_reach(python: Shell) -> None:
    """D-Bus and the like need no file."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("\0devflow-test-abstract")
        listener.listen()
        script = "import socket; s = socket.socket(socket.AF_UNIX); s.connect('\\0devflow-test-abstract')"
        assert "ConnectionRefused" in (await python(script)).output


async def test_there_is_no_name_resolution_and_no_route(python: Shell, shell: Shell) -> None:
    """Nothing leaves."""
    assert "gaierror" in (await python("import socket; socket.getaddrinfo('example.com', 443)")).output
    result = await python("import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('192.0.2.1', 53))")
    assert "unreachable" in result.output
    assert (await shell("cat /etc/resolv.conf")).exit_code != 0


@pytest.mark.parametrize(
    ("family", "number"), [("AF_VSOCK", 40), ("AF_ALG", 38), ("AF_PACKET", 17), ("AF_BLUETOOTH", 31)]
)
async def test_sockets_that_no_network_namespace_holds_are_refused(python: Shell, family: str, number: int) -> None:
    """AF_VSOCK talks to the host of a virtual machine, AF_ALG to the kernel's own code."""
    result = await python(f"import socket; socket.socket({number}, socket.SOCK_DGRAM)")
    assert result.exit_code == 1
    assert "not supported" in result.output or "not permitted" in result.output


@pytest.mark.parametrize("path", ["/x", "/usr/x", "/bin/x", "/etc/x", "/etc/passwd", "/dev/x", "/home/x", "/lib/x"])
async def test_nothing_outside_the_checkout_can_be_written(shell: Shell, path: str) -> None:
    """The system is read-only, and so is the made root."""
    result = await shell(f"echo x > {path}")
    assert result.exit_code != 0
    assert "Read-only file system" in result.output


@pytest.mark.parametrize(
    "path",
    [
        "/proc/sys/kernel/core_pattern",
        "/proc/sys/kernel/hostname",
        "/proc/sys/vm/drop_caches",
        "/proc/sysrq-trigger",
        "/proc/self/oom_score_adj",
        "/proc/1/mem",
        "/proc/self/uid_map",
    ],
)
async def test_the_kernel_is_not_configured_from_inside(python: Shell, path: str) -> None:
    """`core_pattern` runs a program on the host, as root. The files are opened only: a failure here must do no harm."""
    result = await python(f"import os\ntry: os.open('{path}', os.O_WRONLY)\nexcept OSError as e: print('refused')")
    assert result.output == "refused\n"


async def test_the_kernels_secrets_cannot_be_read(shell: Shell) -> None:
    """Its memory, its keys, its addresses."""
    files = "kcore keys kmsg kpageflags slabinfo timer_list vmallocinfo"
    result = await shell(f"for f in {files}; do head -c 9 /proc/$f 2>/dev/null; done; true")
    assert (result.exit_code, result.output) == (0, "")


async def test_a_link_to_the_host_leads_nowhere(shell: Shell, checkout: Path, secret: Path) -> None:
    """Read or write through it: the host's file is neither seen nor changed."""
    (checkout / "planted").symlink_to(secret)
    result = await shell(f"ln -s {secret} made; cat made planted; echo x > planted; echo x > made; true")
    assert "TOKEN" not in result.output
    assert secret.read_text() == "TOKEN-IN-A-FILE\n"


async def test_a_file_of_the_system_cannot_be_linked_into_the_checkout(shell: Shell) -> None:
    """A hard link would outlive the sandbox."""
    assert "cross-device" in (await shell("ln /usr/bin/env /work/env")).output


async def test_there_are_no_capabilities(shell: Shell) -> None:
    """None to have, none to gain, and no way to gain more by starting a program."""
    result = await shell("grep -E '^(Cap|NoNewPrivs)' /proc/self/status")
    assert set(result.output.split()[1::2]) == {"0000000000000000", "1"}


async def test_a_setuid_program_gains_nothing(shell: Shell) -> None:
    """Neither one of the system, nor one made in the checkout."""
    script = "cp /usr/bin/id me; chmod 6755 me; ./me -u; ./me -ru"
    assert (await shell(script)).output == "1000\n1000\n"


@pytest.mark.parametrize(
    "command",
    [
        "mount -t tmpfs none /tmp",
        "mount --bind / /tmp",
        "mount -o remount,rw /usr",
        "umount -l /proc",
        "chroot /work /bin/true",
        "unshare --user id",
        "unshare --user --map-root-user --mount id",
        "unshare --mount id",
        "unshare --net id",
        "mknod /work/disk b 254 0",
        "mknod /work/mem c 1 1",
        "hostname evil",
        'date -s "$(date)"',
        "dmesg",
        "swapon /work/x",
        "nsenter --target 1 --mount id",
        "chown 0:0 /work",
    ],
)
async def test_what_takes_privileges_fails(shell: Shell, command: str) -> None:
    """Mounts, namespaces (nested ones too), device nodes, the clock, the kernel's log."""
    result = await shell(f"{command} && echo DONE")
    assert "DONE" not in result.output
    assert result.exit_code != 0


async def test_the_kernels_side_doors_are_shut(python: Shell) -> None:
    """Key rings, BPF, performance counters, userfaultfd, io_uring: refused for lack of permission, not of arguments."""
    import platform

    numbers = {"x86_64": (248, 250, 321, 298, 323, 425), "aarch64": (217, 219, 280, 241, 282, 425)}
    calls = numbers.get(platform.machine())
    if calls is None:
        pytest.skip(f"no system call filter on {platform.machine()}")
    script = (
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        f"for n in {calls}: print(libc.syscall(n, 0, 0, 0, 0, 0), ctypes.get_errno())"
    )
    assert (await python(script)).output == "-1 1\n" * 6


@pytest.mark.skipif(not Path("/usr/bin/gcc").exists(), reason="needs a compiler to make an x32 call")
async def test_foreign_system_calls_are_refused(shell: Shell) -> None:
    """The x32 numbers and the old int 0x80 gate would walk around a filter of x86-64 numbers."""
    import platform

    if platform.machine() != "x86_64":
        pytest.skip("x86-64 only")
    code = r"""
#include <errno.h>
#include <stdio.h>
#include <unistd.h>
int main(void) {
  long x32 = syscall(0x40000000L + 250, 0, 0, 0, 0, 0);
  int error = errno;
  long gate;
  __asm__ volatile("int $0x80" : "=a"(gate) : "a"(20L), "b"(0L) : "memory");
  printf("%ld %d %ld\n", x32, error, gate);
}
"""
    result = await shell(f"cat > a.c <<'EOF'\n{code}\nEOF\ngcc a.c -o a && ./a")
    assert result.output == "-1 38 -38\n"


async def test_only_harmless_devices_exist(shell: Shell) -> None:
    """No disk, no memory, no virtual machine, no terminal of the host."""
    result = await shell("find /dev -type c -o -type b | sort")
    assert set(result.output.split()) <= {
        f"/dev/{n}" for n in ("full", "null", "random", "tty", "urandom", "zero", "console")
    } | {"/dev/pts/ptmx"}
    assert "No such device" in (await shell("echo x > /dev/tty")).output


async def test_only_three_descriptors_are_open(python: Shell) -> None:
    """No pipe, lock or socket of the bot is inherited."""
    assert (await python("import os; print(sorted(os.listdir('/proc/self/fd')))")).output == "['0', '1', '2', '3']\n"


async def test_processes_of_the_host_cannot_be_killed_or_traced(python: Shell) -> None:
    """Its process ids mean nothing inside."""
    host = os.getpid()
    script = (
        "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        f"print(libc.kill({host}, 9), libc.ptrace(16, {host}, 0, 0), libc.kill(1, 9))\n"
        "print('still here')"
    )
    result = await python(script)
    assert result.output.startswith("-1 -1 ")
    assert "still here" in result.output


async def test_killing_everybody_kills_only_the_sandbox(shell: Shell) -> None:
    """`kill -9 -1` is heard inside alone: a process of the host lives on."""
    neighbour = subprocess.Popen(["sleep", "60"])
    try:
        await shell("kill -9 -1; kill -9 1; kill -9 0")
        assert neighbour.poll() is None
    finally:
        neighbour.kill()
        neighbour.wait()


async def test_the_kernels_own_bound_holds_against_a_fork_bomb(bubblewrap: BubblewrapSandbox, python: Shell) -> None:
    """Where a control group or RLIMIT_NPROC is to be had, there are never more processes than the limit."""
    from bot.adapters.sandbox.cgroup import places

    pids = any("pids" in p.controllers for p in places(Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")))
    if not pids and os.geteuid() == 0:
        pytest.skip("no control group for processes may be made here, and root has no RLIMIT_NPROC")
    script = (
        "import os, signal\nsignal.signal(signal.SIGCHLD, signal.SIG_IGN)\nmade = 0\n"
        "try:\n while made < 500:\n  if os.fork() == 0: signal.pause()\n  made += 1\n"
        "except OSError: pass\nprint(made, flush=True)\nos.kill(0, 9)"
    )
    result = await python(script)
    assert int(result.output.split()[0]) <= SMALL.processes + 4


async def test_temporary_files_are_gone_in_the_next_command(shell: Shell) -> None:
    """Nothing passes from one command to another except through the checkout."""
    await shell("echo poison > /tmp/x; echo poison > /dev/shm/x; echo poison > ~/.bashrc")
    assert (await shell("ls -A /tmp /dev/shm ~")).output == "/dev/shm:\n\n/home/user:\n\n/tmp:\n"


async def test_temporary_files_are_bounded(shell: Shell) -> None:
    """They lie in memory, which they cannot use up."""
    result = await shell("for i in $(seq 40); do head -c 15000000 /dev/zero > /tmp/f$i || exit 5; done")
    assert result.exit_code != 0
    assert "No space left" in result.output or "[stopped" in result.output


async def test_the_machine_has_another_name(shell: Shell) -> None:
    """The host's name is not told."""
    assert (await shell("hostname")).output == "sandbox\n"
    assert socket.gethostname() != "sandbox"


async def test_the_extra_folder_is_read_only_unless_asked(
    bubblewrap: BubblewrapSandbox, checkout: Path, tmp_path: Path
) -> None:
    """What the install step made cannot be changed by the code under test."""
    extra = tmp_path / "env"
    extra.mkdir()
    result = await bubblewrap.run(["touch", "/env/x"], checkout=checkout, limits=SMALL, extra=extra)
    assert "Read-only file system" in result.output
    assert list(extra.iterdir()) == []


async def test_with_a_network_only_harmless_variables_pass(
    bubblewrap: BubblewrapSandbox, checkout: Path, tmp_path: Path
) -> None:
    """A caller who hands over a whole environment gives no secret away; files that are named can be read."""
    certificate = tmp_path / "ca.pem"
    certificate.write_text("CERT\n")
    env = {
        "GITHUB_TOKEN": "ghs_secret",
        "AWS_SECRET_ACCESS_KEY": "x",
        "PATH": "/evil",
        "PIP_INDEX_URL": "https://example.com/simple",
        "https_proxy": "http://127.0.0.1:9",
        "SSL_CERT_FILE": str(certificate),
    }
    script = 'env | sed "s/=.*//" | sort; cat "$SSL_CERT_FILE"'
    result = await bubblewrap.run(["/bin/bash", "-c", script], checkout=checkout, limits=SMALL, network=True, env=env)
    words = set(result.output.split()) - {"PWD", "SHLVL", "_"}
    proxies = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"}
    assert words - proxies - {name.lower() for name in proxies} == (
        {"PATH", "HOME", "LANG", "PIP_INDEX_URL", "SSL_CERT_FILE", "CERT"}
    )


async def test_files_made_inside_belong_to_the_bots_user(shell: Shell, checkout: Path) -> None:
    """So that the bot can read, change and remove them."""
    await shell("mkdir d; echo x > d/f")
    assert (checkout / "d/f").stat().st_uid == os.getuid()


RUNNING = """
import asyncio, sys
from pathlib import Path
from bot.adapters.sandbox import BubblewrapSandbox
from bot.ports import SandboxLimits
script = "(setsid sleep 19876 &); touch ready; sleep 19876"
asyncio.run(BubblewrapSandbox().run(["/bin/sh", "-c", script], checkout=Path(sys.argv[1]), limits=SandboxLimits()))
"""


@pytest.mark.kill
async def test_when_the_bot_is_killed_so_is_the_sandbox(bubblewrap: BubblewrapSandbox, checkout: Path) -> None:
    """SIGKILL leaves the bot no time to clean up; the kernel does it."""
    import select

    bot = subprocess.Popen((sys.executable, "-c", RUNNING, str(checkout)), cwd=OURS)
    while not (checkout / "ready").exists():
        assert bot.poll() is None
        await _tick()
    handles = [os.pidfd_open(pid) for pid in alive("sleep 19876")]
    assert handles
    bot.send_signal(signal.SIGKILL)
    bot.wait()
    for handle in handles:
        assert select.select([handle], [], [], 20)[0], "a process of the sandbox outlived the bot"
        os.close(handle)
    assert alive("sleep 19876") == []


async def _tick() -> None:
    import asyncio

    await asyncio.sleep(0.01)


async def test_the_control_groups_are_removed(bubblewrap: BubblewrapSandbox, shell: Shell) -> None:
    """A thousand commands leave no thousand groups."""
    from bot.adapters.sandbox.cgroup import places

    await shell("sleep 1000 & exit 3")
    folders = [place.folder for place in places(Path("/sys/fs/cgroup"), Path("/proc/self/cgroup"))]
    assert not [group for folder in folders for group in folder.glob(f"devflow-{os.getpid()}-*")]
