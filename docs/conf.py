"""Sphinx: ``python -m sphinx -W --keep-going -b html docs docs/_build/html``."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent
for place in (DOCS, DOCS.parent):  # the generators; eisfit as it stands in this checkout
    sys.path.insert(0, str(place))

from _generate import write_all  # noqa: E402

import eisfit  # noqa: E402

write_all(DOCS / "generated")

project = "eisfit"
author = "The eisfit developers"
release = version = eisfit.__version__
copyright = author

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "_generate.mathml"]
exclude_patterns = ["_build", "_generate", "**.ipynb_checkpoints"]
# The notebooks may be absent; a short name in a docstring may be that of several attributes.
suppress_warnings = ["toc.empty_glob", "ref.python"]

# Nothing from the network: formulas are MathML, notebooks are shown as they were stored.
html_math_renderer = "mathml"
nb_execution_mode = "off"
nb_ipywidgets_js: dict[str, dict[str, str]] = {}
myst_update_mathjax = False
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath", "substitution"]
myst_heading_anchors = 3

# What a docstring names within eisfit must exist. The types in signatures are mypy's business, and names of
# numpy and the standard library would need their inventories from the network.
default_role = "py:obj"
nitpicky = True
nitpick_ignore_regex = [
    ("py:class", ".*"),
    ("py:.*", r"(?!eisfit\.).*"),
    ("py:.*", r"eisfit\.(pages|report|readers|cli)\..*"),
]
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
autodoc_type_aliases = {
    name: name for name in ("ArrayLike", "BoolArray", "ComplexArray", "FloatArray", "IntArray", "Mask")
}
napoleon_numpy_docstring = True
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
python_maximum_signature_line_length = 90

html_theme = "furo"
html_title = f"eisfit {release}"
html_static_path = ["_static"]
html_css_files = ["eisfit.css"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {"navigation_with_keys": True}


def _names(*arguments: Any) -> None:
    """Let ``tau, gamma`` share their description; napoleon would take one for a type, or repeat the text."""
    lines: list[str] = arguments[-1]
    inside = False
    for place, line in enumerate(lines):
        under = lines[place + 1] if place + 1 < len(lines) else ""
        if line and set(under.strip()) == {"-"}:
            inside = line.strip() in ("Attributes", "Parameters")
        elif inside and re.fullmatch(r"\w+(, \w+)+", line):
            lines[place] = line.replace(", ", ",")


def _bars(*arguments: Any) -> None:
    """Let ``|Z|`` in docstrings be a modulus; reStructuredText would look for a substitution."""
    lines: list[str] = arguments[-1]
    literal: int | None = None
    for place, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        if literal is not None and line.strip() and indent <= literal:
            literal = None
        if literal is None and not line.lstrip().startswith((">>>", "...")):
            lines[place] = re.sub(r"(?<!\\)\|", r"\\|", line)
        if line.rstrip().endswith("::"):
            literal = indent


def setup(app: Any) -> None:
    """Register what is done to docstrings, before napoleon (500) reads them."""
    app.connect("autodoc-process-docstring", _names, priority=100)
    app.connect("autodoc-process-docstring", _bars, priority=101)
