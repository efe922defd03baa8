"""The command line: what it prints, and with which exit code it ends."""

import asyncio
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from inline_snapshot import snapshot

from bot import __version__
from bot.bootstrap import open_store
from bot.cli import main
from bot.core.command_list import COMMANDS
from bot.core.expected import Estimate, Range
from bot.settings import load_settings
from bot.stored_app import store_app
from tests.samples import RUN, a_run, an_app

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Cli:
    """`devflow` in an empty folder: (exit code, what it printed, what it complained about)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def call(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["devflow", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return call


def test_the_version(cli: Cli) -> None:
    """Alone on its line."""
    assert cli("version") == (0, f"{__version__}\n", "")


def test_the_commands_are_those_that_the_parser_knows(cli: Cli) -> None:
    """As a table and as JSON."""
    code, table, _ = cli("commands")
    assert code == 0
    assert all(f"/{command.name}" in table for command in COMMANDS)
    code, printed, _ = cli("commands", "--json")
    rows = json.loads(printed)
    assert (code, [row["name"] for row in rows]) == (0, [command.name for command in COMMANDS])
    assert set(rows[0]) == {"name", "usage", "summary", "who"}


def test_the_agents_and_their_tools(cli: Cli) -> None:
    """Names that a task plan may use, each with what it may do."""
    code, table, _ = cli("agents")
    assert code == 0
    assert "code-reviewer" in table
    rows = json.loads(cli("agents", "--json")[1])
    tools = {row["name"]: row["tools"] for row in rows}
    assert "Write" in tools["developer"]
    assert "Write" not in tools["code-reviewer"]


def test_no_runs_yet(cli: Cli) -> None:
    """An empty list is no error, and says how to begin."""
    assert cli("runs") == snapshot(
        (0, "No runs yet. Start the server with `devflow serve`, or try `devflow demo`.\n", "")
    )
    assert cli("runs", "--json") == (0, "[]\n", "")


def test_runs_are_listed_with_state_and_reason(cli: Cli) -> None:
    """Where GitHub could not be told, this is where it stands."""

    async def remember() -> None:
        store = open_store(load_settings())
        await store.open()
        guess = Estimate(Range(0.4, 0.8, 1.9), Range(200, 400, 900))
        plan = replace(a_run().plan, estimate=guess)
        await store.add_run(a_run(state="failed", reason="design: Claude was overloaded.", pull_number=8, plan=plan))
        await store.close()

    asyncio.run(remember())
    code, table, _ = cli("runs")
    row = [RUN, "acme/widget", "#7", "failed", "$0.00", "$0.40", "to", "$1.90", "#8"]
    assert (code, table.splitlines()[1].split()) == (0, row)
    (row,) = json.loads(cli("runs", "--json")[1])
    assert row["expected_usd"] == [0.4, 0.8, 1.9]
    assert (row["run"], row["state"], row["reason"]) == (RUN, "failed", "design: Claude was overloaded.")


@pytest.mark.parametrize(
    "words",
    [["sing"], ["runs", "--limit", "0"], ["runs", "--limit", "many"], ["version", "now"], ["serve", "--port", "x"]],
)
def test_wrong_usage_ends_with_two(cli: Cli, words: list[str]) -> None:
    """The complaint goes to stderr; nothing is printed that a script could take for an answer."""
    code, printed, complaint = cli(*words)
    assert (code, printed) == (2, "")
    assert "Usage" in complaint


@pytest.mark.parametrize(
    "words",
    [
        ["runs"],
        ["agents"],
        ["agents", "--repo", "acme/widget"],
        ["commands"],
        ["config"],
        ["config", "--check"],
        ["memory", "list", "--repo", "acme/widget"],
        ["memory", "search", "tests", "--repo", "acme/widget"],
        ["doctor", "--offline"],
    ],
)
def test_whatever_is_printed_for_people_is_there_for_programs(cli: Cli, words: list[str]) -> None:
    """`--json` prints JSON and nothing else, also where there is nothing to list."""
    _, printed, complaint = cli(*words, "--json")
    json.loads(printed)
    assert complaint == ""


def test_without_words_the_commands_are_shown(cli: Cli) -> None:
    """A newcomer types the name alone."""
    _, printed, complaint = cli()
    assert "serve" in printed + complaint


def test_serve_without_settings_says_what_to_set(cli: Cli) -> None:
    """One line for the cause, one for the remedy, no traceback."""
    assert cli("serve") == snapshot(
        (
            2,
            "",
            """\
devflow: Devflow has no way to log in to GitHub.
         `devflow setup` makes a GitHub App, `devflow serve --setup` does on a server. \
Or set DEVFLOW_APP_ID and DEVFLOW_PRIVATE_KEY, or GITHUB_TOKEN.
""",
        )
    )


def test_serve_without_a_secret_does_not_start(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anybody could give commands then."""
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_" + "a" * 36)
    code, printed, complaint = cli("serve")
    assert (code, printed, complaint.splitlines()[0]) == snapshot(
        (2, "", "devflow: DEVFLOW_WEBHOOK_SECRET is not set, so deliveries cannot be told from forgeries.")
    )
    assert "openssl rand" in complaint


