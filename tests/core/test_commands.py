"""Commands are read as people, phones and attackers write them; mistakes are pointed at, never guessed."""

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inline_snapshot import snapshot
from markdown_it import MarkdownIt

from bot.core.command_errors import CommandError, render_error
from bot.core.command_kinds import (
    Agents,
    Answer,
    Approve,
    Budget,
    Cancel,
    Command,
    Delegate,
    DevWorkflow,
    Grooming,
    Help,
    Pause,
    Ping,
    Reject,
    Resume,
    Retry,
    Review,
    Revise,
    Status,
    Unpause,
)
from bot.core.command_list import COMMANDS
from bot.core.commands import (
    command_table,
    help_text,
    new_commands,
    parse_comment,
)


def build(
    description: str = "", details: str = "", budget: float | None = None, base: str | None = None, line: int = 1
) -> DevWorkflow:
    return DevWorkflow(description, details, "quick", budget, base, line)


def error_of(text: str) -> CommandError:
    [found] = parse_comment(text)
    assert isinstance(found, CommandError), found
    return found


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/dev-workflow", build()),
        ("/Dev-Workflow", build()),
        ("/dev-workflow.", build()),
        ("/dev-workflow: add dark mode", build("add dark mode")),
        ("  /dev-workflow   add  dark mode  ", build("add  dark mode")),
        ("/dev-workflow\u00a0add dark mode", build("add dark mode")),
        ("/dev-workflow\tadd dark mode", build("add dark mode")),
        ("/dev-workflow **bold** `code` [x](y) #7 @me", build("**bold** `code` [x](y) #7 @me")),
        ("/dev-workflow add it --quick", build("add it")),
        ("/dev-workflow --quick add it", build("add it")),
        ("/dev-workflow add --quick it", build("add it")),
        ("/dev-workflow add it --QUICK.", build("add it")),
        ("/dev-workflow --budget 2 add it", build("add it", budget=2.0)),
        ("/dev-workflow --budget=2.50 add it", build("add it", budget=2.5)),
        ("/dev-workflow add it --budget $2", build("add it", budget=2.0)),
        ("/dev-workflow add it --budget $.5", build("add it", budget=0.5)),
        ("/dev-workflow add it --budget 2$, please", build("add it please", budget=2.0)),
        ("/dev-workflow add it --budget 2USD", build("add it", budget=2.0)),
        ("/dev-workflow add it --budget 2.", build("add it", budget=2.0)),
        ('/dev-workflow --budget "2"', build(budget=2.0)),
        ("/dev-workflow --budget=`2`", build(budget=2.0)),
        ("/dev-workflow —budget 2 add it", build("add it", budget=2.0)),
        ("/dev-workflow –budget=2 add it", build("add it", budget=2.0)),
        ("/dev-workflow add it --base release/1.x", build("add it", base="release/1.x")),
        ("/dev-workflow add it --base “main”", build("add it", base="main")),
        ("/dev-workflow add it --base 'main'", build("add it", base="main")),
        ("/dev-workflow add it --base `main`", build("add it", base="main")),
        ("/dev-workflow --base ünïcode", build(base="ünïcode")),
        ("/dev-workflow --comprehensive it", replace(build("it"), mode="comprehensive")),
        ("/dev-workflow it —learning", replace(build("it"), mode="learning")),
        ("/dev-workflow --agents a,B-2,a it", replace(build("it"), agents=("a", "b-2"))),
        ("/dev-workflow --agents “a, b” it", replace(build("it"), agents=("a", "b"))),
        ("/dev-workflow it --agents a.", replace(build("it"), agents=("a",))),
        ("/dev-workflow it --skip=review,Design", replace(build("it"), skip=("review", "design"))),
        (
            "/dev-workflow --skip security --comprehensive it",
            replace(build("it"), mode="comprehensive", skip=("security",)),
        ),
        ("/dev-workflow explain `--verbose` and ``--a ` --b``", build("explain `--verbose` and ``--a ` --b``")),
        ("/dev-workflow add it -- --verbose and --budget 3", build("add it --verbose and --budget 3")),
        ("/dev-workflow make it fast —really fast— now", build("make it fast —really fast— now")),
        ("/dev-workflow a -- b", build("a b")),
        ("/dev-workflow keep - this - and --- that", build("keep - this - and --- that")),
        ("/dev-workflow a\\\nb", build("a", "b")),
        ("/status", Status()),
        ("/status.", Status()),
        ("/STATUS!", Status()),
        ("/status 260131-120000-AB12c", Status("260131-120000-ab12c")),
        ("/status `260131-120000-ab12c-1`.", Status("260131-120000-ab12c-1")),
        ("/cancel", Cancel()),
        ("/cancel 260131-120000-ab12c", Cancel("260131-120000-ab12c")),
        ("/help", Help()),
        ("/help /dev-workflow", Help("dev-workflow")),
        ("/help `Status`", Help("status")),
        ("/dev-workflow it --auto", replace(build("it"), automation="auto")),
        ("/dev-workflow it --manual --dry-run", replace(build("it"), automation="manual", dry_run=True)),
        ("/dev-workflow it --model opus", replace(build("it"), model="opus")),
        ("/dev-workflow it --model=claude-opus-5-5", replace(build("it"), model="claude-opus-5-5")),
        ("/grooming", Grooming("", "", None)),
        ("/grooming the login --sub-issues --budget 2", Grooming("the login", "", 2.0, sub_issues=True)),
        ("/review", Review()),
        ("/review is it thread-safe?", Review("is it thread-safe?")),
        ("/revise use SQLite\nand no ORM", Revise("use SQLite", "and no ORM")),
        ("/approve", Approve()),
        ("/approve `3F9C21ab`.", Approve("3f9c21ab")),
        ("/reject too big\nsplit it", Reject("too big\nsplit it")),
        ("/reject\nsplit it", Reject("split it")),
        ("/answer Keep it.", Answer("Keep it.")),
        ("/retry", Retry()),
        ("/retry Design.", Retry("design")),
        ("/retry pull-request", Retry("delivery")),
        ("/resume", Resume()),
        ("/budget +2", Budget(2.0)),
        ("/budget $2.50", Budget(2.5)),
        ("/agents", Agents()),
        ("/agents --why", Agents(why=True)),
        ("/delegate @ada", Delegate("ada")),
        ("/delegate ada /retry", Delegate("ada", "retry")),
        ("/pause release week", Pause("release week")),
        ("/pause", Pause()),
        ("/unpause", Unpause()),
        ("/ping", Ping()),
        ("/ping\u200b", Ping()),
        ("/ping\\\nthere", Ping()),
    ],
)
def test_a_command_is_understood(text: str, command: Command) -> None:
    """Case, punctuation, spacing, quotes and dashes as keyboards make them do not matter."""
    assert parse_comment(text) == [command]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Looks good to me.",
        "/lgtm",
        "/assign @me",
        "/retest",
        "/hold",
        "/test all",
        "/close",
        "/pin",
        "/pong",
        "/state",
        "/usr/bin/env is a path",
        "/preview",
        "/reviewer",
        "/help/me",
        "/status/260131",
        "/status.json is a file",
        "/ping-pong",
        "/helpdesk",
        "/dev",
        "/dev/null",
        "/ѕtatus",
        "/" + "a" * 60_000,
        "/status" + "." * 60_000 + "x",
        "/dev-workflow/x",
    ],
)
def test_what_is_not_ours_is_left_alone(text: str) -> None:
    """Paths and other bots' commands get no answer."""
    assert parse_comment(text) == []


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("/devworkflow", "/dev-workflow"),
        ("/dev_workflow", "/dev-workflow"),
        ("/dev–workflow", "/dev-workflow"),
        ("/dev-worklfow", "/dev-workflow"),
        ("/dev-wrkflo", "/dev-workflow"),
        ("/dev-workflows", "/dev-workflow"),
        ("/dev-workflow--quick", "/dev-workflow"),
        ("/devflow", "/dev-workflow"),
        ("/Devflow", "/dev-workflow"),
        ("/staus", "/status"),
        ("/sttatus", "/status"),
        ("/cancle", "/cancel"),
        ("/hlep", "/help"),
        ("/pnig", "/ping"),
    ],
)
def test_a_slip_is_answered_and_never_run(typed: str, meant: str) -> None:
    """The right name is offered."""
    found = error_of(f"{typed} add dark mode")
    assert (found.position, found.problem) == (0, f"There is no command `{typed}`.")
    assert f"`{meant}`" in found.hint


