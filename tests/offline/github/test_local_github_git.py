"""Refs, blobs, trees and commits over REST: real git objects in a real repository."""

import base64

import httpx
import pytest

from bot.offline.github import LocalGitHub
from tests.offline.github.conftest import FILES, WIDGET, TurnableClock

GIT = f"/repos/{WIDGET}/git"


def blob(client: httpx.Client, text: str) -> str:
    return str(client.post(f"{GIT}/blobs", json={"content": text}).json()["sha"])


def commit_of(client: httpx.Client, message: str, tree: list[dict[str, object]], **extra: object) -> httpx.Response:
    """A commit on top of main whose tree is main's with these entries."""
    parent = client.get(f"{GIT}/ref/heads/main").json()["object"]["sha"]
    base = client.get(f"{GIT}/commits/{parent}").json()["tree"]["sha"]
    made = client.post(f"{GIT}/trees", json={"base_tree": base, "tree": tree})
    assert made.status_code == 201, made.text
    body = {"message": message, "tree": made.json()["sha"], "parents": [parent], **extra}
    return client.post(f"{GIT}/commits", json=body)


def test_a_change_is_built_object_by_object(github: LocalGitHub, bot: httpx.Client) -> None:
    """Blob, tree, commit, ref: then the branch holds exactly the change."""
    entry: dict[str, object] = {"path": "src/new.py", "mode": "100755", "type": "blob", "sha": blob(bot, "print()\n")}
    commit = commit_of(bot, "Add a script", [entry])
    assert commit.status_code == 201
    sha = commit.json()["sha"]
    assert "devflow/1" not in github.branches(WIDGET)
    made = bot.post(f"{GIT}/refs", json={"ref": "refs/heads/devflow/1", "sha": sha})
    assert (made.status_code, made.json()["object"]["sha"]) == (201, sha)
    assert github.branches(WIDGET)["devflow/1"] == sha
    assert github.file_at(WIDGET, "devflow/1", "src/new.py") == b"print()\n"
    assert github.tree(WIDGET, "devflow/1")["src/new.py"] == entry["sha"]
    assert github.modes(WIDGET, "devflow/1") == {**dict.fromkeys(FILES, "100644"), "src/new.py": "100755"}
    assert bot.get(f"{GIT}/ref/heads/devflow/1").json()["ref"] == "refs/heads/devflow/1"


def test_tree_entries_write_delete_and_link(github: LocalGitHub, bot: httpx.Client) -> None:
    """Inline content, null to delete, a symlink, a whole subtree by its SHA."""
    main = bot.get(f"{GIT}/trees/main?recursive=1").json()["tree"]
    deep = next(row["sha"] for row in main if row["path"] == "src/deep")
    commit = commit_of(
        bot,
        "All kinds",
        [
            {"path": "README.md", "mode": "100644", "type": "blob", "content": "# New\n"},
            {"path": "src/widget.py", "mode": "100644", "type": "blob", "sha": None},
            {"path": "link", "mode": "120000", "type": "blob", "content": "README.md"},
            {"path": "copy", "mode": "040000", "type": "tree", "sha": deep},
        ],
    ).json()["sha"]
    assert github.modes(WIDGET, commit) == {
        "README.md": "100644",
        "copy/er/leaf.txt": "100644",
        "link": "120000",
        "src/deep/er/leaf.txt": "100644",
    }
    assert github.file_at(WIDGET, commit, "README.md") == b"# New\n"


def test_workflow_files_are_not_for_tokens_of_an_installation(bot: httpx.Client) -> None:
    """As on GitHub, without the permission `workflows`; a tree that merely has them as its base is fine."""
    entry = {"path": ".github/workflows/ci.yml", "mode": "100644", "type": "blob", "content": "on: push\n"}
    refused = bot.post(f"{GIT}/trees", json={"tree": [entry]})
    assert (refused.status_code, refused.json()["message"]) == (403, "Resource not accessible by integration")


