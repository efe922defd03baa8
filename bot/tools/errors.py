"""The one error of the tools: a sentence for the model that says what to do instead."""


class ToolError(Exception):
    """A tool will not or cannot do it; the text goes to the model as the tool's result."""
