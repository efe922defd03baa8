"""Requests checked against the SDK's own types; importing them takes about 2 s, so only strict servers do."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from bot.core.conversation import Json


@cache
def _adapter() -> tuple[TypeAdapter[Any], frozenset[str]]:
    from anthropic.types.beta import BetaContextManagementConfigParam
    from anthropic.types.message_create_params import MessageCreateParamsNonStreaming

    class Params(MessageCreateParamsNonStreaming, total=False):
        context_management: BetaContextManagementConfigParam

    return TypeAdapter(Params), frozenset(Params.__required_keys__ | Params.__optional_keys__)


def type_violations(body: Json) -> list[str]:
    """What the SDK's types do not allow, unknown keys of the request itself included."""
    adapter, known = _adapter()
    found = [f"{key}: Extra inputs are not permitted" for key in body if key not in known]
    try:
        params = adapter.validate_python({key: value for key, value in body.items() if key != "stream"})
    except ValidationError as error:
        return [*found, _first(error)]
    for key, value in params.items():
        try:
            _exhaust(value)
        except ValidationError as error:
            found.append(f"{key}.{_first(error)}")
    return found


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"


def _exhaust(value: object) -> None:
    """Pydantic checks the items of an `Iterable` field only when they are taken out."""
    if isinstance(value, Mapping):
        for item in value.values():
            _exhaust(item)
    elif isinstance(value, Iterable) and not isinstance(value, str | bytes):
        for item in value:
            _exhaust(item)
