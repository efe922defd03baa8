import unittest

from latchkey import Accounts


class AccountsTest(unittest.TestCase):
    def setUp(self) -> None:
        self.accounts = Accounts(cost=2)
        self.accounts.add("ada", "correct horse")

    def test_the_right_password_is_accepted(self) -> None:
        self.assertTrue(self.accounts.verify("ada", "correct horse"))

    def test_a_wrong_password_is_refused(self) -> None:
        self.assertFalse(self.accounts.verify("ada", "wrong horse"))

    def test_an_unknown_user_is_refused(self) -> None:
        self.assertFalse(self.accounts.verify("bob", "correct horse"))

    def test_a_name_can_be_taken_once(self) -> None:
        with self.assertRaisesRegex(ValueError, "taken"):
            self.accounts.add("ada", "another one")

    def test_a_short_password_is_refused(self) -> None:
        with self.assertRaisesRegex(ValueError, "fewer than 8"):
            self.accounts.add("bob", "short")

    def test_an_empty_name_is_refused(self) -> None:
        with self.assertRaisesRegex(ValueError, "empty"):
            self.accounts.add("  ", "long enough")
