"""What the engine needs of the world. Adapters implement these; only `bootstrap` knows which."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

from bot.calls import OpenCalls
from bot.core.conversation import Json, ModelRequest, Reply, Usage
from bot.core.effects import Effect
from bot.core.limits import Cap, Refusal
from bot.core.repository import (
    Delivery,
    FileChange,
    FoundFile,
    Repo,
    Sha,
)
from bot.core.reviews import PullFile
from bot.core.runs import Outcome, PhaseResult, Run, RunId, RunPlan, RunState, Turn
from bot.ports_github import Conversations, PullRequests, Reviews, Triage
from bot.ports_history import History
from bot.ports_memories import Memories
from bot.ports_people import Decisions
from bot.ports_pulses import Pulses
from bot.ports_routing import Routing


class Clock(Protocol):
    """Time, so that tests can move it."""

    def now(self) -> datetime:
        """The present moment, in UTC."""

    def monotonic(self) -> float:
        """Seconds that only go up."""

    async def sleep(self, seconds: float) -> None:
        """Return after that many seconds."""


class GitHub(Conversations, PullRequests, Reviews, Triage, Protocol):
    """GitHub as far as we use it. Methods raise `GitHubError`; reads are retried inside, creations never blindly."""


class GitHubError(Exception):
    """GitHub said no or could not be reached; `status` is its HTTP status, 0 if there was none."""

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.status = status


class BranchMovedError(GitHubError):
    """A branch is not where it was expected, or cannot go where it should without losing commits."""


class PullNotPermittedError(GitHubError):
    """The token of a workflow may not open pull requests here; people may."""


class LineOutsideDiffError(GitHubError):
    """A comment of a review is on a line that the diff does not show; nothing of the review was posted."""


class Model(Protocol):
    """A large language model."""

    async def reply(self, request: ModelRequest) -> Reply:
        """One reply. Broken streams and overload are retried inside; raises `ModelError` when that fails."""

    def available(self) -> str | None:
        """None if calls can be made, else one line: what is missing and how to set it."""

    def price_usd(self, request: ModelRequest) -> float:
        """An upper bound of what this call can cost: its input at full price plus `max_tokens` of output."""

    def most_tokens(self, request: ModelRequest) -> int:
        """An upper bound of the tokens of this call: its input and `max_tokens` of output."""

    @property
    def uncounted(self) -> int:
        """How often `measure` had no answer since the start."""

    async def measure(self, request: ModelRequest) -> int | None:
        """The prompt's tokens by the provider's own count, None if it does not say; never raises. What it says holds
        for `price_usd` and `most_tokens` of this prompt from now on."""

    def cost_usd(self, reply: Reply) -> float:
        """What the reply did cost, by the price table."""

    async def aclose(self) -> None:
        """Close the connections."""


@dataclass(frozen=True, slots=True)
class SandboxLimits:
    """Bounds of one sandboxed process tree. `cpus` are processors; the time used on all of them is `cpus * seconds`."""

    seconds: float = 600.0
    memory_mb: int = 2048
    cpus: float = 2.0
    processes: int = 256
    file_mb: int = 256
    output_bytes: int = 200_000


@dataclass(frozen=True, slots=True)
class ExecResult:
    """How a sandboxed command ended. `output` is stdout and stderr interleaved, its middle cut if it was too long."""

    exit_code: int
    output: str
    seconds: float
    timed_out: bool = False
    truncated: bool = False


class Sandbox(Protocol):
    """Runs untrusted commands on a checkout. The host sees nothing of it but the checkout."""

    name: str

    def available(self) -> str | None:
        """None if commands can be run, else one line: why not and what to install or set."""

    async def run(
        self,
        argv: Sequence[str],
        *,
        checkout: Path,
        limits: SandboxLimits,
        network: bool = False,
        env: Mapping[str, str] | None = None,
        extra: Path | None = None,
        extra_writable: bool = False,
    ) -> ExecResult:
        """Run `argv` with `checkout` (writable) as working directory at `/work`.

        `env` are the only variables besides PATH, HOME and LANG; `extra` is one more folder, mounted at `/env`.
        With `network` it reaches public hosts through an HTTP proxy that its variables name.
        Every process started is dead when this returns. Raises `SandboxError` if the sandbox itself could not start.
        """


class SandboxError(Exception):
    """The sandbox could not be set up; nothing was run."""


@dataclass(frozen=True, slots=True)
class Checkout:
    """A working copy without a `.git` of its own: `root` is what agents see, `git_dir` stays out of their reach."""

    root: Path
    git_dir: Path
    base: Sha


@dataclass(frozen=True, slots=True)
class Merge:
    """A merge of trees. Where `conflicts` names paths, those files hold both sides between conflict markers."""

    tree: Sha
    conflicts: tuple[str, ...] = ()


class Workspaces(Protocol):
    """Working copies of repositories, on this machine's disk, made again from GitHub when they are gone."""

    async def open(self, run: RunId, url: str, token: str, base: Sha) -> Checkout:
        """The run's checkout at `base`; the same one if it is already there (its files are left as they are)."""

    async def fetch(self, checkout: Checkout, url: str, token: str, commit: Sha, ref: str = "") -> Sha:
        """Make one more commit of the repository known to the checkout, for `restore`, `diff` and `merge`; returns its
        tree. A commit that is on no branch is looked for under `ref`, as `refs/pull/7/head`."""

    async def tree(self, checkout: Checkout) -> Sha:
        """The git tree of the files as they are now. Raises `WorkspaceError` for what must not be committed."""

    async def restore(self, checkout: Checkout, tree: Sha) -> bool:
        """Make the files exactly those of the tree; False if this machine does not have it."""

    async def changes(self, checkout: Checkout, old: Sha, new: Sha) -> list[FileChange]:
        """What differs between two trees or commits, with contents."""

    async def diff(self, checkout: Checkout, old: Sha, new: Sha) -> str:
        """The unified diff between two trees or commits."""

    async def patches(self, checkout: Checkout, old: Sha, new: Sha) -> list[PullFile]:
        """The changed files between two trees or commits with their patches, as GitHub shows a pull request."""

    async def files(self, checkout: Checkout) -> list[str]:
        """Paths of all files of the checkout that git would keep, sorted."""

    async def write(self, checkout: Checkout, start: Sha, changes: Sequence[FileChange]) -> Sha:
        """Make the files those of `start` with the changes on top; returns the resulting tree."""

    async def folder(
        self, url: str, token: str, commit: Sha, folder: str, *, most: int, size: int, deep: bool = False
    ) -> tuple[list[FoundFile], int]:
        """(the Markdown files right in a folder of a commit, sorted, how many were left out beyond `most`); those of
        all folders below it, too, if it is to go `deep`.

        Nothing is checked out: links are not followed, and a file above `size` bytes is named but not read.
        """

    async def fork(self, checkout: Checkout, name: str) -> Checkout:
        """One more working copy of the same run, for work side by side; `restore` fills it. Same name, same copy."""

    async def merge(self, checkout: Checkout, base: Sha, ours: Sha, theirs: Sha) -> Merge:
        """Bring together what two trees changed since their common base; no file of the checkout moves."""

    async def drop(self, run: RunId) -> None:
        """Remove the run's working copies."""


