"""`devflow state`: what GitHub Actions jobs keep in git refs."""

from pathlib import Path
from typing import Annotated

import typer

from bot.cli_options import Json

state = typer.Typer(name="state", help="Look at the state that GitHub Actions jobs keep in git refs.")
Place = Annotated[str, typer.Option("--repo", help="owner/name; default GITHUB_REPOSITORY.")]


@state.callback(invoke_without_command=True)
def state_default(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        state_show()


@state.command("show")
def state_show(repo: Place = "", as_json: Json = False) -> None:
    """List the refs: how big, when saved, which job has them."""
    from bot.state_command import show_state

    show_state(repo, as_json=as_json)


@state.command("export")
def state_export(
    to: Annotated[Path, typer.Argument(help="A folder.")],
    issue: Annotated[int, typer.Option(help="Of which issue; without it, what the repository shares.")] = 0,
    repo: Place = "",
) -> None:
    """Write the unpacked files of a ref into a folder."""
    from bot.state_command import export_state

    export_state(repo, issue, to)


@state.command("prune")
def state_prune(
    days: Annotated[float, typer.Option(min=0, help="Not saved for so long.")] = 30.0, repo: Place = ""
) -> None:
    """Delete the state of closed issues; what the repository shares stays."""
    from bot.state_command import prune_state

    prune_state(repo, days)
