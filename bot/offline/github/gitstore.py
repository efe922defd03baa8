"""A bare repository on disk, run by the git program with nobody's configuration: objects, refs, trees, commits."""

import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

_CONFIG = {
    "core.logAllRefUpdates": "false",
    "gc.auto": "0",
    "http.receivepack": "true",
    "receive.autogc": "false",
    "receive.hideRefs": "refs/pull",
    "receive.unpackLimit": "100000",
    "uploadpack.allowAnySHA1InWant": "true",
    "uploadpack.allowFilter": "true",
}


class GitError(Exception):
    """The git program refused; the text is what it said."""


@dataclass(frozen=True, slots=True)
class Signature:
    """The author or committer of a commit."""

    name: str
    email: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit object, read."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    message: str
    author: Signature
    committer: Signature


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a tree; `size` is None for what is not a blob."""

    mode: str
    kind: str
    sha: str
    path: str
    size: int | None = None


def git_env(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The whole environment of a git process: no configuration but the repository's own, no prompts, plain English."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": os.devnull,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
        **(extra or {}),
    }


class Git:
    """One bare repository; SHAs and paths go in and out as text, contents as bytes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls, path: Path, default_branch: str) -> "Git":
        """An empty repository. Raises `GitError` if something is at the path already."""
        if path.exists():
            raise GitError(f"{path} exists already")
        path.mkdir(parents=True)
        git = cls(path)
        git.run("init", "--quiet", "--bare", "--template=", str(path))
        git.run("symbolic-ref", "HEAD", f"refs/heads/{default_branch}")
        for key, value in _CONFIG.items():
            git.run("config", key, value)
        return git

    def import_history(self, source: Path) -> str:
        """Fetch all branches and tags of another repository; returns the name of the branch it has checked out."""
        self.run("fetch", "--quiet", str(source.resolve()), "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
        head = Git(source / ".git" if (source / ".git").is_dir() else source)
        return head.text("symbolic-ref", "--short", "HEAD")

    def import_files(self, source: Path) -> str:
        """The tree of a folder's files, without what its `.gitignore` and Python's byte code name."""
        with tempfile.TemporaryDirectory() as scratch:
            index = {"GIT_INDEX_FILE": f"{scratch}/index", "GIT_WORK_TREE": str(source.resolve())}
            excludes = Path(scratch) / "exclude"
            excludes.write_text("__pycache__/\n*.pyc\n")
            self.run("-c", f"core.excludesFile={excludes}", "add", "--all", ".", env=index, cwd=source)
            return self.text("write-tree", env=index)

    def run(
        self,
        *args: str,
        data: bytes = b"",
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> bytes:
        """What git printed. Raises `GitError` if it did not end well."""
        done = subprocess.run(
            ["git", *args],
            input=data,
            capture_output=True,
            cwd=cwd or self.path,
            env=git_env({"GIT_DIR": str(self.path.resolve()), **(env or {})}),
            check=False,
        )
        if done.returncode != 0:
            raise GitError(f"git {args[0]}: {done.stderr.decode(errors='replace').strip()}")
        return done.stdout

    def text(self, *args: str, data: bytes = b"", env: Mapping[str, str] | None = None) -> str:
        """What git printed, as one stripped line or more."""
        return self.run(*args, data=data, env=env).decode(errors="surrogateescape").strip()

    def refs(self, under: str = "refs/heads/") -> dict[str, str]:
        """Short names (without `under`) and SHAs of all refs below a prefix that ends in a slash."""
        listed = self.text("for-each-ref", "--format=%(objectname) %(refname)", under).splitlines()
        pairs = (line.split(" ", 1) for line in listed)
        return {name.removeprefix(under): sha for sha, name in pairs}

    def resolve(self, name: str) -> str | None:
        """The commit that a branch, tag, full ref or SHA names."""
        if not name or name.startswith("-"):
            return None
        for candidate in (f"refs/heads/{name}", f"refs/tags/{name}", name):
            try:
                return self.text("rev-parse", "--verify", "--quiet", candidate + "^{commit}")
            except GitError:
                continue
        return None

    def ref(self, full_name: str) -> str | None:
        """What exactly this ref points to."""
        try:
            return self.text("show-ref", "--verify", "--hash", "--", full_name)
        except GitError:
            return None

    def valid_ref(self, full_name: str) -> bool:
        """Whether git allows a ref of this name."""
        try:
            self.run("check-ref-format", full_name)
        except GitError:
            return False
        return True

    def set_ref(self, full_name: str, sha: str | None) -> None:
        """Point a ref at an object, or remove it. Raises `GitError`, for one where a branch `a` bars `a/b`."""
        if sha is None:
            self.run("update-ref", "-d", full_name)
        else:
            self.run("update-ref", full_name, sha)

    def kind(self, sha: str) -> str | None:
        """`blob`, `tree`, `commit` or `tag`, None if there is no such object."""
        if not sha or sha.startswith("-"):
            return None
        try:
            return self.text("cat-file", "-t", sha)
        except GitError:
            return None

    def blob(self, sha: str) -> bytes:
        return self.run("cat-file", "blob", sha)

    def write_blob(self, content: bytes) -> str:
        return self.text("hash-object", "-w", "--stdin", data=content)

    def tree(self, sha: str, *, recursive: bool = False) -> list[Entry]:
        """The entries of a tree or commit; with `recursive` also those of its subtrees, themselves included."""
        flags = ("-r", "-t") if recursive else ()
        listed = self.run("ls-tree", "-l", "-z", *flags, sha).split(b"\0")
        return [_entry(line.decode(errors="surrogateescape")) for line in listed if line]

    def write_tree(self, base: str | None, changes: Sequence[tuple[str, str | None, str]]) -> str:
        """The tree `base` with (mode, SHA or None to delete, path) changes.

        Raises `GitError` for a path git refuses (`..`, `.git`) and for the deletion of what is not there.
        """
        with tempfile.TemporaryDirectory() as scratch:
            index = {"GIT_INDEX_FILE": f"{scratch}/index"}
            self.run("read-tree", base or "--empty", env=index)
            lines = [line for change in changes for line in self._index_lines(base, *change)]
            self.run("update-index", "-z", "--index-info", data="".join(lines).encode(), env=index)
            return self.text("write-tree", env=index)

    def _index_lines(self, base: str | None, mode: str, sha: str | None, path: str) -> list[str]:
        if any(part in ("", ".", "..") or part.lower() == ".git" for part in path.split("/")) or "\0" in path:
            raise GitError(f"tree.path contains a malformed path component: {path}")
        gone: list[str] = []
        if base and (sha is None or mode == "040000"):
            files = [e.path for e in self.tree(base, recursive=True) if e.kind != "tree"]
            gone = [f"0 {'0' * 40}\t{p}\0" for p in files if p == path or p.startswith(path + "/")]
        if sha is None:
            if not gone:
                raise GitError(f"nothing to delete at {path}")
            return gone
        if mode == "040000":
            below = [e for e in self.tree(sha, recursive=True) if e.kind != "tree"]
            return gone + [f"{e.mode} {e.sha}\t{path}/{e.path}\0" for e in below]
        return [f"{mode} {sha}\t{path}\0"]

    def commit(self, sha: str) -> Commit:
        """Raises `GitError` if there is no such commit."""
        raw = self.run("cat-file", "commit", sha).decode(errors="replace")
        head, _, message = raw.partition("\n\n")
        fields = [line.split(" ", 1) for line in head.splitlines() if " " in line and not line.startswith(" ")]
        one = {key: value for key, value in fields if key != "parent"}
        return Commit(
            sha=sha,
            tree=one["tree"],
            parents=tuple(value for key, value in fields if key == "parent"),
            message=message,
            author=_read_signature(one["author"]),
            committer=_read_signature(one["committer"]),
        )

    def write_commit(
        self, tree: str, parents: Sequence[str], message: str, author: Signature, committer: Signature
    ) -> str:
        """Store a commit with exactly this message; no ref moves."""
        lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
        lines += [f"author {_signature_line(author)}", f"committer {_signature_line(committer)}"]
        raw = "\n".join(lines) + "\n\n" + message
        return self.text("hash-object", "-t", "commit", "-w", "--stdin", data=raw.encode())

    def log(self, tip: str, without: str | None = None, limit: int = 250) -> list[str]:
        """SHAs reachable from `tip` but not from `without`, newest first."""
        exclude = [f"^{without}"] if without else []
        return self.text("rev-list", f"--max-count={limit}", tip, *exclude).splitlines()

    def file(self, ref: str, path: str) -> Entry | None:
        """The entry at a path of a commit."""
        listed = self.run("--literal-pathspecs", "ls-tree", "-l", "-z", ref, "--", path)
        entries = [_entry(line.decode(errors="surrogateescape")) for line in listed.split(b"\0") if line]
        return next((e for e in entries if e.path == path), None)


def _entry(line: str) -> Entry:
    meta, _, path = line.partition("\t")
    mode, kind, sha, size = meta.split()
    return Entry(mode, kind, sha, path, int(size) if size.isdigit() else None)


def _signature_line(signature: Signature) -> str:
    name, email = ("".join(c for c in text if c not in "<>\n\0").strip() for text in (signature.name, signature.email))
    return f"{name} <{email}> {int(signature.at.timestamp())} {signature.at.strftime('%z') or '+0000'}"


def _read_signature(line: str) -> Signature:
    person, seconds, zone = line.rsplit(" ", 2)
    name, _, email = person.partition(" <")
    minutes = int(zone[:1] + "1") * (int(zone[1:3]) * 60 + int(zone[3:5]))
    at = datetime.fromtimestamp(int(seconds), UTC).astimezone(timezone(timedelta(minutes=minutes)))
    return Signature(name, email.rstrip(">"), at)
