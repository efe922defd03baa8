"""A careful guess of how many tokens a text is, made without the network."""

import string

_LIGHT = (string.ascii_letters + string.whitespace).encode()
_ASCII = bytes(range(128))


def estimate_tokens(text: str) -> int:
    """At least as many tokens as Claude counts for ordinary text; 20 to 50 percent more is usual.

    By class of character: 0.4 a letter or white space, 0.7 a digit or other sign, 0.5 a UTF-8 byte of anything beyond
    ASCII. Measured with the tokenizer of Claude 4.7 and later, English is 3.6 characters a token and TypeScript 2.7
    (published measurements of April 2026); this rule gives 2.4 and 2.1. Nonsense (long runs of one letter) can be more.
    """
    data = text.encode("utf-8", "surrogatepass")
    not_light = data.translate(None, _LIGHT)
    wide = not_light.translate(None, _ASCII)
    light, heavy = len(data) - len(not_light), len(not_light) - len(wide)
    return -(-(4 * light + 7 * heavy + 5 * len(wide)) // 10)
