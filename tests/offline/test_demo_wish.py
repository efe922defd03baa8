"""What a visitor may ask of the demo, and how a wish that cannot be played is answered before anything starts."""

from pathlib import Path

import pytest

from bot.core.errors import BotError
from bot.offline.demo import Wish
from bot.offline.demo.folders import KEPT, Folder, prune
from bot.offline.demo.hosting import copy, look_at
from bot.offline.demo.show import run_demo
from bot.offline.demo.wish import SAMPLE_COMMAND, cast
from tests.offline.demos import git, repository, small_session


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`.env` and `.devflow` are those of the working directory."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def session(tmp_path: Path) -> Path:
    return small_session(tmp_path, {"a.py": "A = 1\n"}, "Add a constant")


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A repository of the visitor's."""
    return repository(tmp_path / "mine", {"README.md": "# mine\n"})


def refused(wish: Wish) -> str:
    """The two lines that a visitor reads, as one; nothing was started for them."""
    with pytest.raises(BotError) as caught:
        run_demo(wish)
    assert not Path(".devflow").exists()
    return f"{caught.value.message} {caught.value.hint}"


# What to show


def test_without_options_and_keys_the_sample_is_played() -> None:
    """The built-in session speaks, and only our own code runs."""
    play = cast(Wish())
    assert (play.repository, play.command, play.trusted) == ("acme/latchkey", SAMPLE_COMMAND, True)
    assert [path.name for path in play.sessions] == ["rate-limit.yaml"]


def test_a_repository_with_a_session_takes_its_title_from_it(mine: Path, session: Path) -> None:
    """The command says nothing more: the issue is the wish. Foreign code is never trusted."""
    play = cast(Wish(repo=mine, session=session))
    assert (play.repository, play.title, play.command) == ("acme/mine", "Add a constant", "/dev-workflow")
    assert not play.trusted


def test_the_first_line_of_a_wish_is_the_title(session: Path) -> None:
    """One that is too long to be a title is shortened there and stays whole in the body."""
    play = cast(Wish(issue="Dark mode\n\nPlease, at night.\n", session=session))
    assert (play.title, play.body) == ("Dark mode", "Please, at night.")
    long = "word " * 40
    play = cast(Wish(issue=long, session=session))
    assert len(play.title) <= 100
    assert play.title.endswith("…")
    assert play.body == long.strip()


@pytest.mark.parametrize("name", ["ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"])
@pytest.mark.parametrize("in_file", [False, True])
def test_a_key_or_an_address_means_a_real_model(monkeypatch: pytest.MonkeyPatch, name: str, in_file: bool) -> None:
    """In the environment or in `.env`."""
    if in_file:
        Path(".env").write_text(f"{name}=x\nDEVFLOW_BUDGET_USD=2\n")
    else:
        monkeypatch.setenv(name, "x")
        monkeypatch.setenv("DEVFLOW_BUDGET_USD", "2")
    play = cast(Wish())
    assert play.sessions == ()
    assert (play.model[name.lower()] if "URL" in name else play.model[name.lower()].get_secret_value()) == "x"
    assert play.model["budget_usd"] == 2
    assert not play.trusted


def test_a_session_speaks_even_where_there_is_a_key(monkeypatch: pytest.MonkeyPatch, session: Path) -> None:
    """Whoever brings words wants them played, not paid for."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", "x")
    play = cast(Wish(session=session))
    assert (play.sessions, play.model) == ((session,), {})


# What cannot be played


@pytest.mark.parametrize(
    ("wish", "answer"),
    [
        (Wish(report=Path("nowhere/r.json")), "nowhere for the report is not there. Make it first: `mkdir -p"),
        (Wish(report=Path()), "The report cannot be written to"),
        (Wish(issue="Dark mode"), "set ANTHROPIC_API_KEY, or write the model's words: `--session FILE`"),
        (Wish(repo=Path("mine")), "set ANTHROPIC_API_KEY, or write the model's words: `--session FILE`"),
        (Wish(issue=" \n", session=Path("session.json")), "The issue is empty."),
        (Wish(issue="", session=Path("session.json")), "The issue is empty."),
        (Wish(session=Path("none.yaml")), "none.yaml cannot be read"),
        (Wish(session=Path("broken.yaml")), "broken.yaml, line 3"),
        (Wish(session=Path("wrong.yaml")), "wrong.yaml, line 1"),
        (Wish(sandbox="chroot"), "Use auto, bubblewrap, container or none."),
        (Wish(repo=Path("none"), session=Path("session.json")), "none is not a folder."),
        (Wish(repo=Path("plain"), session=Path("session.json")), "is not a git repository. Run `git init"),
        (Wish(repo=Path("empty"), session=Path("session.json")), "has no commit yet. Commit something first"),
        (Wish(repo=Path("shallow"), session=Path("session.json")), "shallow clone"),
    ],
)
@pytest.mark.usefixtures("session")
def test_what_cannot_be_played_is_said_before_anything_starts(wish: Wish, answer: str, mine: Path) -> None:
    """The cause and the next step, on a line each; no folder, no server, no report."""
    Path("broken.yaml").write_text("replies:\n  - [\n")
    Path("wrong.yaml").write_text("replays: []\n")
    Path("plain").mkdir()
    Path("empty").mkdir()
    git(Path("empty"), "init", "--quiet")
    git(mine, "commit", "--quiet", "--allow-empty", "--message", "Second commit")
    git(Path(), "clone", "--quiet", "--depth", "1", mine.as_uri(), "shallow")
    assert answer in refused(wish)


def test_a_real_model_needs_to_be_told_what_to_do(monkeypatch: pytest.MonkeyPatch, mine: Path) -> None:
    """A repository alone is no wish, and guessing would cost money."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", "x")
    assert refused(Wish(repo=mine)) == "What should be done in the repository? Say it: `--issue TEXT`."