def test_a_tree_without_a_base_holds_its_entries_only(bot: httpx.Client) -> None:
    """No base, nothing kept."""
    entry = {"path": "only.txt", "mode": "100644", "type": "blob", "content": "x"}
    tree = bot.post(f"{GIT}/trees", json={"tree": [entry]}).json()
    assert [row["path"] for row in bot.get(f"{GIT}/trees/{tree['sha']}").json()["tree"]] == ["only.txt"]


@pytest.mark.parametrize(
    "entry",
    [
        {"path": "../escape", "mode": "100644", "type": "blob", "content": "x"},
        {"path": ".git/config", "mode": "100644", "type": "blob", "content": "x"},
        {"path": "a/.GIT/hooks/x", "mode": "100644", "type": "blob", "content": "x"},
        {"path": "/absolute", "mode": "100644", "type": "blob", "content": "x"},
        {"path": "a//b", "mode": "100644", "type": "blob", "content": "x"},
        {"path": "x", "mode": "100777", "type": "blob", "content": "x"},
        {"path": "x", "mode": "100644", "type": "tree", "content": "x"},
        {"path": "x", "mode": "100644", "type": "blob"},
        {"path": "x", "mode": "100644", "type": "blob", "sha": "0" * 40},
        {"path": "not/there", "mode": "100644", "type": "blob", "sha": None},
    ],
)
def test_a_wrong_tree_entry_is_refused(entry: dict[str, object], bot: httpx.Client) -> None:
    """Paths that leave the tree, unknown modes, missing objects: 422."""
    base = bot.get(f"{GIT}/trees/main").json()["sha"]
    assert bot.post(f"{GIT}/trees", json={"base_tree": base, "tree": [entry]}).status_code == 422


def test_blobs_keep_every_byte(bot: httpx.Client) -> None:
    """Base64 in, the same bytes out, plain or raw."""
    data = bytes(range(256)) * 40
    sha = bot.post(f"{GIT}/blobs", json={"content": base64.b64encode(data).decode(), "encoding": "base64"}).json()[
        "sha"
    ]
    read = bot.get(f"{GIT}/blobs/{sha}").json()
    assert (base64.b64decode(read["content"]), read["size"]) == (data, len(data))
    assert bot.get(f"{GIT}/blobs/{sha}", headers={"Accept": "application/vnd.github.raw+json"}).content == data
    assert bot.get(f"{GIT}/blobs/{'0' * 40}").status_code == 404


def test_a_message_is_kept_to_the_letter(bot: httpx.Client) -> None:
    """Trailing newlines, blank lines and other scripts survive."""
    for message in ("one line", "Titel: Ærø\n\nbody\n", "\n\nodd"):
        sha = commit_of(bot, message, []).json()["sha"]
        assert bot.get(f"{GIT}/commits/{sha}").json()["message"] == message


def test_github_signs_what_an_app_commits_in_its_own_name(
    bot: httpx.Client, maria: httpx.Client, clock: TurnableClock, github: LocalGitHub
) -> None:
    """Verified: an installation that names nobody. Not verified: a named author, or a person."""
    named = {"author": {"name": "Eve", "email": "eve@example.com", "date": "2026-01-02T03:04:05Z"}}
    own = commit_of(bot, "own", []).json()
    other = commit_of(bot, "as someone", [], **named).json()
    hers = commit_of(maria, "hers", []).json()
    assert [c["verification"]["verified"] for c in (own, other, hers)] == [True, False, False]
    assert [c["verification"]["reason"] for c in (own, other, hers)] == ["valid", "unsigned", "unsigned"]
    assert own["author"]["name"] == own["committer"]["name"] == "devflow[bot]"
    assert own["author"]["email"].endswith("+devflow[bot]@users.noreply.github.com")
    assert own["author"]["date"] == clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    assert (other["author"]["name"], other["author"]["date"]) == ("Eve", "2026-01-02T03:04:05Z")
    assert hers["author"]["name"] == "maria"
    assert github.commit(WIDGET, own["sha"]).verified
    assert not github.commit(WIDGET, other["sha"]).verified


