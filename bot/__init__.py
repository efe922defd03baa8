"""Devflow turns an issue comment into a tested, reviewed pull request, with evidence."""

__version__ = "0.1.0"
