"""Numbers written otherwise than programs read them: signs, exponents, quotation marks, products with i."""

from __future__ import annotations

import re
from collections.abc import Sequence

from eisfit.spectra.patterns import regex

REAL = r"[+-]?\d[\d.]*(?:[eE][+-]?\d+)?"
POSITIVE = r"\d[\d.]*(?:[eE][+-]?\d+)?"
#: Powers of ten as people write them: ``1.5 e+04``, ``1.5×10^+04``, ``1.5*^4`` (Mathematica).
_EXPONENT = regex(r"(?:(?<=\d) +[eE](?=[+-]\d\d)|(?<=\d) ?[×x] ?10\^?(?=[+-]?\d)|(?<=\d)\*\^(?=[+-]?\d))")
#: ... with the exponent above the line, or another sign of multiplication: ``1.5·10⁴``, ``1.5*10^4``.
_POWER_OF_TEN = regex(r"(?<![\w.])(\d+(?:[.,]\d+)?) ?[×x·⋅*] ?10(?:\^?([⁻⁺]?[⁰¹²³⁴-⁹]+)|\^([+-]?\d+))")
_ABOVE_THE_LINE = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_POLAR_PAIR = regex(rf"\(\s*({POSITIVE})\s*[,;]\s*({REAL})\s*°\)")
#: A complex number as Fortran, C++ and LabVIEW write it, ``(1.5,-2)``, or Python as a tuple in quotes.
_PAIR = regex(
    rf"(?:(?<=^)|(?<=[\s,;]))\"?[\[(]\s*({REAL})\s*[,;]\s*({REAL})\s*[\])]\"?(?=[ \t]*(?:[,;\t]|$))",
    re.MULTILINE,
)
#: The unit in front of its number, which may have a sign of its own: ``+1i*-0.26``.
_TIMES_I = regex(r"(?<=[\d. ])([+-]) ?1?([ij]) ?\* ?([+-]?)(?=\.?\d)")
#: Two signs in front of an imaginary part: ``5 + -0.26i``, ``5+(-0.26)*1i``.
_TWO_SIGNS = regex(
    r"(?<=[\d.]) ?([+-]) ?(?:([+-])([\d.,]+(?:[eE][+-]?\d+)?)|\(([+-])([\d.,]+(?:[eE][+-]?\d+)?)\))"
    r"(?= ?\*? ?1?[ij])"
)
NUMPY_SCALAR = regex(r"np\.\w+\(([^()]*)\)")  # np.float64(1.5)
#: Complex numbers as ngspice prints them in a row: ``0<tab>1e3<tab>5.1,<tab>-2.2``.
_PRINTED = regex(rf"^\d+\t{REAL}(?:\t *{REAL},\t *{REAL})+\t?$", re.MULTILINE)
_PRINTED_PAIR = regex(rf"({REAL}),\t *({REAL})")


def _write_complex(pair: re.Match[str]) -> str:
    return f"{pair[1]}{'' if pair[2][0] in '+-' else '+'}{pair[2]}j"


def _join_signs(product: re.Match[str]) -> str:
    return f"{'-' if product[1] != (product[3] or '+') else '+'}{product[2]}*"


def _write_single_sign(signs: re.Match[str]) -> str:
    own, size = signs[2] or signs[4], signs[3] or signs[5]
    return f"{'+' if signs[1] == own else '-'}{size}"


def _write_exponent(number: re.Match[str]) -> str:
    return f"{number[1]}e{(number[2] or number[3]).translate(_ABOVE_THE_LINE)}"


def _write_row(row: re.Match[str]) -> str:
    """Return a row of a table in LaTeX with tabulators for its marks, and its header's units as they look."""
    plain = regex(r"\\(?:mathrm|text|unit|si|textbf)\{([^{}]*)\}").sub(r"\1", row[1]).replace(r"\Omega", "Ω")
    return regex(r"\s*&\s*").sub("\t", plain.replace("$", "").replace(r"\,", " "))


