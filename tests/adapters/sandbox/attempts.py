"""Ways out of a sandbox, as an attacker would try them: one table for every sandbox that claims to hold.

A script prints ESCAPED where it got out. `$SECRET` and the like stand for what the host has; see `Victim`. None does
harm where it succeeds: what configures the kernel is opened and not written, what fills or multiplies stops by itself.
"""

from dataclasses import dataclass

from bot.ports import SandboxLimits

from .conftest import SMALL

BRIEF = SandboxLimits(seconds=2, memory_mb=512, processes=64, file_mb=16, output_bytes=20_000)


@dataclass(frozen=True)
class Attempt:
    """A bash script. `control`: without a sandbox the script is harmless and gets out, which shows that it can."""

    name: str
    script: str
    control: bool = False
    limits: SandboxLimits = SMALL


def python(code: str) -> str:
    return f"python3 - <<'END'\n{code}\nEND"


def opened(*paths: str) -> str:
    """Whether any of these can be opened for writing; nothing is written."""
    return python(
        f"import glob, os\nfor pattern in {paths!r}:\n for path in glob.glob(pattern):\n"
        "  try: os.close(os.open(path, os.O_WRONLY)); print('ESCAPED', path)\n  except OSError: pass"
    )


def connected(family: str, address: str, kind: str = "SOCK_STREAM") -> str:
    return python(
        f"import socket\ntry:\n s = socket.socket(socket.{family}, socket.{kind}); s.settimeout(2)\n"
        f" s.connect({address})\n"
        " print('ESCAPED')\nexcept (OSError, AttributeError) as e: print(e)"
    )


def called(*numbers: tuple[int, int]) -> str:
    """System calls (x86-64, aarch64) with arguments that do nothing: only EPERM and ENOSYS mean that they are shut."""
    return python(
        "import ctypes, platform\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        f"for pair in {numbers!r}:\n"
        " libc.syscall(pair[platform.machine() == 'aarch64'], -1, 0, 0, 0, 0)\n"
        " if ctypes.get_errno() not in (1, 38): print('ESCAPED', pair, ctypes.get_errno())"
    )


def ok(command: str) -> str:
    return f"{command} && echo ESCAPED"


FILES = [
    Attempt("read-a-file-by-its-path", "cat $SECRET", control=True),
    Attempt("read-a-file-by-going-up", "cat ../secret.txt /work/../secret.txt", control=True),
    Attempt("read-a-file-through-the-root-of-a-process", "cat /proc/self/root$SECRET /proc/1/root$SECRET",
            control=True),
    Attempt("read-a-file-through-the-folder-of-a-process", "cat /proc/self/cwd/../secret.txt", control=True),
    Attempt("read-a-file-through-a-link", "ln -s $SECRET link; cat link", control=True),
    Attempt("read-a-file-through-a-link-that-is-swapped", """
        mkdir real; echo mine > real/secret.txt
        (for i in $(seq 150); do ln -sfn $OUTSIDE way; ln -sfn real way; done) &
        for i in $(seq 150); do cat way/secret.txt 2>/dev/null; done | sort -u; wait""", control=True),
    Attempt("read-a-file-through-a-planted-link", "cat planted planted-folder/secret.txt", control=True),
    Attempt("write-a-file-through-a-link", "ln -s $SECRET link; echo changed > link", control=True),
    Attempt("write-a-file-through-a-planted-link", "echo changed > planted", control=True),
    Attempt("make-a-file-beside-the-checkout", "touch ../made $OUTSIDE/made", control=True),
    Attempt("link-a-file-of-the-host-into-the-checkout", ok("ln $SECRET stolen"), control=True),
    Attempt("list-the-folder-beside-the-checkout", ok("ls $OUTSIDE"), control=True),
    Attempt("read-the-keys-of-the-bots-user", "cat $BOT_HOME/.ssh/id_rsa", control=True),
    Attempt("read-the-passwords-of-the-machine", ok("grep -q '^root:' /etc/shadow")),
    Attempt("write-a-hook-of-the-bots-repository", ok("echo '#!/bin/sh' > $HOOKS/post-checkout"), control=True),
    Attempt("write-into-the-system",
            "for d in /usr /bin /lib /etc /sbin /; do touch $d/devflow-x && echo ESCAPED; done"),
    Attempt("replace-the-interpreter", opened("/usr/bin/*sh", "/usr/local/bin/python3*", "/usr/bin/python3*")),
    Attempt("change-what-the-install-step-made", "touch /env/x && echo ESCAPED; rm /env/lib.py && echo ESCAPED"),
    Attempt("remember-something-outside-the-checkout", ok("touch /var/tmp/x /run/x /opt/x /srv/x")),
]  # fmt: skip

