"""git over HTTP: clones and pushes through `git http-backend`, with the same tokens and rights as REST."""

import re
import subprocess

from bot.offline.github.access import Caller, Need, permit
from bot.offline.github.branches import refs_moved
from bot.offline.github.gitstore import git_env
from bot.offline.github.refusals import RefusalError
from bot.offline.github.rest import Answer, Incoming
from bot.offline.github.state import Repository, World

_PATH = re.compile(
    r"/(?P<owner>[^/]+)/(?P<repo>[^/]+?)(?:\.git)?/(?P<service>info/refs|git-upload-pack|git-receive-pack)"
)
_READ = Need("contents", "read", "read")
_WRITE = Need("contents", "write", "write")


def is_git(path: str) -> bool:
    """Whether a git client asks, not a browser or REST client."""
    return _PATH.fullmatch(path) is not None


def serve_git(world: World, caller: Caller, request: Incoming) -> Answer:
    """git's answer; a push is announced as such before it is returned."""
    found = _PATH.fullmatch(request.path)
    assert found
    writes = "git-receive-pack" in (found["service"], request.query.removeprefix("service="))
    repository = world.repositories.get(f"{found['owner']}/{found['repo']}".lower())
    try:
        _check(caller, repository, writes=writes)
    except RefusalError as refusal:
        return git_refusal(refusal)
    assert repository
    answer = _backend(repository, found["service"], request)
    if found["service"] == "git-receive-pack":
        refs_moved(world, repository, caller.actor)
    return answer


def git_refusal(refusal: RefusalError) -> Answer:
    """A refusal as git clients print it; only 401 makes them ask for a password."""
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    if refusal.status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="GitHub"'
    return Answer(refusal.status, refusal.message.encode(), headers)


def _check(caller: Caller, repository: Repository | None, *, writes: bool) -> None:
    need = _WRITE if writes else _READ
    if caller.token is None and (repository is None or repository.private or writes):
        raise RefusalError(401, "Repository not found.")
    if repository is None:
        raise RefusalError(404, "Repository not found.")
    permit(caller, repository, need)


def _backend(repository: Repository, service: str, request: Incoming) -> Answer:
    """Run the CGI program that comes with git: https://git-scm.com/docs/git-http-backend"""
    env = {
        "GIT_PROJECT_ROOT": str(repository.git.path.parent.resolve()),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": f"/{repository.git.path.name}/{service}",
        "REQUEST_METHOD": request.method,
        "QUERY_STRING": request.query,
        "CONTENT_TYPE": request.headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(request.body)),
        "HTTP_CONTENT_ENCODING": request.headers.get("content-encoding", ""),
        "GIT_PROTOCOL": request.headers.get("git-protocol", ""),
        "REMOTE_ADDR": "127.0.0.1",
        "REMOTE_USER": "git",
    }
    done = subprocess.run(
        ["git", "http-backend"], input=request.body, capture_output=True, env=git_env(env), check=False
    )
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    lines = (line.partition(":") for line in head.decode(errors="replace").split("\r\n"))
    headers = {name: value.strip() for name, _, value in lines if name}
    status = headers.pop("Status", "200" if done.stdout else "500")
    return Answer(int(status.split()[0]), body, headers)
