"""Working copies made with git, and state kept in refs."""

from bot.adapters.workspace.refs import GitRefs
from bot.adapters.workspace.workspaces import GitWorkspaces

__all__ = ["GitRefs", "GitWorkspaces"]