PROCESSES = [
    Attempt("read-the-environment-of-a-process-of-the-bot", "cat /proc/$NEIGHBOUR/environ", control=True),
    Attempt("read-the-environment-of-every-process",
            "grep -aoh sk-secret /proc/[0-9]*/environ /proc/[0-9]*/task/*/environ", control=True),
    Attempt("read-the-arguments-of-the-bot", ok("grep -q . /proc/$BOT/cmdline"), control=True),
    Attempt("read-the-memory-of-the-bot", ok("head -c 0 /proc/$BOT/mem"), control=True),
    Attempt("signal-a-process-of-the-host", ok("kill -0 $NEIGHBOUR"), control=True),
    Attempt("kill-a-process-of-the-host", "kill -9 $NEIGHBOUR", control=True),
    Attempt("kill-everybody", "kill -9 -1; kill -9 0"),
    Attempt("trace-the-bot", python(
        "import ctypes, os\nlibc = ctypes.CDLL(None)\nif libc.ptrace(0x4206, int(os.environ['NEIGHBOUR']), 0, 0) == 0:"
        " print('ESCAPED')"
    ), control=True),
    Attempt("see-the-processes-of-the-host", ok("test $(ls -d /proc/[0-9]* | wc -l) -gt 15"), control=True),
    Attempt("use-a-descriptor-that-was-left-open", python(
        "import os\nif set(os.listdir('/proc/self/fd')) - {'0', '1', '2', '3', '4'}: print('ESCAPED')"
    )),
    Attempt("type-into-the-terminal-of-the-bot", ok("(: > /dev/tty)")),
    Attempt("leave-a-daemon-behind", "setsid sleep $TAG </dev/null >/dev/null 2>&1 & echo left"),
    Attempt("leave-a-daemon-behind-that-forked-twice", python(
        "import os\nif os.fork() == 0:\n os.setsid()\n if os.fork() == 0:\n  os.closerange(0, 64)\n"
        "  os.execvp('sleep', ['sleep', os.environ['TAG']])\n os._exit(0)\nos.wait()"
    )),
    Attempt("outlive-the-wall-limit", "trap '' TERM INT HUP; while :; do sleep $TAG; done", limits=BRIEF),
]  # fmt: skip

NETWORK = [
    Attempt("call-a-service-on-loopback", connected("AF_INET", "('127.0.0.1', $PORT)"), control=True),
    Attempt("call-a-service-by-another-name", "for h in localhost 0.0.0.0 127.1.2.3 ::1 $(hostname); do "
            "(exec 3<>/dev/tcp/$h/$PORT) 2>/dev/null && echo ESCAPED; done", control=True),
    Attempt("call-the-metadata-of-the-cloud", connected("AF_INET", "('169.254.169.254', 80)")),
    Attempt("call-the-internet", connected("AF_INET", "('192.0.2.1', 53)", "SOCK_DGRAM")),
    Attempt("ask-a-name-server", python(
        "import socket\ntry: print('ESCAPED', socket.getaddrinfo('name.invalid.example', 443))\n"
        "except socket.gaierror as e: print('ESCAPED' if e.errno not in (-2, -3, -5) else e)"
    )),
    Attempt("call-a-socket-without-a-file", connected("AF_UNIX", "'\\0' + '$ABSTRACT'"), control=True),
    Attempt("call-a-socket-by-its-file", connected("AF_UNIX", "'$OUTSIDE/s'"), control=True),
    Attempt("command-the-container-engine",
            "for s in /run/docker.sock /var/run/docker.sock /run/podman/podman.sock; do test -e $s "
            "&& echo ESCAPED; done"),
    Attempt("listen-to-the-wire", python(
        "import socket\nfor f, k in ((17, socket.SOCK_RAW), (2, socket.SOCK_RAW)):\n"
        " try: socket.socket(f, k, 1); print('ESCAPED')\n except OSError: pass")),
    Attempt("call-the-host-of-the-virtual-machine", connected("AF_VSOCK", "(2, 1024)")),
]  # fmt: skip

