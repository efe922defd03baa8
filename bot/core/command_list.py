"""All commands, as data: usage, who may give them, flags and examples. Parser, help and README are read from here."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.core import command_kinds as kinds
from bot.core import command_makers as make
from bot.core.command_values import MAX_BUDGET_USD, MIN_BUDGET_USD
from bot.core.command_words import Flag, Words
from bot.core.planning import SKIPPABLE
from bot.core.repository import Permission

LABELS = "devflow:"
FEW = 4


@dataclass(frozen=True, slots=True)
class Argument:
    """What stands after a command's name."""

    name: str
    summary: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class CommandDefinition:
    """One command, its name without the slash. `who` is the least permission that may give it; `also` are wrong names
    that people try."""

    name: str
    summary: str
    who: Permission
    kind: type[kinds.Command]
    make: Callable[[Words], kinds.Command]
    arguments: tuple[Argument, ...] = ()
    flags: tuple[Flag, ...] = ()
    examples: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    by_label: bool = False
    """Whether a label gives the command, too, with nothing but the issue."""

    @property
    def label(self) -> str:
        return f"{LABELS}{self.name}"

    @property
    def usage(self) -> str:
        """As typed, with what may be left out in brackets."""
        return " ".join([self._words, *(f"[{flag.usage}]" for flag in self.flags)])

    @property
    def short_usage(self) -> str:
        """Fit for a line of a table: many flags become one word."""
        return self.usage if len(self.flags) < FEW else f"{self._words} [FLAGS]"

    @property
    def _words(self) -> str:
        return " ".join([f"/{self.name}", *(a.name if a.required else f"[{a.name}]" for a in self.arguments)])


BUDGET = Flag("--budget", f"stop at this price in US dollars, {MIN_BUDGET_USD:g} to {MAX_BUDGET_USD:g}", "USD")
RUN = "the name of a run; without it, "

