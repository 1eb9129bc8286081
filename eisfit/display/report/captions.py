"""What stands under a figure in a paper: what is drawn, of which data, and what it found."""

from __future__ import annotations

from collections.abc import Callable

from eisfit.display.report.words import (
    Document,
    axes_of,
    clean,
    count,
    explain_refusal,
    format_measured,
    is_simulated,
    percent,
    points_of,
    span_of,
    title_of,
)


def caption(kind: str, document: Document) -> str:
    """Return the caption of a figure.

    Parameters
    ----------
    kind
        What it is a figure of, by the names at the end of this file.
    document
        What the figure was drawn from.
    """
    return _KINDS[kind](document)


def _caption_fit(document: Document) -> str:
    circuit, statistics = document.get("circuit") or {}, document.get("statistics") or {}
    rows = document.get("parameters") or {}
    wanted = [
        f"{name} = {format_measured(row)} {clean(row.get('unit'))}"
        for name, row in rows.items()
        if row.get("unit") == "ohm" and row.get("verdict") == "determined"
    ]
    found = f" Determined: {', '.join(wanted)} (standard errors)." if wanted else ""
    usable = "" if document.get("ok") else f" The fit is not usable{_describe_refusal(document)}."
    return (
        f"Impedance of {title_of(document)}, {_points(document)}: Nyquist plot, Bode plot and residuals in "
        f"percent of |Z|. Points: data; line: fit of {clean(circuit.get('string'))} by complex "
        "nonlinear least squares, rms residual "
        f"{percent(statistics.get('rms_relative_residual'))}.{found}{usable}"
    )


def _caption_check(document: Document) -> str:
    outcome = "consistent" if document.get("ok") else f"not consistent{_describe_refusal(document)}"
    return (
        f"Kramers-Kronig test of {title_of(document)}, {_points(document)}: data, a linear circuit of "
        f"{count(int(document.get('rc_elements') or 0), 'RC element')}, and the residuals in percent of |Z|; "
        f"noise {percent(document.get('noise_relative'))}; {outcome}."
    )


def _caption_compare(document: Document) -> str:
    return (
        f"Circuits compared on {title_of(document)}: BIC above that of the best; beside each bar the rms "
        "residual in percent of |Z|. Hatched: refused; vermilion: misses the data."
    )


def _caption_identify(document: Document) -> str:
    return (
        f"Circuits that {title_of(document)} supports, of {document.get('tried')} tried: probability by "
        "Laplace's approximation of the evidence."
    )


def _caption_drt(document: Document) -> str:
    return (
        f"Distribution of relaxation times of {title_of(document)}, {_points(document)}; the band is its "
        "95 % interval, marks are its peaks."
    )


def _caption_track(document: Document) -> str:
    circuit, axis = document.get("circuit") or {}, axes_of(document)[0]["name"]
    spectra = count(len(document.get("rows") or []), "fit")
    made = (
        " Simulated, not measured." if any(is_simulated(row) for row in document.get("results") or []) else ""
    )
    return (
        f"Parameters of {clean(circuit.get('string'))} over the {axis}, {spectra}. Bars: one standard error, "
        "cut at the parameter's bounds; line and band: the law it follows and its 95 % interval; hollow: not "
        f"usable or not determined.{made}"
    )


def _caption_explain(document: Document) -> str:
    change = str((document.get("headline") or [""])[0])
    return (
        "What each effect of the coating contributes to the change of R_ct: medians over the hypotheses that "
        "hold it, with their central 95 %; a percentage is the probability of these hypotheses together. "
        f"{clean(change)}"
    )


def _caption_spectra(document: Document) -> str:
    axis, *second = (one["name"] for one in axes_of(document))
    text = f"Spectra over the {axis} with their fits, one above the other"
    return f"{text}; at the right the {second[0]} of the line that begins there." if second else f"{text}."


def _caption_joint(document: Document) -> str:
    return "Parameters fitted to all spectra at once (line) beside each spectrum's own fit (points)."


def _points(document: Document) -> str:
    number = points_of(document)
    return f"{count(number or 0, 'point')} from {span_of(document)}"


def _describe_refusal(document: Document) -> str:
    return explain_refusal(document).replace("_", " ")


_KINDS: dict[str, Callable[[Document], str]] = {
    "fit": _caption_fit,
    "check": _caption_check,
    "compare": _caption_compare,
    "identify": _caption_identify,
    "drt": _caption_drt,
    "track": _caption_track,
    "explain": _caption_explain,
    "spectra": _caption_spectra,
    "joint": _caption_joint,
    "drt_map": lambda _: "Distribution of relaxation times along the axis; lines follow its peaks.",
}
