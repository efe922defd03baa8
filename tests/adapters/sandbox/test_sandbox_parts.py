"""The parts of the sandbox that can be seen alone: output, control groups, reasons, the system call filter."""

import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.sandbox import reaper, root, seccomp
from bot.adapters.sandbox.cgroup import _values, make_groups, places, remove_groups
from bot.adapters.sandbox.output import Output
from bot.adapters.sandbox.reasons import missing_reason, refused_reason
from bot.adapters.sandbox.unsafe import _translation
from bot.ports import SandboxLimits


@given(st.lists(st.binary(max_size=300), max_size=30), st.integers(2, 400))
def test_output_keeps_both_ends_and_counts_the_middle(chunks: list[bytes], limit: int) -> None:
    """Whatever the chunks: all of it if it fits, else exactly the first and the last half, and the rest is counted."""
    output = Output(limit)
    for chunk in chunks:
        output.add(chunk)
    whole = b"".join(chunks)
    if len(whole) <= limit:
        assert output.text() == whole.decode(errors="replace")
        assert not output.full
        return
    head, tail = whole[: limit // 2], whole[len(whole) - (limit - limit // 2) :]
    missing = f"\n[... {len(whole) - limit} bytes left out ...]\n"
    assert output.text() == head.decode(errors="replace") + missing + tail.decode(errors="replace")


def test_output_does_not_grow(tmp_path: Path) -> None:
    """A gigabyte passes through a bounded buffer."""
    output = Output(1000)
    for _ in range(1000):
        output.add(b"x" * 65536)
    assert len(output._tail) < 200_000


def cgroup_v1(tmp_path: Path, lines: str) -> tuple[Path, Path]:
    mount, membership = tmp_path / "cgroup", tmp_path / "membership"
    for controller in ("pids", "memory"):
        (mount / controller / "service").mkdir(parents=True)
    membership.write_text(lines)
    return mount, membership


def test_groups_are_made_at_the_root_of_a_hierarchy(tmp_path: Path) -> None:
    """Version 1: a group for each controller, with its limit and room for bubblewrap itself."""
    mount, membership = cgroup_v1(tmp_path, "9:name=systemd:/\n8:pids:/\n4:memory:/\n")
    groups = make_groups(SandboxLimits(processes=10, memory_mb=5), mount, membership)
    assert sorted(group.parent.name for group in groups) == ["memory", "pids"]
    values = {group.parent.name: group for group in groups}
    assert (values["pids"] / "pids.max").read_text() == "14"
    assert (values["memory"] / "memory.limit_in_bytes").read_text() == str(5 * 2**20)


def test_processors_are_shared_out_where_there_is_a_group_for_it(tmp_path: Path) -> None:
    """Version 1, also where two controllers share a hierarchy; version 2 has one file."""
    mount, membership = cgroup_v1(tmp_path / "one", "3:cpu,cpuacct:/\n")
    (mount / "cpu,cpuacct").mkdir()
    (place,) = places(mount, membership)
    assert (place.folder, place.controllers) == (mount / "cpu,cpuacct", ("cpu",))
    assert _values("cpu", 1, SandboxLimits(cpus=0.5)) == {"cpu.cfs_period_us": "100000", "cpu.cfs_quota_us": "50000"}
    assert _values("cpu", 2, SandboxLimits(cpus=2)) == {"cpu.max": "200000 100000"}


def test_no_group_is_made_where_somebody_else_rules(tmp_path: Path) -> None:
    """A group that was not delegated to us is left alone."""
    mount, membership = cgroup_v1(tmp_path, "8:pids:/service\n4:memory:/elsewhere\n0::/\n")
    assert places(mount, membership) == []


def unified(tmp_path: Path, own: str, enabled: str) -> tuple[Path, Path]:
    mount, membership = tmp_path / "cgroup", tmp_path / "membership"
    folder = mount / own.lstrip("/")
    folder.mkdir(parents=True)
    (mount / "cgroup.controllers").write_text("cpu memory pids\n")
    for place in (folder, folder.parent, mount):
        if place.is_relative_to(mount):
            (place / "cgroup.subtree_control").write_text(enabled)
    membership.write_text(f"0::{own}\n")
    return mount, membership


def delegate(path: Path) -> None:
    try:
        os.setxattr(path, "user.delegate", b"1")
    except OSError:
        pytest.skip("this file system has no extended attributes")


def test_a_delegated_group_is_used(tmp_path: Path) -> None:
    """Version 2 with `Delegate=yes` and `DelegateSubgroup=`: ours are made beside the bot's own."""
    mount, membership = unified(tmp_path, "/system.slice/devflow.service/bot", "memory pids")
    delegate(mount / "system.slice/devflow.service")
    (group,) = make_groups(SandboxLimits(processes=10, memory_mb=5), mount, membership)
    assert group.parent == mount / "system.slice/devflow.service"
    assert (group / "pids.max").read_text() == "14"
    assert (group / "memory.max").read_text() == str(5 * 2**20)


def test_version_2_without_delegation_is_left_alone(tmp_path: Path) -> None:
    """Nothing is made and nothing is turned on."""
    mount, membership = unified(tmp_path, "/system.slice/devflow.service", "memory pids")
    assert places(mount, membership) == []


def test_a_root_without_controllers_is_of_no_use(tmp_path: Path) -> None:
    """Controllers of a root that is not ours are not turned on."""
    mount, membership = unified(tmp_path, "/", "")
    assert places(mount, membership) == []
    assert (mount / "cgroup.subtree_control").read_text() == ""


def test_groups_of_killed_bots_are_removed(tmp_path: Path) -> None:
    """Those of the living stay."""
    mount, membership = cgroup_v1(tmp_path, "8:pids:/\n")
    dead, living = mount / "pids/devflow-999999999-a", mount / f"pids/devflow-{os.getpid()}-b"
    dead.mkdir()
    living.mkdir()
    make_groups(SandboxLimits(), mount, membership)
    assert not dead.exists()
    assert living.exists()
    remove_groups((living, dead))
    assert not living.exists()


def test_a_machine_without_control_groups_has_none(tmp_path: Path) -> None:
    """macOS, or a container without /sys."""
    assert make_groups(SandboxLimits(), tmp_path, tmp_path / "missing") == ()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("bwrap: setting up uid map: Permission denied", "apparmor_restrict_unprivileged_userns=0"),
        ("bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted", "apparmor_restrict_unprivileged_userns=0"),
        ("bwrap: No permissions to create new namespace, likely because", "kernel.unprivileged_userns_clone=1"),
        ("bwrap: Creating new namespace failed: Operation not permitted", "seccomp=unconfined"),
        ("bwrap: Can't mount proc on /newroot/proc: Operation not permitted", "systempaths=unconfined"),
        ("bwrap: Can't set hostname to sandbox: Operation not permitted", "seccomp=deploy/seccomp.json"),
        ("bwrap: Failed to make / slave: Permission denied", "apparmor=unconfined"),
    ],
)
def test_each_refusal_has_its_remedy(said: str, words: str) -> None:
    """One line: the cause, what to set, what bubblewrap itself said."""
    reason = refused_reason(f"{said}\nmore")
    assert words in reason
    assert reason.endswith(said)
    assert "\n" not in reason