@pytest.mark.parametrize(
    ("text", "under", "words"),
    [
        ("/dev-workflow add it --bugdet 3", "--bugdet", "Did you mean `--budget`?"),
        ("/dev-workflow add it --budg 3", "--budg", "Did you mean `--budget`?"),
        (
            "/dev-workflow add it --verbose",
            "--verbose",
            "There are `--quick`, `--comprehensive`, `--learning`, `--auto`,",
        ),
        ("/dev-workflow --no/path", "--no/path", "has no flag"),
        ("/status --all", "--all", "It has no flags."),
        ("/dev-workflow --quick x --learning", "--learning", "`--quick` and `--learning` exclude each other."),
        ("/dev-workflow --agents a,B_c x", "B_c x", "`b_c` is not the name of an agent."),
        ("/dev-workflow --agents a, b", ", b", "The list of `--agents` ends with a comma."),
        ("/dev-workflow --agents , b", ", b", "Write it without spaces, or in quotes."),
        ("/dev-workflow --skip design,testing", "testing", "`testing` cannot be left out. A quick run can leave out"),
        ("/dev-workflow --skip team --learning", "team --l", "`team` cannot be left out."),
        ("/dev-workflow --skip security", "security", "`security` is no phase of a quick run."),
        ("/dev-workflow --skip 'design, wat'", "wat'", "`wat` is no phase of a quick run."),
        ("/dev-workflow --quick=yes", "--quick=yes", "takes no value, and got `yes`"),
        (
            "/dev-workflow add it --model gpt",
            "gpt",
            "`gpt` is no model. Write haiku, sonnet, opus, fable, or the whole",
        ),
        ("/dev-workflow add it --budget", "--budget", "Write `--budget USD`."),
        ("/dev-workflow --budget --quick", "--budget", "needs a value"),
        ("/dev-workflow --budget= 2", "--budget= 2", "needs a value"),
        ("/dev-workflow --budget 1 --budget 2", "--budget 2", "is there twice"),
        ("/dev-workflow --budget 1 —budget 2", "—budget 2", "is there twice"),
        ("/dev-workflow --base “main", "“main", "never closed"),
        ('/dev-workflow --base "feature x"', '"feature x"', "git allows no branch of the name `feature x`"),
        ("/status please", "please", "`please` is not the name of a run"),
        ("/cancel 260131-120000-abc now", "now", "One word is enough"),
        ("/cancel a a -- b", "a -- b", "One word is enough"),
        ("/cancel 260131", "260131", "is not the name of a run"),
        ("/help me", "me", "There is no command `me`."),
        ("/help statsu", "statsu", "Did you mean `/status`?"),
        ("/ping pong", "pong", "takes no more words"),
    ],
)
def test_a_wrong_word_is_pointed_at(text: str, under: str, words: str) -> None:
    """The place of the word, what is wrong with it, and what to write instead."""
    found = error_of(text)
    assert found.text[found.position :].startswith(under)
    assert words in f"{found.problem} {found.hint}"


