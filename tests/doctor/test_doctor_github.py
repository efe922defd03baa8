"""What is wrong on GitHub's side, or between it and us, is found, and the page that mends it is named."""

import pytest

from bot.core.app_wanted import EVENTS, PERMISSIONS
from bot.offline.github.state import Level
from tests.doctor.conftest import APP_ID, GITHUB, SECRET, TOKEN, WIDGET, Patient
from tests.scenarios.rig import app_key

pytestmark = pytest.mark.anyio


def granted(**changes: Level) -> dict[str, Level]:
    held: dict[str, Level] = {**PERMISSIONS, "metadata": "read", **changes}
    return held


async def test_all_is_well(patient: Patient) -> None:
    """Nothing is amiss but what GitHub tells administrators only; there is the link to look for oneself."""
    found = await patient.examined()
    assert found.amiss == {"GitHub Actions": "not looked at"}
    assert found.of("GitHub Actions") == (
        "not looked at",
        "GitHub tells this to administrators only",
        f"Look for yourself at {patient.github.url}/{WIDGET}/settings/actions.",
    )


async def test_an_examination_changes_nothing(patient: Patient) -> None:
    """Only reads, and the one token that an App needs to read a repository."""
    before = len(patient.github.requests)
    await patient.examined()
    written = [r for r in patient.github.requests[before:] if r.method != "GET"]
    assert {(r.method, r.path.rpartition("/")[2]) for r in written} == {("POST", "access_tokens")}


async def test_nobody_logs_in(patient: Patient) -> None:
    """The command that makes an App; what hangs on it is not looked at."""
    patient.unset("DEVFLOW_APP_ID", "DEVFLOW_PRIVATE_KEY")
    found = await patient.examined(checks=GITHUB)
    state, what, fix = found.of("GitHub identity")
    assert (state, what) == ("wrong", "Devflow has no way to log in to GitHub")
    assert "devflow setup" in fix
    assert found.amiss["App permissions"] == found.amiss["webhook address"] == "not looked at"
    assert found.of("repository")[1] == "needs a way in to GitHub; see `GitHub identity`"


async def test_the_private_key_is_not_there(patient: Patient) -> None:
    """Where to make one."""
    patient.set("DEVFLOW_PRIVATE_KEY", "/nowhere/key.pem")
    state, what, fix = (await patient.examined(checks=GITHUB)).of("GitHub identity")
    assert (state, what) == ("wrong", "The private key cannot be read: No such file or directory")
    assert f"{patient.github.url}/settings/apps" in fix
    assert "DEVFLOW_PRIVATE_KEY" in fix


async def test_the_private_key_is_no_key(patient: Patient) -> None:
    """It is not shown."""
    patient.set("DEVFLOW_PRIVATE_KEY", "-----BEGIN NONSENSE----- c2VjcmV0")
    found = await patient.examined(checks=GITHUB)
    assert found.of("GitHub identity")[:2] == (
        "wrong",
        "The App's private key cannot sign: it has to be the whole PEM file of an RSA key, from BEGIN to END",
    )
    assert "c2VjcmV0" not in str(found)


async def test_the_app_id_is_another(patient: Patient) -> None:
    """GitHub knows no such App."""
    patient.set("DEVFLOW_APP_ID", "777")
    found = await patient.examined(checks=GITHUB)
    state, what, fix = found.of("GitHub identity")
    assert (state, what) == ("wrong", "GitHub knows no App with the number 777 (401)")
    assert fix == f"Set DEVFLOW_APP_ID to the App ID on the App's page under {patient.github.url}/settings/apps."
    assert found.of("App events")[1] == "GitHub refused the App; see `GitHub identity` above"


async def test_the_key_is_another_apps(patient: Patient) -> None:
    """Number and key do not belong together."""
    patient.github.add_app(777, app_key()[1], slug="other")
    patient.set("DEVFLOW_APP_ID", "777")
    assert (await patient.examined(checks=GITHUB)).of("GitHub identity")[0] == "ok"
    patient.set("DEVFLOW_PRIVATE_KEY", other_key())
    state, what, fix = (await patient.examined(checks=GITHUB)).of("GitHub identity")
    assert (state, what) == ("wrong", "the private key is not one of the App 777, or that number is wrong (401)")
    assert "Compare DEVFLOW_APP_ID, or make a new key for DEVFLOW_PRIVATE_KEY" in fix


def other_key() -> str:
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


async def test_the_token_is_revoked(patient: Patient) -> None:
    """The page where tokens are made; the token is not shown."""
    patient.use_token()
    patient.github.revoke(TOKEN)
    found = await patient.examined(checks=GITHUB)
    assert found.of("GitHub identity") == (
        "wrong",
        "GitHub refuses GITHUB_TOKEN (401)",
        "It is wrong, expired or revoked: "
        f"make a new one at {patient.github.url}/settings/tokens, and set GITHUB_TOKEN.",
    )
    assert TOKEN not in str(found)