def test_other_refusals_are_passed_on() -> None:
    """Words we do not know are better than none."""
    assert refused_reason("bwrap: odd") == "bubblewrap could not make a sandbox: bwrap: odd"
    assert "it said nothing" in refused_reason("")


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With the package that has it."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "apt-get install bubblewrap" in str(missing_reason())
    stub = tmp_path / "bwrap"
    stub.write_text("#!/bin/sh\n")
    stub.chmod(0o755)
    assert "prlimit is not installed: run `apt-get install util-linux`" in str(missing_reason())
    monkeypatch.setattr("sys.platform", "darwin")
    assert "Linux only" in str(missing_reason())


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_is_a_program_that_ends(machine: str) -> None:
    """Every jump lands inside, forwards, and the last instruction returns."""
    program = seccomp.program(machine)
    steps = list(struct.iter_unpack("=HBBI", program))
    for at, (code, if_true, if_false, _) in enumerate(steps):
        if code != 0x06:
            assert at + 1 + max(if_true, if_false) < len(steps)
    assert steps[-1][0] == 0x06


def test_an_unknown_machine_has_no_filter() -> None:
    """Wrong numbers would refuse the wrong calls."""
    assert seccomp.program("riscv64") == b""


def test_the_bot_is_covered_where_it_lies_inside_the_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Installed without a virtual environment, or with one inside of what is shown: an empty folder is put over it."""
    ours = Path(root.__file__).resolve().parents[3]
    monkeypatch.setattr("sys.base_prefix", str(ours))
    monkeypatch.setattr("sys.prefix", str(ours / "bot/core"))
    arguments = list(root.system_root(SandboxLimits()))
    for folder in (ours / "bot", ours / "bot/core"):
        at = arguments.index(str(folder))
        assert arguments[at - 1] == "--tmpfs"
        assert at > arguments.index(str(ours)), "covered after it was shown"


def test_paths_of_the_sandbox_become_real_ones(tmp_path: Path) -> None:
    """Without a sandbox nothing is mounted, so /work and /env are put in their places, and nothing else is."""
    real = _translation(tmp_path / "tree", tmp_path / "venv")
    assert real("cd /work && /env/bin/pytest '/work/a b'") == (
        f"cd {tmp_path}/tree && {tmp_path}/venv/bin/pytest '{tmp_path}/tree/a b'"
    )
    for other in ("#!/usr/bin/env python", "/workspace", "a/work", "/environment", "./work", "~/env", "$X/env"):
        assert real(other) == other


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux")
@pytest.mark.parametrize(("command", "code"), [("exit 7", 7), ("kill -9 $$", 137)])
def test_a_group_is_killed_while_its_number_is_still_its_own(command: str, code: int) -> None:
    """The ended command is not reaped before: another process could have its number by then, and be killed instead."""
    script = (
        "import os, runpy, sys\nkill = os.killpg\n"
        "def killpg(group, number):\n print(os.path.exists(f'/proc/{group}'), flush=True)\n kill(group, number)\n"
        f"os.killpg = killpg\nsys.argv[1:] = ['sh', '-c', {command!r}]\n"
        f"runpy.run_path({reaper.__file__!r}, run_name='__main__')"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert (ended.stdout, ended.returncode) == ("True\n", code)
