"""`devflow memory`: what is remembered of a repository."""

from pathlib import Path
from typing import Annotated

import typer

from bot.cli_options import Json

memory = typer.Typer(name="memory", help="Look at what is remembered of a repository, and correct it.")
Repository = Annotated[str, typer.Option("--repo", help="owner/name; not needed where the database knows one only.")]


@memory.callback(invoke_without_command=True)
def memory_default(context: typer.Context, repo: Repository = "") -> None:
    if context.invoked_subcommand is None:
        memory_list(repo)
    context.default_map = {str(context.invoked_subcommand): {"repo": repo}}


@memory.command("list")
def memory_list(
    repo: Repository = "", limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50, as_json: Json = False
) -> None:
    """List memories, newest first, also those that wait for approval."""
    from bot.memory_command import list_memories

    list_memories(repo, limit, as_json=as_json)


@memory.command("search")
def memory_search(words: list[str], repo: Repository = "", as_json: Json = False) -> None:
    """Show what an agent would be told that is about to work on these words."""
    from bot.memory_command import search_memories

    search_memories(repo, " ".join(words), as_json=as_json)


@memory.command("add")
def memory_add(words: list[str], repo: Repository = "") -> None:
    """Add something that agents should know."""
    from bot.memory_command import add_memory

    add_memory(repo, " ".join(words))


@memory.command("approve")
def memory_approve(ids: list[str], repo: Repository = "") -> None:
    """Have memories used that wait for somebody to stand behind them."""
    from bot.memory_command import set_states

    set_states(repo, ids, "active")


@memory.command("forget")
def memory_forget(ids: list[str], repo: Repository = "") -> None:
    """Erase memories; they do not come back by themselves."""
    from bot.memory_command import set_states

    set_states(repo, ids, "forgotten")


@memory.command("export")
def memory_export(
    repo: Repository = "", to: Annotated[Path | None, typer.Option(help="A file; default standard output.")] = None
) -> None:
    """Write all memories as lines of JSON."""
    from bot.memory_command import export_memories

    export_memories(repo, to)


@memory.command("import")
def memory_import(file: Path, repo: Repository = "") -> None:
    """Read memories that were exported; what is known already stays as it is."""
    from bot.memory_command import import_memories

    import_memories(repo, file)
