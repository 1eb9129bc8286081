"""The sign of the imaginary part, as the header, the phase and Kramers-Kronig tell it, in words too."""

from __future__ import annotations

import numpy as np

from eisfit.arrays import median
from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.conversion.doubt import HALF_TURNS, NOTHING, TELLS, find_likelier
from eisfit.spectra.readers.file import File
from eisfit.spectra.readers.sign import SignTest, count_lost_signs, kramers_kronig_sign
from eisfit.spectra.readers.sweep import Sweep, plural
from eisfit.spectra.spectrum import ASSUMED, TURNED

AGREED = "real and imaginary part agree with the phase column"
FAILS, AGREES = "Kramers-Kronig fails", "Kramers-Kronig agrees"
CANONICAL = "by eisfit's own name"  # what `eisfit convert` writes reads back as it was
#: People write the size of a capacitive part under Z'' too.
POSITIVE = (
    f"{ASSUMED} the imaginary part is positive, as written (where the column holds -Z'': --imag-sign -)"
)
FROM_PHASE = "imaginary sign taken from the phase column, which contradicts the imaginary column"
ABSOLUTE = "the imaginary column holds its absolute value: sign taken from the phase column"
_INNER_MINUS = regex(r"[^\s'\"]\s*[-−–]\s*(?:Z|Im|X(?![a-z]))")
BY_PHASE, BY_ITS_SIGN = ", as the phase says", " with the sign of the phase"


def settle_sign(file: File, sweeps: list[Sweep], written: str, *, unsigned: bool = False) -> int:
    """Turn the imaginary part of all `sweeps` where Kramers-Kronig says so beyond doubt; say what was found.

    Parameters
    ----------
    file
        The file, for messages.
    sweeps
        All sweeps of the file; changed in place.
    written
        How the sign was read, as a sentence for the notes.
    unsigned
        Whether the file says no sign: no header, or ``Z''`` without a minus, under which people write both.

    Returns
    -------
    int
        +1: the data confirm the sign as written; -1: it was turned; 0: they cannot tell.
    """
    if file.reading.imag_sign in ("+", "-"):
        return 0
    tests = []
    for sweep in sweeps[:5]:
        if test := kramers_kronig_sign(sweep.frequency, sweep.impedance):
            tests.append(test)
            _refuse_doubtful(file, sweep, test, written)
    told = [_decide_sign(test, written, unsigned) for test in tests]
    verdicts = set(told) - {0}
    shown = _describe_median(tests)
    shown = shown.replace("as written", "so") if written.endswith((BY_PHASE, BY_ITS_SIGN)) else shown
    outcome = 1 if 1 in verdicts else 0
    note = f"imaginary sign: {written}; the data alone cannot tell it (residual {shown})"
    most = told.count(-1) * 2 > len(tests) or (unsigned and any(test.verdict == -1 for test in tests))
    if verdicts == {-1} and most:
        outcome, note = _turn_sign(file, sweeps, written, _describe_evidence(tests, shown))
    elif outcome == 1:
        sure = any(test.fair or test.slope for test in tests)
        agrees = f"imaginary sign: {written}{_describe_agreement(tests, shown)}"
        note = agrees if sure else f"{ASSUMED} {written}; the imaginary sign is right as written: {shown}"
    elif not shown:
        note = f"imaginary sign: {written}; too few points to check it with Kramers-Kronig"
    for sweep in sweeps:
        sweep.notes.append(_reword_agreement(note) if any(FAILS in told for told in sweep.notes) else note)
        sweep.sign = outcome if unsigned else None
        sweep.notes += [POSITIVE] * (sweep.sign == 0 and _is_inductive_and_falls(sweep))
    return outcome


def _decide_sign(test: SignTest, written: str, unsigned: bool) -> int:
    """Return what a test says of the sign; the less a file says of it, the less must do."""
    if not unsigned:
        return test.verdict
    return test.fair or test.slope or test.likely * written.startswith("no header")


def _is_inductive_and_falls(sweep: Sweep) -> bool:
    """Whether the imaginary part is positive in most points while |Z| falls with the frequency."""
    f, z = sweep.frequency, sweep.impedance[np.isfinite(sweep.impedance)]
    if not z.size or median(z.imag) <= 0 or z.size < f.size:
        return False
    return bool(abs(z[np.argmax(f)]) < abs(z[np.argmin(f)]))


