"""Vectors of texts from a static model in a local folder: no network, no torch."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from bot.core.errors import BotError

WEIGHTS = "model.safetensors"


class StaticEmbeddings:
    """A Model2Vec model, as its library saves them. The library comes with the extra `embeddings`."""

    def __init__(self, folder: Path) -> None:
        """Raises `BotError` if the library or the model is not there, or cannot be read."""
        try:
            from model2vec import StaticModel
        except ImportError as error:
            raise BotError("The library for embeddings is not installed.", EXTRA) from error
        # For a name that is no folder the library would ask the network.
        if not (folder / WEIGHTS).is_file():
            raise BotError(f"There is no `{WEIGHTS}` in `{folder}`.", FOLDER)
        try:
            self._model = StaticModel.from_pretrained(folder)
            digest = hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()[:12]
        except Exception as error:  # What its tokenizer raises has no type of its own.
            raise BotError(f"The model in `{folder}` cannot be read: {error}.", FOLDER) from error
        self.model = f"{folder.name}-{digest}"

    def vectors(self, texts: Sequence[str]) -> list[bytes]:
        """Each as 32-bit numbers of length 1, or 0 for a text without a known word."""
        made = self._model.encode(list(texts), use_multiprocessing=False, normalize=True)
        return [vector.astype("<f4").tobytes() for vector in made]

    def nearness(self, text: str, vectors: Sequence[bytes]) -> list[float]:
        """The cosines of the text with each of the vectors."""
        import numpy

        if not vectors:
            return []
        rows = numpy.frombuffer(b"".join(vectors), "<f4").reshape(len(vectors), -1)
        [asked] = self._model.encode([text], use_multiprocessing=False, normalize=True)
        return [float(one) for one in rows @ asked]


EXTRA = "Install `devflow-bot[embeddings]`, or leave `DEVFLOW_EMBEDDINGS` empty."
FOLDER = "`DEVFLOW_EMBEDDINGS` names the folder of a Model2Vec model; searches go by words alone without it."
