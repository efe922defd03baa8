"""What every sandbox promises: the command runs in the checkout, within its limits, and nothing of it is left."""

import asyncio
from pathlib import Path

import pytest

from bot.adapters.sandbox import NoSandbox, choose_sandbox
from bot.ports import Sandbox, SandboxError, SandboxLimits

from .conftest import SMALL, alive


async def test_it_is_there(sandbox: Sandbox) -> None:
    """A sandbox that can be used says so, again and again."""
    assert sandbox.available() is None
    assert sandbox.available() is None


async def test_the_checkout_is_the_working_directory_and_writable(sandbox: Sandbox, checkout: Path) -> None:
    """Files go in and out; paths under /work mean the checkout."""
    (checkout / "in.txt").write_text("hello\n")
    result = await sandbox.run(
        ["/bin/sh", "-c", "cat in.txt > out.txt; cat /work/out.txt"], checkout=checkout, limits=SMALL
    )
    assert (result.exit_code, result.output) == (0, "hello\n")
    assert (checkout / "out.txt").read_text() == "hello\n"


async def test_arguments_arrive_as_they_are(sandbox: Sandbox, checkout: Path) -> None:
    """No shell in between, odd characters and all."""
    argv = ["printf", "%s|", "a b", "$HOME", "'\"\\", "é\n", "", "-x"]
    result = await sandbox.run(argv, checkout=checkout, limits=SMALL)
    assert result.output == "a b|$HOME|'\"\\|é\n||-x|"


async def test_both_streams_come_interleaved(sandbox: Sandbox, checkout: Path) -> None:
    """In the order in which they were written."""
    script = "echo 1; echo 2 >&2; echo 3"
    assert (await sandbox.run(["/bin/sh", "-c", script], checkout=checkout, limits=SMALL)).output == "1\n2\n3\n"


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (["true"], 0),
        (["/bin/sh", "-c", "exit 7"], 7),
        (["/bin/sh", "-c", "kill -TERM $$"], 143),
        (["no-such-program"], 127),
    ],
)
async def test_the_exit_code_is_that_of_a_shell(sandbox: Sandbox, checkout: Path, argv: list[str], code: int) -> None:
    """Signals are 128 and their number; a program that does not exist is 127 and not an error of the sandbox."""
    result = await sandbox.run(argv, checkout=checkout, limits=SMALL)
    assert result.exit_code == code
    assert not result.timed_out