#: What is written otherwise everywhere, by what one of its places has.
_PLAINER = (
    (("−", "‐", "‑", "﹣"), regex("[−‐‑﹣]"), "-"),
    (("│",), regex(r"^ *│.*│ *$", re.MULTILINE), lambda m: re.sub("[│┆]", "|", m[0])),  # as polars prints
    (("–", "—", "﹣", "－"), regex(r"(?:(?<=^)|(?<=[\s,;|]))[–—﹣－](?=\.?\d)", re.MULTILINE), "-"),
    ((" e", " E", "×", "x", "*^"), _EXPONENT, "e"),
    (("×", "x10", "x 10", "·10", "· 10", "⋅", "*10", "* 10"), _POWER_OF_TEN, _write_exponent),
    (("+-", "+ -", "+(-", "+ (-", "-(+", "- (+", "+(+", "+ (+"), _TWO_SIGNS, _write_single_sign),
    (("1i", "1j"), regex(r"(?<=\d) ?\* ?1([ij])(?![\w.*])"), r"\1"),  # as MATLAB's manual has it
    (("i*", "j*", "i *", "j *"), _TIMES_I, _join_signs),
    (("np.",), NUMPY_SCALAR, r"\1"),
    ((" @ ",), regex(r"(?<=\d) @ (?=[-+]?\d[\d.]* ?(?:°|deg\b|rad\b))"), "∠"),
    (("°)",), _POLAR_PAIR, r"\1∠\2°"),
    ((",\t",), _PRINTED, lambda m: _PRINTED_PAIR.sub(_write_complex, m[0])),
    ((" (", ",(", ";(", "\t(", '"(', ",[", ";[", "\t[", '"['), _PAIR, _write_complex),
    (('j"', 'i"', 'J"', 'I"'), regex(rf'"({REAL} ?[+-] ?\d[\d.]*(?:[eE][+-]?\d+)? ?\*?[ijIJ])"'), r"\1"),
    (('="',), regex(r'(?:(?<=^)|(?<=[,;\t]))="([^"\n]*)"(?=[,;\t]|$)', re.MULTILINE), r"\1"),  # Excel's texts
    ((",'", ";'", "\t'"), regex(r"(?:(?<=^)|(?<=[,;\t]))'(?=[-+]?\.?\d)", re.MULTILINE), ""),
    (("j O", "i O", "j Ω", "i Ω"), regex(r"(?<=\d[ij]) (?:Ohms?|Ω)(?![^\W_])"), ""),
    (
        (";\n",),
        regex(r"^([ \t]*[+-]?\d[^;\n]*);+[ \t]*$", re.MULTILINE),
        r"\1",
    ),  # a row of MATLAB's matrix, or one that a spreadsheet parted at another mark
    (('"\n', '";'), regex(r'^"([^"\n]*[,;\t][^"\n]*)"[;,]*$', re.MULTILINE), r"\1"),  # ... or took for a cell
    (
        ("\\\\\n", "\\\\ "),
        regex(r"^[ \t]*([^&\n]+(?:&[^&\n]+)+?)\s*\\\\(?: *\\hline)? *$", re.MULTILINE),
        _write_row,
    ),
    (("#",), regex(r"^([+-]?\d[^\n#]*?)[ ,;]{1,4}# +[A-Za-z][^\n]*$", re.MULTILINE), r"\1"),  # a remark
)


def normalise_signs(plain: Sequence[str]) -> Sequence[str]:
    r"""Return the lines with the signs and exponents that programs read.

    >>> normalise_signs(["10;6.6−0.26*1i", "20;6.5+1i*-0.3", "30;1.5×10⁴-i*2"])
    ['10;6.6-0.26i', '20;6.5-i*0.3', '30;1.5e4-i*2']
    """
    whole = "\n".join(plain)
    for marks, pattern, form in _PLAINER:
        if any(mark in whole for mark in marks) and pattern.search(whole):
            plain = (whole := pattern.sub(form, whole)).split("\n")
    return plain
