"""How results and errors are written down: JSON that reads back as what was written, and nothing else."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import dbos._serialization as dbos_serialization
from dbos import Serializer

from bot.core.conversation import Json
from bot.core.errors import BotError

ERROR_TEXT_LIMIT = 4000
"""Characters kept of an error's text."""
_ERROR = "devflow.error"


class StepFailed(Exception):  # noqa: N818 - read as a sentence where it is caught
    """A step, a segment or a run raised; the text is `Type: message` of the first error.

    It is the same type and text on the first run and at every replay, whatever was raised.
    """


def failure_text(error: BaseException) -> str:
    """One error as the text that is recorded; a `BotError` and a `StepFailed` speak for themselves."""
    text = str(error) if isinstance(error, StepFailed | BotError) else f"{type(error).__name__}: {error}"
    return text[:ERROR_TEXT_LIMIT]


def plain(value: object) -> Json:
    """A copy of a JSON object, as a replay will see it.

    Raises `TypeError` naming the path of the first thing that JSON would lose or change: tuples, sets, dates,
    NaN, keys that are not text, classes.
    """
    if not isinstance(value, dict):
        raise TypeError(f"the result must be a JSON object, not {type(value).__name__}")
    return {key: _plain(item, str(key)) for key, item in value.items() if _text_key(key, "result")}


def _text_key(key: object, path: str) -> bool:
    if type(key) is not str:
        raise TypeError(f"{path} has the key {key!r}: keys of a JSON object are text")
    return True


def _plain(value: object, path: str) -> Any:
    if value is None or type(value) in (str, bool, int):
        return value
    if type(value) is float and value - value == 0:
        return value
    if type(value) is list:
        return [_plain(item, f"{path}[{index}]") for index, item in enumerate(value)]
    if type(value) is dict:
        return {key: _plain(item, f"{path}.{key}") for key, item in value.items() if _text_key(key, path)}
    raise TypeError(f"{path} is {type(value).__name__} {str(value)[:40]!r}, which JSON cannot keep")


async def outcome(work: Callable[[], Awaitable[Json]]) -> Json:
    """Await the work; its result as a replay will see it, and every error of it as `StepFailed`."""
    try:
        return plain(await work())
    except StepFailed:
        raise
    except Exception as error:
        raise StepFailed(failure_text(error)) from error


class JsonSerializer(Serializer):
    """Values as ASCII JSON (lone surrogates and NUL of hostile text survive), errors as their text."""

    def name(self) -> str:
        return "devflow_json"

    def serialize(self, data: Any) -> str:
        value = [_ERROR, failure_text(data)] if isinstance(data, BaseException) else data
        return json.dumps(value, allow_nan=False, separators=(",", ":"))

    def deserialize(self, serialized_data: str) -> Any:
        value = json.loads(serialized_data)
        # No result or message is a list (`plain` sees to it), so this form cannot be forged by one.
        if isinstance(value, list) and value[:1] == [_ERROR]:
            return StepFailed(value[1])
        return value


class NoPickle(JsonSerializer):
    """Stands where dbos keeps its pickle serializer: writes JSON (the error of a refused row), reads nothing."""

    def name(self) -> str:
        return "py_pickle"

    def deserialize(self, serialized_data: str) -> Any:
        raise TypeError("a pickled row was refused: reading it could run anybody's code")


def refuse_pickle() -> None:
    """Make dbos refuse rows marked as pickle.

    It unpickles such rows whatever serializer it was given: write access to its tables would be code execution here.
    """
    dbos_serialization.DBOSDefaultSerializer = NoPickle()
