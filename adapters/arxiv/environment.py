"""The way out to arXiv as the machine's environment describes it: proxies, and certificates to trust.

The names are those that ``requests`` and most other programs know: ``HTTPS_PROXY``, ``HTTP_PROXY``, ``ALL_PROXY`` and
``NO_PROXY``, in capitals or not; ``REQUESTS_CA_BUNDLE``, ``CURL_CA_BUNDLE`` and OpenSSL's ``SSL_CERT_FILE``. They are
read at each request, and here instead of by the session: its ``trust_env`` would also look into ``~/.netrc``, and hand
a password kept there for other programs to arXiv or to wherever arXiv redirects.
"""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from requests.utils import get_environ_proxies, select_proxy

from bot.errors import SourceError
from bot.proxies import is_loopback

_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


def proxies_for(url: str) -> dict[str, str]:
    """Scheme → address of the proxy, empty where there is none for ``url``. None leads to this machine itself."""
    if is_loopback(urlsplit(url).hostname or ""):
        return {}
    proxies = get_environ_proxies(url)
    return proxies if select_proxy(url, proxies) else {}


def certificates() -> str | bool:
    """The bundle (or folder) of certificates to trust; True: those that ``requests`` brings along.

    Raises SourceError for one that cannot be read: without it nothing could be verified, and the reason must be seen.
    """
    for name in _BUNDLES:
        if bundle := os.environ.get(name):
            if not os.access(bundle, os.R_OK):
                raise SourceError(f"{name} names a file of certificates that cannot be read.", permanent=True)
            return bundle
    return True
