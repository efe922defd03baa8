"""What phases changed, kept with their results: a machine that lost the files makes them again."""

import base64
import json
from collections.abc import Iterable
from dataclasses import replace

from bot.core.conversation import Json
from bot.core.repository import FileChange, Sha
from bot.core.runs import PhaseResult
from bot.ports import Checkout, WorkspaceError, Workspaces


async def keep_changes(workspaces: Workspaces, checkout: Checkout, start: Sha, result: PhaseResult) -> PhaseResult:
    """The result with what each of its commits changes, contents and all; `start` is the tree the phase began from.

    Of a merge it is what differs from the commit that is merged in, which every checkout of the run has.
    """
    data = json.loads(result.data)
    before = start
    for commit in data.get("commits", []):
        tree, before = Sha(commit["tree"]), Sha(commit.get("merged") or before)
        commit["changes"] = [_packed(change) for change in await workspaces.changes(checkout, before, tree)]
        before = tree
    return replace(result, data=json.dumps(data)) if data.get("commits") else result


async def make_again(workspaces: Workspaces, checkout: Checkout, base: Sha, results: Iterable[PhaseResult]) -> Sha:
    """Write the commits of finished phases, in their order, on top of the base; returns the last tree.

    Raises `WorkspaceError` if a tree does not come out as it was.
    """
    tree = base
    for result in results:
        for commit in json.loads(result.data).get("commits", []):
            tree = Sha(commit.get("merged") or tree)
            made = await workspaces.write(checkout, tree, [_unpacked(entry) for entry in commit["changes"]])
            tree = Sha(commit["tree"])
            if made != tree:
                raise WorkspaceError(f"The files of tree {tree[:12]} are gone, and could not be made again.")
    return tree


def _packed(change: FileChange) -> Json:
    content = None if change.content is None else base64.b64encode(change.content).decode()
    return {"path": change.path, "mode": change.mode, "content": content}


def _unpacked(entry: Json) -> FileChange:
    content = None if entry["content"] is None else base64.b64decode(entry["content"])
    return FileChange(entry["path"], content, entry["mode"])