def test_a_wrong_setting_is_named(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its variable."""
    monkeypatch.setenv("DEVFLOW_PORT", "many")
    assert cli("runs") == snapshot(
        (
            2,
            "",
            """\
devflow: DEVFLOW_PORT is wrong: Input should be a valid integer, unable to parse string as an integer.
         Mend it in the environment or in `.env`.
""",
        )
    )


def test_a_key_that_is_half_set_is_named(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """An App needs both its id and its key."""
    monkeypatch.setenv("DEVFLOW_APP_ID", "42")
    missing = cli("serve")
    monkeypatch.setenv("DEVFLOW_PRIVATE_KEY", "nowhere.pem")
    unreadable = cli("serve")
    monkeypatch.setenv("DEVFLOW_PRIVATE_KEY", "-----BEGIN RSA PRIVATE KEY-----\\nxx\\n-----END RSA PRIVATE KEY-----")
    assert [missing, unreadable, cli("serve")] == snapshot(
        [
            (
                2,
                "",
                """\
devflow: DEVFLOW_APP_ID is set, but DEVFLOW_PRIVATE_KEY is not.
         Set it to the App's PEM, or to its path.
""",
            ),
            (
                2,
                "",
                """\
devflow: The private key cannot be read: No such file or directory.
         DEVFLOW_PRIVATE_KEY is a PEM or a path.
""",
            ),
            (
                2,
                "",
                """\
devflow: The App's private key cannot sign: it has to be the whole PEM file of an RSA key, from BEGIN to END.
         Look at DEVFLOW_APP_ID, DEVFLOW_PRIVATE_KEY and GITHUB_API_URL.
""",
            ),
        ]
    )


def test_a_database_that_cannot_be_opened_is_named(cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Not as a traceback."""
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("DEVFLOW_STATE_DIR", "file")
    code, printed, complaint = cli("runs")
    assert (code, printed) == (2, "")
    assert complaint.startswith("devflow: ")
    assert len(complaint.splitlines()) <= 2


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_the_settings_that_hold(cli: Cli, tmp_path: Path) -> None:
    """With no file the defaults; what is printed can be the file."""
    code, printed, _ = cli("config")
    assert (code, printed.splitlines()[:3]) == (0, ["test:", "  install: ''", "  run: ''"])
    write(tmp_path / ".github" / "devflow.yml", "automation: manual\n")
    code, printed, _ = cli("config", "--json")
    assert (code, json.loads(printed)["automation"]) == (0, "manual")
    write(tmp_path / "other.yml", cli("config")[1])
    assert cli("config", "other.yml")[1] == cli("config")[1]


def test_what_is_wrong_with_the_settings(cli: Cli, tmp_path: Path) -> None:
    """Each thing on a line of its own that an editor can jump to; commands of the repository are known."""
    write(tmp_path / ".github" / "devflow.yml", "automatio: x\npermissions: {commands: {ship: write, shop: write}}\n")
    write(tmp_path / ".claude" / "commands" / "release" / "ship.md", "Ship it.")
    assert cli("config", "--check") == snapshot(
        (
            1,
            """\
.github/devflow.yml:1:1: unknown key `automatio`. Did you mean `automation`?
.github/devflow.yml:2:39: there is no command `shop`. Did you mean `ship`?
""",
            "",
        )
    )
    assert cli("config") == snapshot(
        (
            1,
            "",
            """\
.github/devflow.yml:1:1: unknown key `automatio`. Did you mean `automation`?
.github/devflow.yml:2:39: there is no command `shop`. Did you mean `ship`?
""",
        )
    )
    code, printed, _ = cli("config", "--check", "--json")
    assert (code, json.loads(printed)[0]["line"]) == (1, 1)
    write(tmp_path / ".github" / "devflow.yml", "automation: auto")
    assert cli("config", "--check") == (0, ".github/devflow.yml: nothing is wrong.\n", "")
    code, _, complaint = cli("config", "nowhere.yml")
    assert (code, complaint.splitlines()[0]) == (2, "devflow: nowhere.yml cannot be read: No such file or directory.")


def test_the_schema_is_printed(cli: Cli) -> None:
    """For an editor, from the package that will read the file."""
    code, printed, _ = cli("config", "--schema")
    assert (code, json.loads(printed)["properties"]["automation"]["default"]) == (0, "smart")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "GitHub needs an address for its deliveries, and only one."),
        (["--url", "https://a.example", "--relay", "smee.io"], "GitHub needs an address"),
        (["--url", "a.example"], "'a.example' is not an address such as https://devflow.example.com."),
        (["--url", "https://a.example", "--name", "x" * 35], "The App's name has to have 1 to 34 characters."),
        (["--url", "https://a.example", "--org", "a/b"], "The organisation's name is none that GitHub has."),
        (["--relay", "http://127.0.0.1:9"], "The relay at 127.0.0.1 cannot be reached: ConnectError."),
    ],
)
def test_setup_refuses_before_a_browser_opens(cli: Cli, words: list[str], complaint: str) -> None:
    """A sentence and a way out."""
    code, printed, said = cli("setup", "--no-browser", *words)
    assert (code, printed) == (2, "")
    assert complaint in said
    assert len(said.splitlines()) == 2


def test_setup_does_not_touch_an_app_that_is_there(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stored by an earlier set-up, or named in the environment, which would count before the new one."""
    folder = tmp_path / ".devflow"
    store_app(folder, an_app(), replace=False)
    code, _, said = cli("setup", "--no-browser", "--url", "https://a.example")
    assert (code, said.splitlines()[0]) == (2, "devflow: .devflow/app.json has the keys of the App devflow-7 already.")
    assert "--replace" in said
    monkeypatch.setenv("DEVFLOW_APP_ID", "8")
    code, _, said = cli("setup", "--no-browser", "--url", "https://a.example", "--replace")
    assert (code, "counts before a new App" in said) == (2, True)


def test_serve_takes_a_relay_that_is_an_address(cli: Cli, tmp_path: Path) -> None:
    """Anything else is named before the server starts."""
    store_app(tmp_path / ".devflow", an_app(), replace=False)
    code, _, said = cli("serve", "--relay", "smee")
    assert (code, said.splitlines()[0]) == (
        2,
        "devflow: 'smee' is not an address such as https://devflow.example.com.",
    )
