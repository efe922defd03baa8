"""What is wrong with this machine or its settings is found, and the command or the setting that mends it is named."""

import asyncio
import os
import socket
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.findings import Verdicts, ok
from bot.doctor import identity, machine, model, network
from bot.doctor.case import Case
from bot.doctor.examine import Check
from bot.offline.claude.serving import REVOKED_KEY
from tests.doctor.conftest import SECRET, Patient
from tests.postgres import postgres_url

__all__ = ["postgres_url"]
pytestmark = [pytest.mark.anyio, pytest.mark.slow]


async def test_settings_that_cannot_be_used(patient: Patient, tmp_path: Path) -> None:
    """All of them, each with its place and without its value; the rest is examined with what is right."""
    (tmp_path / ".env").write_text("# ours\n\nDEVFLOW_PORT=s3cr3t\nDEVFLOW_BUDGET_USD=-1\nnot a line\n")
    (tmp_path / ".env").chmod(0o600)
    patient.set("DEVFLOW_PRICES", "{s3cr3t")
    patient.set("DEVFLOW_WEBHOOK_SECERT", "s3cr3t")
    found = await patient.examined()
    assert found.all_of("settings") == [
        ("wrong", "line 5 of .env cannot be read", "Write `NAME=value`, with quotes around a value that has spaces."),
        (
            "wrong",
            "DEVFLOW_PRICES is wrong: it is not JSON (Expecting property name enclosed in double quotes: "
            "line 1 column 2 (char 1))",
            "Mend DEVFLOW_PRICES in the environment; docs/settings.md says what it takes.",
        ),
        (
            "wrong",
            "DEVFLOW_BUDGET_USD is wrong: input should be greater than 0",
            "Mend DEVFLOW_BUDGET_USD in line 4 of .env; docs/settings.md says what it takes.",
        ),
        (
            "wrong",
            "DEVFLOW_PORT is wrong: input should be a valid integer, unable to parse string as an integer",
            "Mend DEVFLOW_PORT in line 3 of .env; docs/settings.md says what it takes.",
        ),
        (
            "warning",
            "DEVFLOW_WEBHOOK_SECERT is no setting, so it does nothing",
            "Write DEVFLOW_WEBHOOK_SECRET; it stands in the environment.",
        ),
    ]
    assert found.of("GitHub identity")[0] == "ok"
    assert "s3cr3t" not in str(found)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b""])
async def test_a_settings_file_that_is_no_text(patient: Patient, tmp_path: Path, content: bytes) -> None:
    """It is told, and the environment holds."""
    (tmp_path / ".env").write_bytes(content)
    (tmp_path / ".env").chmod(0o600)
    found = await patient.examined()
    assert ("wrong" in [state for state, _, _ in found.all_of("settings")]) == bool(content)
    assert found.of("GitHub identity")[0] == "ok"


async def test_keys_that_others_can_read(patient: Patient, tmp_path: Path) -> None:
    """A warning for each file, with the command."""
    (tmp_path / ".env").write_text("DEVFLOW_PORT=8001\n")
    (tmp_path / ".env").chmod(0o644)
    (tmp_path / "key.pem").chmod(0o640)
    assert [(state, fix) for state, _, fix in (await patient.examined(checks=machine.CHECKS)).all_of("settings")] == [
        ("warning", "chmod 600 .env"),
        ("warning", f"chmod 600 {tmp_path / 'key.pem'}"),
    ]


async def test_no_key_for_the_model(patient: Patient) -> None:
    """Where to make one."""
    patient.unset("ANTHROPIC_API_KEY")
    assert (await patient.examined(checks=model.CHECKS)).of("model key") == (
        "wrong",
        "No model key",
        "Set ANTHROPIC_API_KEY (https://platform.claude.com makes one).",
    )


async def test_a_key_that_is_refused(patient: Patient) -> None:
    """It is not shown; the names of models are then not looked at."""
    patient.set("ANTHROPIC_API_KEY", REVOKED_KEY)
    found = await patient.examined()
    assert found.of("model key") == (
        "wrong",
        "ANTHROPIC_API_KEY is refused (401)",
        "Make a new key at https://platform.claude.com/settings/keys, and set it; "
        "a key of another service needs DEVFLOW_PROVIDER.",
    )
    assert found.of("model names")[:2] == ("not looked at", "the key was refused; see `model key` above")
    assert REVOKED_KEY not in str(found)


