"""User accounts with salted scrypt passwords, kept in memory."""

import hashlib
import hmac
import secrets

_COST = {"n": 2**12, "r": 8, "p": 1}


class Accounts:
    """Names and password hashes."""

    def __init__(self) -> None:
        self._hashes: dict[str, tuple[bytes, bytes]] = {}
        self._decoy = self._hash(b"decoy", b"no such user")

    def add(self, user: str, password: str) -> None:
        """Create an account. Raises ValueError for an empty name, a short password or a name that is taken."""
        if not user.strip():
            raise ValueError("the name is empty")
        if len(password) < 8:
            raise ValueError("the password has fewer than 8 characters")
        if user in self._hashes:
            raise ValueError(f"{user!r} is taken")
        salt = secrets.token_bytes(16)
        self._hashes[user] = (salt, self._hash(salt, password.encode()))

    def verify(self, user: str, password: str) -> bool:
        """Whether the password is right. An unknown user takes as long as a wrong password."""
        salt, expected = self._hashes.get(user, (b"decoy", self._decoy))
        right = hmac.compare_digest(self._hash(salt, password.encode()), expected)
        return right and user in self._hashes

    @staticmethod
    def _hash(salt: bytes, password: bytes) -> bytes:
        return hashlib.scrypt(password, salt=salt, **_COST)