@pytest.mark.parametrize(
    "value",
    [
        "0",
        "-1",
        "-0.5",
        "0.001",
        "100.01",
        "1e9",
        "1e400",
        "nan",
        "inf",
        "-inf",
        "two",
        "2,50",
        "$",
        "0x10",
        "1_0",
        "٣",
        "9" * 400,
    ],
)
def test_a_budget_outside_the_limits_is_refused(value: str) -> None:
    """The limits are named. Nobody gets a run without a cap by a trick with numbers."""
    found = error_of(f"/dev-workflow --budget {value}")
    assert found.text[found.position :] == value
    assert "from 0.01 to 100 US dollars" in found.hint


@pytest.mark.parametrize(("value", "usd"), [("0.01", 0.01), ("100", 100.0), ("100.00", 100.0), ("007", 7.0)])
def test_the_limits_of_a_budget_are_inside_it(value: str, usd: float) -> None:
    """From one cent to a hundred dollars."""
    assert parse_comment(f"/dev-workflow --budget {value}") == [build(budget=usd)]


@pytest.mark.parametrize(
    "name",
    [
        *(
            "a..b",
            "/a",
            "a/",
            "a//b",
            ".a",
            "a/.b",
            "a.lock",
            "a.lock/b",
            "a~1",
            "a^",
            "a:b",
            "a?b",
            "a*",
            "a[b",
            "a\\b",
            "@",
            "HEAD",
        ),
        *("a@{1}", "-a", "a b", "a\x01b", "a\x7fb", "x" * 245, "é" * 123, "a\u2003b"),
    ],
)
def test_a_branch_that_git_does_not_allow_is_refused(name: str) -> None:
    """By the rules of `git check-ref-format`, before anything is asked of GitHub."""
    assert "git allows no branch" in error_of(f'/dev-workflow --base "{name}"').problem


