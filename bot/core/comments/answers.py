"""What commands are answered with."""

from collections.abc import Sequence

from bot.core.comments.common import cell, money

NO_RUN_HERE = "No run has been started on this issue yet. Start one with `/dev-workflow`, or see `/help`."


def refusal(message: str, hint: str) -> str:
    """The answer to a command that cannot be carried out."""
    return f"😕 {message}" + (f"\n\n{hint}" if hint else "")


def flooded(author: str) -> str:
    """Told once a minute to somebody who asks more than is answered."""
    return f"😕 @{author} That is too much in one minute. What you asked last is not answered: ask again in a minute."


def denied(author: str, reason: str) -> str:
    """The answer to somebody who may not give the command; posted once for each person and issue."""
    return f"🔒 @{author} {reason}"


def cancelled(run_id: str, reason: str, branch: str = "") -> str:
    """`reason` is a sentence like `Stopped by @ada.`; `branch` holds the work so far, if there is any."""
    where = f" The work so far is on the branch `{branch}`." if branch else ""
    return (
        f"⏹️ Run `{run_id}` was {reason[:1].lower()}{reason[1:]} Nothing more happens.{where} "
        "To go on: `/resume`. Anew: `/dev-workflow`."
    )


def budget_raised(run_id: str, usd: float) -> str:
    """The answer to `/budget` while the run is at work."""
    return f"💰 Run `{run_id}` may now spend {money(usd)} in all."


def goes_on_there(run_id: str, issue: int) -> str:
    """The answer on a pull request whose run goes on in its issue."""
    return f"▶️ Run `{run_id}` goes on. It tells how in #{issue}."


def agents_table(rows: Sequence[tuple[str, str, str]]) -> str:
    """The answer to `/agents`: (name, where it comes from, what it is for)."""
    lines = [f"| `{name}` | {cell(about)} | {cell(origin)} |" for name, origin, about in rows]
    return "\n".join(["| agent | for | from |", "|---|---|---|", *lines])


def why_team(run_id: str, rows: Sequence[tuple[str, str, str, str]], chosen: Sequence[tuple[str, str]] = ()) -> str:
    """The answer to `/agents --why`: (agent, model, why it is in the team, how its work went here) and (unit of work,
    why this agent or model does it)."""
    lines = [f"| `{name}` | `{cell(model)}` | {cell(why)} | {cell(went)} |" for name, model, why, went in rows]
    head = [f"The team of run `{run_id}`:", "", "| agent | model | why | work here |", "|---|---|---|---|"]
    why = [f"- {cell(unit)} by {cell(words)}" for unit, words in chosen]
    return "\n".join([*head, *lines, *(["", "Chosen before the work began:", "", *why] if why else [])])


def pong(model_problem: str | None, sandbox_problem: str | None) -> str:
    """The answer to `/ping`: what works and what does not."""
    return "\n".join(
        [
            "🏓 Devflow is here.",
            "",
            f"- model: {model_problem or 'ready'}",
            f"- sandbox: {sandbox_problem or 'ready'}",
        ]
    )
