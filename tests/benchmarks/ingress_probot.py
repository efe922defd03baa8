"""probot, the usual way to write a GitHub App, as a server to compare with; it keeps nothing of a delivery."""

import shutil
import subprocess
from pathlib import Path

VERSION = "14.3.2"
CACHE = Path(__file__).parents[1] / ".cache" / f"probot-{VERSION}"
INSTALL_SECONDS = 240

SERVER = """
import { createServer } from "node:http";
import { generateKeyPairSync } from "node:crypto";
import { createNodeMiddleware, createProbot } from "probot";

const pem = { type: "pkcs1", format: "pem" };
const key = generateKeyPairSync("rsa", { modulusLength: 2048, privateKeyEncoding: pem, publicKeyEncoding: pem });
const overrides = { appId: 1, privateKey: key.privateKey, secret: process.argv[2], logLevel: "fatal" };
const app = (bot) => { bot.on("issue_comment.created", async () => {}); };
const options = { probot: createProbot({ overrides }), webhooksPath: "/webhooks/github" };
const middleware = await createNodeMiddleware(app, options);
const server = createServer((request, response) => middleware(request, response, () => {
  response.writeHead(404);
  response.end();
}));
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
"""


class LeftOutError(Exception):
    """Why there is nothing to compare with."""


def command(secret: str) -> list[str]:
    """What starts the server, which prints its port; installs it first. Raises `LeftOutError`.

    It is kept in `tests/.cache`, which git ignores.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        raise LeftOutError("Node and npm are not installed")
    if not (CACHE / "server.mjs").exists():
        _install(npm)
    return [node, str(CACHE / "server.mjs"), secret]


def _install(npm: str) -> None:
    """The file that is looked for is written last: what was broken off is done again."""
    CACHE.mkdir(parents=True, exist_ok=True)
    (CACHE.parent / ".gitignore").write_text("*\n")
    (CACHE / "package.json").write_text("{}\n")
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--save-exact", "--loglevel", "error"]
    argv = [npm, "install", *options, f"probot@{VERSION}"]
    try:
        subprocess.run(argv, cwd=CACHE, check=True, capture_output=True, timeout=INSTALL_SECONDS)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired, OSError) as error:
        raise LeftOutError(f"npm could not install it ({type(error).__name__})") from error
    (CACHE / "server.mjs").write_text(SERVER)