async def test_a_cloud_without_its_credentials(patient: Patient) -> None:
    """What that cloud needs."""
    patient.set("DEVFLOW_PROVIDER", "bedrock")
    patient.unset("AWS_REGION", "AWS_DEFAULT_REGION")
    found = await patient.examined()
    assert found.of("model key") == ("wrong", "No region for Amazon Bedrock", "Set AWS_REGION.")
    assert found.of("model names")[0] == found.of("model reachable")[0] == "not looked at"


async def test_models_that_nobody_knows(patient: Patient) -> None:
    """The setting that names each."""
    patient.set("DEVFLOW_MODEL", "claude-sonet-5-5")
    patient.set("DEVFLOW_MODELS", "haiku,claude-sonet-5-5,claude-opus-99")
    assert [
        (state, found, fix.partition(";")[0]) for state, found, fix in (await patient.examined()).all_of("model names")
    ] == [
        ("wrong", "there is no model `claude-sonet-5-5`, or this key may not use it", "Correct DEVFLOW_MODEL"),
        ("wrong", "there is no model `claude-opus-99`, or this key may not use it", "Correct DEVFLOW_MODELS"),
    ]


async def test_a_list_of_models_without_the_usual_one(patient: Patient) -> None:
    """With it the server would not start."""
    patient.set("DEVFLOW_MODELS", "haiku,opus")
    state, _, fix = (await patient.examined(checks=model.CHECKS)).of("model choice")
    assert (state, fix) == (
        "wrong",
        "Name claude-sonnet-5-5 in DEVFLOW_MODELS, at its place between cheap and strong.",
    )


async def test_no_secret_and_a_short_one(patient: Patient) -> None:
    """The command that makes one, and the page where GitHub wants it."""
    page = f"{patient.github.url}/organizations/apps/settings/apps/devflow"
    fix = f"Make one with `openssl rand -hex 32`, set DEVFLOW_WEBHOOK_SECRET, and enter the same at {page}."
    patient.set("DEVFLOW_WEBHOOK_SECRET", f"{SECRET},swordfish")
    found = await patient.examined()
    assert found.of("webhook secret") == (
        "wrong",
        "DEVFLOW_WEBHOOK_SECRET is shorter than 16 characters: it can be guessed",
        fix,
    )
    assert "swordfish" not in str(found)
    patient.unset("DEVFLOW_WEBHOOK_SECRET")
    assert (await patient.examined()).of("webhook secret") == (
        "wrong",
        "DEVFLOW_WEBHOOK_SECRET is not set, so `devflow serve` does not start",
        fix,
    )


async def test_no_sandbox(patient: Patient, tmp_path: Path) -> None:
    """What to install, and that tests cannot be run."""
    patient.set("PATH", str(tmp_path))
    state, found, fix = (await patient.examined(checks=machine.CHECKS)).of("sandbox")
    assert (state, found) == ("wrong", "bwrap is not installed, so no test can be run and nothing proves a change")
    assert fix.startswith("Run `apt-get install bubblewrap`, or set DEVFLOW_SANDBOX=container")


async def test_namespaces_are_refused(patient: Patient, tmp_path: Path) -> None:
    """The line for sysctl."""
    for name, text in {
        "bwrap": "#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n",
        "prlimit": "#!/bin/sh\nexit 0\n",
    }.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    patient.set("PATH", f"{tmp_path}:/usr/bin:/bin")
    state, found, fix = (await patient.examined(checks=machine.CHECKS)).of("sandbox")
    assert state == "wrong"
    assert "user namespaces are restricted by AppArmor" in found
    assert fix.startswith("Run `sysctl -w kernel.apparmor_restrict_unprivileged_userns=0")


async def test_no_container_engine(patient: Patient) -> None:
    """What to install."""
    patient.set("DEVFLOW_SANDBOX", "container")
    patient.set("DEVFLOW_CONTAINER_COMMAND", "no-such-engine")
    state, found, fix = (await patient.examined(checks=machine.CHECKS)).of("sandbox")
    assert state == "wrong"
    assert found.startswith("DEVFLOW_CONTAINER_COMMAND names 'no-such-engine', which is not installed")
    assert fix == "Install it, as with `apt-get install podman`, or name another."