KERNEL = [
    Attempt("have-the-kernel-run-a-program", opened("/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe",
                                                   "/sys/kernel/uevent_helper")),
    Attempt("configure-the-kernel", opened("/proc/sys/kernel/*", "/proc/sys/vm/*", "/proc/sysrq-trigger",
                                           "/sys/power/*")),
    Attempt("raise-the-limits-of-the-group", opened("/sys/fs/cgroup/*/*.max", "/sys/fs/cgroup/*.max",
                                                    "/sys/fs/cgroup/*/*limit*", "/sys/fs/cgroup/*/release_agent")
            + "\nmkdir /sys/fs/cgroup/*/devflow-x && echo ESCAPED"),
    Attempt("raise-the-limits-of-the-process", ok("ulimit -H -f unlimited")),
    Attempt("read-the-memory-of-the-kernel", "for f in /proc/kcore /dev/mem /dev/kmem /dev/port; do "
            "test \"$(head -c 1 $f 2>/dev/null | wc -c)\" -gt 0 && echo ESCAPED; done"),
    Attempt("read-the-log-of-the-kernel", ok("dmesg")),
    Attempt("mount-a-file-system", ok("mount -t tmpfs none /tmp")),
    Attempt("mount-the-root-writable", ok("mount -o remount,rw /")),
    Attempt("uncover-what-is-mounted-over", ok("umount -l /proc")),
    Attempt("make-a-user-namespace", ok("unshare --user --map-root-user true")),
    Attempt("make-a-mount-namespace", ok("unshare --mount true")),
    Attempt("join-the-namespaces-of-the-host", ok("nsenter --target 1 --mount --net true")),
    Attempt("change-the-root", ok("chroot /work /bin/true")),
    Attempt("make-a-disk", ok("mknod /work/disk b 254 0")),
    Attempt("become-root", python("import os\nfor f in (os.setuid, os.setgid):\n try: f(0); print('ESCAPED')\n"
                                  " except OSError: pass\nif os.getuid() == 0: print('ESCAPED')"), control=True),
    Attempt("become-root-by-a-setuid-program",
            "cp $(command -v id) me; chmod 6755 me; test $(./me -u) = 0 && echo ESCAPED"),
    Attempt("have-a-capability", ok("grep -E '^Cap(Prm|Eff|Bnd|Amb)' /proc/self/status | grep -q '[1-9a-f]$'")),
    Attempt("rename-the-machine", ok("hostname devflow-evil")),
    Attempt("load-into-the-kernel", called((313, 273), (175, 105), (246, 104))),
    Attempt("use-the-side-doors-of-the-kernel", called((321, 280), (323, 282), (250, 219), (304, 265))),
]  # fmt: skip

RESOURCES = [
    Attempt("fork-bomb", python(
        "import os, time\nmade = 0\ntry:\n for _ in range(300):\n  if os.fork() == 0: time.sleep(3); os._exit(0)\n"
        "  made += 1\n"
        "except OSError: pass\nif made > 100: print('ESCAPED')"
    )),
    Attempt("thread-bomb", python(
        "import threading, time\nmade = 0\ntry:\n for _ in range(300):\n"
        "  threading.Thread(target=time.sleep, args=(2,), daemon=True).start(); made += 1\n"
        "except RuntimeError: pass\nif made > 100: print('ESCAPED')"
    )),
    Attempt("memory-hog", python("try: x = bytearray(700 * 2**20); print('ESCAPED')\nexcept MemoryError: pass")),
    Attempt("memory-hogs-together", python(
        "import os, time\nfor _ in range(6):\n if os.fork() == 0:\n"
        "  x = bytes([1]) * 150_000_000; time.sleep(1)\n  os._exit(0)\n"
        "codes = [os.wait()[1] for _ in range(6)]\nif not any(codes): print('ESCAPED')"
    )),
    Attempt("fill-the-disk-with-one-file", "head -c 50000000 /dev/zero > big; test $(stat -c %s big) -gt 17000000 "
            "&& echo ESCAPED"),
    Attempt("fill-the-disk-with-many-files", "for i in $(seq 60); do head -c 8000000 /dev/zero > f$i || exit; "
            "sleep 0.02; done; echo ESCAPED"),
    Attempt("fill-the-memory-with-files", "for i in $(seq 60); do head -c 15000000 /dev/zero > /tmp/f$i || exit; "
            "head -c 15000000 /dev/zero > /dev/shm/f$i || exit; done; echo ESCAPED"),
    Attempt("flood-the-bot-with-output", "yes devflow | head -c 20000000"),
]  # fmt: skip

ATTEMPTS = [*FILES, *PROCESSES, *NETWORK, *KERNEL, *RESOURCES]
