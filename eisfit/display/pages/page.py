"""The frame of every page: one file that loads nothing, whatever stands in it."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

from eisfit.files import to_json

# What the browser is allowed: the scripts of this page by their hashes, and nothing from anywhere else.
_POLICY = {
    "default-src": "'none'",
    "script-src": "{hash}",
    "style-src": "'unsafe-inline'",
    "img-src": "data: blob:",
    "font-src": "data:",
    "connect-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'none'",
}


def build_page(
    title: str, body: str, data: Any, scripts: Iterable[str], *, policy: Mapping[str, str] | None = None
) -> str:
    """Return a page as text.

    Parameters
    ----------
    title
        Escaped here.
    body
        Markup, whose texts from outside the caller has escaped.
    data
        What the scripts draw.
    scripts
        Their texts, run one after the other.
    policy
        Directives of the Content-Security-Policy that differ; ``{hash}`` in them stands for the scripts' own.
    """
    code = "\n".join(scripts)
    rules = {**_POLICY, **(policy or {})}
    allowed = "; ".join(f"{name} {value}" for name, value in rules.items()).replace(
        "{hash}", f"'sha256-{_hash_script(code)}'"
    )
    head = [
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{allowed}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="referrer" content="no-referrer">',
        '<meta name="color-scheme" content="light dark">',
        '<link rel="icon" href="data:,">',
        f"<title>{escape(title)}</title>",
        f"<style>\n{read_asset('page.css')}</style>",
    ]
    block = f'<script type="application/json" id="eisfit-data">{escape_json(data)}</script>'
    lines = ["<!DOCTYPE html>", '<html lang="en">', "<head>", *head, "</head>", "<body>"]
    return "\n".join([*lines, body, block, f"<script>{code}</script>", "</body>", "</html>", ""])


def escape_json(content: Any) -> str:
    r"""Return JSON that cannot end the script element it stands in.

    >>> escape_json({"name": "</script><b>"})
    '{"name":"\\u003c/script\\u003e\\u003cb\\u003e"}'
    """
    finite = json.loads(to_json(content))  # NaN and infinity are null there
    text = json.dumps(finite, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text


@cache
def read_asset(name: str) -> str:
    """Return a style sheet or script of this package."""
    return files("eisfit.display.pages").joinpath("assets", name).read_text(encoding="utf-8")


def _hash_script(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