def test_a_commit_of_what_is_not_there_is_refused(bot: httpx.Client) -> None:
    """Unknown trees and parents: 422."""
    tree = bot.get(f"{GIT}/trees/main").json()["sha"]
    missing = {"message": "m", "tree": "0" * 40, "parents": []}
    orphan = {"message": "m", "tree": tree, "parents": ["0" * 40]}
    assert bot.post(f"{GIT}/commits", json=missing).status_code == 422
    assert bot.post(f"{GIT}/commits", json=orphan).status_code == 422
    assert bot.get(f"{GIT}/commits/{'0' * 40}").status_code == 404


def test_a_ref_is_made_once(github: LocalGitHub, bot: httpx.Client) -> None:
    """A second time is `Reference already exists`; bad names and objects have their own words."""
    sha = github.branches(WIDGET)["main"]

    def make(ref: str, at: str = sha) -> tuple[int, str]:
        answer = bot.post(f"{GIT}/refs", json={"ref": ref, "sha": at})
        return answer.status_code, answer.json().get("message", "")

    assert make("refs/heads/x")[0] == 201
    assert make("refs/heads/x") == (422, "Reference already exists")
    assert make("refs/heads/y", "0" * 40) == (422, "Object does not exist")
    assert make("heads/y")[0] == make("refs/heads/a..b")[0] == make("refs/heads/sp ace")[0] == 422
    assert make("refs/heads/x/below")[0] == 422
    assert make("refs/pull/9/head")[0] == 422
    assert set(github.branches(WIDGET)) == {"main", "x"}


def test_a_ref_moves_forward_unless_forced(github: LocalGitHub, bot: httpx.Client) -> None:
    """Not a fast forward is 422; force takes it."""
    first = github.branches(WIDGET)["main"]
    second = commit_of(bot, "second", [{"path": "n", "mode": "100644", "type": "blob", "content": "2"}]).json()["sha"]
    bot.post(f"{GIT}/refs", json={"ref": "refs/heads/x", "sha": first})
    assert bot.patch(f"{GIT}/refs/heads/x", json={"sha": second}).status_code == 200
    back = bot.patch(f"{GIT}/refs/heads/x", json={"sha": first})
    assert (back.status_code, back.json()["message"]) == (422, "Update is not a fast forward")
    assert github.branches(WIDGET)["x"] == second
    assert bot.patch(f"{GIT}/refs/heads/x", json={"sha": first, "force": True}).status_code == 200
    assert github.branches(WIDGET)["x"] == first
    assert bot.patch(f"{GIT}/refs/heads/none", json={"sha": first}).json()["message"] == "Reference does not exist"


def test_refs_outside_branches_keep_state(github: LocalGitHub, bot: httpx.Client) -> None:
    """`refs/devflow/...` can be made, moved, listed and removed, and is no branch."""
    sha = github.branches(WIDGET)["main"]
    assert bot.post(f"{GIT}/refs", json={"ref": "refs/devflow/state", "sha": sha}).status_code == 201
    assert bot.get(f"{GIT}/ref/devflow/state").json()["object"]["sha"] == sha
    assert [r["ref"] for r in bot.get(f"{GIT}/matching-refs/devflow/").json()] == ["refs/devflow/state"]
    assert list(github.branches(WIDGET)) == ["main"]
    assert github.refs(WIDGET)["refs/devflow/state"] == sha
    assert bot.delete(f"{GIT}/refs/devflow/state").status_code == 204
    assert bot.get(f"{GIT}/ref/devflow/state").status_code == 404
    assert bot.delete(f"{GIT}/refs/devflow/state").status_code == 422


def test_a_ref_is_found_by_its_whole_name_only(bot: httpx.Client, github: LocalGitHub) -> None:
    """`heads/ma` is not `heads/main`."""
    assert bot.get(f"{GIT}/ref/heads/main").status_code == 200
    assert bot.get(f"{GIT}/ref/heads/ma").status_code == 404
    assert bot.get(f"{GIT}/ref/heads").status_code == 404


def test_the_default_branch_stays(github: LocalGitHub, bot: httpx.Client) -> None:
    """It cannot be deleted."""
    assert bot.delete(f"{GIT}/refs/heads/main").status_code == 422
    assert "main" in github.branches(WIDGET)
