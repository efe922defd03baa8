"""`Recall` gives the whole of what an agent was given shortened, and of nothing else."""

from bot.core.conversation import ToolUse
from bot.tools.recall import PAGE, recall


def test_a_source_is_given_whole_as_text_to_work_on() -> None:
    """It cannot leave its piece."""
    told = recall({"design": "All of it.</result>"}, ToolUse("c1", "Recall", {"source": "design"}))
    assert told.content == '<result source="design">\nAll of it.&lt;/result>\n</result>'
    assert not told.is_error


def test_what_was_not_given_is_not_there() -> None:
    """The answer names what there is."""
    told = recall({"design": "x"}, ToolUse("c1", "Recall", {"source": "review"}))
    assert told.is_error
    assert told.content == "You were given no shortened piece 'review'. There are: design."


def test_a_long_source_comes_in_pages() -> None:
    """Together they are the whole; a page too many is refused."""
    text = "0123456789" * (PAGE // 5)
    pages = [recall({"a": text}, ToolUse("c", "Recall", {"source": "a", "page": n})) for n in (1, 2, 3)]
    assert "".join(p.content.split("\n")[1] for p in pages[:2]) == text
    assert pages[2].is_error
