"""Proxies and certificates of the environment, and the passwords in .netrc that stay there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.arxiv.client import Client
from adapters.arxiv.environment import certificates, proxies_for
from bot.errors import SourceError
from tests.factories import make_paper
from tests.standins.arxiv import ArxivStandIn, Fault, Kind
from tests.standins.clock import FakeClock
from tests.standins.seconds import Seconds

IDS = ["2603.00001", "2603.00002"]

# Nothing of this name exists: only a proxy can answer for it.
ELSEWHERE = "http://arxiv.invalid/api/query"


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def proxy() -> Iterator[ArxivStandIn]:
    """What a proxy is asked in plain HTTP differs from a server's request by the whole address in its first line."""
    with ArxivStandIn([make_paper(paper_id) for paper_id in IDS]) as server:
        yield server


def address(server: ArxivStandIn, *, user: str = "") -> str:
    return server.url.removesuffix("/api/query").replace("//", f"//{user}")


async def ask(url: str, clock: FakeClock) -> list[str]:
    seconds = Seconds()
    client = Client(api_url=url, delay=3, contact="", clock=clock, monotonic=seconds.monotonic, sleep=seconds.sleep)
    try:
        return list(await client.by_id(IDS))
    finally:
        client.close()


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
async def test_arxiv_is_asked_through_the_proxy(
    name: str, proxy: ArxivStandIn, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, address(proxy, user="ann:open-sesame@"))
    assert await ask(ELSEWHERE, clock) == IDS
    headers = proxy.requests[0].headers
    assert headers["host"] == "arxiv.invalid"
    assert headers["proxy-authorization"].startswith("Basic ")
    assert "authorization" not in headers


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.1", "localhost", "mirror.localhost", "[::1]"])
def test_this_machine_is_asked_without_a_proxy(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert proxies_for(f"http://{host}:8100/api/query") == {}
    assert proxies_for("http://10.0.0.1/api/query")["http"] == "http://127.0.0.1:1"


def test_no_proxy_names_exceptions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "lab.example,10.0.0.0/8")
    assert proxies_for("https://arxiv.lab.example/api/query") == {}
    assert proxies_for("https://10.1.2.3/api/query") == {}
    assert proxies_for("https://export.arxiv.org/api/query")["https"] == "http://127.0.0.1:1"
    assert proxies_for("http://export.arxiv.org/api/query") == {}


async def test_a_password_in_netrc_is_not_handed_on(
    proxy: ArxivStandIn, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login ann password open-sesame\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", address(proxy))
    proxy.faults.append(Fault(Kind.REDIRECT))
    assert await ask(ELSEWHERE, clock) == IDS
    assert await ask(proxy.url, clock) == IDS
    assert not [request for request in proxy.requests if "authorization" in request.headers]


async def test_a_proxy_that_is_not_there_is_named(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    with ArxivStandIn() as gone:
        dead = address(gone)
    monkeypatch.setenv("HTTP_PROXY", dead)
    monkeypatch.setenv("HTTPS_PROXY", dead)
    for url in (ELSEWHERE, ELSEWHERE.replace("http:", "https:")):
        with pytest.raises(SourceError, match=r"through the proxy.*HTTPS_PROXY") as caught:
            await ask(url, clock)
        assert not caught.value.permanent


@pytest.mark.parametrize(
    "bad", ["socks5://ann:open-sesame@127.0.0.1:1", "ftp://ann:open-sesame@127.0.0.1:1", "http://", "http://[::1"]
)
async def test_an_address_that_is_no_proxys_is_named(
    bad: str, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", bad)
    with pytest.raises(SourceError, match="HTTP_PROXY") as caught:
        await ask(ELSEWHERE, clock)
    assert caught.value.permanent
    assert "open-sesame" not in str(caught.value)


async def test_without_a_proxy_it_is_the_address_of_arxiv_that_is_wrong(clock: FakeClock) -> None:
    with pytest.raises(SourceError, match="ARXIV_API_URL") as caught:
        await ask("http://a..b/api/query", clock)
    assert caught.value.permanent


async def test_a_proxy_that_wants_a_password_says_so(
    proxy: ArxivStandIn, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", address(proxy))
    proxy.faults.append(Fault(Kind.STATUS, status=407))
    with pytest.raises(SourceError, match=r"a name and a password.*HTTP_PROXY"):
        await ask(ELSEWHERE, clock)
    assert len(proxy.requests) == 1


def test_certificates_come_from_the_first_name_that_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert certificates() is True
    for name in ("SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"):
        bundle = tmp_path / name
        bundle.touch()
        monkeypatch.setenv(name, str(bundle))
        assert certificates() == str(bundle)


async def test_certificates_that_cannot_be_used_are_named(
    proxy: ArxivStandIn, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    encrypted = proxy.url.replace("http:", "https:")
    bundle = tmp_path / "bundle.pem"
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    with pytest.raises(SourceError, match="REQUESTS_CA_BUNDLE names"):
        await ask(encrypted, clock)
    bundle.write_text("no certificate")
    with pytest.raises(SourceError, match="REQUESTS_CA_BUNDLE"):
        await ask(encrypted, clock)
    assert await ask(proxy.url, clock) == IDS
