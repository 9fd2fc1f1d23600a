"""The app manifest, from which Slack makes the app with everything set (https://docs.slack.dev/app-manifests/).

Without a public address the app uses Socket Mode; with one, Slack sends requests to it and other workspaces can
install the app.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import yaml

from adapters.slack.scopes import BOT_EVENTS, BOT_SCOPES

COMMAND = "/papers"
EVENTS_PATH = "/slack/events"
INSTALL_PATH = "/slack/install"
REDIRECT_PATH = "/slack/oauth_redirect"

_NEW_APP = "https://api.slack.com/apps?new_app=1&manifest_yaml="


def manifest(public_url: str = "") -> dict[str, Any]:
    """The manifest as Slack's schema wants it; ``public_url`` is https without a path, or empty for Socket Mode."""
    base = public_url.rstrip("/")
    request_url = {"request_url": base + EVENTS_PATH} if base else {}
    command = {
        "command": COMMAND,
        "description": "Watch arXiv for this channel, find and save papers",
        "usage_hint": "watch RLHF",
        "should_escape": True,
    }
    if base:
        command["url"] = base + EVENTS_PATH
    oauth: dict[str, Any] = {"scopes": {"bot": list(BOT_SCOPES)}}
    if base:
        oauth["redirect_urls"] = [base + REDIRECT_PATH]
    return {
        "display_information": {
            "name": "paperroute",
            "description": "New arXiv papers that match what this channel watches, once each",
            "background_color": "#1f3a5f",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": "paperroute", "always_online": True},
            "slash_commands": [command],
        },
        "oauth_config": oauth,
        "settings": {
            "event_subscriptions": {**request_url, "bot_events": list(BOT_EVENTS)},
            "interactivity": {"is_enabled": True, **request_url},
            "org_deploy_enabled": bool(base),
            "socket_mode_enabled": not base,
            "token_rotation_enabled": bool(base),
        },
    }


def manifest_yaml(public_url: str = "") -> str:
    """The manifest as YAML, to be pasted."""
    return yaml.safe_dump(manifest(public_url), sort_keys=False, allow_unicode=True, width=100)


def creation_link(public_url: str = "") -> str:
    """The address of Slack's page that makes an app, with the manifest filled in."""
    return _NEW_APP + quote(manifest_yaml(public_url), safe="")
