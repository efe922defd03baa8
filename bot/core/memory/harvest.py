"""What an ended run taught: plain facts first, then the words of people, then those of agents."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.conversation import Json
from bot.core.memory.commands_seen import commands_seen
from bot.core.memory.memories import Kind, Memory, Source, memory_id
from bot.core.people import Gate
from bot.core.runs import PhaseResult, Run, Turn
from bot.core.text import clean_untrusted, redact_secrets, truncate_middle
from bot.core.wishes import ThreadWish

TITLE_CHARS = 200
TEXT_CHARS = 4_000
MOST_FILES = 50
MOST_SYMBOLS = 100
MEASURED = 0.9
"""Trust in what the program saw itself."""
SAID = 0.8
"""In what somebody said who may write."""
PROVEN = 0.6
"""In what agents did, where the tests agreed."""
DONE = 0.4
ALL_TESTS = "how all tests are run"


@dataclass(frozen=True, slots=True)
class Ended:
    """A run with all that is stored of it."""

    run: Run
    results: Mapping[str, PhaseResult]
    turns: Sequence[Turn]
    gates: Sequence[Gate]
    at: datetime


@dataclass(frozen=True, slots=True)
class _Lesson:
    """Something to be remembered; `about` tells it from all else that the same source teaches."""

    kind: Kind
    about: str
    title: str
    text: str
    source: Source
    trust: float
    files: Sequence[str] = ()
    symbols: Sequence[str] = ()
    subject: str = ""

    @property
    def by_agents(self) -> bool:
        """All that a run leaves, but for what the program measured itself."""
        return self.source.kind == "run" and self.about != ALL_TESTS


def memories_of(ended: Ended) -> list[Memory]:
    """Everything worth keeping; the same run gives the same memories again.

    What agents said and typed is `pending`: a stranger's words, in the issue, may speak through theirs. Where no
    stranger wrote it the caller approves it at once, else the merge of the pull request does.
    """
    parts = (_tests, _commands, _fixes, _lessons, _decisions, _result)
    found = [_memory(ended, lesson) for part in parts for lesson in part(ended)]
    return list({memory.id: memory for memory in found}.values())


def safe(text: str) -> str:
    """Foreign words as they may be kept: without secrets, and without what nobody can see."""
    return redact_secrets(clean_untrusted(text).text).strip()


def first_line(text: str) -> str:
    """The first line that says something and is no quote."""
    lines = (line.strip() for line in text.splitlines())
    return next((line for line in lines if line and not line.startswith(">")), "")


def _memory(ended: Ended, lesson: _Lesson) -> Memory:
    repo = ended.run.repo
    return Memory(
        memory_id(repo, lesson.kind, lesson.source.ref, lesson.about),
        repo,
        lesson.kind,
        truncate_middle(" ".join(safe(lesson.title).split()), TITLE_CHARS),
        truncate_middle(safe(lesson.text), TEXT_CHARS),
        lesson.source,
        ended.at,
        tuple(dict.fromkeys(lesson.files))[:MOST_FILES],
        tuple(dict.fromkeys(lesson.symbols))[:MOST_SYMBOLS],
        safe(lesson.subject),
        lesson.trust,
        "pending" if lesson.by_agents else "active",
    )


def _tests(ended: Ended) -> Iterator[_Lesson]:
    """The program's own way to run all tests, if it went well."""
    found = [_data(ended, name).get("tests") for name in ("review", "testing")]
    tests: Json = next(filter(None, found), {})
    if tests.get("state") == "passed" and tests["command"]:
        tally = "" if tests["passed"] is None else f", {tests['passed']} passed"
        text = f"Devflow runs all tests with `{tests['command']}`: exit code 0{tally}, {tests['seconds']:.0f} s."
        source = Source("run", ended.run.id, "devflow")
        yield _Lesson("howto", ALL_TESTS, "How all tests are run", text, source, MEASURED, subject=ALL_TESTS)


def _commands(ended: Ended) -> Iterator[_Lesson]:
    """What agents typed to build and test, by how it ended."""
    for seen in commands_seen(ended.turns):
        how = f"cannot be run here: {seen.problem}" if seen.problem else "works here: it ended with exit code 0."
        title = f"`{seen.command}` {'cannot be run' if seen.problem else 'works'} here"
        text, subject = f"In an agent's sandbox, `{seen.command}` {how}", f"command {seen.command}"
        source = Source("run", ended.run.id, seen.agent)
        yield _Lesson("howto", subject, title, text, source, MEASURED, subject=subject)


