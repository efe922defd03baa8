"""A static model of a few words, built and saved by its own library."""

from pathlib import Path

import numpy
from model2vec import StaticModel
from tokenizers import Tokenizer, models, pre_tokenizers

MEANINGS = (("dark", "black", "night"), ("redis", "cache", "memcached"), ("ship", "release", "deploy"))
"""Words in one row mean the same; all others mean nothing."""


def save_model(folder: Path, meanings: tuple[tuple[str, ...], ...] = MEANINGS) -> Path:
    """The folder, with a model in it that knows these words."""
    words = ["[UNK]", *(word for same in meanings for word in same)]
    tokenizer = Tokenizer(models.WordLevel({word: at for at, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    rows = [numpy.zeros(len(meanings))]
    rows += [numpy.eye(len(meanings))[at] for at, same in enumerate(meanings) for _ in same]
    StaticModel(numpy.array(rows, dtype=numpy.float32), tokenizer).save_pretrained(folder)
    return folder