COMMANDS: tuple[CommandDefinition, ...] = (
    CommandDefinition(
        "dev-workflow",
        "Build what is described, or the issue itself, from requirements to a pull request.",
        "write",
        kinds.DevWorkflow,
        make.dev_workflow,
        arguments=(Argument("DESCRIPTION", "what to build; the lines below the command belong to it"),),
        flags=(
            Flag("--quick", "a lean run, from requirements to review; what you get without it, too"),
            Flag("--comprehensive", "with market and product analysis, advice, documentation and audits"),
            Flag("--learning", "a lean run in which each agent explains its steps"),
            Flag("--auto", "never wait for anybody"),
            Flag("--smart", "wait for `/approve` where the plan is risky, and for `/answer` where an agent asks"),
            Flag("--manual", "wait for `/approve` after every phase"),
            Flag("--agents", "work with these beside the core team, instead of those the bot would choose", "AGENT,.."),
            Flag("--skip", f"leave out phases: {', '.join(SKIPPABLE)}", "PHASE,.."),
            Flag("--dry-run", "build and test it, show the change, and push nothing"),
            BUDGET,
            Flag("--model", "the model of all agents: haiku, sonnet, opus, fable or an id", "MODEL"),
            Flag("--base", "the branch to start from and to merge into; without it, the default branch", "BRANCH"),
        ),
        examples=("/dev-workflow", "/dev-workflow add rate limiting to the login endpoint --budget 2.50"),
        also=("devflow",),
        by_label=True,
    ),
    CommandDefinition(
        "planning",
        "Think it through and post the plan; nothing is changed. `/dev-workflow` alone then builds it.",
        "write",
        kinds.Planning,
        make.planning,
        arguments=(
            Argument("STAGE", "how far: analysis, design, implementation (which you get without it) or testing"),
            Argument("DESCRIPTION", "what to plan; without it, the issue itself"),
        ),
        flags=(
            BUDGET,
            Flag("--base", "the branch that is looked at; without it, the default branch", "BRANCH"),
        ),
        examples=("/planning", "/planning design a rate limit for the login endpoint"),
        by_label=True,
    ),
    CommandDefinition(
        "grooming",
        "Make the issue ready to be built: analysis, feasibility and security, then priorities and a roadmap.",
        "write",
        kinds.Grooming,
        make.grooming,
        arguments=(Argument("DESCRIPTION", "what to look at first; without it, the issue itself"),),
        flags=(Flag("--sub-issues", "open a sub-issue for each part"), BUDGET),
        examples=("/grooming", "/grooming --sub-issues"),
        by_label=True,
    ),
    CommandDefinition(
        "review",
        "Review a pull request, with comments on the lines that it changes.",
        "write",
        kinds.Review,
        make.review,
        arguments=(Argument("DESCRIPTION", "what to look at first"),),
        flags=(BUDGET,),
        examples=("/review", "/review is the cache thread-safe?"),
        by_label=True,
    ),
    CommandDefinition(
        "revise",
        "Change a pull request of ours as you say, or as its open review threads say.",
        "write",
        kinds.Revise,
        make.revise,
        arguments=(Argument("DESCRIPTION", "what to change; without it, what the open threads ask for"),),
        flags=(BUDGET,),
        examples=("/revise", "/revise use the standard library for this"),
    ),
    CommandDefinition(
        "approve",
        "Let a run that waits go on with what it posted.",
        "write",
        kinds.Approve,
        make.approve,
        arguments=(Argument("HASH", "of what is approved, as the comment shows it; without it, what waits now"),),
        examples=("/approve", "/approve 3f9c21ab"),
    ),
    CommandDefinition(
        "reject",
        "Send what waits back to its agent, with your reason.",
        "write",
        kinds.Reject,
        make.reject,
        arguments=(Argument("WHY", "what is wrong with it", required=True),),
        examples=("/reject the design leaves out logged-out users",),
    ),
    CommandDefinition(
        "answer",
        "Answer the question that a run waits with.",
        "write",
        kinds.Answer,
        make.answer,
        arguments=(Argument("TEXT", "the answer; the lines below belong to it", required=True),),
        examples=("/answer keep the old endpoint until March",),
    ),
    CommandDefinition(
        "retry",
        "Do a phase again, and what follows from it.",
        "write",
        kinds.Retry,
        make.retry,
        arguments=(Argument("PHASE", "as the status comment names it; without it, the first that did not go well"),),
        examples=("/retry", "/retry design"),
    ),
    CommandDefinition(
        "resume",
        "Go on with a run that failed, was stopped, or met a limit; what is done stays done.",
        "write",
        kinds.Resume,
        make.resume,
        examples=("/resume",),
    ),
    CommandDefinition(
        "budget",
        "Give a run more to spend; one that stopped at its budget goes on.",
        "write",
        kinds.Budget,
        make.budget,
        arguments=(Argument("+USD", "how much more, in US dollars", required=True),),
        examples=("/budget +2",),
    ),
    CommandDefinition(
        "status",
        "Show the phases, the time and the cost of a run, and what it waits for.",
        "read",
        kinds.Status,
        make.status,
        arguments=(Argument("RUN", f"{RUN}the last one of the issue"),),
        examples=("/status",),
    ),
    CommandDefinition(
        "cancel",
        "Stop a run; nothing more is spent, and the work so far is left on a branch.",
        "write",
        kinds.Cancel,
        make.cancel,
        arguments=(Argument("RUN", f"{RUN}the one at work on the issue"),),
        examples=("/cancel",),
    ),
    CommandDefinition(
        "agents",
        "Show the agents of this repository.",
        "read",
        kinds.Agents,
        make.agents,
        flags=(Flag("--why", "the reasons for the team of the issue's last run"),),
        examples=("/agents", "/agents --why"),
    ),
    CommandDefinition(
        "memory",
        "Show what is remembered of this repository, and correct it; changes need write.",
        "read",
        kinds.Memory,
        make.memory,
        arguments=(
            Argument("ACTION", "list (which you get without it), search, add, forget or approve"),
            Argument("TEXT", "what to look for or to add, or the id of a memory"),
        ),
        flags=(Flag("--org", "what all repositories of the owner share; to add to it needs admin"),),
        examples=("/memory", "/memory search login", "/memory add the tests need Redis", "/memory forget m3f9c21ab0"),
        also=("memories",),
    ),
    CommandDefinition(
        "delegate",
        "Let somebody without the permission give commands on this issue.",
        "maintain",
        kinds.Delegate,
        make.delegate,
        arguments=(
            Argument("@USER", "who may", required=True),
            Argument("COMMAND", "this one only; without it, every command that needs write"),
        ),
        examples=("/delegate @ada", "/delegate @ada retry"),
    ),
    CommandDefinition(
        "pause",
        "Stop the line: no run of this repository begins, and those at work wait before their next phase.",
        "maintain",
        kinds.Pause,
        make.pause,
        arguments=(Argument("REASON", "shown to those who ask for something meanwhile"),),
        examples=("/pause", "/pause release week"),
    ),
    CommandDefinition(
        "unpause",
        "Let the runs of this repository go on.",
        "maintain",
        kinds.Unpause,
        make.unpause,
        examples=("/unpause",),
    ),
    CommandDefinition(
        "help",
        "Explain the commands.",
        "read",
        kinds.Help,
        make.help_,
        arguments=(Argument("COMMAND", "explain this one with its flags and examples"),),
        examples=("/help dev-workflow",),
    ),
    CommandDefinition(
        "ping",
        "Say whether the bot is there and has all it needs.",
        "read",
        kinds.Ping,
        make.ping,
        examples=("/ping",),
    ),
)
NAMES = [definition.name for definition in COMMANDS]