@pytest.mark.parametrize(
    "name", ["main", "a/b/c", "v1.2-rc_3", "a@b", "@a", "feature#7", "日本", "x" * 244, "{}", "a.b"]
)
def test_a_branch_that_git_allows_is_taken(name: str) -> None:
    """Also with characters that need quotes elsewhere."""
    assert parse_comment(f"/dev-workflow --base {name}") == [build(base=name)]


def test_the_lines_below_a_command_are_its_details() -> None:
    """Raw, with their code and indents, up to the next command of ours; another bot's command is part of them."""
    text = (
        "Hi!\r\n\r\n/dev-workflow add dark mode --budget 2\r\n\r\n"
        "    indented\r\n\r\n```\r\n/status\r\n```\r\n/usr/bin is not touched.\r\n\r\n/status\r\nthanks"
    )
    details = "    indented\n\n```\n/status\n```\n/usr/bin is not touched."
    assert parse_comment(text) == [build("add dark mode", details, budget=2.0, line=3), Status()]


def test_a_comment_may_give_several_commands() -> None:
    """In order; a wrong one does not stop the others."""
    found = parse_comment("/ping\n/staus\n\ntext\n/status\n> /cancel\n\n`/help`")
    assert [type(command) for command in found] == [Ping, CommandError, Status]


def test_the_eleventh_command_and_all_after_it_are_refused_once() -> None:
    """A comment cannot make the bot answer a thousand times."""
    found = parse_comment("/ping\n" * 500)
    assert found[:10] == [Ping()] * 10
    [refusal] = found[10:]
    assert isinstance(refusal, CommandError)
    assert (refusal.line_number, refusal.problem) == (11, "One comment can give 10 commands, and this one has 500.")


@pytest.mark.parametrize(
    ("before", "after", "new"),
    [
        ("/ping", "/ping", []),
        ("hello", "hello\n/ping", [Ping()]),
        ("/ping", "hello\n\n  /PING  \r\n", []),
        ("/ping", "/ping\n/status", [Status()]),
        ("/status\n/ping", "/ping\n/status", []),
        ("/ping", "/ping\n/ping", [Ping()]),
        ("/ping\n/ping", "/ping", []),
        ("/ping", "hello", []),
        ("`/ping`", "/ping", [Ping()]),
        ("```\n/ping\n```", "/ping", [Ping()]),
        ("/ping", "> /ping", []),
        ("/dev-workflow add it", "/dev-workflow  add it", []),
        ("/dev-workflow add it", "/dev-workflow add it\nmore words", []),
        ("/dev-workflow add it", "/dev-workflow add it --budget 2", [build("add it", budget=2.0)]),
        ("/devworkflow add it", "/dev-workflow add it", [build("add it")]),
        ("", "/ping", [Ping()]),
    ],
)
def test_an_edit_runs_only_what_is_new(before: str, after: str, new: list[Command]) -> None:
    """Mending a spelling below a command does not start it again; adding a command starts that one."""
    assert new_commands(after, before) == new


