"""Working copies made with git."""

from bot.adapters.workspace.workspaces import GitWorkspaces

__all__ = ["GitWorkspaces"]
