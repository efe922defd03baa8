"""Dockerfile, Compose files and filter: hadolint and the Compose schema, and what these do not look at."""

import json
import re
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest
import yaml

from tests.container.composed import options, services
from tests.container.standin import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
COMPOSE = ("compose.yaml", "compose.sqlite.yaml")
PASSWORD = {"POSTGRES_PASSWORD": "x"}
EXACT = re.compile(r"[a-z]+:\d+(\.\d+)+-[a-z-]+(@sha256:[0-9a-f]{64})?")


def tool(name: str) -> str:
    found = shutil.which(name, path=sysconfig.get_path("scripts"))
    return found or pytest.skip(f"there is no {name} for this machine")


def lint(text: str) -> set[str]:
    """The rules of hadolint that a Dockerfile breaks."""
    line = [tool("hadolint"), "--format=json", "-"]
    said = subprocess.run(line, input=text, capture_output=True, text=True, check=False).stdout
    return {finding["code"] for finding in json.loads(said)}


def test_hadolint_has_nothing_to_say() -> None:
    """All its rules but one, whose reason stands beside it."""
    assert lint(DOCKERFILE) == set()
    assert re.findall(r"hadolint ignore=(.*)", DOCKERFILE) == ["DL3008"]


@pytest.mark.parametrize(
    ("ours", "worse", "rule"),
    [
        ("python:3.13.15-slim-trixie AS base", "python AS base", "DL3006"),
        ("python:3.13.15-slim-trixie AS base", "python:latest AS base", "DL3007"),
        ("USER 10001:10001", "USER root", "DL3002"),
        ("--no-install-recommends ", "", "DL3015"),
        ("rm -rf /var/lib/apt/lists/* ", "true ", "DL3009"),
        ("COPY --from=build", "COPY --from=builder", "DL3022"),
        ('CMD ["serve"]', "CMD serve", "DL3025"),
        ("WORKDIR /data", "WORKDIR data", "DL3000"),
        ("COPY bot ./bot", "ADD bot ./bot", "DL3020"),
        ("RUN apt-get update ", "RUN sudo apt-get update ", "DL3004"),
        ("rm -rf /var/lib/apt/lists/* ", "ls | rm -rf /var/lib/apt/lists/* ", "DL4006"),
    ],
)
def test_hadolint_would_say_it(ours: str, worse: str, rule: str) -> None:
    """Each of these changes to our own file is found."""
    assert ours in DOCKERFILE
    assert rule in lint(DOCKERFILE.replace(ours, worse))


def test_what_others_make_is_pinned() -> None:
    """By an exact version, everywhere; the base is named once, and nothing is fetched by its address."""
    froms = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    outside = [name for name in froms if name != "base"]
    images = [service["image"] for service in services("compose.yaml", PASSWORD).values() if "build" not in service]
    assert (len(outside), len(images)) == (1, 2)
    assert not re.search(r"^ADD|https?://", re.sub("^#.*", "", DOCKERFILE, flags=re.MULTILINE), re.MULTILINE)
    assert [name for name in [*outside, *images] if not EXACT.fullmatch(name)] == []


def test_no_secret_has_a_place_in_the_image() -> None:
    """Neither ENV nor ARG, which `docker history` shows, nor a file that the engine is sent."""
    names = re.findall(r"(?:^(?:ENV|ARG)|\\\n)\s+(\w+)=", DOCKERFILE, re.MULTILINE)
    assert "DEVFLOW_STATE_DIR" in names
    assert [name for name in names if re.search("KEY|SECRET|TOKEN|PASSWORD", name)] == []
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    copied = {
        name for line in re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE) for name in line.split()
    }
    assert rules[0] == "*"
    assert {rule[1:] for rule in rules if rule.startswith("!")} == copied


def test_what_does_the_work_runs_alike_in_both_compose_files() -> None:
    """No capability, nothing to be gained, no writable root, the same filter; also given the same time to end."""
    ours, alone = (services(file, PASSWORD)["devflow"] for file in COMPOSE)
    rights = ("security_opt", "cap_drop", "read_only", "tmpfs", "stop_grace_period", "env_file", "restart")
    assert {name: ours[name] for name in rights} == {name: alone[name] for name in rights}
    assert {"--cap-drop=all", "--read-only", "--security-opt=no-new-privileges"} <= set(options(ours))
    assert "privileged" not in (ROOT / "compose.yaml").read_text("utf-8").replace("no-new-privileges", "")


def test_one_address_for_two_workers_and_no_other_way_in() -> None:
    """Only the proxy is published; it leads to the port of the image; workers share no volume."""
    found = services("compose.yaml", PASSWORD)
    assert [name for name, service in found.items() if "ports" in service] == ["proxy"]
    (port,) = re.findall(r"^EXPOSE (\d+)$", DOCKERFILE, re.MULTILINE)
    assert found["proxy"]["command"] == f"caddy reverse-proxy --from :80 --to devflow:{port}"
    named = services("compose.yaml", {**PASSWORD, "DEVFLOW_SITE": "devflow.example.org"})["proxy"]["command"]
    assert "--from devflow.example.org " in named
    assert (found["devflow"]["deploy"]["replicas"], found["devflow"]["volumes"]) == (2, ["/data"])


def test_the_password_must_be_set() -> None:
    """Nobody gets a database with a password that is in a repository."""
    with pytest.raises(KeyError, match="Put POSTGRES_PASSWORD into"):
        services("compose.yaml", {})


@pytest.mark.parametrize("file", COMPOSE)
def test_the_compose_files_are_valid(file: str, tmp_path: Path) -> None:
    """By the schema of the specification, which finds a misspelt key."""
    line = [tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec"]
    assert subprocess.run([*line, str(ROOT / file)], capture_output=True, check=False).returncode == 0
    wrong = yaml.safe_load((ROOT / file).read_text("utf-8"))
    wrong["services"]["devflow"]["read_onyl"] = True
    (tmp_path / "wrong.yaml").write_text(yaml.safe_dump(wrong))
    assert subprocess.run([*line, str(tmp_path / "wrong.yaml")], capture_output=True, check=False).returncode != 0


def test_the_filter_refuses_what_bubblewrap_does_not_need() -> None:
    """The calls that make namespaces are left; those that reach the kernel past them are not."""
    (refused,) = json.loads((ROOT / "deploy" / "seccomp.json").read_text("utf-8"))["syscalls"]
    needed = {"clone", "clone3", "unshare", "mount", "umount2", "pivot_root", "sethostname"}
    assert not needed & set(refused["names"])
    assert {"bpf", "keyctl", "io_uring_setup", "perf_event_open", "setns", "userfaultfd"} <= set(refused["names"])
    assert len(refused["names"]) == len(set(refused["names"]))
