"""The repository's configuration is strict, says everything that is wrong with it, and agrees with its schema."""

import contextlib
import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from bot.core.config import Config, Gates, Limits, Permissions, Routing, Rule, Tests, config_schema
from bot.core.config_reading import MAX_BYTES, ConfigError, Known, parse_config, read_config

PUBLISHED = Path(__file__).parents[2] / "bot" / "defaults" / "devflow.schema.json"
EVERYTHING = """\
test: {install: npm ci, run: npm test}
permissions:
  commands:
    dev-workflow: triage
    cancel: {permission: maintain, teams: [core], users: [octocat, octo_corp]}
  labels:
    devflow:dev-workflow: {users: [octocat]}
automation: manual
gates: {remind_hours: 0, expire_days: 14, risk_paths: ["**/migrations/**", deploy]}
limits:
  budget_usd: 2.5
  runs_per_user_hour: 3
  runs_per_issue_hour: 2
  runs_per_repository_hour: 9
  revisions: 1
  check_fixes: 0
routing: {pin: {backend: data-engineer, design: our-architect}}
"""
GOOD = [
    "",
    "# nothing\n",
    "test:\n  run: make check\n",
    "test: {run: 'true', install: yes}",
    "automation: 'auto'",
    "limits: {budget_usd: 1, revisions: 2.0}",
    "permissions: {commands: {our_own-2: read}}",
    "test: &again {run: x}",
    EVERYTHING,
]
BAD = [
    ("tests:\n  run: x\n", "1:1: unknown key `tests`. Did you mean `test`?"),
    ("test:\n  run: x\n  comand: y\n", "3:3: unknown key `comand`. Known: install, run."),
    ("test: fast\n", "1:7: keys are expected here. Known keys: install, run."),
    ("test:\n  run: [a, b]\n", "2:8: one line of text is expected here. Write one text."),
    ("test: {run: true}", '1:13: one line of text is expected here. Put it in quotes: `"..."`.'),
    (
        "- a\n",
        "1:1: keys are expected here. Known keys: test, permissions, automation, gates, limits, memory, routing.",
    ),
    ("on: yes\n", "1:1: unknown key `on`. Known: test, permissions, automation, gates, limits, memory, routing."),
    ("test:\n", "1:1: `test` has no value. Write one, or leave the key out."),
    ("automation: smrt", "1:13: `smrt` is not one of manual, smart, auto. Did you mean `smart`?"),
    ("automation: yes", "1:13: `yes` is not one of manual, smart, auto. Write one of them."),
    ("automation: 3", "1:13: `3` is not one of manual, smart, auto. Write one of them."),
    ("gates: {expire_days: 0}", "1:22: `0` is out of bounds. At least 1."),
    ("gates: {expire_days: 1.5}", "1:22: `1.5` is not a whole number. Write digits."),
    ("gates: {risk_paths: deploy}", "1:21: a list is expected here. Write `[one, two]`, or a `- ` line for each."),
    ("gates: {risk_paths: [/etc]}", "1:22: `/etc` is not a pattern of paths in the repository. Mend it."),
    ("limits: {budget_usd: 1000}", "1:22: `1000` is out of bounds. At most 100."),
    ("limits: {budget_usd: .inf}", "1:22: `.inf` is not a number. Write digits."),
    ("limits: {budget_usd: '1'}", "1:22: `1` is not a number. Write digits."),
    ("limits: {revisions: true}", "1:21: `true` is not a whole number. Write digits."),
    (
        "permissions: {commands: {Plan: write}}",
        "1:26: `Plan` is not the name of a command. Mend the name.",
    ),
    (
        "permissions: {commands: {cancel: wirte}}",
        "1:34: `wirte` is not one of read, triage, write, maintain, admin. Did you mean `write`?",
    ),
    ("permissions: {commands: {cancel: {users: ['@x']}}}", "1:43: `@x` is not a login. Mend it."),
    ("permissions: {commands: {cancel: {teams: [a/b]}}}", "1:43: `a/b` is not the slug of a team. Mend it."),
    ("permissions: {commands: {cancel: {team: [a]}}}", "1:35: unknown key `team`. Did you mean `teams`?"),
    (
        "routing: {pin: {bakend: developer}}",
        "1:17: `bakend` is not a kind of task, a phase that can be pinned, or the name of an agent. Mend the name.",
    ),
    (
        "routing: {pin: {backend: The Boss}}",
        "1:26: `The Boss` is not a kind of task, a phase that can be pinned, or the name of an agent. Mend it.",
    ),
    (
        "permissions: {labels: {bug: write}}",
        "1:24: `bug` is not a label of the bot, such as `devflow:dev-workflow`. Mend the name.",
    ),
]


def test_everything_that_can_be_set_is_read() -> None:
    """One file with every key."""
    assert parse_config(EVERYTHING) == Config(
        test=Tests(install="npm ci", run="npm test"),
        permissions=Permissions(
            commands={
                "dev-workflow": Rule(permission="triage"),
                "cancel": Rule(permission="maintain", teams=("core",), users=("octocat", "octo_corp")),
            },
            labels={"devflow:dev-workflow": Rule(users=("octocat",))},
        ),
        automation="manual",
        gates=Gates(remind_hours=0, expire_days=14, risk_paths=("**/migrations/**", "deploy")),
        limits=Limits(
            budget_usd=2.5,
            runs_per_user_hour=3,
            runs_per_issue_hour=2,
            runs_per_repository_hour=9,
            revisions=1,
            check_fixes=0,
        ),
        routing=Routing(pin={"backend": "data-engineer", "design": "our-architect"}),
    )


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "{}"])
def test_a_file_with_nothing_in_it(text: str) -> None:
    """It is the same as none."""
    assert parse_config(text) == Config()


