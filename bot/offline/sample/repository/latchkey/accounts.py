"""User accounts with salted scrypt passwords, kept in memory."""

import hashlib
import hmac
import secrets


class Accounts:
    """Names and password hashes. `cost` is scrypt's work factor, a power of 2."""

    def __init__(self, cost: int = 2**14) -> None:
        self._cost = cost
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

    def _hash(self, salt: bytes, password: bytes) -> bytes:
        return hashlib.scrypt(password, salt=salt, n=self._cost, r=8, p=1)
