"""Rows to and from the types of the core. What is stored is checked when it is read: somebody may have edited it."""

import json
from dataclasses import asdict
from typing import TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from bot.adapters.store.columns import clean_text
from bot.adapters.store.tables import DelegationRow, EffectRow, GateRow, HaltRow, NoteRow, PhaseRow, RunRow, TurnRow
from bot.core.conversation import Usage
from bot.core.effects import Effect
from bot.core.errors import BotError
from bot.core.people import Delegation, Gate, Halt, Note
from bot.core.repository import Repo
from bot.core.runs import PhaseResult, Request, Run, RunPlan, Turn

T = TypeVar("T")
Values = dict[str, object]
"""Column names and what to write there."""
RUN, PHASE, TURN, EFFECT = TypeAdapter(Run), TypeAdapter(PhaseResult), TypeAdapter(Turn), TypeAdapter(Effect)
GATE, NOTE = TypeAdapter(Gate), TypeAdapter(Note)
DELEGATION, HALT = TypeAdapter(Delegation), TypeAdapter(Halt)


def run_values(run: Run) -> Values:
    return {
        "id": run.id,
        "owner": run.repo.owner,
        "repo": run.repo.name,
        "issue": run.request.issue,
        "state": run.state,
        "reason": run.reason,
        "created_at": run.created_at,
        "ended_at": run.ended_at,
        "pull_number": run.pull_number,
        "outcome": run.outcome,
        "request": to_json(run.request),
        "plan": to_json(run.plan),
    }


def run_of(row: RunRow) -> Run:
    fields = row.model_dump(include={"id", "state", "reason", "created_at", "ended_at", "pull_number", "outcome"})
    fields |= {"repo": {"owner": row.owner, "name": row.repo}, "request": row.request, "plan": row.plan}
    return checked(RUN, fields, f"run {row.id}")


def phase_values(result: PhaseResult) -> Values:
    return {
        "run": result.run,
        "name": result.name,
        "agent": result.agent,
        "state": result.state,
        "summary": result.summary,
        "output": result.output,
        "data": result.data,
        "started_at": result.started_at,
        "ended_at": result.ended_at,
        **usage_values(result.usage),
        "usd": result.usd,
        "attempt": result.attempt,
    }


def phase_of(row: PhaseRow) -> PhaseResult:
    fields = row.model_dump(exclude={"seq"}) | {"usage": _usage_of(row)}
    return checked(PHASE, fields, f"phase {row.name} of run {row.run}")


def turn_of(row: TurnRow) -> Turn:
    fields = row.model_dump(exclude={"seq"}) | {"index": row.number, "usage": _usage_of(row)}
    return checked(TURN, fields, f"turn {row.number} of {row.unit} in run {row.run}")


def effect_values(effect: Effect) -> Values:
    return {
        "run": effect.run,
        "key": effect.key,
        "kind": effect.kind,
        "owner": effect.repo.owner,
        "repo": effect.repo.name,
        "target": effect.target,
        "state": effect.state,
        "remote": effect.remote,
        "body": effect.body,
    }


def effect_of(row: EffectRow) -> Effect:
    fields = row.model_dump(exclude={"seq"}) | {"repo": {"owner": row.owner, "name": row.repo}}
    return checked(EFFECT, fields, f"effect {row.key} of run {row.run}")


def gate_values(gate: Gate) -> Values:
    return {**asdict(gate), "phases": list(gate.phases)}


def gate_of(row: GateRow) -> Gate:
    return checked(GATE, row.model_dump(exclude={"seq"}), f"gate {row.number} of run {row.run}")


def note_values(note: Note) -> Values:
    return asdict(note)


def note_of(row: NoteRow) -> Note:
    return checked(NOTE, row.model_dump(exclude={"seq"}), f"note {row.comment} of run {row.run}")


def delegation_values(given: Delegation) -> Values:
    return _placed(asdict(given), given.repo)


def delegation_of(row: DelegationRow) -> Delegation:
    fields = row.model_dump(exclude={"seq"}) | {"repo": {"owner": row.owner, "name": row.repo}}
    return checked(DELEGATION, fields, f"delegation to {row.login}")


def halt_values(halt: Halt) -> Values:
    return _placed(asdict(halt), halt.repo)


def halt_of(row: HaltRow) -> Halt:
    fields = row.model_dump() | {"repo": {"owner": row.owner, "name": row.repo}}
    return checked(HALT, fields, f"halt of {row.owner}/{row.repo}")


def _placed(values: Values, repo: Repo) -> Values:
    return {**values, "owner": repo.owner, "repo": repo.name}


def usage_values(usage: Usage) -> dict[str, int]:
    return {
        "input_tokens": usage.input,
        "output_tokens": usage.output,
        "cache_write_tokens": usage.cache_write,
        "cache_read_tokens": usage.cache_read,
    }


def _usage_of(row: PhaseRow | TurnRow) -> Usage:
    return Usage(row.input_tokens, row.output_tokens, row.cache_write_tokens, row.cache_read_tokens)


def to_json(value: Request | RunPlan) -> Values:
    """What a JSON column holds: every field by name, texts without lone surrogates."""
    return cast("Values", json.loads(clean_text(json.dumps(asdict(value), ensure_ascii=False))))


def checked(kind: TypeAdapter[T], fields: dict[str, object], what: str) -> T:
    try:
        return kind.validate_python(fields)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BotError(
            f"The stored {what} cannot be read: {place}: {first['msg']}.",
            "It was changed by hand or written by another version of Devflow. Update Devflow, or restore a backup.",
        ) from None
