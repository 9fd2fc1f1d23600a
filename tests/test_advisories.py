"""The check of locked dependencies: it fails on findings, says plainly when it could not run, and never guesses."""

from __future__ import annotations

import asyncio
import json
import socket
from pathlib import Path

import pytest

from checks.advisories import advisories, locked, main
from tests.standins.canned import CannedServer, http

LOCKS = [str(Path(__file__).parents[1] / name) for name in ("requirements.lock", "requirements-dev.lock")]


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    made = tmp_path / "requirements.lock"
    made.write_text(
        "good==1.0 \\\n    --hash=sha256:ab==cd\n    # via bad==9\n"
        'Bad_One==2.0.1 ; sys_platform == "linux" \\\n    --hash=sha256:cd\n'
    )
    return made


def answers(*found: list[str]) -> str:
    return json.dumps({"results": [{"vulns": [{"id": each} for each in ids]} if ids else {} for ids in found]})


def test_our_own_lock_files_are_read() -> None:
    packages = dict(locked(map(Path, LOCKS)))
    assert len(packages) > 60
    assert {"aiohttp", "discord-py", "ruff", "prometheus-client"} <= set(packages)


def test_a_package_is_its_name_and_version(lock: Path) -> None:
    assert locked([lock, lock]) == [("bad_one", "2.0.1"), ("good", "1.0")]


async def run(lock: Path, *replies: bytes, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    async with CannedServer(*replies) as server:
        status = await asyncio.to_thread(main, [str(lock), "--url", server.url])
    return status, capsys.readouterr().out


async def test_an_advisory_fails_the_check(lock: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, said = await run(lock, http(answers(["GHSA-1", "PYSEC-2"], [])), capsys=capsys)
    assert status == 1
    assert said.startswith("bad_one 2.0.1: https://osv.dev/GHSA-1 https://osv.dev/PYSEC-2\n")


async def test_nothing_known_is_said_with_the_number(lock: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert await run(lock, http(answers([], [])), capsys=capsys) == (
        0, "Advisories: none is known for 2 locked packages.\n"
    )  # fmt: skip


async def test_an_accepted_one_is_left_out(lock: Path) -> None:
    async with CannedServer(http(answers(["GHSA-1", "GHSA-2"], ["GHSA-1"]))) as server:
        found = await asyncio.to_thread(advisories, locked([lock]), server.url, ["GHSA-1"])
    assert found == {("bad_one", "2.0.1"): ["GHSA-2"]}
    (asked,) = server.requests
    assert '{"package": {"name": "good", "ecosystem": "PyPI"}, "version": "1.0"}' in asked


@pytest.mark.parametrize(
    "reply",
    [
        http("[]"),
        http("{}"),
        http('{"results": []}'),
        http('{"results": [{}, 5]}'),
        http('{"results": [{}, {"vulns": [7]}]}'),
        http("no JSON"),
        http("busy", status=503),
        b"",
    ],
)
async def test_an_answer_that_makes_no_sense_is_no_all_clear(
    lock: Path, reply: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    status, said = await run(lock, reply, capsys=capsys)
    assert status == 0
    assert said.startswith("Advisories: could not run: ")
    assert said.endswith(" Nothing was checked.\n")


def test_a_closed_network_is_said(lock: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert main([str(lock), "--url", f"http://127.0.0.1:{port}/"]) == 0
    assert "could not run: http://127.0.0.1:" in capsys.readouterr().out
    (tmp_path / "empty").touch()
    assert main([str(tmp_path / "empty")]) == 0
    assert main([str(tmp_path / "absent")]) == 0
    said = capsys.readouterr().out
    assert "locks nothing" in said
    assert "cannot be read (FileNotFoundError)" in said
