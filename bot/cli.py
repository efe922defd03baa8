"""The command line door."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from bot import completion
from bot.cli_memory import memory
from bot.cli_options import Json
from bot.cli_state import state
from bot.core.errors import BotError

app = typer.Typer(
    name="devflow",
    help="Turns an issue comment into a tested, reviewed pull request, with evidence.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=True,
)
app.add_typer(memory)
app.add_typer(state)


def main() -> None:
    """Run the command line. Exit codes: 0 done, 1 it failed, 2 wrong usage or settings."""
    try:
        app()
    except BotError as error:
        print(f"devflow: {error.message}", file=sys.stderr)
        if error.hint:
            print(f"         {error.hint}", file=sys.stderr)
        raise SystemExit(2) from error


@app.command()
def demo(
    report: Annotated[Path | None, typer.Option(help="Write what happened to this file, as JSON.")] = None,
    keep: Annotated[bool, typer.Option(help="Leave the service and the local GitHub running until Ctrl-C.")] = False,
    repo: Annotated[
        Path | None, typer.Option(help="Host a clone of this git repository instead of the sample.")
    ] = None,
    issue: Annotated[str | None, typer.Option(help="Your own wish, as the text of the issue.")] = None,
    session: Annotated[Path | None, typer.Option(help="A file of replies that stand in for the model's words.")] = None,
    sandbox: Annotated[
        str, typer.Option(help="auto, bubblewrap, container or none.", autocompletion=completion.sandboxes)
    ] = "",
    comprehensive: Annotated[
        bool, typer.Option("--comprehensive", help="The mode with a larger team, audits and documentation.")
    ] = False,
) -> None:
    """Run the whole job here: a local GitHub, the service, a run, a pull request. No keys, no network."""
    from bot.offline.demo import Wish, run_demo

    wish = Wish(report, keep, repo, issue, session, sandbox, comprehensive)
    raise SystemExit(run_demo(wish))


@app.command()
def run(
    wish: Annotated[list[str], typer.Argument(help="What to build, in your words; `-` reads it from standard input.")],
    *,
    comprehensive: Annotated[bool, typer.Option("--comprehensive", help="A larger team, audits, documents.")] = False,
    learning: Annotated[bool, typer.Option("--learning", help="Each step is explained.")] = False,
    auto: Annotated[bool, typer.Option("--auto", help="Never stop to ask.")] = False,
    manual: Annotated[bool, typer.Option("--manual", help="Stop after every phase.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the change, keep no branch.")] = False,
    agents: Annotated[
        str, typer.Option(help="The team, with commas between names.", autocompletion=completion.agents)
    ] = "",
    skip: Annotated[
        str, typer.Option(help="Phases to leave out, with commas.", autocompletion=completion.skippable)
    ] = "",
    budget: Annotated[str, typer.Option(help="The most it may cost, in dollars.")] = "",
    base: Annotated[str, typer.Option(help="The branch to build on; default the one checked out.")] = "",
    take: Annotated[bool, typer.Option("--apply", help="Put the change into your files, too, uncommitted.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="A line of JSON for each thing that happens.")] = False,
) -> None:
    """Build something in this git checkout, without GitHub: the change ends on a branch of its own."""
    from bot.terminal.run_command import Wanted, run_here

    switches = {"comprehensive": comprehensive, "learning": learning, "auto": auto, "manual": manual}
    flags = [f"--{name}" for name, given in (switches | {"dry-run": dry_run}).items() if given]
    valued = {"agents": agents, "skip": skip, "budget": budget, "base": base}
    flags += [part for name, value in valued.items() if value for part in (f"--{name}", value)]
    raise SystemExit(run_here(wish, Wanted(take, as_json, tuple(flags))))


@app.command()
def resume(
    name: Annotated[str, typer.Argument(metavar="[RUN]", help="A run's id; default the newest.")] = "",
    say: Annotated[
        list[str] | None, typer.Option(help="A command to give first, as in a comment: '/approve', '/budget +2'.")
    ] = None,
    take: Annotated[bool, typer.Option("--apply", help="Put the change into your files, too, uncommitted.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="A line of JSON for each thing that happens.")] = False,
) -> None:
    """Go on with a run of this checkout that was interrupted, waits for you, or stopped before its time."""
    from bot.terminal.run_command import Wanted, resume_here

    raise SystemExit(resume_here(name, Wanted(take, as_json, says=tuple(say or ()))))


@app.command()
def revise(
    wish: Annotated[list[str], typer.Argument(help="What to change, in your words; `-` reads standard input.")],
    *,
    name: Annotated[str, typer.Option("--run", help="The run whose branch is changed; default the newest.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="A line of JSON for each thing that happens.")] = False,
) -> None:
    """Change the branch that a run of this checkout finished: further commits, tested and reviewed again."""
    from bot.terminal.run_command import Wanted, revise_here

    raise SystemExit(revise_here(wish, name, Wanted(as_json=as_json)))


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; default DEVFLOW_HOST.")] = "",
    port: Annotated[int, typer.Option(help="Port to listen on; default DEVFLOW_PORT.")] = 0,
    setup_first: Annotated[
        bool, typer.Option("--setup", help="If there is no GitHub App yet, serve /setup, which makes one.")
    ] = False,
    relay: Annotated[
        str,
        typer.Option(help="A relay channel to take deliveries from; default DEVFLOW_WEBHOOK_RELAY."),
    ] = "",
) -> None:
    """Start the webhook server."""
    from bot.bootstrap import bootstrap
    from bot.core.app_manifest import check_address
    from bot.logs import set_up_logs
    from bot.settings import load_settings
    from webhooks.app import create_app
    from webhooks.app import serve as serve_app

    settings = load_settings()
    set_up_logs(settings.log_level)
    host, port = host or settings.host, port or settings.port
    if relay:
        settings = settings.model_copy(update={"webhook_relay": check_address(relay)})
    if setup_first and not settings.is_set_up:
        from bot.terminal.setup_command import serve_setup

        serve_setup(settings, host, port)
        return
    site = create_app(bootstrap(settings))
    print(f"Listening on http://{host}:{port}, deliveries at /webhooks/github", file=sys.stderr)
    serve_app(site, host, port)


@app.command()
def setup(
    url: Annotated[str, typer.Option(help="Where GitHub reaches your server: https://your.host.")] = "",
    relay: Annotated[
        str, typer.Option(help="Instead: a webhook relay such as smee.io, or a channel of one; for a laptop.")
    ] = "",
    org: Annotated[str, typer.Option(help="The organisation that the App is to belong to; default you.")] = "",
    name: Annotated[str, typer.Option(help="The App's name, which has to be free on all of GitHub.")] = "devflow",
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Only print the link.")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Make another App; the old one's keys are kept.")] = False,
) -> None:
    """Make a GitHub App with one click in a browser, and store its keys here."""
    from bot.terminal.setup_command import SetupWish, set_up

    raise SystemExit(set_up(SetupWish(org, name, url, relay, browser=not no_browser, replace=replace)))


@app.command()
def action() -> None:
    """Do what the event of this GitHub Actions job asks for; `action.yml` calls it."""
    from bot.action import run_action

    raise SystemExit(run_action())


@app.command()
def runs(as_json: Json = False, limit: Annotated[int, typer.Option(min=1, max=1000)] = 20) -> None:
    """List the last runs, newest first."""
    from bot.listing import print_runs
    from bot.terminal.place import settings_here

    print_runs(settings_here(), limit, as_json=as_json)


@app.command()
def agents(
    repo: Annotated[str, typer.Option("--repo", help="owner/name: how the work of its agents went.")] = "",
    as_json: Json = False,
) -> None:
    """List the agents and their tools; with --repo, how their work went there."""
    from bot.definitions import builtin_catalog

    if repo:
        from bot.history_command import print_history
        from bot.terminal.place import settings_here

        print_history(settings_here(), repo, as_json=as_json)
        return

    found = builtin_catalog().agents
    rows = [
        {"name": a.name, "tools": list(a.tools), "model": a.model, "version": a.version, "for": a.description}
        for a in found
    ]
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    _table(["agent", "tools", "for"], [[a.name, ", ".join(a.tools), a.description] for a in found])


@app.command()
def commands(as_json: Json = False) -> None:
    """List the commands that people can comment."""
    from bot.core.command_list import COMMANDS

    if as_json:
        rows = [{"name": c.name, "usage": c.usage, "summary": c.summary, "who": c.who} for c in COMMANDS]
        print(json.dumps(rows, indent=2))
        return
    _table(["command", "what it does", "who"], [[c.usage, c.summary, c.who] for c in COMMANDS])


@app.command()
def config(
    file: Annotated[Path | None, typer.Argument(help="The file to read; default .github/devflow.yml here.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Only say what is wrong, as FILE:LINE:COLUMN.")] = False,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON schema of the file.")] = False,
    as_json: Json = False,
) -> None:
    """Show the settings of a repository that hold, or check them."""
    from bot.config_command import check_config, print_config, print_schema

    if schema:
        print_schema()
        return
    act = check_config if check else print_config
    raise SystemExit(act(file, as_json=as_json))


@app.command()
def doctor(
    repo: Annotated[str, typer.Option("--repo", help="owner/name: look at a repository, too.")] = "",
    offline: Annotated[bool, typer.Option("--offline", help="Ask nobody; look at this machine alone.")] = False,
    as_json: Json = False,
) -> None:
    """Look at this machine, its settings, GitHub and the model; say what is wrong and how to mend it."""
    from bot.doctor_command import run_doctor

    raise SystemExit(run_doctor(repo, offline=offline, as_json=as_json))


@app.command()
def version() -> None:
    """Print the version."""
    from bot import __version__

    print(__version__)


def _table(head: list[str], rows: list[list[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for name in head:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(Text(text) for text in row))
    Console().print(table)