async def test_permissions_that_are_missing_or_too_low(patient: Patient) -> None:
    """Each by the name on GitHub's page, with the level to choose; what only teams need is a warning."""
    held = granted(issues="read")
    del held["members"], held["contents"]
    patient.github.add_app(APP_ID, app_key()[1], permissions=held)
    page = f"{patient.github.url}/organizations/apps/settings/apps/devflow/permissions"
    after = f"at {page}, save, and accept the change in each installation."
    assert (await patient.examined(repo="", checks=GITHUB)).all_of("App permissions") == [
        (
            "wrong",
            "the permission Contents is not granted, and write is needed",
            f"Set Contents to Read and write {after}",
        ),
        ("wrong", "the permission Issues is read, and write is needed", f"Set Issues to Read and write {after}"),
        (
            "warning",
            "the permission Members is not granted, and read is needed: rules that name teams fail",
            f"Set Members to Read-only {after}",
        ),
    ]


async def test_events_that_are_not_subscribed_to(patient: Patient) -> None:
    """Two of them."""
    patient.github.subscribe(APP_ID, [name for name in EVENTS if name not in {"issue_comment", "check_suite"}])
    page = f"{patient.github.url}/organizations/apps/settings/apps/devflow/permissions"
    assert (await patient.examined(checks=GITHUB)).of("App events") == (
        "wrong",
        "not subscribed to: Check suite, Issue comment",
        f"Tick Check suite, Issue comment under `Subscribe to events` at {page}, and save.",
    )


async def test_the_webhook_points_elsewhere(patient: Patient) -> None:
    """The whole address is told, as it has to be."""
    patient.github.hook("https://devflow.example/hook", SECRET)
    state, what, fix = (await patient.examined(checks=GITHUB)).of("webhook address")
    assert (state, what) == (
        "wrong",
        "the webhook's URL https://devflow.example/hook does not end in /webhooks/github",
    )
    page = f"{patient.github.url}/organizations/apps/settings/apps/devflow"
    assert fix == f"Set it to https://devflow.example/webhooks/github at {page}."


async def test_the_webhooks_form_secret_and_certificate(patient: Patient) -> None:
    """Three things at once are three findings."""
    patient.github.hook(patient.receiver.url, "")
    patient.github.set_hook(content_type="form", verified=False)
    page = f"{patient.github.url}/organizations/apps/settings/apps/devflow"
    assert (await patient.examined(checks=GITHUB)).all_of("webhook address") == [
        ("wrong", "the webhook's content type is form", f"Set it to application/json at {page}."),
        (
            "wrong",
            "the webhook has no secret, so every delivery is refused",
            f"Enter DEVFLOW_WEBHOOK_SECRET at {page}.",
        ),
        ("warning", "GitHub does not check your server's certificate", f"Enable SSL verification at {page}."),
    ]


@pytest.mark.parametrize(
    ("status", "found", "fix"),
    [
        (401, "failed: 401, so the webhook's secret is not DEVFLOW_WEBHOOK_SECRET", "Enter the same at "),
        (404, "failed: 404, so something else answers there, or the path is wrong", "Set the webhook's URL to "),
        (500, "failed: Invalid HTTP Response: 500 (500)", "Look at "),
    ],
)
async def test_deliveries_that_are_refused(patient: Patient, status: int, found: str, fix: str) -> None:
    """By the answers that GitHub got."""
    patient.receiver.status = status
    patient.github.ping()
    patient.github.wait_idle()
    state, what, how = (await patient.examined(checks=GITHUB)).of("webhook deliveries")
    assert (state, what) == ("wrong", f"the newest delivery {found}")
    assert how.startswith(fix)
    assert f"{patient.github.url}/organizations/apps/settings/apps/devflow/advanced" in how


async def test_deliveries_that_do_not_arrive(patient: Patient) -> None:
    """Nobody listens there."""
    patient.github.hook_down = True
    patient.github.ping()
    patient.github.ping()
    patient.github.wait_idle()
    state, what, fix = (await patient.examined(checks=GITHUB)).of("webhook deliveries")
    assert (state, what) == (
        "wrong",
        "the newest 2 deliveries failed: failed to connect to host (502), so GitHub cannot reach the server",
    )
    assert fix.startswith("See that `devflow serve` runs, and that firewall and proxy let GitHub through to it")


async def test_deliveries_that_failed_before_it_went_well(patient: Patient) -> None:
    """What is mended is not complained about."""
    patient.github.drop_deliveries(1)
    patient.github.ping()
    patient.github.ping()
    patient.github.wait_idle()
    assert (await patient.examined(checks=GITHUB)).of("webhook deliveries") == (
        "ok",
        "the newest arrived; 1 of the last 3 failed before that",
        "",
    )


async def test_the_app_is_not_installed(patient: Patient) -> None:
    """The page that installs it."""
    patient.github.add_repository("acme/gadget")
    found = await patient.examined("acme/gadget", checks=GITHUB)
    assert found.of("App installed") == (
        "wrong",
        "the App is not installed on acme/gadget",
        f"Install it there at {patient.github.url}/apps/devflow/installations/new.",
    )
    assert found.of("repository")[:2] == ("not looked at", "the App is not installed there; see `App installed` above")