@pytest.mark.parametrize(
    ("name", "value", "answer"),
    [
        ("DEVFLOW_BUDGET_USD", "-1", "DEVFLOW_BUDGET_USD is wrong: Input should be greater than 0."),
        ("DEVFLOW_PRICES", "{", 'error parsing value for field "prices"'),
        ("DEVFLOW_PROVIDER", "junk", "DEVFLOW_PROVIDER is wrong"),
    ],
)
def test_wrong_settings_of_a_real_model_are_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, answer: str
) -> None:
    """They matter only where a real model speaks."""
    monkeypatch.setenv(name, value)
    assert cast(Wish()).sessions
    monkeypatch.setenv("ANTHROPIC_API_KEY", "x")
    assert answer in refused(Wish())


# Repositories


def test_a_dirty_tree_is_hosted_as_it_was_committed(mine: Path, tmp_path: Path) -> None:
    """What is not committed stays out, and that is said; the repository is not written to."""
    (mine / "README.md").write_text("# changed\n")
    (mine / "new.txt").write_text("new\n")
    before = git(mine, "status", "--porcelain")
    found = look_at(mine)
    assert found.notes == ("Only commits are hosted: 2 files are changed or new here, and left out.",)
    made = copy(found, tmp_path / "copy.git")
    assert git(made, "show", "main:README.md") == "# mine"
    assert git(mine, "status", "--porcelain") == before


def test_a_detached_head_becomes_a_branch(mine: Path, tmp_path: Path) -> None:
    """As checkouts of CI services have it."""
    git(mine, "checkout", "--quiet", "--detach")
    found = look_at(mine)
    head = git(mine, "rev-parse", "HEAD")
    assert found.branch == f"detached-{head[:7]}"
    made = copy(found, tmp_path / "copy.git")
    assert git(made, "rev-parse", found.branch) == head
    assert git(mine, "for-each-ref", "--format", "%(refname)") == "refs/heads/main"


@pytest.mark.parametrize("shape", ["bare", "worktree", "subfolder", "dot git", "odd name"])
def test_any_shape_of_repository_can_be_hosted(mine: Path, tmp_path: Path, shape: str) -> None:
    """A bare one, a second working tree, a folder inside, `.git` itself, and a path with spaces and other letters."""
    git(mine, "branch", "side")
    match shape:
        case "bare":
            git(tmp_path, "clone", "--quiet", "--bare", str(mine), "there.git")
            given, name = tmp_path / "there.git", "there"
        case "worktree":
            git(mine, "worktree", "add", "--quiet", "../there", "side")
            given, name = tmp_path / "there", "there"
        case "subfolder":
            (mine / "inner").mkdir()
            given, name = mine / "inner", "mine"
        case "dot git":
            given, name = mine / ".git", "mine"
        case _:
            given, name = mine.rename(tmp_path / "ein schönes Ding"), "ein-sch-nes-Ding"
    found = look_at(given)
    assert (found.name, found.notes) == (name, ())
    made = copy(found, tmp_path / "copy.git")
    assert git(made, "symbolic-ref", "HEAD") == f"refs/heads/{'side' if shape == 'worktree' else 'main'}"


def test_variables_of_git_do_not_mislead(monkeypatch: pytest.MonkeyPatch, mine: Path) -> None:
    """A demo that is started from a git hook still looks at the repository that was named."""
    monkeypatch.setenv("GIT_DIR", "/nonexistent")
    monkeypatch.setenv("GIT_INDEX_FILE", "/nonexistent/index")
    assert look_at(mine).branch == "main"


# Folders


def test_only_the_last_demos_are_kept() -> None:
    """Old folders go; one that a running demo holds stays, and so does everything that is not a demo's."""
    held = Folder()
    home = held.path.parent
    held.path.rename(home / "20200101-000000")
    for number in range(KEPT + 2):
        (home / f"20210101-00000{number}").mkdir()
    (home / "notes").mkdir()
    prune(home)
    left = sorted(path.name for path in home.iterdir() if path.is_dir())
    assert left == ["20200101-000000", *(f"20210101-00000{n}" for n in range(2, KEPT + 2)), "notes"]
    held.release()
    prune(home)
    assert not (home / "20200101-000000").exists()


def test_demos_of_the_same_second_get_folders_of_their_own() -> None:
    """Nothing is shared, and git does not see any of it."""
    folders = [Folder() for _ in range(3)]
    assert len({folder.path for folder in folders}) == 3
    assert {folder.path.parent for folder in folders} == {Path(".devflow/demo").absolute()}
    assert folders[0].shown.startswith(".devflow/demo/")
    assert Path(".devflow/demo/.gitignore").read_text() == "*\n"
    for folder in folders:
        folder.release()


def test_where_nothing_can_be_written_a_temporary_folder_serves(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A working directory that is read-only, or has something else in the way, is no reason to fail."""
    Path(".devflow").write_text("in the way")
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    folder = Folder()
    assert folder.path.is_relative_to(tmp_path / "temporary")
    folder.release()
