"""Texts of many kinds by a seed, as phases, tools and people write them; none of them served to calibrate."""

from tests.texts.kinds import KINDS, text_of

__all__ = ["KINDS", "text_of"]
