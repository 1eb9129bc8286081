"""Attributes that other programs give a spectrum, and where ours has them."""

from __future__ import annotations

#: Attributes that other programs give a spectrum -> where ours has them.
_THEIRS = {
    **dict.fromkeys(("f", "freq", "freqs", "frequencies"), "frequency"),
    **dict.fromkeys(("Z", "z", "impedances"), "impedance"),
    **dict.fromkeys(("real", "Zre", "z_real", "Z_real", "re"), "impedance.real"),
    **dict.fromkeys(("imag", "Zim", "z_imag", "Z_imag", "im"), "impedance.imag"),
    **dict.fromkeys(("abs", "magnitude", "modulus", "Zmod"), "impedance, of which np.abs is the magnitude"),
    **dict.fromkeys(("phase", "angle", "phi"), "impedance, of which np.angle(..., deg=True) is the phase"),
    **dict.fromkeys(("Y", "admittance"), "impedance, 1 / spectrum.impedance"),
    **dict.fromkeys(("df", "to_df", "to_dataframe", "frame", "data"), "to_frame()"),
    **dict.fromkeys(("meta", "header", "info"), "metadata"),
    **dict.fromkeys(("temperature", "T"), "temperature_C"),
    **dict.fromkeys(("potential", "voltage"), "potential_V"),
    **dict.fromkeys(("nyquist", "plot_nyquist"), "plot(kind='nyquist')"),
    **dict.fromkeys(("bode", "plot_bode"), "plot(kind='bode')"),
    **dict.fromkeys(("mask", "filter", "drop"), "keep(which), or spectrum[which]"),
    **dict.fromkeys(("crop", "cut", "trim", "between"), "select(fmin, fmax)"),
    **dict.fromkeys(("w", "angular_frequency"), "omega"),
    **dict.fromkeys(("to_csv", "save"), "to_frame().to_csv(...)"),
    **dict.fromkeys(("to_json",), "to_dict(), which json.dumps takes"),
}
#: What is done with a spectrum -> the function that does it.
_FUNCTIONS = {
    **{name: name for name in ("fit", "check", "drt", "identify", "compare")},
    **dict.fromkeys(("kk", "kramers_kronig", "validate", "lin_kk"), "check"),
}


def describe_where(name: str) -> str:
    """Return the end of a sentence about a missing attribute: where it is found, or nothing.

    >>> describe_where("freq"), describe_where("kk"), describe_where("colour")
    (': it is spectrum.frequency', ': it is eisfit.check(spectrum, ...)', '')
    """
    if name in _FUNCTIONS:
        return f": it is eisfit.{_FUNCTIONS[name]}(spectrum, ...)"
    return f": it is spectrum.{_THEIRS[name]}" if name in _THEIRS else ""
