"""Settings: every one, every mistake at once, no secret shown."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path

import pytest

from bot.config import Config, DiscordConfig, LogConfig, Secret, SignalsConfig, SlackConfig
from bot.errors import ConfigError

# Thirty-two bytes, as a key must have.
KEY = "cGFwZXJyb3V0ZSBwYXBlcnJvdXRlIHBhcGVycm91dGU="


def mistakes(environ: dict[str, str], dotenv: Path | None = None) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        Config.from_env(environ, dotenv)
    return caught.value.mistakes


def test_defaults() -> None:
    config = Config.from_env({})
    assert config == Config()
    assert config.database == Path("paperroute.db")
    assert config.poll_interval == timedelta(hours=1)
    assert config.backfill == timedelta(days=7)
    assert config.keep == timedelta(days=400)
    assert config.arxiv_delay == 3.0
    assert config.arxiv_api_shown == "https://export.arxiv.org/api/query"
    assert config.secrets == ()


def test_every_setting_is_read() -> None:
    config = Config.from_env(
        {
            "PAPERROUTE_DATABASE": "papers/lab.db",
            "PAPERROUTE_POLL_INTERVAL": "30m",
            "PAPERROUTE_BACKFILL": "0",
            "PAPERROUTE_KEEP": "52w",
            "PAPERROUTE_TIMEZONE": "Europe/Berlin",
            "PAPERROUTE_CONTACT": "ann@lab.example",
            "PAPERROUTE_ARXIV_DELAY": "0.5",
            "ARXIV_API_URL": "http://mirror.example:8080/query?",
            "PAPERROUTE_LOG": "json, debug",
            "PAPERROUTE_PUBLIC_URL": "https://papers.lab.example/",
            "PAPERROUTE_WEB": "127.0.0.1:8080",
            "PAPERROUTE_SECRET_KEY": KEY,
            "SLACK_API_URL": "https://slack-gov.com/api",
            "SLACK_BOT_TOKEN": "xoxb-1",
            "SLACK_APP_TOKEN": "xapp-1",
            "SLACK_SIGNING_SECRET": "signing",
            "SLACK_CLIENT_ID": "1.2",
            "SLACK_CLIENT_SECRET": "client",
            "DISCORD_TOKEN": "discord",
            "DISCORD_API_URL": "https://proxy.example/api/v10/",
            "DISCORD_GATEWAY_URL": "wss://proxy.example/gateway",
            "HUGGINGFACE_API_URL": "https://mirror.example/hf",
            "PAPERROUTE_SIGNALS": "On",
        }
    )
    assert config == Config(
        database=Path("papers/lab.db"),
        poll_interval=timedelta(minutes=30),
        backfill=timedelta(),
        keep=timedelta(weeks=52),
        timezone="Europe/Berlin",
        contact="ann@lab.example",
        arxiv_delay=0.5,
        arxiv_api_url=Secret("http://mirror.example:8080/query"),
        log=LogConfig(json=True, level=logging.DEBUG),
        public_url="https://papers.lab.example",
        web=("127.0.0.1", 8080),
        secret_key=Secret(KEY),
        slack=SlackConfig(
            api_url="https://slack-gov.com/api/",
            bot_token=Secret("xoxb-1"),
            app_token=Secret("xapp-1"),
            signing_secret=Secret("signing"),
            client_id="1.2",
            client_secret=Secret("client"),
        ),
        discord=DiscordConfig(Secret("discord"), "https://proxy.example/api/v10", "wss://proxy.example/gateway"),
        signals=SignalsConfig("https://mirror.example/hf/"),
    )


def test_all_mistakes_are_reported_at_once() -> None:
    found = mistakes(
        {
            "PAPERROUTE_POLL_INTERVAL": "hourly",
            "PAPERROUTE_BACKFILL": "90d",
            "PAPERROUTE_KEEP": "1d",
            "PAPERROUTE_TIMEZONE": "Europe/Atlantis",
            "PAPERROUTE_CONTACT": "ann@lab.example\nX-Evil: 1",
            "PAPERROUTE_LOG": "loud",
            "PAPERROUTE_ARXIV_DELAY": "nan",
            "PAPERROUTE_POLL_INTREVAL": "1h",
            "ARXIV_API_URL": "ftp://arxiv.org",
        }
    )
    assert found == (
        (
            "ARXIV_API_URL must be a whole http or https address up to the question mark, for example"
            " https://export.arxiv.org/api/query."
        ),
        'PAPERROUTE_POLL_INTERVAL is "hourly"; it must be a time from 5m to 1d, for example 1h.',
        'PAPERROUTE_BACKFILL is "90d"; it must be a time from 0 to 60d, for example 7d.',
        'PAPERROUTE_KEEP is "1d"; it must be a time of at least 31d, for example 400d.',
        'PAPERROUTE_TIMEZONE is "Europe/Atlantis"; it must be a time zone\'s name, for example Europe/Berlin.',
        (
            'PAPERROUTE_CONTACT is "ann@lab.example?X-Evil: 1"; it must be an address arXiv may write to,'
            " for example ann@lab.org."
        ),
        (
            'PAPERROUTE_ARXIV_DELAY is "nan"; it must be seconds between requests: 3 to 300, for example 3'
            " (less only with ARXIV_API_URL set to a host that is not arXiv's)."
        ),
        'PAPERROUTE_LOG is "loud"; it must be text or json and a level, for example json,info.',
        "PAPERROUTE_POLL_INTREVAL is not a setting; did you mean PAPERROUTE_POLL_INTERVAL?",
    )


@pytest.mark.parametrize("url", ["https://export.arxiv.org/api/query", "http://ARXIV.org./api/query"])
def test_arxiv_itself_is_never_asked_faster_than_its_terms(url: str) -> None:
    found = mistakes({"ARXIV_API_URL": url, "PAPERROUTE_ARXIV_DELAY": "1", "PAPERROUTE_POLL_INTERVAL": "10s"})
    assert [mistake.split()[0] for mistake in found] == ["PAPERROUTE_POLL_INTERVAL", "PAPERROUTE_ARXIV_DELAY"]


def test_a_host_that_only_looks_like_arxiv_is_a_mirror() -> None:
    environ = {"ARXIV_API_URL": "http://notarxiv.org/q", "PAPERROUTE_ARXIV_DELAY": "0"}
    assert Config.from_env(environ).arxiv_delay == 0


def test_dotenv_is_read_and_the_environment_wins(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("# ours\nPAPERROUTE_BACKFILL=3d\nexport PAPERROUTE_KEEP='60d'\nPAPERROUTE_TIMEZONE=\n")
    config = Config.from_env({"PAPERROUTE_KEEP": "90d"}, dotenv)
    assert (config.backfill, config.keep, config.timezone) == (timedelta(days=3), timedelta(days=90), "UTC")


def test_a_missing_dotenv_is_no_mistake(tmp_path: Path) -> None:
    assert Config.from_env({}, tmp_path / ".env") == Config()


def test_a_malformed_dotenv_names_the_line(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text('PAPERROUTE_BACKFILL=3d\nwhat is "this\nPAPERROUTE_TIMEZONE\nPAPERROUTE_KEEP=1\n')
    found = mistakes({}, dotenv)
    assert found[0] == ".env, line 2, cannot be read: write NAME=value, for example PAPERROUTE_BACKFILL=7d."
    assert found[1].startswith(".env, line 3, cannot be read")
    assert found[2].startswith('PAPERROUTE_KEEP is "1"; it must be')


def test_a_binary_dotenv_and_a_folder_are_mistakes(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_bytes(b"\xff\xfe\x00")
    assert mistakes({}, dotenv) == (".env is not a text file in UTF-8: save it as UTF-8.",)
    assert mistakes({}, tmp_path)[0].endswith("cannot be read (Is a directory).")


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("xapp-2\n")
    config = Config.from_env({"SLACK_APP_TOKEN_FILE": str(path), "SLACK_BOT_TOKEN": "xoxb-2"})
    assert config.slack is not None
    assert config.slack.app_token == Secret("xapp-2")


def test_mistakes_with_secret_files(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.write_text("")
    assert mistakes({"DISCORD_TOKEN": "a", "DISCORD_TOKEN_FILE": "b"}) == (
        "DISCORD_TOKEN and DISCORD_TOKEN_FILE are both set; keep one of them.",
    )
    assert mistakes({"DISCORD_TOKEN_FILE": str(tmp_path / "none")})[0].endswith("cannot be read as a text file.")
    assert mistakes({"DISCORD_TOKEN_FILE": str(empty)})[0].endswith("which is empty.")


def test_a_secret_shows_itself_nowhere() -> None:
    config = Config.from_env(
        {"DISCORD_TOKEN": "hush-hush", "ARXIV_API_URL": "https://ann:pass-word@mirror.example/q?key=open-sesame"}
    )
    shown = f"{config!r} {config} {config.discord} {config.arxiv_api_shown}"
    for secret in ("hush-hush", "pass-word", "open-sesame"):
        assert secret not in shown
        assert any(secret in hidden for hidden in config.secrets)
    assert config.arxiv_api_shown == "https://mirror.example/q"
    found = mistakes({"DISCORD_TOKEN": "hush hush", "ARXIV_API_URL": "https://ann:pass@mirror.example:99999/q"})
    assert not any("hush hush" in mistake or "pass" in mistake.replace("pass it", "") for mistake in found)


def test_discord_needs_its_token_alone() -> None:
    assert Config.from_env({}).discord is None
    assert Config.from_env({"DISCORD_TOKEN": "x"}).discord == DiscordConfig(Secret("x"))
    (found,) = mistakes({"DISCORD_TOKEN": "x", "DISCORD_GATEWAY_URL": "https://proxy.example"})
    assert found.startswith("DISCORD_GATEWAY_URL is ")
    assert found.endswith("it must be a ws or wss address, for example wss://gateway.discord.gg/.")
    assert len(mistakes({"DISCORD_API_URL": "proxy"})) == 1


def test_odd_values_are_shown_printable_and_short() -> None:
    (found,) = mistakes({"PAPERROUTE_TIMEZONE": "\x1b[31m" + "x" * 200})
    assert "\x1b" not in found
    assert len(found) < 200


def test_a_path_with_nul_and_a_zone_folder_are_refused() -> None:
    assert len(mistakes({"PAPERROUTE_DATABASE": "a\0b", "PAPERROUTE_TIMEZONE": "Europe"})) == 2


def test_other_programs_variables_are_left_alone() -> None:
    assert Config.from_env({"PAPERROUTE_HOME": "/x", "PATH": "/bin"}) == Config()


def test_signals_are_read_unless_they_are_switched_off() -> None:
    assert Config.from_env({}).signals == SignalsConfig("https://huggingface.co/api/")
    assert Config.from_env({"PAPERROUTE_SIGNALS": "OFF", "HUGGINGFACE_API_URL": "http://x.example"}).signals is None
    assert mistakes({"PAPERROUTE_SIGNALS": "maybe"}) == (
        'PAPERROUTE_SIGNALS is "maybe"; it must be on or off, for example off.',
    )
    assert len(mistakes({"HUGGINGFACE_API_URL": "hf", "PAPERROUTE_SIGNALS": "off"})) == 1


def test_the_token_of_the_metrics() -> None:
    web = {"PAPERROUTE_WEB": "127.0.0.1:8080"}
    config = Config.from_env({**web, "PAPERROUTE_METRICS_TOKEN": "0123456789abcdef"})
    assert config.metrics_token is not None
    assert "0123456789abcdef" in config.secrets
    assert "0123456789abcdef" not in repr(config)
    for environment, said in (
        ({**web, "PAPERROUTE_METRICS_TOKEN": "short"}, "PAPERROUTE_METRICS_TOKEN is too short"),
        ({"PAPERROUTE_METRICS_TOKEN": "0123456789abcdef"}, "PAPERROUTE_METRICS_TOKEN needs PAPERROUTE_WEB"),
    ):
        with pytest.raises(ConfigError) as caught:
            Config.from_env(environment)
        (mistake,) = caught.value.mistakes
        assert mistake.startswith(said)
        assert "0123456789abcdef" not in mistake
