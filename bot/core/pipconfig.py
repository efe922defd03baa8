"""What of the host's pip configuration reaches a repository's install step, as environment variables."""

import configparser
from collections.abc import Mapping, Sequence

OPTIONS = (
    "index-url",
    "extra-index-url",
    "find-links",
    "no-index",
    "trusted-host",
    "cert",
    "proxy",
    "timeout",
    "default-timeout",
    "retries",
    "prefer-binary",
    "only-binary",
    "no-binary",
)
"""Where packages come from and how they are fetched; nothing about where they go."""
PATHS = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_CERT")
"""Variables whose words may name files of the host."""
_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


def install_environment(environment: Mapping[str, str], configurations: Sequence[str]) -> dict[str, str]:
    """The variables for an install step. `configurations` are texts of pip's configuration files, the weakest first;
    the environment beats them, as it does with pip.

    https://pip.pypa.io/en/stable/topics/configuration/
    """
    names = [variable(option) for option in OPTIONS]
    found: dict[str, str] = {}
    for text in configurations:
        found |= _options(text)
    found |= {name: environment[name] for name in (*names, *_CERTIFICATES) if environment.get(name)}
    proxies = {name: value for name, value in environment.items() if name.lower() in _PROXIES and value}
    return {name: " ".join(value.split()) for name, value in (found | proxies).items()}


def variable(option: str) -> str:
    """`PIP_INDEX_URL` for `index-url`."""
    return f"PIP_{option.upper().replace('-', '_')}"


def _options(text: str) -> dict[str, str]:
    """The known options of one file; a file that pip could not read either counts for nothing."""
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return {}
    sections = [dict(parser[name]) for name in ("global", "install") if parser.has_section(name)]
    given = {key.replace("_", "-"): value for section in sections for key, value in section.items()}
    return {variable(option): given[option] for option in OPTIONS if given.get(option)}
