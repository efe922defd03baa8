"""The scripted Claude: which reply a request gets, and the record of what was asked."""

from typing import NoReturn, Self

from bot.core.conversation import Json
from bot.offline.claude.checks import violations
from bot.offline.claude.faults import Fault, Faults, RefusedError
from bot.offline.claude.heading import Heading, heading_of, turn_of
from bot.offline.claude.replies import Asked, message_of, prompt_usage, stale_thinking
from bot.offline.claude.serving import Serving
from bot.offline.claude.session import Replies, Session, Turn

_REFUSAL = Turn(stop_reason="refusal")


class ScriptedClaude(Faults):
    """Plays a session to whoever asks. What is said depends on the conversation alone, never on the order of calls.

    `strict` checks each request against the SDK's types too; `delay_factor` scales the session's `delay_seconds` (0:
    no waiting, while `seconds` still counts them). Use `start` and `stop`, or a `with` block.
    """

    def __init__(self, *sessions: Session, strict: bool = False, delay_factor: float = 1.0) -> None:
        super().__init__()
        self._session = sessions[0].merged_with(*sessions[1:]) if sessions else None
        self._strict = strict
        self._delay_factor = delay_factor
        self._played = set[tuple[object, int]]()
        self._server: Serving | None = None
        self.url = ""
        self.requests: list[Asked] = []
        """Every call of the model, failed ones too, as they came."""
        self.unmatched: list[str] = []
        """Calls for which the session has no turn."""
        self.violations: list[str] = []
        """Calls that the real API would refuse, and why."""
        self.seconds = 0.0
        """Simulated time that the model has thought."""
        self.busy = 0
        self.most_busy = 0
        """How many calls were ever under way at the same moment."""

    def plays(self, *sessions: Session) -> None:
        """Add to the session; where both have an entry for the same thing, the new one holds."""
        known = [self._session] if self._session else []
        first, *others = [*known, *sessions]
        self._session = first.merged_with(*others)

    def unused(self) -> list[str]:
        """Turns of the session that nobody has asked for yet."""
        entries = self._session.replies if self._session else ()
        pairs = [(entry, number) for entry in entries for number in range(len(entry.turns))]
        return [
            f"{entry.name}, turn {number + 1}" for entry, number in pairs if (entry.key, number) not in self._played
        ]

    def start(self, port: int = 0) -> Self:
        """Listen on loopback; port 0 takes a free one. `url` is set when this returns."""
        self._server = Serving(self, port)
        self._server.begin()
        self.url = f"http://127.0.0.1:{self._server.port}"
        return self

    def stop(self) -> None:
        """Stop listening and end what hangs; again does nothing."""
        server, self._server = self._server, None
        if server is not None:
            server.end()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def answer(self, body: Json) -> tuple[Json, Fault | None, float]:
        """(message, fault that happens to it, seconds of thinking) for a request. Raises `RefusedError`."""
        self._check(body)
        messages = body["messages"]
        heading, number = heading_of(messages), turn_of(messages)
        fault = self._take(heading)
        self.requests.append(_asked(body, heading, number, fault))
        if fault is not None and fault.kind == "status":
            raise RefusedError(fault.status, fault.error, fault.message, fault.headers)
        if heading is None:
            self._no_match('The first message does not begin with `<phase name="..." agent="...">`.')
        entry = self._entry(heading, number)
        if messages[-1]["role"] == "assistant" and entry.turns[number - 1].stops_with != "pause_turn":
            self._violate("the conversation must end with a user message: no assistant message prefill")
        if (index := stale_thinking(body)) is not None:
            text = f"messages.{index}.content.0: Invalid `signature` in `thinking` block. The block is bound to a "
            raise RefusedError(400, "invalid_request_error", text + "different conversation.")
        turn = _REFUSAL if fault is not None and fault.kind == "refuse" else entry.turns[number]
        if fault is None:
            self._played.add((entry.key, number))
        self.seconds += turn.delay_seconds
        return message_of(turn, heading, number, body), fault, turn.delay_seconds * self._delay_factor

    def count(self, body: Json) -> Json:
        """The answer of `/v1/messages/count_tokens`. Raises `RefusedError`."""
        self._check({"max_tokens": 1} | body)
        return {"input_tokens": prompt_usage(body).total}

    def _check(self, body: Json) -> None:
        found = list(violations(body))
        if not found and self._strict:
            from bot.offline.claude.strict import type_violations

            found = type_violations(body)
        if found:
            self._violate(found[0])

    def _violate(self, text: str) -> NoReturn:
        self.violations.append(text)
        raise RefusedError(400, "invalid_request_error", text)

    def _entry(self, heading: Heading, number: int) -> Replies:
        entry = self._session.find(heading) if self._session else None
        if entry is None:
            self._no_match(f"The session has no entry for {heading}. Add one: `- phase: {heading.phase}`.")
        if number >= len(entry.turns):
            text = f"The session's entry for {entry.name} has {len(entry.turns)} turns, but turn {number + 1} is asked"
            self._no_match(f"{text} for {heading}. Add a turn, or end the last one without tools.")
        return entry

    def _no_match(self, text: str) -> NoReturn:
        self.unmatched.append(text)
        raise RefusedError(400, "invalid_request_error", text)


def _asked(body: Json, heading: Heading | None, number: int, fault: Fault | None) -> Asked:
    about = heading or Heading("")
    return Asked(
        phase=about.phase,
        agent=about.agent,
        run=about.run,
        task=about.task,
        attempt=about.attempt,
        turn=number,
        model=body["model"],
        tokens=prompt_usage(body).total,
        tools=tuple(str(tool.get("name")) for tool in body.get("tools") or []),
        fault=fault.name if fault else "",
    )
