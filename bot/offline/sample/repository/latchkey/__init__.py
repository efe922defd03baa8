"""Accounts, sessions and a WSGI application around them."""

from latchkey.accounts import Accounts
from latchkey.app import LoginApp
from latchkey.sessions import Sessions

__all__ = ["Accounts", "LoginApp", "Sessions"]