@pytest.mark.parametrize(("text", "problem"), BAD)
def test_what_is_wrong_is_named_with_line_and_column(text: str, problem: str) -> None:
    """A person can go there and mend it."""
    config, problems = read_config(text)
    assert config is None
    assert [str(found) for found in problems] == [f".github/devflow.yml:{problem}"]


def test_all_problems_are_told_at_once() -> None:
    """Nobody mends a file push by push."""
    text = "tests: {}\ntest:\n  run: 5\n  rum: x\n  rum: y\nautomation: of\n? [a]\n: b\n"
    config, problems = read_config(text, "x.yml")
    assert config is None
    assert [f"{p.line}:{p.column}" for p in problems] == ["1:1", "3:8", "4:3", "5:3", "6:13", "7:3"]
    assert problems[0].place == "x.yml:1:1"
    with pytest.raises(ConfigError) as caught:
        parse_config(text)
    assert str(caught.value) == snapshot(
        ".github/devflow.yml:1:1: unknown key `tests`. "
        "Did you mean `test`? And 5 more: `devflow config --check` lists all."
    )


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("test: [", "1:8: not YAML: expected the node content, but found '<stream end>'."),
        ("a: &a [x]\nb: [*a, *a]\n", "2:5: `*a` is a YAML alias."),
        ("a: !!python/object/apply:os.system [x]", "1:4: a YAML tag (`!`) is not taken here."),
        ("[" * 30_000, "1:9: the file is nested too deep."),
        ("x: [" + "a," * 5_000 + "]", "1:7997: the file has too many parts."),
        ("#" * (MAX_BYTES + 1), f"1:1: the file has {MAX_BYTES + 1} bytes."),
        ("a: 1\n---\nb: 2\n", "2:1: not YAML: but found another document."),
        ("test: {run: x\0}", "1:14: not YAML: the character U+0000 is not allowed."),
        ('test: {run: "\\uD800"}', "1:13: the character U+D800 is no text."),
        ('"\\UFFFFFFFF"', "1:1: not YAML: a character is written with a number that is none."),
        (b"test:\n  run: \xff", "2:1: the file is not UTF-8."),
    ],
)
def test_hostile_files_are_refused(content: str | bytes, problem: str) -> None:
    """Nothing is constructed, nothing grows, and the place is named."""
    config, (found,) = read_config(content)
    assert config is None
    assert f"{found.line}:{found.column}: {found.message}" == problem
    assert found.hint


def test_rules_for_names_that_nobody_knows() -> None:
    """They are told, and the file can be used: a command may have been deleted since."""
    text = "permissions:\n  commands: {cancle: write, help: read}\n  labels: {devflow:plan: write}\n"
    config, problems = read_config(text, known=Known({"cancel", "help"}, {"devflow:planning"}))
    assert config
    assert list(map(str, problems)) == snapshot(
        [
            ".github/devflow.yml:2:14: there is no command `cancle`. Did you mean `cancel`?",
            ".github/devflow.yml:3:12: there is no label `devflow:plan`. Did you mean `devflow:planning`?",
        ]
    )


def test_the_published_schema_is_the_one_of_the_models() -> None:
    """`devflow config --schema > bot/defaults/devflow.schema.json` brings it up to date."""
    assert json.loads(PUBLISHED.read_text("utf-8")) == config_schema()


def test_the_schema_is_one_and_explains_every_key() -> None:
    """An editor shows the sentence beside the key."""
    schema = config_schema()
    jsonschema_rs.meta.validate(schema)
    parts = [schema, *schema["$defs"].values(), schema["$defs"]["Rule"]["anyOf"][1]]
    keys = [(key, spec) for part in parts for key, spec in part.get("properties", {}).items()]
    assert len(keys) > 15
    for key, spec in keys:
        shown = {**schema["$defs"].get(str(spec.get("$ref")).rpartition("/")[2], {}), **spec}
        assert shown.get("description"), key


def as_an_editor_sees_it(text: str) -> Any:
    """The data by YAML 1.2, where only true and false are booleans."""
    loaded = yaml.load(text, Loader=yaml.BaseLoader)
    typed = yaml.safe_load(text)

    def at(plain: Any, value: Any) -> Any:
        if isinstance(plain, dict):
            values = dict(zip(plain, value.values(), strict=True))
            return {key: at(plain[key], values[key]) for key in plain}
        if isinstance(plain, list):
            return [at(one, two) for one, two in zip(plain, value, strict=True)]
        return plain if isinstance(value, bool) and plain.lower() not in {"true", "false"} else value

    return {} if loaded in (None, "") else at(loaded, typed)


@pytest.mark.parametrize(("text", "good"), [*((text, True) for text in GOOD), *((text, False) for text, _ in BAD)])
def test_parser_and_schema_agree(text: str, good: bool) -> None:
    """What an editor marks is what the bot refuses, and nothing else."""
    assert (read_config(text)[0] is not None) == good
    if ".inf" not in text:  # which JSON does not have
        assert jsonschema_rs.is_valid(config_schema(), as_an_editor_sees_it(text)) == good


@given(st.text(max_size=200))
def test_any_text_gives_settings_or_problems(text: str) -> None:
    """Whatever stands there, nothing else is raised."""
    with contextlib.suppress(ConfigError):
        parse_config(text)
    config, problems = read_config("test:\n  run: " + text)
    assert (config is None) == bool(problems)
