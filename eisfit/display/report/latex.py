"""LaTeX: texts, symbols of parameters, units and tables; `booktabs` is all that it asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from eisfit.display.report.words import clean

_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{letter: f"\\{letter}" for letter in "&%$#_"},
}


def escape_tex(value: object) -> str:
    """Return a text that LaTeX prints as it is."""
    return "".join(_LATEX.get(letter, letter) for letter in clean(value))


def latex_symbol(name: str) -> str:
    r"""Return R_ct as ``$R_\mathrm{ct}$``; any other name as it is, escaped."""
    found = re.fullmatch(r"([RCL])_([A-Za-z0-9]+)", clean(name))
    inner = re.fullmatch(r"[A-Za-z]+_([A-Za-z0-9]+)_(alpha|tau|sigma|Q)", clean(name))
    if inner:  # CPE_ct_alpha is the alpha of CPE_ct
        letter = inner[2] if inner[2] == "Q" else f"\\{inner[2]}"
        return rf"${letter}_\mathrm{{{inner[1]}}}$"
    return rf"${found[1]}_\mathrm{{{found[2]}}}$" if found else rf"\texttt{{{escape_tex(name)}}}"


def latex_unit(unit: object) -> str:
    """Return ``S s^alpha`` as LaTeX; an unknown unit is only escaped."""
    text = clean(unit)
    if not re.fullmatch(r"[A-Za-z0-9^/ \-]*", text):
        return escape_tex(text)
    parts = [_format_unit_factor(part) for part in text.split()]
    return r"\,".join(parts)


def _format_unit_factor(part: str) -> str:
    base, _, power = part.partition("^")
    base = {"ohm": r"$\Omega$", "degC": r"$^\circ$C"}.get(base, escape_tex(base))
    if not power:
        return base
    return rf"{base}$^{{{power.replace('alpha', chr(92) + 'alpha')}}}$"


def latex_table(columns: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return cells that are LaTeX already as a ``tabular`` with ``booktabs``."""
    first, *lines = (" & ".join(row) + r" \\" for row in (head, *rows))
    begin = rf"\begin{{tabular}}{{{columns}}}"
    return "\n".join([begin, r"\toprule", first, r"\midrule", *lines, r"\bottomrule", r"\end{tabular}", ""])