def test_an_edit_does_not_repeat_an_old_error() -> None:
    """A wrong command that was answered once stays answered."""
    assert new_commands("/staus\nmore", "/staus") == []


def test_edits_do_not_lift_the_limit_of_a_comment() -> None:
    """The eleventh command is refused even if ten were there before."""
    [refusal] = new_commands("/ping\n" * 11, "/ping\n" * 10)
    assert isinstance(refusal, CommandError)


def test_an_error_shows_the_line_and_a_caret() -> None:
    """As the person sees it in the thread."""
    assert render_error(error_of("/dev-workflow add dark mode --bugdet 3")) == snapshot("""\
`/dev-workflow` has no flag `--bugdet`.

```text
/dev-workflow add dark mode --bugdet 3
                            ^
```

Did you mean `--budget`? Put ` -- ` before words that are no flags.\
""")


def test_a_slip_of_a_name_shows_what_was_meant() -> None:
    """And says that nothing was run."""
    assert render_error(error_of("/devworkflow add dark mode")) == snapshot("""\
There is no command `/devworkflow`.

```text
/devworkflow add dark mode
^
```

Did you mean `/dev-workflow`? Nothing was run: give the command again with that name.\
""")


@pytest.mark.parametrize(
    ("before", "columns"),
    [("", 0), ("abc ", 4), ("日本 ", 5), ("a\tb ", 7), ("e\u0301 ", 2), ("\U0001f600 ", 3), ("\u202e ", 2), ("｡ ", 2)],
)
def test_the_caret_stands_under_the_word(before: str, columns: int) -> None:
    """Wide characters take two columns, marks on letters none, a tab is shown as four spaces, hidden ones are shown."""
    text = f"/x {before}WRONG"
    shown = render_error(CommandError(1, text, len(text) - 5, "Wrong.", "")).split("\n")
    assert shown[4].index("^") == 3 + columns
    assert shown[3].endswith("WRONG")
    assert "\u202e" not in shown[3]
    assert "\t" not in shown[3]


def test_a_long_line_is_shown_around_the_word() -> None:
    """Sixty characters on each side are enough."""
    text = f"/x {'a' * 5000} WRONG {'b' * 5000}"
    shown = render_error(CommandError(1, text, text.index("WRONG"), "Wrong.", "")).split("\n")
    assert shown[3][shown[4].index("^") :].startswith("WRONG")
    assert len(shown[3]) == 122


WORDS = st.sampled_from(
    [
        "add",
        "--budget",
        "--base",
        "—base",
        "=",
        "2",
        "$",
        '"',
        "“",
        "`",
        "```",
        "\\",
        " ",
        "  ",
        "\t",
        "--",
        "--quick",
        "--x",
        "@me",
        "<!--",
    ]
)
LINES = st.builds(
    lambda name, words: name + " " + "".join(words),
    st.sampled_from(["/dev-workflow", "/status", "/help", "/devflow", "/cancel", "/ping"]),
    st.lists(WORDS | st.text(max_size=3), max_size=12),
)


@settings(deadline=None)
@given(st.lists(LINES, max_size=4).map("\n\n".join))
def test_no_command_line_breaks_the_parser(text: str) -> None:
    """Whatever follows a name: a command, or an error that shows well."""
    for found in parse_comment(text):
        if isinstance(found, CommandError):
            assert 0 <= found.position <= len(found.text)
            tokens = MarkdownIt("commonmark").parse(render_error(found))
            [block] = [token for token in tokens if token.type == "fence"]
            assert block.content.rstrip("\n").split("\n")[-1].strip() == "^"
        elif isinstance(found, DevWorkflow):
            assert found.budget_usd is None or 0.01 <= found.budget_usd <= 100
            assert "\n" not in found.description