class WorkspaceError(Exception):
    """git could not do it; the text says what and why."""


class Steps(Protocol):
    """What a durable workflow may do. Whatever a step returned is returned again after a crash, without running it."""

    async def step(self, name: str, work: Callable[[], Awaitable[Json]], *, seconds: float | None = None) -> Json:
        """Run `work` at least once and keep its JSON result; `name` must be the same at every replay."""

    async def graph(
        self, needs: Mapping[str, Sequence[str]], work: Callable[[str, Mapping[str, Json]], Awaitable[Json]]
    ) -> dict[str, Json]:
        """Run a DAG of steps (keys in topological order), each as soon as what it needs has ended."""

    async def segment(self, name: str) -> Json:
        """Run the named segment as a queued child, one at a time for each repository, and await its result."""

    async def receive(self, topic: str, *, seconds: float) -> Json | None:
        """The next message sent to this run under the topic, None after that many seconds."""


Workflow = Callable[[RunId, Steps], Awaitable[Json]]
"""The coordinator of a run."""
SegmentWorkflow = Callable[[RunId, str, Steps], Awaitable[Json]]
"""A segment of a run: (run, segment name, steps)."""


class Durable(Protocol):
    """The engine that survives a kill: at-least-once steps, recorded results, one execution for each run id."""

    async def launch(self, workflow: Workflow, segment: SegmentWorkflow) -> None:
        """Start executing, beginning with what an earlier process left unfinished."""

    async def start(self, run: RunId, repo: Repo) -> None:
        """Begin a run; the same id again does nothing."""

    async def send(self, run: RunId, topic: str, message: Json, key: str) -> None:
        """Send a message to a run; the same key again does nothing."""

    async def cancel(self, run: RunId) -> None:
        """Stop a run and its segments, within about a second if a step is under way."""

    async def status(
        self, run: RunId
    ) -> Literal["unknown", "queued", "running", "succeeded", "failed", "cancelled"]: ...

    async def wait(self, run: RunId) -> Json | None:
        """Return when the run has ended: its result, None if it failed or was cancelled."""

    async def close(self) -> None:
        """Stop executing; unfinished runs go on at the next launch."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """Totals over everything stored. All but `runs` only go up, pruned deliveries stay counted.

    `usd` is what the model cost: calls that came back by their price, calls whose process died by their reservation.
    """

    runs: Mapping[RunState, int]
    deliveries_received: int
    deliveries_processed: int
    rejections: Mapping[str, int]
    usd: float
    usage: Usage

    @property
    def deliveries_waiting(self) -> int:
        return self.deliveries_received - self.deliveries_processed


class Store(Decisions, History, Memories, Pulses, Routing, Protocol):
    """Everything that must outlive the process. Each call is one transaction."""

    async def open(self) -> None:
        """Connect and bring the tables up to date. Raises `BotError` if that cannot be done."""

    async def close(self) -> None:
        """Disconnect."""

    async def accept(self, deliveries: Sequence[Delivery], at: datetime) -> list[bool]:
        """Store deliveries, True for each that is new; durable on disk when this returns."""

    async def unprocessed(self, limit: int = 100) -> list[Delivery]:
        """Deliveries that wait for work, oldest first."""

    async def processed(self, delivery_id: str, outcome: str, at: datetime) -> None:
        """The delivery waits no more; its first outcome stays."""

    async def count_rejection(self, reason: str, count: int = 1) -> None:
        """Add to how often a delivery was turned away for that reason."""

    async def rejections(self) -> dict[str, int]: ...

    async def delivery_outcome(self, delivery_id: str) -> str | None:
        """What came of a delivery; None while it waits, or if it is not stored."""

    async def last_delivery(self) -> datetime | None:
        """When the newest delivery came that is still stored."""

    async def prune_deliveries(self, before: datetime) -> int:
        """Forget processed deliveries received before that moment; returns how many. Choose one more than three days
        ago: so long GitHub delivers again on request, and what is forgotten would be taken for new."""

    async def add_run(self, run: Run) -> bool:
        """Store a new run, False if it is there already."""

    async def run(self, run_id: RunId) -> Run | None: ...

    async def runs(self, *, repo: Repo | None = None, issue: int | None = None, limit: int = 50) -> list[Run]:
        """Newest first."""

    async def runs_since(self, repo: Repo, at: datetime) -> list[Run]:
        """The repository's runs that were made at that moment or later, newest first."""

    async def set_run_state(
        self, run_id: RunId, state: RunState, *, reason: str = "", at: datetime | None = None
    ) -> bool:
        """False (and no change) if the run had already ended."""

    async def set_pull(self, run_id: RunId, number: int) -> None: ...

    async def set_outcome(self, run_id: RunId, outcome: Outcome) -> None:
        """What became of the run's pull request."""

    async def set_plan(self, run_id: RunId, plan: RunPlan) -> None:
        """Replace the plan of a run, once its team is known."""

    async def save_phase(self, result: PhaseResult) -> None:
        """Insert or replace one phase of a run."""

    async def phases(self, run_id: RunId) -> list[PhaseResult]: ...

    async def reserve_turn(self, turn: Turn, caps: Sequence[Cap]) -> Refusal | None:
        """Store a turn that is about to be made, unless a cap has no room for it; returns the first that has none.

        What counts against a cap is what all units under it have spent and reserved. A turn whose process died may be
        reserved again; the lost call may have been charged, so its reservation still counts. Raises `ValueError` for a
        turn that is finished, `LookupError` if the run is not stored.
        """

    async def finish_turn(self, turn: Turn) -> None: ...

    async def turns(self, run_id: RunId, unit: str | None = None) -> list[Turn]: ...

    async def add_effect(self, effect: Effect) -> Effect:
        """Store an effect that is to be made; returns what is stored under its run and key, done or not."""

    async def rewrite_effect(self, effect: Effect, body: str) -> None:
        """Change what an effect will write; one that is done stays as it is."""

    async def effect_done(self, effect: Effect, remote: str) -> None: ...

    async def effects(self, run_id: RunId) -> list[Effect]: ...

    async def statistics(self) -> Statistics:
        """Totals over everything stored."""


async def stays() -> None:
    """What is stored outlives this machine: nothing more to be done."""


@dataclass(frozen=True, slots=True)
class Ports:
    """All of them, wired; made by `bootstrap` only."""

    github: GitHub
    model: Model
    store: Store
    durable: Durable
    sandbox: Sandbox
    workspaces: Workspaces
    clock: Clock
    calls: OpenCalls = field(default_factory=OpenCalls)
    keep: Callable[[], Awaitable[None]] = stays
    """Called before a phase's end or a gate is told: makes what is stored outlive this machine."""