async def test_the_environment_is_only_what_was_given(
    sandbox: Sandbox, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PATH, HOME, LANG and `env`; nothing of the bot's own."""
    monkeypatch.setenv("GITHUB_TOKEN", "ghs_secret")
    result = await sandbox.run(["env"], checkout=checkout, limits=SMALL, env={"CI": "1"})
    names = {line.partition("=")[0] for line in result.output.splitlines()} - {"PWD", "SHLVL", "_"}
    assert names == {"PATH", "HOME", "LANG", "CI"}
    assert "ghs_secret" not in result.output


async def test_the_running_interpreter_is_found_first(sandbox: Sandbox, checkout: Path) -> None:
    """`python3` is the one that runs the bot, without the bot's packages; in a container the one of the image."""
    import sys

    prefix = "/usr/local" if sandbox.name == "container" else sys.base_prefix
    script = "import sys; print(sys.version_info[:3] == " + repr(tuple(sys.version_info[:3])) + ", sys.prefix)"
    result = await sandbox.run(["python3", "-c", script], checkout=checkout, limits=SMALL)
    assert result.output == f"True {prefix}\n"


async def test_home_can_be_written_and_is_new_each_time(sandbox: Sandbox, checkout: Path) -> None:
    """A cache written by one command is not seen by the next."""
    script = "ls -A $HOME; echo x > $HOME/cache"
    for _ in range(2):
        result = await sandbox.run(["/bin/sh", "-c", script], checkout=checkout, limits=SMALL)
        assert (result.exit_code, result.output) == (0, "")


async def test_the_extra_folder_is_at_env_with_its_programs_first(
    sandbox: Sandbox, checkout: Path, tmp_path: Path
) -> None:
    """Made writable for the install step, its programs are found before all others later on."""
    extra = tmp_path / "env"
    extra.mkdir()
    install = "mkdir /env/bin && printf '#!/bin/sh\\necho ours' > /env/bin/python3 && chmod +x /env/bin/python3"
    first = await sandbox.run(
        ["/bin/sh", "-c", install], checkout=checkout, limits=SMALL, extra=extra, extra_writable=True
    )
    assert (first.exit_code, first.output) == (0, "")
    assert (extra / "bin/python3").exists()
    second = await sandbox.run(["python3"], checkout=checkout, limits=SMALL, extra=extra)
    assert second.output == "ours\n"


async def test_standard_input_is_empty(sandbox: Sandbox, checkout: Path) -> None:
    """A program that asks a question gets the end of file, not a hang."""
    result = await sandbox.run(["/bin/sh", "-c", "read x; echo $?"], checkout=checkout, limits=SMALL)
    assert result.output == "1\n"


async def test_the_wall_limit_ends_it_and_keeps_what_was_said(sandbox: Sandbox, checkout: Path) -> None:
    """124 as timeout(1) has it; a command that ignores polite signals ends all the same."""
    script = "trap '' TERM INT HUP; echo begun; sleep 54321; echo never"
    limits = SandboxLimits(seconds=1, memory_mb=512)
    result = await sandbox.run(["/bin/sh", "-c", script], checkout=checkout, limits=limits)
    assert (result.exit_code, result.timed_out, result.output) == (124, True, "begun\n")
    assert result.seconds >= 1
    assert alive("sleep 54321") == []


async def test_a_daemon_is_dead_afterwards(sandbox: Sandbox, checkout: Path) -> None:
    """Forked twice, in a session of its own, deaf to signals, holding the output open: dead when the call returns."""
    script = "(trap '' TERM HUP; setsid sh -c 'trap \"\" TERM HUP; (sleep 43210; :) & sleep 43211' &) & echo started"
    result = await sandbox.run(["/bin/sh", "-c", script], checkout=checkout, limits=SMALL)
    assert (result.exit_code, result.output) == (0, "started\n")
    assert alive("sleep 4321") == []


async def test_cancelling_kills_everything(sandbox: Sandbox, checkout: Path) -> None:
    """When the cancelled call is over, so are the processes."""
    script = "(setsid sleep 32109 &) ; touch ready; sleep 32109"
    task = asyncio.create_task(sandbox.run(["/bin/sh", "-c", script], checkout=checkout, limits=SMALL))
    while not (checkout / "ready").exists():
        assert not task.done()
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert alive("sleep 32109") == []


async def test_cancelling_at_any_moment_leaves_nothing(sandbox: Sandbox, checkout: Path) -> None:
    """Also before the command has begun, and cancelled twice."""
    for rounds in range(0, 25, 5 if sandbox.name == "container" else 1):
        task = asyncio.create_task(sandbox.run(["sleep", "21098"], checkout=checkout, limits=SMALL))
        for _ in range(rounds):
            await asyncio.sleep(0.001)
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert alive("sleep 21098") == []


async def test_a_flood_of_output_is_cut_in_the_middle(sandbox: Sandbox, checkout: Path) -> None:
    """The head, how much is missing, the tail; and the memory of the bot stays as it is."""
    result = await sandbox.run(["/bin/sh", "-c", "seq 1 3000000; echo end"], checkout=checkout, limits=SMALL)
    assert result.truncated
    assert result.output.startswith("1\n2\n3\n")
    assert result.output.endswith("3000000\nend\n")
    assert f"\n[... {22888896 + 4 - 20_000} bytes left out ...]\n" in result.output
    assert len(result.output) < 20_100


async def test_output_that_is_no_text_is_survived(sandbox: Sandbox, checkout: Path) -> None:
    """Bytes that are not UTF-8 become replacement characters."""
    result = await sandbox.run(["printf", "a\\377b\\000c"], checkout=checkout, limits=SMALL)
    assert result.output == "a�b\0c"


async def test_one_process_cannot_have_more_memory_than_the_limit(sandbox: Sandbox, checkout: Path) -> None:
    """It gets a MemoryError, as on a small machine."""
    script = "try: bytearray(600 * 2**20)\nexcept MemoryError: print('refused')"
    result = await sandbox.run(["python3", "-c", script], checkout=checkout, limits=SMALL)
    assert result.output == "refused\n"


async def test_many_processes_cannot_have_more_memory_together(sandbox: Sandbox, checkout: Path) -> None:
    """Each within its limit, all together over it: stopped, with the reason."""
    script = (
        "import os,time\nfor _ in range(8): os.fork() or [bytes([1]) * 150_000_000, time.sleep(60)]\ntime.sleep(60)"
    )
    result = await sandbox.run(["python3", "-c", script], checkout=checkout, limits=SMALL)
    assert result.exit_code == 137
    assert not result.timed_out
    assert result.output.endswith("[stopped: more than 512 MB of memory]")


async def test_memory_that_is_shared_counts_once(sandbox: Sandbox, checkout: Path) -> None:
    """Eight children of a process with 200 MB are not 1.6 GB."""
    script = (
        "import os,time\nx = bytes([1]) * 200_000_000\n"
        "for _ in range(8): os.fork() or (time.sleep(0.5), os._exit(0))\n"
        "for _ in range(8): os.wait()\nprint('all ended by themselves')"
    )
    result = await sandbox.run(["python3", "-c", script], checkout=checkout, limits=SMALL)
    assert result.output == "all ended by themselves\n"


async def test_a_fork_bomb_is_stopped(sandbox: Sandbox, checkout: Path) -> None:
    """The limit holds, the bot goes on, nothing is left."""
    script = "import os\nwhile True:\n try: os.fork()\n except OSError: pass"
    result = await sandbox.run(["python3", "-c", script, "bomb-10987"], checkout=checkout, limits=SMALL)
    assert result.exit_code == 137
    assert "[stopped: more than 64 processes]" in result.output
    assert alive("bomb-10987") == []
    assert (await sandbox.run(["echo", "on"], checkout=checkout, limits=SMALL)).output == "on\n"


async def test_threads_count_as_processes(sandbox: Sandbox, checkout: Path) -> None:
    """A thousand threads are no way round the limit."""
    script = "from threading import *\nfor _ in range(1000): Thread(target=Event().wait, daemon=True).start()"
    limits = SandboxLimits(seconds=30, memory_mb=4096, processes=64)
    result = await sandbox.run(["python3", "-c", script], checkout=checkout, limits=limits)
    assert result.exit_code != 0
    assert "[stopped: more than 64 processes]" in result.output or "can't start new thread" in result.output


async def test_a_file_cannot_be_larger_than_the_limit(sandbox: Sandbox, checkout: Path) -> None:
    """Writing stops at the bound."""
    await sandbox.run(["/bin/sh", "-c", "head -c 100000000 /dev/zero > big"], checkout=checkout, limits=SMALL)
    assert (checkout / "big").stat().st_size == 16 * 2**20


async def test_many_files_cannot_fill_the_disk(sandbox: Sandbox, checkout: Path) -> None:
    """All together are bounded by eight times the largest file."""
    script = "i=0; while :; do head -c 4000000 /dev/zero > f$i; i=$((i+1)); done"
    result = await sandbox.run(["/bin/sh", "-c", script], checkout=checkout, limits=SMALL)
    assert result.exit_code == 137
    assert result.output.endswith("[stopped: more than 128 MB written to disk]")


async def test_processor_time_is_bounded_in_total(sandbox: Sandbox, checkout: Path) -> None:
    """Four processes at once get no more than the processors that were given, times the wall limit."""
    script = (
        "import os, time\nfor _ in range(3): os.fork() or None\n"
        "while time.process_time() < 20: pass\nprint('had it all')"
    )
    watched = sandbox.name == "none"  # elsewhere the kernel may deal it out so slowly that the wall limit comes first
    limits = SandboxLimits(seconds=20 if watched else 2, memory_mb=512, cpus=0.02 if watched else 0.2)
    result = await sandbox.run(["python3", "-c", script], checkout=checkout, limits=limits)
    assert (result.timed_out, result.exit_code) in {(not watched, 124), (False, 137)}
    if not result.timed_out:
        assert result.output.endswith("[stopped: more than 0.4 s of processor time]")


async def test_no_core_dumps_and_bounded_open_files(sandbox: Sandbox, checkout: Path) -> None:
    """A crash writes no image of memory, neither here nor through the host's handler."""
    result = await sandbox.run(["/bin/bash", "-c", "ulimit -c; ulimit -n"], checkout=checkout, limits=SMALL)
    assert result.output == "0\n4096\n"


async def test_a_checkout_that_is_not_there_is_an_error(sandbox: Sandbox, checkout: Path) -> None:
    """Nothing was run, and the error says what is missing."""
    with pytest.raises(SandboxError, match="'gone' that the command needs is not there"):
        await sandbox.run(["true"], checkout=checkout / "gone", limits=SMALL)


async def test_an_argument_that_cannot_be_passed_is_an_error(sandbox: Sandbox, checkout: Path) -> None:
    """NUL characters and megabytes in one argument: the system refuses them, and so do we."""
    for argument in ("a\0b", "x" * 2_000_000):
        with pytest.raises(SandboxError):
            await sandbox.run(["echo", argument], checkout=checkout, limits=SMALL)


async def test_many_at_once_do_not_meet(sandbox: Sandbox, tmp_path: Path) -> None:
    """Ten commands side by side, each with its own checkout and its own answer."""

    async def one(n: int) -> str:
        folder = tmp_path / f"c{n}"
        folder.mkdir()
        result = await sandbox.run(["/bin/sh", "-c", f"echo {n} > f; sleep 0.1; cat f"], checkout=folder, limits=SMALL)
        return result.output

    assert await asyncio.gather(*map(one, range(10))) == [f"{n}\n" for n in range(10)]


async def test_a_refusing_sandbox_runs_nothing(checkout: Path) -> None:
    """It gives its reason to those who ask and to those who do not."""
    refusing = NoSandbox("bwrap is not installed.")
    assert refusing.available() == "bwrap is not installed."
    with pytest.raises(SandboxError, match=r"bwrap is not installed\."):
        await refusing.run(["touch", "here"], checkout=checkout, limits=SMALL)
    assert list(checkout.iterdir()) == []


def test_none_takes_an_explicit_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without bubblewrap `auto` refuses and says what to install; it never falls back to no sandbox."""
    assert choose_sandbox("none").name == "none"
    monkeypatch.setenv("PATH", "/nonexistent")
    chosen = choose_sandbox("auto")
    assert chosen.name == "unavailable"
    assert "bwrap is not installed: run `apt-get install bubblewrap`" in str(chosen.available())
    insisted = choose_sandbox("bubblewrap")
    assert insisted.name == "bubblewrap"
    assert "bwrap is not installed" in str(insisted.available())
