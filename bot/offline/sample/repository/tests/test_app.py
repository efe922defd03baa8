import unittest

from latchkey import Accounts, LoginApp, Sessions
from tests.client import Client


class LoginTest(unittest.TestCase):
    def setUp(self) -> None:
        accounts = Accounts(cost=2)
        accounts.add("ada", "correct horse")
        self.client = Client(LoginApp(accounts, Sessions()))

    def test_a_user_logs_in_and_is_known(self) -> None:
        self.assertEqual(self.client.post("/login", {"user": "ada", "password": "correct horse"}).status, 200)
        self.assertEqual(self.client.get("/me").body, {"user": "ada"})

    def test_a_wrong_password_is_401(self) -> None:
        self.assertEqual(self.client.post("/login", {"user": "ada", "password": "wrong"}).status, 401)
        self.assertEqual(self.client.get("/me").status, 401)

    def test_logout_ends_the_session(self) -> None:
        self.client.post("/login", {"user": "ada", "password": "correct horse"})
        self.assertEqual(self.client.post("/logout").status, 204)
        self.assertEqual(self.client.get("/me").status, 401)

    def test_a_body_that_is_not_json_is_400(self) -> None:
        self.assertEqual(self.client.post("/login", b"user=ada").status, 400)

    def test_a_missing_field_is_400(self) -> None:
        self.assertEqual(self.client.post("/login", {"user": "ada"}).status, 400)

    def test_an_unknown_page_is_404(self) -> None:
        self.assertEqual(self.client.get("/admin").status, 404)