@settings(deadline=None)
@given(st.lists(LINES | st.just("words"), max_size=4).map("\n\n".join))
def test_an_edit_that_says_the_same_runs_nothing(text: str) -> None:
    """Nothing that stayed is run twice, nothing that came is missed."""
    assert new_commands(f"words\n\n{text}".replace("\n", "\r\n"), text) == []
    assert new_commands(text, "words") == parse_comment(text)


def test_the_table_shows_every_command_once() -> None:
    """For the README, which a test keeps equal to it."""
    assert command_table() == snapshot("""\
| command | what it does | who may give it |
|---|---|---|
| `/dev-workflow [DESCRIPTION] [FLAGS]` | Build what is described, or the issue itself, from requirements to a pull request. | write |
| `/planning [STAGE] [DESCRIPTION] [--budget USD] [--base BRANCH]` | Think it through and post the plan; nothing is changed. `/dev-workflow` alone then builds it. | write |
| `/grooming [DESCRIPTION] [--sub-issues] [--budget USD]` | Make the issue ready to be built: analysis, feasibility and security, then priorities and a roadmap. | write |
| `/review [DESCRIPTION] [--budget USD]` | Review a pull request, with comments on the lines that it changes. | write |
| `/revise [DESCRIPTION] [--budget USD]` | Change a pull request of ours as you say, or as its open review threads say. | write |
| `/approve [HASH]` | Let a run that waits go on with what it posted. | write |
| `/reject WHY` | Send what waits back to its agent, with your reason. | write |
| `/answer TEXT` | Answer the question that a run waits with. | write |
| `/retry [PHASE]` | Do a phase again, and what follows from it. | write |
| `/resume` | Go on with a run that failed, was stopped, or met a limit; what is done stays done. | write |
| `/budget +USD` | Give a run more to spend; one that stopped at its budget goes on. | write |
| `/status [RUN]` | Show the phases, the time and the cost of a run, and what it waits for. | read |
| `/cancel [RUN]` | Stop a run; nothing more is spent, and the work so far is left on a branch. | write |
| `/agents [--why]` | Show the agents of this repository. | read |
| `/memory [ACTION] [TEXT] [--org]` | Show what is remembered of this repository, and correct it; changes need write. | read |
| `/delegate @USER [COMMAND]` | Let somebody without the permission give commands on this issue. | maintain |
| `/pause [REASON]` | Stop the line: no run of this repository begins, and those at work wait before their next phase. | maintain |
| `/unpause` | Let the runs of this repository go on. | maintain |
| `/help [COMMAND]` | Explain the commands. | read |
| `/ping` | Say whether the bot is there and has all it needs. | read |\
""")  # noqa: E501


