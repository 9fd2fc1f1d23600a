"""What `paperroute setup slack` prints: the manifest, where to paste it, which tokens go where."""

from __future__ import annotations

from adapters.slack.manifest import EVENTS_PATH, INSTALL_PATH, creation_link, manifest_yaml
from adapters.slack.scopes import APP_SCOPE


def setup_text(public_url: str, secret_key: str) -> str:
    """The instructions, for Socket Mode or, with a ``public_url``, for many workspaces over HTTPS.

    ``secret_key`` is a fresh key that the latter may use.
    """
    return _for_http(public_url, secret_key) if public_url else _for_socket_mode()


def _for_socket_mode() -> str:
    return f"""{manifest_yaml()}
That is the app's manifest. To make the app:

1. Open this link, choose your workspace, and confirm (it fills the manifest in):

   {creation_link()}

2. "Install App" > "Install to Workspace". Copy the "Bot User OAuth Token" (xoxb-…) into

   SLACK_BOT_TOKEN=xoxb-…

3. "Basic Information" > "App-Level Tokens" > "Generate Token and Scopes", with the scope {APP_SCOPE}.
   Copy the token (xapp-…) into

   SLACK_APP_TOKEN=xapp-…

   Both go into .env in the folder where paperroute runs, or into the environment.

4. `paperroute doctor` checks both; `paperroute run` serves. In a channel: /invite @paperroute, then /papers watch RLHF
"""


def _for_http(public_url: str, secret_key: str) -> str:
    base = public_url.rstrip("/")
    return f"""{manifest_yaml(base)}
That is the app's manifest, for requests to {base} and for installation in many workspaces. To make the app:

1. Put these into .env in the folder where paperroute runs, or into the environment. The key seals the
   workspaces' tokens in the database; this one is fresh, and whoever loses it has to install the app anew:

   PAPERROUTE_PUBLIC_URL={base}
   PAPERROUTE_WEB=127.0.0.1:8080
   PAPERROUTE_SECRET_KEY={secret_key}

   A reverse proxy passes {base} on to the address of PAPERROUTE_WEB.

2. Open this link, choose a workspace, and confirm (it fills the manifest in):

   {creation_link(base)}

3. "Basic Information" > "App Credentials": copy them into

   SLACK_CLIENT_ID=…
   SLACK_CLIENT_SECRET=…
   SLACK_SIGNING_SECRET=…

4. Start `paperroute run`. In "Event Subscriptions", let Slack verify {base}{EVENTS_PATH}.

5. "Manage Distribution" > "Activate Public Distribution" lets other workspaces install it: {base}{INSTALL_PATH}
"""