def _fixes(ended: Ended) -> Iterator[_Lesson]:
    """What the tests found and an agent mended, where they were green in the end."""
    data = _data(ended, "testing")
    if data.get("tests", {}).get("state") != "passed":
        return
    for number, commit in enumerate((commit for commit in data.get("commits", []) if commit.get("found")), 1):
        text = f"The tests said:\n{commit['found']}\n\n`{commit['agent']}` mended it: {commit['words']}"
        title, source = f"Tests failed: {first_line(commit['found'])}", Source("run", ended.run.id, commit["agent"])
        yield _Lesson("fix", f"fix {number}", title, text, source, PROVEN, _paths(commit))


def _lessons(ended: Ended) -> Iterator[_Lesson]:
    """What reviewers asked for, and was done; why people sent work back."""
    revision = _data(ended, "revision")
    for thread in ended.run.request.wishes.threads:
        answer = revision.get("answers", {}).get(thread.name)
        if answer and answer["done"]:
            yield _thread(ended, thread, answer["answer"])
    if revision.get("answers") is not None:
        for review in ended.run.request.wishes.reviews:
            source = _comment(ended, f"review {review.id}", review.author)
            text = f"@{review.author} asked in a review: {review.text}"
            yield _Lesson("lesson", f"review {review.id}", first_line(review.text), text, source, SAID)
    for gate in ended.gates:
        if gate.kind == "approval" and gate.state in {"rejected", "redone"} and gate.words.strip():
            source = _comment(ended, f"gate {gate.number}", gate.by)
            text = f"@{gate.by} sent back {' and '.join(gate.phases)}: {gate.words}"
            yield _Lesson("lesson", f"gate {gate.number}", first_line(gate.words), text, source, SAID)


def _thread(ended: Ended, thread: ThreadWish, answer: str) -> _Lesson:
    said = [one for one in thread.said if not one.ours]
    words = "\n\n".join(f"@{one.author}: {one.text}" for one in said)
    text = f"A reviewer asked at `{thread.path}`:\n{words}\n\nWhat was done: {answer}"
    about = f"thread {thread.first} up to {thread.upto}"
    title, source = first_line(said[-1].text), _comment(ended, about, said[-1].author)
    return _Lesson("lesson", about, title, text, source, SAID, (thread.path,))


def _decisions(ended: Ended) -> Iterator[_Lesson]:
    """Questions that people answered."""
    for gate in ended.gates:
        if gate.kind == "question" and gate.state == "answered":
            about = f"question {gate.number}"
            text = f"An agent asked: {gate.why}\n\n@{gate.by} decided: {gate.words}"
            source = _comment(ended, about, gate.by)
            yield _Lesson("decision", about, first_line(gate.words), text, source, SAID)


def _result(ended: Ended) -> Iterator[_Lesson]:
    """What was asked for, and which files and symbols answered it."""
    data, asked = _data(ended, "delivery"), ended.run.request
    if data.get("verdict") not in {"proven", "unproven"} or not data.get("files"):
        return
    design = _data(ended, "design").get("submission", {}).get("summary", "")
    built = [f"- {commit['subject']}" for commit in _data(ended, "implementation").get("commits", [])]
    parts = [asked.description, f"{asked.issue_title}\n{asked.issue_body}".strip()]
    parts += ["\n".join(["Built:", *built])] if built else []
    parts += [f"How: {design}"] if design else []
    title, text = first_line(asked.description) or asked.issue_title, "\n\n".join(filter(None, parts))
    trust = PROVEN if data["verdict"] == "proven" else DONE
    source = Source("run", ended.run.id, "devflow")
    yield _Lesson("result", "result", title, text, source, trust, data["files"], data.get("symbols", ()))


def _comment(ended: Ended, about: str, by: str) -> Source:
    return Source("comment", f"{ended.run.repo}#{ended.run.request.issue} ({about})", by)


def _data(ended: Ended, name: str) -> Json:
    result = ended.results.get(name)
    found: Json = json.loads(result.data) if result and result.state in {"done", "failed"} else {}
    return found


def _paths(commit: Json) -> list[str]:
    return [change["path"] for change in commit.get("changes", [])]
