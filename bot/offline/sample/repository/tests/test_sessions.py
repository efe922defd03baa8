import unittest

from latchkey import Sessions


class SessionsTest(unittest.TestCase):
    def setUp(self) -> None:
        self.now = 0.0
        self.sessions = Sessions(lifetime=60, clock=lambda: self.now)

    def test_a_token_stands_for_its_user(self) -> None:
        self.assertEqual(self.sessions.user(self.sessions.start("ada")), "ada")

    def test_a_session_expires(self) -> None:
        token = self.sessions.start("ada")
        self.now = 60.0
        self.assertIsNone(self.sessions.user(token))

    def test_an_ended_session_is_gone(self) -> None:
        token = self.sessions.start("ada")
        self.sessions.end(token)
        self.sessions.end(token)
        self.assertIsNone(self.sessions.user(token))

    def test_tokens_differ(self) -> None:
        self.assertNotEqual(self.sessions.start("ada"), self.sessions.start("ada"))