def _refuse_doubtful(file: File, sweep: Sweep, test: SignTest, written: str) -> None:
    """Refuse numbers that are an impedance only if read otherwise, or are none of a cell's; say what is odd.

    Raises
    ------
    ReadError
        Unless the user says that the header is to be believed.
    """
    z = sweep.impedance[np.isfinite(sweep.impedance)]
    agreed = any(note.startswith(AGREED) for note in sweep.notes)  # parts, each of which a phase confirms
    words = "" if agreed else find_likelier(sweep.frequency, sweep.impedance, test)
    told = f"by Kramers-Kronig the columns hold {words}" if words else ""
    if z.size and not words and (z.real < 0).all():
        told = "the real part is negative in every point, as that of no cell is"
    if told and file.reading.imag_sign == "auto" and not written.endswith(CANONICAL):
        cure = "add a header line" if written.startswith("no header") else "mend the header"
        cure = "mend the phase" if words == HALF_TURNS else cure
        raise file.error(f"{told}: {cure} (if it is right as it stands: --imag-sign header)")
    if not told and not agreed and (words := find_likelier(sweep.frequency, sweep.impedance, test, TELLS)):
        told = f"Kramers-Kronig would rather have {words}"
    if told or test.misfit > NOTHING:
        what = "order of the columns" if written.startswith("no header") else "header"
        sweep.notes.append(f"{ASSUMED} the {what} is right, although {told or f'{FAILS} ({test})'}")


def _is_by_slope(tests: list[SignTest]) -> bool:
    return any(test.slope for test in tests) and not any(test.fair for test in tests)


def _describe_evidence(tests: list[SignTest], shown: str) -> str:
    return "the slope of |Z| asks for it" if _is_by_slope(tests) else f"residual {shown}"


def _describe_agreement(tests: list[SignTest], shown: str) -> str:
    return ", as the slope of |Z| asks for" if _is_by_slope(tests) else f"; {AGREES} (residual {shown})"


def _reword_agreement(note: str) -> str:
    """Return the note on the sign of a spectrum that Kramers-Kronig fails, as others beside it do not."""
    return note.replace(AGREES, "Kramers-Kronig agrees in other spectra of the file")


def _turn_sign(file: File, sweeps: list[Sweep], written: str, evidence: str) -> tuple[int, str]:
    """Turn the imaginary part against the header, where the system is certainly passive; say what was done.

    A negative real part is no passive system's: the impedance of one with a negative resistance obeys
    Kramers-Kronig only as an admittance, and its conjugate may seem to.
    """
    measured = [s.impedance[np.isfinite(s.impedance) & (s.impedance != 0)] for s in sweeps]
    passive = all(bool((z.real > 0).all()) for z in measured)
    if file.reading.imag_sign == "header" or not passive or written.endswith(CANONICAL):
        why = "" if passive else "; the real part is negative in places, so it may well be right"
        return 0, f"imaginary sign: {written}, although Kramers-Kronig holds only turned ({evidence}){why}"
    for sweep in sweeps:
        sweep.impedance = sweep.impedance.conj()
    _refuse_lost_signs(file, sweeps[0])
    return -1, f"{ASSUMED} {TURNED}{_describe_turned(written)}: {evidence}"


def _describe_turned(written: str) -> str:
    """Return what a turned column holds; one called ``imag -Z''`` was read against its minus, not turned.

    >>> _describe_turned("'Zim' holds Im Z"), _describe_turned("'imag -Zim' holds Im Z")
    (" against the header ('Zim' holds -Im Z)", " ('imag -Zim' holds -Im Z)")
    """
    name, mark, what = written.rpartition(" holds ")
    if written.startswith("no header"):
        return f" ({written})"
    if written == BY_PHASE.removeprefix(", "):
        return " against the phase as written"
    if not mark or what not in ("Im Z", "-Im Z"):
        return " against the header"
    turned = "Im Z" if what[0] == "-" else "-Im Z"
    against = "" if turned[0] == "-" and _INNER_MINUS.search(name) else " against the header"
    return f"{against} ({name} holds {turned})"


def _refuse_lost_signs(file: File, sweep: Sweep) -> None:
    """Refuse a column of absolute values, in which the sign of some points cannot be had back."""
    imag = sweep.impedance.imag[np.isfinite(sweep.impedance.imag)]
    lost = count_lost_signs(sweep.frequency, sweep.impedance) if (imag <= 0).all() else 0
    if lost:
        raise file.error(
            f"the imaginary column holds absolute values: {plural(lost, 'point')} obey Kramers-Kronig only "
            "with the other sign; export it with its sign, or add the phase"
        )


def _describe_median(tests: list[SignTest]) -> str:
    if len(tests) < 2:
        return str(tests[0]) if tests else ""
    written = float(median([test.as_written for test in tests]))
    turned = float(median([test.turned for test in tests]))
    return str(SignTest(written, turned))
