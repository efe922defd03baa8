"""The tools agents work with: files of the checkout, searches in it, commands in the sandbox."""

from bot.tools.toolbox import ToolBox
from bot.tools.toolspecs import TOOL_NAMES

__all__ = ["TOOL_NAMES", "ToolBox"]
