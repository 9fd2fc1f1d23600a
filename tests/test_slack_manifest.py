"""The manifest that makes the app, and the instructions around it."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from adapters.slack.instructions import setup_text
from adapters.slack.manifest import creation_link, manifest, manifest_yaml
from adapters.slack.scopes import APP_SCOPE, BOT_EVENTS, BOT_SCOPES, WHY

URL = "https://papers.lab.example"


@pytest.mark.parametrize("url", ["", URL])
def test_the_link_and_the_yaml_hold_the_same_manifest(url: str) -> None:
    assert yaml.safe_load(manifest_yaml(url)) == manifest(url)
    link = urlsplit(creation_link(url))
    assert (link.scheme, link.netloc, link.path) == ("https", "api.slack.com", "/apps")
    query = parse_qs(link.query)
    assert query["new_app"] == ["1"]
    assert yaml.safe_load(query["manifest_yaml"][0]) == manifest(url)


def test_it_asks_for_the_scopes_that_have_a_reason_and_no_other() -> None:
    assert manifest()["oauth_config"] == {"scopes": {"bot": list(WHY)}}
    assert len(set(BOT_SCOPES)) == len(BOT_SCOPES)
    assert all(WHY.values())
    assert not {scope for scope in BOT_SCOPES if scope.startswith(("mpim", "channels:join", "chat:write.", "admin"))}


def test_socket_mode_names_no_address() -> None:
    made = manifest()
    assert made["settings"]["socket_mode_enabled"] is True
    assert made["settings"]["event_subscriptions"] == {"bot_events": list(BOT_EVENTS)}
    assert "://" not in manifest_yaml()


def test_http_mode_sends_everything_to_one_address() -> None:
    made = manifest(URL + "/")
    assert made["settings"]["socket_mode_enabled"] is False
    assert made["settings"]["event_subscriptions"]["request_url"] == f"{URL}/slack/events"
    assert made["settings"]["interactivity"]["request_url"] == f"{URL}/slack/events"
    assert made["features"]["slash_commands"][0]["url"] == f"{URL}/slack/events"
    assert made["oauth_config"]["redirect_urls"] == [f"{URL}/slack/oauth_redirect"]


def test_it_stays_within_slacks_limits() -> None:
    made = manifest(URL)
    assert len(made["display_information"]["name"]) <= 35
    assert len(made["display_information"]["description"]) <= 140
    (command,) = made["features"]["slash_commands"]
    assert command["command"] == "/papers"
    assert command["should_escape"] is True
    assert len(command["description"]) <= 2000
    # A browser's address of more than 8,000 characters is cut off by some proxies.
    assert len(creation_link(URL)) < 8_000


def test_the_instructions_say_which_token_goes_where() -> None:
    told = setup_text("", "unused")
    for expected in (creation_link(), "SLACK_BOT_TOKEN=xoxb-", "SLACK_APP_TOKEN=xapp-", APP_SCOPE, "paperroute doctor"):
        assert expected in told
    assert "unused" not in told
    assert yaml.safe_load(told.split("\nThat is")[0]) == manifest()


def test_the_instructions_for_many_workspaces_name_every_setting() -> None:
    told = setup_text(URL, "fresh-key")
    for expected in (
        creation_link(URL),
        f"PAPERROUTE_PUBLIC_URL={URL}",
        "PAPERROUTE_WEB=",
        "PAPERROUTE_SECRET_KEY=fresh-key",
        "SLACK_CLIENT_ID",
        "SLACK_CLIENT_SECRET",
        "SLACK_SIGNING_SECRET",
        f"{URL}/slack/events",
        f"{URL}/slack/install",
    ):
        assert expected in told