async def test_the_installation_is_suspended(patient: Patient) -> None:
    """The installation's own page."""
    patient.github.suspend(patient.installation)
    assert (await patient.examined(checks=GITHUB)).of("App installed") == (
        "wrong",
        "the installation on acme/widget is suspended",
        f"Unsuspend it at {patient.github.url}/settings/installations/{patient.installation}.",
    )


async def test_the_owner_has_not_accepted_new_permissions(patient: Patient) -> None:
    """The App asks for them, the installation does not grant them."""
    patient.github.add_repository("acme/gadget")
    less = patient.github.add_app(APP_ID, app_key()[1], permissions=granted(pull_requests="read"))
    patient.github.install(less, "acme/gadget")
    less.permissions["pull_requests"] = "write"
    found = await patient.examined("acme/gadget", checks=GITHUB)
    assert found.of("App permissions")[0] == "ok"
    state, what, fix = found.of("App installed")
    assert (state, what) == ("wrong", "the permission Pull requests is read, and write is needed")
    assert "accept it at " in fix


async def test_the_repository_is_unknown(patient: Patient) -> None:
    """It may be a slip of the pen, or nobody let us in."""
    patient.use_token()
    state, what, fix = (await patient.examined("acme/widgte", checks=GITHUB)).of("repository")
    assert (state, what) == ("wrong", "acme/widgte does not exist, or we may not see it")
    assert f"{patient.github.url}/acme/widgte" in fix


async def test_the_token_may_only_read(patient: Patient) -> None:
    """Who has to be given which role, and where."""
    patient.use_token("rita")
    patient.github.grant(WIDGET, "rita", "read")
    assert (await patient.examined(checks=GITHUB)).of("repository") == (
        "wrong",
        "rita may not write to acme/widget",
        f"Give rita the Write role at {patient.github.url}/{WIDGET}/settings/access.",
    )


async def test_the_token_lacks_a_scope(patient: Patient) -> None:
    """A classic token tells its scopes; another one does not, and that is said."""
    patient.use_token()
    patient.github.grant(WIDGET, "maria", "write")
    told = (await patient.examined(checks=GITHUB)).of("repository")
    assert told[0] == "ok"
    assert "GitHub does not tell what a fine-grained or a workflow's token may do" in told[1]
    patient.github.set_scopes(TOKEN, "gist", "read:org")
    assert (await patient.examined(checks=GITHUB)).of("repository") == (
        "wrong",
        "the token has the scopes gist, read:org, and public_repo is needed",
        f"Add the scope public_repo at {patient.github.url}/settings/tokens.",
    )
    patient.github.set_scopes(TOKEN, "repo")
    assert (await patient.examined(checks=GITHUB)).of("repository")[0] == "ok"


async def test_the_repository_is_archived(patient: Patient) -> None:
    """Nothing can be pushed there."""
    patient.github.archive(WIDGET)
    assert (await patient.examined(checks=GITHUB)).of("repository")[:2] == (
        "wrong",
        "acme/widget is archived: nothing can be written",
    )


async def test_what_workflows_may_not_do(patient: Patient) -> None:
    """The box to tick, and where; a server works without it, so an App is only warned."""
    patient.use_token()
    patient.github.grant(WIDGET, "maria", "admin")
    patient.github.let_actions_open_pulls(WIDGET, allowed=False)
    page = f"{patient.github.url}/{WIDGET}/settings/actions"
    assert (await patient.examined(checks=GITHUB)).of("GitHub Actions") == (
        "wrong",
        "Devflow's Action may not open pull requests here; it leaves a branch and a link",
        f"Tick `Allow GitHub Actions to create and approve pull requests` at {page}.",
    )
    patient.github.let_actions_run(WIDGET, allowed=False)
    assert (await patient.examined(checks=GITHUB)).of("GitHub Actions") == (
        "wrong",
        "GitHub Actions are turned off, so Devflow's Action does not run",
        f"Turn them on at {page}.",
    )
    patient.github.let_actions_run(WIDGET, allowed=True)
    patient.github.let_actions_open_pulls(WIDGET, allowed=True)
    assert (await patient.examined(checks=GITHUB)).of("GitHub Actions")[0] == "ok"


async def test_the_settings_of_the_repository_are_wrong(patient: Patient) -> None:
    """With line, column, what to write, and a link to the line."""
    patient.github.push(WIDGET, "main", {".github/devflow.yml": "automation: always\n"}, "Settings", by="acme")
    state, what, fix = (await patient.examined(checks=GITHUB)).of("repository settings")
    assert state == "wrong"
    assert what.startswith(".github/devflow.yml:1:13: ")
    assert fix.endswith(f"{patient.github.url}/{WIDGET}/blob/HEAD/.github/devflow.yml#L1")
