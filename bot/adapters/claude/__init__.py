"""Claude, by the Messages API of Anthropic, Amazon Bedrock, Google Vertex or Microsoft Foundry."""

from bot.adapters.claude.model import ClaudeModel

__all__ = ["ClaudeModel"]
