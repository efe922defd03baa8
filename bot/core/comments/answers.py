"""What commands are answered with."""

NO_RUN_HERE = "No run has been started on this issue yet. Start one with `/dev-workflow`, or see `/help`."


def refusal(message: str, hint: str) -> str:
    """The answer to a command that cannot be carried out."""
    return f"😕 {message}" + (f"\n\n{hint}" if hint else "")


def denied(author: str, reason: str) -> str:
    """The answer to somebody who may not give the command; posted once for each person and issue."""
    return f"🔒 @{author} {reason}"


def cancelled(run_id: str, reason: str, branch: str = "") -> str:
    """`reason` is a sentence like `Stopped by @ada.`; `branch` holds the work so far, if there is any."""
    where = f" The work so far is on the branch `{branch}`." if branch else ""
    return (
        f"⏹️ Run `{run_id}` was {reason[:1].lower()}{reason[1:]} Nothing more happens.{where} "
        "Go on with it: `/resume`. Start anew: `/dev-workflow`."
    )


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
