"""A scripted Claude: a loopback server that speaks the Messages API and plays a written session."""

from bot.offline.claude.server import ScriptedClaude
from bot.offline.claude.session import Session, SessionError

__all__ = ["ScriptedClaude", "Session", "SessionError"]
