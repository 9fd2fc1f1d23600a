"""The HTML of mails and of the page to unsubscribe on.

Styles stand with each element, since many readers drop a style sheet; the sheet there is holds what only it can: dark
mode. There are no images, no scripts, no fonts to fetch, nothing that tells anybody that a mail was opened. Whatever is
put in is escaped.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined

_MAIL = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>{{ subject }}</title>
<style>
:root { color-scheme: light dark; }
@media (prefers-color-scheme: dark) {
  .page { background: #14171a !important; }
  .sheet { background: #1d2125 !important; border-color: #343a40 !important; }
  .ink { color: #e8eaed !important; }
  .soft { color: #a9b0b8 !important; }
  .link { color: #8ab4f8 !important; }
  .word { background: #3a3420 !important; color: #f3e3ac !important; }
  .rule { border-color: #343a40 !important; }
}
</style>
</head>
<body class="page" style="margin:0;padding:0;background:#f2f3f5;-webkit-text-size-adjust:100%">
<div class="page" style="background:#f2f3f5;padding:16px 8px">
<div class="sheet" style="max-width:640px;margin:0 auto;padding:20px 18px;background:#ffffff;border:1px solid #dfe3e8;\
border-radius:10px;font-family:-apple-system,'Segoe UI',Roboto,'Noto Sans',Helvetica,Arial,sans-serif">
{% if place %}<p class="soft" style="margin:0 0 2px;font-size:13px;line-height:18px;color:#5b6570">{{ place }}</p>
{% endif %}
{% if heading %}<h1 class="ink" style="margin:0 0 4px;font-size:20px;line-height:26px;font-weight:700;color:#1b1f23">\
{{ heading }}</h1>
{% endif %}
{% for text in texts %}
<p class="ink" style="margin:12px 0 0;font-size:16px;line-height:24px;color:#1b1f23">{{ text }}</p>
{% endfor %}
{% if code %}
<p class="ink" style="margin:16px 0;font-size:24px;line-height:32px;font-weight:700;letter-spacing:1px;\
font-family:'SF Mono',Consolas,'Noto Sans Mono',monospace;color:#1b1f23">{{ code }}</p>
{% endif %}
{% for paper in papers %}
{% if paper.above %}<h2 class="ink" style="margin:24px 0 0;font-size:17px;line-height:23px;font-weight:700;\
color:#1b1f23">{{ paper.above }}</h2>
{% endif %}
<div class="rule" style="margin-top:16px;padding-top:16px;border-top:1px solid #e4e7eb">
<p style="margin:0;font-size:17px;line-height:23px;font-weight:600">{% if paper.number %}<span class="soft" \
style="color:#5b6570">{{ paper.number }}.</span> {% endif %}<a class="link" href="{{ paper.url }}" \
style="color:#0b57d0;text-decoration:none">{{ paper.title }}</a></p>
<p class="soft" style="margin:4px 0 0;font-size:14px;line-height:20px;color:#5b6570">{{ paper.about }}</p>
{% if paper.community %}
<p class="soft" style="margin:4px 0 0;font-size:14px;line-height:20px;color:#5b6570">{{ paper.community }}</p>
{% endif %}
{% if paper.words %}
<p class="soft" style="margin:4px 0 0;font-size:14px;line-height:22px;color:#5b6570">matched\
{% for word in paper.words %} <span class="word" style="padding:1px 6px;border-radius:4px;background:#fff3cd;\
color:#5c4700">{{ word }}</span>{% endfor %}</p>
{% endif %}
{% if paper.abstract %}
<p class="ink" style="margin:6px 0 0;font-size:15px;line-height:22px;color:#343a40">{{ paper.abstract }}</p>
{% endif %}
{% if paper.comment %}
<p class="soft" style="margin:6px 0 0;font-size:14px;line-height:20px;color:#5b6570">Comment: {{ paper.comment }}</p>
{% endif %}
<p style="margin:6px 0 0;font-size:14px;line-height:20px"><a class="link" href="{{ paper.url }}" style="color:#0b57d0">\
{{ paper.id }}</a> &nbsp; <a class="link" href="{{ paper.pdf }}" style="color:#0b57d0">PDF</a></p>
</div>
{% endfor %}
{% if receipt %}
<p class="soft rule" style="margin:16px 0 0;padding-top:12px;border-top:1px solid #e4e7eb;font-size:13px;\
line-height:19px;color:#5b6570">{{ receipt }}</p>
{% endif %}
</div>
<div style="max-width:640px;margin:0 auto;padding:12px 18px;\
font-family:-apple-system,'Segoe UI',Roboto,'Noto Sans',Helvetica,Arial,sans-serif">
{% for text in why %}
<p class="soft" style="margin:0 0 4px;font-size:12px;line-height:18px;color:#5b6570">{{ text }}</p>
{% endfor %}
{% if stop_url %}
<p style="margin:0;font-size:12px;line-height:18px"><a class="link" href="{{ stop_url }}" style="color:#0b57d0">\
Unsubscribe</a></p>
{% endif %}
</div>
</div>
</body>
</html>
"""

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{{ heading }}</title>
<style>
:root { color-scheme: light dark; }
body { font: 18px/1.5 system-ui, sans-serif; max-width: 34rem; margin: 12vh auto; padding: 0 1rem; }
button { font: inherit; padding: .5rem 1.2rem; }
</style>
</head>
<body>
<h1>{{ heading }}</h1>
<p>{{ text }}</p>
{% if button %}
<form method="post"><button type="submit" name="List-Unsubscribe" value="One-Click">{{ button }}</button></form>
{% endif %}
</body>
</html>
"""

_ENVIRONMENT = Environment(
    loader=DictLoader({"mail": _MAIL, "page": _PAGE}),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def mail(values: Mapping[str, Any]) -> str:
    """The HTML part of a mail."""
    return _ENVIRONMENT.get_template("mail").render(values)


def page(heading: str, text: str, button: str = "") -> str:
    """A page with a text and, perhaps, a button that sends its own address a POST."""
    return _ENVIRONMENT.get_template("page").render(heading=heading, text=text, button=button)
