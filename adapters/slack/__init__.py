"""Slack, on slack-bolt: Socket Mode for one workspace, HTTP with OAuth for many."""

from adapters.slack.chat import SlackChat
from adapters.slack.settings import OAuthSettings, SlackSettings

__all__ = ["OAuthSettings", "SlackChat", "SlackSettings"]
