"""The phases of a repository's own command: its agents do what its text says; what they changed is tested."""

from bot.core.context import Piece
from bot.core.runs import PhaseResult
from bot.core.team_texts import first_paragraph
from bot.phases.proving import prove_again
from bot.phases.work import Work, bench_of, commit


async def obey(work: Work) -> PhaseResult:
    """One agent with all its tools, which may change files or only answer."""
    await bench_of(work)
    said = Piece("comments", work.phase.prompt, (("from", "devflow"),))
    outcome = await work.agent(work.phase.name, work.phase.agent, work.start, [*work.needed(), said])
    if outcome.state == "failed":
        return work.ended(outcome)
    subject = f"Carry out {work.run.request.again.partition(chr(10))[0] or 'a command'}"
    made = [commit(subject, work.phase.agent, outcome.tree, words=outcome.text)] if outcome.tree != work.start else []
    data = {"tree": outcome.tree, "commits": made}
    return work.result("done", first_paragraph(outcome.text), outcome.text, data)


async def prove_changes(work: Work) -> PhaseResult:
    """The program runs the tests, and failures go back to the developer; without a change there is nothing to do."""
    if work.start == work.base:
        return work.result("skipped", "Nothing was changed.", "", {"tree": work.start, "posted": True})
    return await prove_again(work)
