"""What a Kramers-Kronig test warns of: where a spectrum breaks the relations, likely cause, and cure."""

from __future__ import annotations

from collections.abc import Iterator

from eisfit.arrays import BoolArray
from eisfit.rounding import hertz_range
from eisfit.spectra.spectrum import Spectrum
from eisfit.validation.kramers_kronig_findings import Finding, Trust
from eisfit.validation.kramers_kronig_result import FrequencyRange
from eisfit.validation.linear_kk import fit
from eisfit.verdict import Flag, limit

_SHOWN = 12  # places in one sentence
CAUSES = {
    "low": "deviation at the slow end; possibly drift: the cell changed while it was measured",
    "high": "deviation at the fast end; possibly cabling or the instrument's bandwidth",
    "outlier": "outlier: off the curve on which all the other points agree",
    "middle": "deviation in mid-range; possibly too large an amplitude, a range switch, or a sudden change",
    "all": "deviation over most of the sweep; possibly real and imaginary part do not belong together",
}
CURES = {
    "low": "wait for the steady state, stop at a higher frequency, or leave these out (--drop-invalid)",
    "high": "shorten and twist the leads, calibrate, or leave these points out (--drop-invalid)",
    "outlier": "leave the point out (--drop-invalid) or repeat the sweep",
    "middle": "repeat with a smaller amplitude, or leave these points out (--drop-invalid)",
    "all": "repeat at rest, with a smaller amplitude; below "
    f"{100 * limit('kk_breach'):g} % fits stay useful, with errors set by this",
}
MIRRORED = Flag(
    "imaginary_sign",
    "with the opposite sign of the imaginary part the spectrum fits at least three times better",
    "check whether the file's column is Im(Z) or -Im(Z)",
)


def flag_thinned(spectrum: Spectrum, tested: Spectrum) -> Flag:
    """Return that fewer points were tested than there are."""
    return Flag(
        "thinned",
        f"{spectrum.points} points: the test is made with {tested.points} of them, evenly spread over log f",
        "the others were held against its curve; nothing need be done",
    )


def find_ranges(findings: list[Finding], kept: BoolArray, spectrum: Spectrum) -> Iterator[FrequencyRange]:
    """Yield where a spectrum breaks the relations, with the cause: what was found, and points left out."""
    frequency = spectrum.frequency[kept]
    for finding in findings:
        yield FrequencyRange(
            float(frequency[finding.last]), float(frequency[finding.first]), CAUSES[finding.name]
        )
    for single in spectrum.frequency[~kept].tolist():
        yield FrequencyRange(single, single, CAUSES["outlier"])


def make_flags(ranges: list[FrequencyRange], trust: Trust) -> tuple[Flag, ...]:
    """Return a flag for each cause, with the places that have it."""
    flags = []
    size = trust.problem.fraction(trust.found.systematic).max()
    for name, cause in CAUSES.items():
        places = [r for r in ranges if r.cause == cause]
        if not places:
            continue
        where, single = _list_points(places), name == "outlier"
        extent = "" if single else f" (up to {100 * size:.2g} % of |Z|)"
        flags.append(Flag("outlier" if single else "kk_failed", f"{where}: {cause}{extent}", CURES[name]))
    if any(flag.name == "kk_failed" for flag in flags) and _is_mirrored(trust):
        flags.insert(0, MIRRORED)
    return tuple(flags)


def _list_points(places: list[FrequencyRange]) -> str:
    more = len(places) - _SHOWN
    shown = ", ".join(hertz_range(r.low_Hz, r.high_Hz) for r in places[:_SHOWN])
    return f"{shown} and {more} more" if more > 0 else shown


def _is_mirrored(trust: Trust) -> bool:
    problem, as_is = trust.problem, trust.solved.scaled
    turned = fit(problem.basis, problem.data.conj(), problem.weight, trust.solved.elements).scaled
    return bool(as_is @ as_is > 9 * (turned @ turned))