async def test_no_sandbox_by_choice(patient: Patient) -> None:
    """A warning, except in a job of GitHub Actions, whose machine is thrown away."""
    patient.set("DEVFLOW_SANDBOX", "none")
    assert (await patient.examined(checks=machine.CHECKS)).of("sandbox")[0] == "warning"
    patient.set("GITHUB_ACTIONS", "true")
    assert (await patient.examined(checks=machine.CHECKS)).of("sandbox")[0] == "ok"


async def test_git_is_missing_or_old(patient: Patient, tmp_path: Path) -> None:
    """What to install."""
    patient.set("PATH", str(tmp_path))
    assert (await patient.examined(checks=machine.CHECKS)).of("git") == (
        "wrong",
        "git is not installed",
        "Install it from your system's packages: `apt-get install git`.",
    )
    (tmp_path / "git").write_text("#!/bin/sh\necho git version 2.30.2\n")
    (tmp_path / "git").chmod(0o755)
    state, found, fix = (await patient.examined(checks=machine.CHECKS)).of("git")
    assert (state, found.partition(":")[0]) == ("wrong", "git 2.30 is too old")
    assert fix.startswith("Install git 2.38 or newer")


async def test_the_disk_is_full(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Little is a warning, nearly nothing is wrong."""
    for limit, state in (("LITTLE_BYTES", "warning"), ("TOO_LITTLE_BYTES", "wrong")):
        monkeypatch.setattr(machine, limit, 1 << 62)
        found = (await patient.examined(checks=machine.CHECKS)).of("disk")
        assert (found[0], found[2]) == (
            state,
            "Make room there, or set DEVFLOW_STATE_DIR to a folder on a larger disk.",
        )


async def test_somebody_else_has_the_import_names(patient: Patient, tmp_path: Path) -> None:
    """How to install Devflow by itself."""
    info = tmp_path / "site" / "telegram_bot-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: telegram-bot\nVersion: 1.0\n")
    (info / "RECORD").write_text("bot/__init__.py,,\n")
    patient.monkeypatch.syspath_prepend(str(tmp_path / "site"))
    assert (await patient.examined(checks=machine.CHECKS)).of("import names") == (
        "wrong",
        "`bot` or `webhooks` also belongs to telegram-bot in this environment",
        "Install it alone, with `uv tool install devflow-bot` or `pipx install devflow-bot`.",
    )


async def test_a_folder_in_the_way_of_an_import_name(patient: Patient, tmp_path: Path) -> None:
    """As when Devflow is started in a folder with a `webhooks` of its own."""
    (tmp_path / "here" / "webhooks").mkdir(parents=True)
    (tmp_path / "here" / "webhooks" / "__init__.py").write_text("")
    patient.monkeypatch.delitem(sys.modules, "webhooks", raising=False)
    patient.monkeypatch.syspath_prepend(str(tmp_path / "here"))
    state, found, fix = (await patient.examined(checks=machine.CHECKS)).of("import names")
    assert state == "wrong"
    assert found.startswith(f"`webhooks` comes from {tmp_path / 'here' / 'webhooks'}")
    assert fix.startswith("Run `devflow` itself, or `python -I -m bot`, in another folder.")


async def test_the_clock_is_wrong(patient: Patient) -> None:
    """GitHub refuses what an App signs then, and the clock is named as the cause; with a token it is a warning."""
    found = await patient.examined(ahead=3600)
    state, what, fix = found.of("clock")
    assert (state, fix) == ("wrong", "Turn on time synchronisation: `timedatectl set-ntp true`.")
    assert what.startswith("this machine's clock is 36")
    assert what.endswith("s ahead of GitHub's; GitHub refuses what an App signs at a wrong time")
    patient.use_token()
    assert (await patient.examined(ahead=-3600)).of("clock")[0] == "warning"


@pytest.mark.parametrize(
    ("api", "server", "fix"),
    [
        ("https://ghe.acme.com", "https://ghe.acme.com", "Set GITHUB_API_URL=https://ghe.acme.com/api/v3 for "),
        ("https://api.acme.ghe.com", "https://acme.ghe.com/", ""),
        ("https://ghe.acme.com/api/v3/", "https://ghe.acme.com", ""),
        ("https://ghe.acme.com/api/v3", "https://other.acme.com", "GITHUB_SERVER_URL=https://ghe.acme.com for "),
        ("ghe.acme.com", "https://ghe.acme.com", "Set GITHUB_API_URL to one such as https://api.github.com."),
        ("http://[::1", "https://ghe.acme.com", "Set GITHUB_API_URL to one such as https://api.github.com."),
    ],
)
async def test_addresses_that_do_not_belong_together(patient: Patient, api: str, server: str, fix: str) -> None:
    """The pair that does."""
    patient.set("GITHUB_API_URL", api)
    patient.set("GITHUB_SERVER_URL", server)
    found = (await patient.examined(offline=True)).of("GitHub addresses")
    assert found[0] == ("wrong" if fix else "ok")
    assert fix in found[2]


async def test_nobody_can_be_reached(patient: Patient) -> None:
    """Which host, and the error; what hangs on it is not looked at, or wrong, but all is told."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
    for name in ("GITHUB_API_URL", "GITHUB_SERVER_URL", "ANTHROPIC_BASE_URL"):
        patient.set(name, address)
    found = await patient.examined()
    for check, setting in (
        ("GitHub API reachable", "GITHUB_API_URL"),
        ("GitHub reachable", "GITHUB_SERVER_URL"),
        ("model reachable", "ANTHROPIC_BASE_URL"),
    ):
        state, what, fix = found.of(check)
        assert (state, what) == ("wrong", "127.0.0.1 cannot be reached: All connection attempts failed")
        assert fix.startswith(f"Look at {setting} and at firewalls: `curl -I {address}` must get an answer")
    assert found.of("GitHub identity")[0] == "wrong"
    assert found.of("clock")[0] == found.of("model names")[0] == "not looked at"


async def test_somebody_else_answers(patient: Patient) -> None:
    """As where the address of the pages, or of another service, was given for the API's."""
    patient.set("GITHUB_API_URL", patient.claude.url)
    state, found, fix = (await patient.examined(checks=network.CHECKS)).of("GitHub API reachable")
    assert (state, found) == ("wrong", "127.0.0.1 answers (401), but it is not GitHub's API")
    assert f"GITHUB_API_URL ({patient.claude.url})" in fix


async def test_a_proxy_that_is_not_there(patient: Patient) -> None:
    """The variable that names it."""
    assert network._way_out("Connection refused", "https://api.github.com", "GITHUB_API_URL", {"HTTPS_PROXY": "x"}) == (
        "HTTPS_PROXY is set: see that this proxy lets api.github.com through, or name api.github.com in NO_PROXY."
    )


async def test_offline(patient: Patient) -> None:
    """Nobody is asked anything, and each check says so."""
    before = len(patient.github.requests)
    found = await patient.examined(offline=True)
    assert len(patient.github.requests) == before
    assert found.of("model key")[0] == found.of("GitHub identity")[0] == "not looked at"
    assert found.of("App events") == ("not looked at", "needs the network, and --offline was given", "")
    assert found.of("webhook secret")[0] == "ok"


async def test_a_check_that_hangs_or_breaks_hides_no_other(patient: Patient) -> None:
    """Each becomes a finding, and no secret is in it."""
    key = os.environ["ANTHROPIC_API_KEY"]

    async def hang(_: Case) -> Verdicts:
        await asyncio.Event().wait()
        return []

    async def stick(_: Case) -> Verdicts:
        await asyncio.to_thread(threading.Event().wait)
        return []

    async def break_down(_: Case) -> Verdicts:
        raise ZeroDivisionError(f"with {key}")

    async def pass_by(_: Case) -> Verdicts:
        return ok("fine")

    looks = {"hanging": hang, "stuck": stick, "broken": break_down, "fine": pass_by}
    checks = [Check(name, look, seconds=0.05) for name, look in looks.items()]
    found = await patient.examined(checks=checks)
    assert found.of("hanging")[:2] == found.of("stuck")[:2] == ("wrong", "there was no answer in 0.05 s")
    assert found.of("broken")[:2] == ("wrong", "this check itself failed (ZeroDivisionError: with ***)")
    assert found.of("fine")[0] == "ok"


async def test_github_hangs(patient: Patient) -> None:
    """The time is up, and everything else is told."""
    patient.github.hangs("GET", "^/app$", times=9)
    checks = [replace(one, seconds=1.0) for one in (*network.CHECKS, *identity.CHECKS)]
    found = await patient.examined(checks=checks)
    assert found.of("GitHub identity")[:2] == ("wrong", "there was no answer in 1 s")
    assert found.of("clock")[0] == "ok"
    assert found.of("App events")[0] == "wrong"
