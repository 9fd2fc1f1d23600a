"""Slack's settings: what goes together, what is missing, what was confused."""

from __future__ import annotations

import pytest

from bot.config import Config, Secret
from bot.errors import ConfigError

KEY = "cGFwZXJyb3V0ZSBwYXBlcnJvdXRlIHBhcGVycm91dGU="
WEB = {
    "PAPERROUTE_PUBLIC_URL": "https://papers.lab.example",
    "PAPERROUTE_WEB": "127.0.0.1:8080",
    "PAPERROUTE_SECRET_KEY": KEY,
}
CLIENT = {"SLACK_CLIENT_ID": "1.2", "SLACK_CLIENT_SECRET": "client", "SLACK_SIGNING_SECRET": "signing"}


def mistakes(environ: dict[str, str]) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        Config.from_env(environ)
    return caught.value.mistakes


def test_without_any_of_its_settings_there_is_no_slack() -> None:
    assert Config.from_env(WEB).slack is None
    assert Config.from_env({"SLACK_API_URL": "https://slack-gov.com/api/"}).slack is None


def test_two_tokens_are_enough() -> None:
    slack = Config.from_env({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}).slack
    assert slack is not None
    assert slack.api_url == "https://slack.com/api/"
    assert slack.secrets == ("xoxb-1", "xapp-1")


def test_one_workspace_may_be_served_over_http() -> None:
    settings = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "signing", "PAPERROUTE_WEB": "[::1]:80"}
    config = Config.from_env(settings)
    assert config.slack is not None
    assert config.web == ("::1", 80)


def test_an_app_for_many_workspaces_needs_no_token_of_its_own() -> None:
    slack = Config.from_env(WEB | CLIENT).slack
    assert slack is not None
    assert (slack.client_id, slack.client_secret) == ("1.2", Secret("client"))


@pytest.mark.parametrize(
    ("environ", "missing"),
    [
        ({"SLACK_BOT_TOKEN": "xoxb-1"}, "SLACK_APP_TOKEN must be set as well for Slack"),
        ({"SLACK_APP_TOKEN": "xapp-1"}, "SLACK_BOT_TOKEN must be set as well for Slack"),
        ({"SLACK_SIGNING_SECRET": "s"}, "SLACK_BOT_TOKEN and PAPERROUTE_WEB must be set as well for Slack's requests"),
        (CLIENT, "PAPERROUTE_PUBLIC_URL, PAPERROUTE_WEB and PAPERROUTE_SECRET_KEY must be set as well for other"),
        (WEB | {"SLACK_CLIENT_ID": "1"}, "SLACK_CLIENT_SECRET and SLACK_SIGNING_SECRET must be set as well for other"),
    ],
)
def test_what_is_missing_is_named(environ: dict[str, str], missing: str) -> None:
    (found,) = mistakes(environ)
    assert found.startswith(missing)
    assert "paperroute setup slack" in found


def test_exchanged_tokens_are_told_and_not_repeated() -> None:
    found = mistakes({"SLACK_BOT_TOKEN": "xapp-secret", "SLACK_APP_TOKEN": "xoxb-secret"})
    assert found == (
        "SLACK_BOT_TOKEN does not begin with xoxb-; it must be the Bot User OAuth Token of your app.",
        "SLACK_APP_TOKEN does not begin with xapp-; it must be an App-Level Token of your app.",
    )


@pytest.mark.parametrize("address", ["8080", ":8080", "host:", "host:99999", "::1:80", "a b:80", "host:x"])
def test_an_address_has_a_host_and_a_port(address: str) -> None:
    assert "PAPERROUTE_WEB is" in mistakes({"PAPERROUTE_WEB": address})[0]


@pytest.mark.parametrize(
    "url",
    ["papers.lab.example", "http://papers.lab.example", "https://a.example/x", "https://u:p@a.example", "ftp://a"],
)
def test_a_public_address_is_https_and_has_no_path(url: str) -> None:
    assert "PAPERROUTE_PUBLIC_URL is" in mistakes({"PAPERROUTE_PUBLIC_URL": url})[0]


def test_a_public_address_may_be_this_machine_for_trying_out() -> None:
    assert Config.from_env({"PAPERROUTE_PUBLIC_URL": "http://localhost:8080"}).public_url == "http://localhost:8080"


@pytest.mark.parametrize(
    "url", ["slack.com/api", "https://slack.com/api?x=1", "https://slack.com:99999/api", "https:// x"]
)
def test_the_address_of_the_api_is_whole(url: str) -> None:
    assert "SLACK_API_URL is" in mistakes({"SLACK_API_URL": url})[0]


@pytest.mark.parametrize("key", ["short", f"{KEY},no-key", ",", "ü" * 44])
def test_a_key_that_is_none_is_told_and_not_repeated(key: str) -> None:
    (found,) = mistakes({"PAPERROUTE_SECRET_KEY": key})
    assert found == "PAPERROUTE_SECRET_KEY is no key: `paperroute setup slack` prints a fresh one."


def test_several_keys_and_every_secret_stay_hidden() -> None:
    hushed = {
        "SLACK_CLIENT_SECRET": "hush-1",
        "SLACK_SIGNING_SECRET": "hush-2",
        "PAPERROUTE_SECRET_KEY": f"{KEY}, {KEY}",
    }
    config = Config.from_env(WEB | CLIENT | hushed)
    for secret in ("hush-1", "hush-2", KEY):
        assert secret in config.secrets
        assert secret not in f"{config!r}{config}"
