"""`.github/devflow.yml`: what a repository sets for itself. The published JSON schema is made from these models."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, WithJsonSchema, model_validator
from pydantic.json_schema import JsonSchemaValue

from bot.core.command_values import MAX_BUDGET_USD, MIN_BUDGET_USD
from bot.core.frontmatter import AGENT_NAME
from bot.core.routing.kinds import KINDS

CONFIG_PATH = ".github/devflow.yml"
Automation = Literal["manual", "smart", "auto"]
PINNABLE = (
    *("product", "requirements", "design", "tasks", "testplan", "implementation", "documentation", "testing"),
    *("security", "performance"),
)
"""Phases that one agent does."""
Level = Literal["read", "triage", "write", "maintain", "admin"]
"""What somebody may do in a repository, from the least to the most."""
LEVELS: tuple[Level, ...] = ("read", "triage", "write", "maintain", "admin")

Shell = Annotated[str, StringConstraints(max_length=4000)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_-]+(\.[a-zA-Z0-9_-]+)*$", max_length=100)]
Login = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9_-]*$", max_length=100)]
CommandName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]*$", max_length=50)]
LabelName = Annotated[str, StringConstraints(pattern=r"^devflow:[a-z][a-z0-9_-]*$", max_length=50)]
AgentName = Annotated[str, StringConstraints(pattern=f"^{AGENT_NAME.pattern}$")]
PinName = Annotated[str, StringConstraints(pattern=f"^({'|'.join((*KINDS, *PINNABLE))})$")]
Glob = Annotated[str, StringConstraints(pattern=r"^[^/\s]\S*$", max_length=200)]
_LEVEL: JsonSchemaValue = {"enum": list(LEVELS), "type": "string"}
_BUDGET: JsonSchemaValue = {"minimum": MIN_BUDGET_USD, "maximum": MAX_BUDGET_USD, "type": "number"}


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Tests(_Part):
    """How the repository's tests are run; what is not set is found out from its files."""

    __test__ = False

    install: Shell = Field("", description="A line of shell that installs what the tests need, run once for each run.")
    run: Shell = Field("", description="A line of shell that runs all tests; its exit code is the result.")


class Rule(_Part):
    """Who may give a command or set a label: all with the permission, and the teams and people named on top."""

    permission: Annotated[Level | None, WithJsonSchema(_LEVEL)] = Field(
        None, description="The least permission in the repository; without it, that of the command itself."
    )
    teams: tuple[Slug, ...] = Field((), max_length=50, description="Slugs of teams of the repository's organisation.")
    users: tuple[Login, ...] = Field((), max_length=200, description="Logins of people, without the `@`.")

    @model_validator(mode="before")
    @classmethod
    def _level_alone(cls, value: object) -> object:
        return {"permission": value} if isinstance(value, str) else value

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: Any) -> JsonSchemaValue:
        schema = handler.resolve_ref_schema(handler(core))
        description = schema.pop("description", "")
        return {"description": description, "anyOf": [{**_LEVEL, "title": "Permission"}, dict(schema)]}


class Permissions(_Part):
    """Rules by the name of what they are for; each replaces the permission that is needed without it."""

    commands: Mapping[CommandName, Rule] = Field(
        {},
        max_length=100,
        description="Commands by name, without the slash: built-in ones and those under `.claude/commands`.",
        json_schema_extra={"additionalProperties": False},
    )
    labels: Mapping[LabelName, Rule] = Field(
        {},
        max_length=100,
        description="Labels by name; a label without a rule needs what its command needs.",
        json_schema_extra={"additionalProperties": False},
    )


class Gates(_Part):
    """What runs that wait for people do."""

    remind_hours: int = Field(24, ge=0, le=720, description="Hours between reminders; 0 never reminds.")
    expire_days: int = Field(7, ge=1, le=90, description="Days until a run that nobody answers is stopped.")
    risk_paths: tuple[Glob, ...] = Field(
        (),
        max_length=100,
        description="Beside the built-in ones, paths (globs) that a smart run changes only after an approval.",
    )


class Limits(_Part):
    """Where the bot stops itself."""

    budget_usd: Annotated[float | None, WithJsonSchema(_BUDGET), Field(ge=MIN_BUDGET_USD, le=MAX_BUDGET_USD)] = Field(
        None, description="What a run may cost where its command says nothing; without it, the server's setting."
    )
    runs_per_user_hour: int = Field(10, ge=1, le=1000, description="Runs that one person may start in an hour.")
    runs_per_issue_hour: int = Field(5, ge=1, le=1000, description="Runs on one issue or pull request in an hour.")
    runs_per_repository_hour: int = Field(30, ge=1, le=1000, description="Runs in the whole repository in an hour.")
    revisions: int = Field(5, ge=0, le=50, description="Times that one pull request is revised after reviews.")
    check_fixes: int = Field(3, ge=0, le=20, description="Times that failing checks of one pull request are fixed.")


class Routing(_Part):
    """Who gets the work, where history does not decide."""

    pin: Mapping[PinName, AgentName] = Field(
        {},
        description="Agents by the kind of task (backend, frontend, data, docs, build, tests) or the phase that is "
        "always theirs. A kind comes before `implementation`, and `--agents` of a command before all of them.",
        json_schema_extra={"additionalProperties": False},
    )


class Config(_Part):
    """All settings of a repository; a missing file is the same as an empty one."""

    test: Tests = Field(Tests(), description="How the repository's tests are run.")
    permissions: Permissions = Field(Permissions(), description="Who may give which command.")
    automation: Automation = Field(
        "smart",
        description="Where runs stop for people: after every phase (manual), on risk or failure (smart), never (auto).",
    )
    gates: Gates = Field(Gates(), description="What runs that wait for people do.")
    limits: Limits = Field(Limits(), description="Where the bot stops itself.")
    memory: Literal["off", "repository", "organisation"] = Field(
        "repository",
        description="What runs are told of earlier ones: nothing, and nothing is kept (off); what this repository "
        "taught; beside that, what maintainers shared with all repositories of the owner.",
    )
    routing: Routing = Field(Routing(), description="Who gets the work, where history does not decide.")


def config_schema() -> JsonSchemaValue:
    """The JSON schema of the file, as it is published in `bot/defaults/devflow.schema.json`."""
    found = _tidy(Config.model_json_schema())
    assert isinstance(found, dict)
    draft = "https://json-schema.org/draft/2020-12/schema"
    return {"$schema": draft, "title": "Devflow: .github/devflow.yml", **found}


def _tidy(schema: object) -> object:
    """Without the titles that pydantic makes of names, and without defaults that mean: not set."""
    if isinstance(schema, list):
        return [_tidy(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _tidy(value)
        for key, value in schema.items()
        if key != "title" and not (key == "default" and (value is None or isinstance(value, dict)))
    }
