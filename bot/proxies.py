"""The way out to platforms as the machine's environment describes it.

``HTTPS_PROXY``, ``HTTP_PROXY``, ``ALL_PROXY`` and ``NO_PROXY``, in capitals or not, as most programs know them. Read
here and not by slack_sdk, which knows no NO_PROXY (``slack_sdk.proxy_env_variable_loader``), nor by aiohttp's
``trust_env``, which would also look into ``~/.netrc``.
"""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from requests.utils import get_environ_proxies, select_proxy

from bot.errors import ConfigError


def proxy_for(url: str) -> str | None:
    """The proxy through which ``url`` is reached; None: directly. None leads to this machine itself.

    Raises ConfigError for what is no proxy's address, or of a kind that aiohttp cannot use.
    """
    if is_loopback(urlsplit(url).hostname or ""):
        return None
    proxy = select_proxy(url, get_environ_proxies(url))
    if proxy is None:
        return None
    if "://" not in proxy:
        proxy = f"http://{proxy}"
    try:
        parts = urlsplit(proxy)
        usable = parts.scheme in ("http", "https") and parts.hostname and (parts.port or True)
    except ValueError:
        usable = False
    if not usable:
        raise ConfigError(["HTTPS_PROXY must name a proxy such as http://proxy.example:3128; SOCKS cannot be used."])
    return proxy


def is_loopback(host: str) -> bool:
    """Whether a host's name or address is this machine itself."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
