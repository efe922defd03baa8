"""Static models from a folder: what they tell, and what is said where there is none."""

import sys
from pathlib import Path

import pytest

from bot.adapters.embeddings import StaticEmbeddings
from bot.bootstrap import embedder_of
from bot.core.errors import BotError
from bot.settings import Settings
from tests.adapters.static_model import MEANINGS, save_model


def test_what_means_the_same_is_near(tmp_path: Path) -> None:
    """Whatever the words; what the model does not know is near to nothing."""
    model = StaticEmbeddings(save_model(tmp_path / "tiny"))
    vectors = model.vectors(["the night theme", "a cache", "zebra", ""])
    assert model.nearness("dark mode", vectors) == pytest.approx([1, 0, 0, 0], abs=1e-6)
    assert model.nearness("zebra", vectors) == [0, 0, 0, 0]
    assert model.nearness("dark", []) == []


def test_a_model_is_named_by_its_folder_and_its_weights(tmp_path: Path) -> None:
    """Another one in the same folder has other vectors."""
    one = StaticEmbeddings(save_model(tmp_path / "tiny"))
    assert StaticEmbeddings(tmp_path / "tiny").model == one.model
    other = StaticEmbeddings(save_model(tmp_path / "tiny", MEANINGS[:2]))
    assert one.model.startswith("tiny-")
    assert other.model != one.model


def break_weights(folder: Path) -> None:
    (save_model(folder) / "model.safetensors").write_bytes(b"no weights")


def break_tokenizer(folder: Path) -> None:
    (save_model(folder) / "tokenizer.json").write_text("{}")


@pytest.mark.parametrize("break_it", [Path.touch, Path.mkdir, break_weights, break_tokenizer])
def test_a_folder_without_a_model_is_told(break_it: object, tmp_path: Path) -> None:
    """By name and with what to do; memories are then searched by words alone, and nothing stops."""
    folder = tmp_path / "model"
    break_it(folder)  # type: ignore[operator]
    with pytest.raises(BotError, match="model") as refused:
        StaticEmbeddings(folder)
    assert "DEVFLOW_EMBEDDINGS" in refused.value.hint
    assert embedder_of(Settings(_env_file=None, embeddings=str(folder))) is None


def test_without_the_extra_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in the default install."""
    folder = save_model(tmp_path / "tiny")
    monkeypatch.setitem(sys.modules, "model2vec", None)
    with pytest.raises(BotError, match="not installed") as refused:
        StaticEmbeddings(folder)
    assert "devflow-bot[embeddings]" in refused.value.hint


def test_nothing_is_loaded_unless_it_is_asked_for() -> None:
    """The default is to search by words alone."""
    assert embedder_of(Settings(_env_file=None)) is None
