"""The tokenizer that Anthropic has published, as a judge of our own counts.

Its vocabulary is the npm package `@anthropic-ai/tokenizer`, fetched into `tests/.cache/` when it is first needed and
never kept with the source. It is the tokenizer of Claude 2; newer ones are not published and make more of a text.
"""

import base64
import hashlib
import json
import unicodedata
from functools import cache

import tiktoken

from tests.offline.published import published_file

PACKAGE = "@anthropic-ai/tokenizer@0.0.4"
SHA256 = "58dad83d85e9cd57be209172449ebfbc395df2b455c11fe8b7e5b661e6f462ad"


@cache
def _encoding() -> tiktoken.Encoding:
    """Raises `ValueError` if the vocabulary is not the one that is meant."""
    data = published_file(PACKAGE, "package/claude.json").read_bytes()
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise ValueError(f"{PACKAGE} is not what it was.")
    vocabulary = json.loads(data)
    _, first, *tokens = vocabulary["bpe_ranks"].split(" ")
    ranks = {base64.b64decode(token): int(first) + rank for rank, token in enumerate(tokens)}
    return tiktoken.Encoding(
        "claude", pat_str=vocabulary["pat_str"], mergeable_ranks=ranks, special_tokens=vocabulary["special_tokens"]
    )


def reference(text: str) -> int:
    """How many tokens the text is. Skips the test that asks, if the vocabulary cannot be had."""
    return len(_encoding().encode(unicodedata.normalize("NFKC", text), disallowed_special=()))
