"""The tools agents work with: files of the checkout, searches in it, commands in the sandbox."""

from bot.tools.toolbox import ToolBox
from bot.tools.toolspecs import READING, TOOL_NAMES

__all__ = ["READING", "TOOL_NAMES", "ToolBox"]
