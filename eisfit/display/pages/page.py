"""The frame of every page: one file that loads nothing, whatever stands in it."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

from eisfit.files import to_json

__all__ = ["asset", "page", "script_json"]

# What the browser is allowed: the scripts of this page by their hashes, and nothing from anywhere else.
_POLICY = (
    "default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data: blob:; "
    "font-src data:; connect-src {connect}; base-uri 'none'; form-action 'none'"
)


def page(
    title: str, body: str, data: Any, figures: Any, scripts: Iterable[str], *, connect: str = "'none'"
) -> str:
    """Return a page as text.

    Parameters
    ----------
    title
        Escaped here.
    body
        Markup, whose texts from outside the caller has escaped.
    data, figures
        What the scripts draw, and Bokeh's document.
    scripts
        Names of the assets to run after Bokeh.
    connect
        Where the page may send requests: ``'none'``, or ``'self'`` for a page with a server behind it.
    """
    code = [bokeh_script(), "\n".join(asset(name) for name in scripts)]
    hashes = " ".join(f"'sha256-{_hash(text)}'" for text in code)
    policy = _POLICY.format(hashes=hashes, connect=connect)
    head = [
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="referrer" content="no-referrer">',
        '<meta name="color-scheme" content="light">',
        '<link rel="icon" href="data:,">',
        f"<title>{escape(title)}</title>",
        f"<style>\n{asset('page.css')}</style>",
    ]
    blocks = [f'<script type="application/json" id="{name}">{script_json(content)}</script>'
              for name, content in (("eisfit-data", data), ("eisfit-figures", figures))]  # fmt: skip
    run = [f"<script>{text}</script>" for text in code]
    lines = ["<!DOCTYPE html>", '<html lang="en">', "<head>", *head, "</head>", "<body>"]
    return "\n".join([*lines, body, *blocks, *run, "</body>", "</html>", ""])


def script_json(content: Any) -> str:
    r"""Return JSON that cannot end the script element it stands in.

    >>> script_json({"name": "</script><b>"})
    '{"name":"\\u003c/script\\u003e\\u003cb\\u003e"}'
    """
    finite = json.loads(to_json(content))  # NaN and infinity are null there
    text = json.dumps(finite, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text


@cache
def asset(name: str) -> str:
    """Return a style sheet or script of this package."""
    return files("eisfit.display.pages").joinpath("assets", name).read_text(encoding="utf-8")


@cache
def bokeh_script() -> str:
    """Return BokehJS, its core alone: neither widgets nor tables, formulas or WebGL are used."""
    from bokeh.resources import Resources

    return "\n".join(Resources(mode="inline", components=["bokeh"], minified=True, log_level="warn").js_raw)


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