def test_help_is_the_table_and_the_rules() -> None:
    """What a newcomer needs to give the first command."""
    assert help_text() == snapshot("""\
| command | what it does | who may give it |
|---|---|---|
| `/dev-workflow [DESCRIPTION] [FLAGS]` | Build what is described, or the issue itself, from requirements to a pull request. | write |
| `/planning [STAGE] [DESCRIPTION] [--budget USD] [--base BRANCH]` | Think it through and post the plan; nothing is changed. `/dev-workflow` alone then builds it. | write |
| `/grooming [DESCRIPTION] [--sub-issues] [--budget USD]` | Make the issue ready to be built: analysis, feasibility and security, then priorities and a roadmap. | write |
| `/review [DESCRIPTION] [--budget USD]` | Review a pull request, with comments on the lines that it changes. | write |
| `/revise [DESCRIPTION] [--budget USD]` | Change a pull request of ours as you say, or as its open review threads say. | write |
| `/approve [HASH]` | Let a run that waits go on with what it posted. | write |
| `/reject WHY` | Send what waits back to its agent, with your reason. | write |
| `/answer TEXT` | Answer the question that a run waits with. | write |
| `/retry [PHASE]` | Do a phase again, and what follows from it. | write |
| `/resume` | Go on with a run that failed, was stopped, or met a limit; what is done stays done. | write |
| `/budget +USD` | Give a run more to spend; one that stopped at its budget goes on. | write |
| `/status [RUN]` | Show the phases, the time and the cost of a run, and what it waits for. | read |
| `/cancel [RUN]` | Stop a run; nothing more is spent, and the work so far is left on a branch. | write |
| `/agents [--why]` | Show the agents of this repository. | read |
| `/memory [ACTION] [TEXT] [--org]` | Show what is remembered of this repository, and correct it; changes need write. | read |
| `/delegate @USER [COMMAND]` | Let somebody without the permission give commands on this issue. | maintain |
| `/pause [REASON]` | Stop the line: no run of this repository begins, and those at work wait before their next phase. | maintain |
| `/unpause` | Let the runs of this repository go on. | maintain |
| `/help [COMMAND]` | Explain the commands. | read |
| `/ping` | Say whether the bot is there and has all it needs. | read |

A command stands at the start of a line of a comment, outside code, quotes and lists. When a comment is edited, only commands that are new in it are run. Commands of bots are not obeyed. `/help COMMAND` explains one, and its flags.\
""")  # noqa: E501


def test_help_explains_one_command() -> None:
    """With its flags and examples."""
    assert help_text("dev-workflow") == snapshot("""\
`/dev-workflow [DESCRIPTION] [--quick] [--comprehensive] [--learning] [--auto] [--smart] [--manual] [--agents AGENT,..] [--skip PHASE,..] [--dry-run] [--budget USD] [--model MODEL] [--base BRANCH]`

Build what is described, or the issue itself, from requirements to a pull request. Needs write permission. The label `devflow:dev-workflow` does the same.

- `DESCRIPTION`: what to build; the lines below the command belong to it
- `--quick`: a lean run, from requirements to review; what you get without it, too
- `--comprehensive`: with market and product analysis, advice, documentation and audits
- `--learning`: a lean run in which each agent explains its steps
- `--auto`: never wait for anybody
- `--smart`: wait for `/approve` where the plan is risky, and for `/answer` where an agent asks
- `--manual`: wait for `/approve` after every phase
- `--agents AGENT,..`: work with these beside the core team, instead of those the bot would choose
- `--skip PHASE,..`: leave out phases: product, advice, design, documentation, security, performance, review
- `--dry-run`: build and test it, show the change, and push nothing
- `--budget USD`: stop at this price in US dollars, 0.01 to 100
- `--model MODEL`: the model of all agents: haiku, sonnet, opus, fable or an id
- `--base BRANCH`: the branch to start from and to merge into; without it, the default branch

```text
/dev-workflow
/dev-workflow add rate limiting to the login endpoint --budget 2.50
```\
""")  # noqa: E501
    assert help_text("nonsense") == help_text()


@pytest.mark.parametrize("definition", COMMANDS, ids=lambda definition: definition.name)
def test_the_definitions_speak_the_truth(definition: object) -> None:
    """Every example and every flag of the help is one that the parser takes; help exists for each."""
    [known] = [command for command in COMMANDS if command is definition]
    for example in known.examples:
        assert [type(command) for command in parse_comment(example)] == [known.kind]
    values = {
        "USD": "2",
        "BRANCH": "main",
        "AGENT,..": "data-engineer",
        "PHASE,..": "design,review",
        "MODEL": "opus",
        "": "",
    }
    for flag in known.flags:
        assert [type(command) for command in parse_comment(f"/{known.name} {flag.name} {values[flag.value]}")] == [
            known.kind
        ]
    assert known.usage in help_text(known.name)
    assert re.search(rf"\| `{re.escape(known.short_usage)}` \|", command_table())
