"""What a user may say of how a file is to be read; the same as options: `Reading` in `eisfit.cli.options`."""

from __future__ import annotations

from eisfit.errors import UsageError
from eisfit.records import dataclass
from eisfit.spectra.readers.names.units import IMPEDANCE_UNITS, find_impedance_unit

IMAG_SIGNS = ("auto", "header", "+", "-")


@dataclass(frozen=True)
class Reading:
    """What the user says of how a file is to be read.

    Parameters
    ----------
    average_duplicates
        Average points that share a frequency (with a note) instead of refusing them.
    impedance_unit
        One of `IMPEDANCE_UNITS`, where the file does not say it, or says it wrongly; None: as the file says.
    imag_sign
        ``auto``: the header is believed, but where the data contradict it for certain; ``header``: always;
        ``+``: the imaginary column holds Im Z (and the phase its phase); ``-``: it holds -Im Z.

    Raises
    ------
    UsageError
        For a unit or a sign that is none of these.
    """

    average_duplicates: bool = False
    impedance_unit: str | None = None
    imag_sign: str = "auto"

    def __post_init__(self) -> None:
        if self.impedance_unit is not None:
            unit = find_impedance_unit(self.impedance_unit) if isinstance(self.impedance_unit, str) else ""
            if not unit:
                raise UsageError(
                    f"impedance_unit: {self.impedance_unit!r} is none of {', '.join(IMPEDANCE_UNITS)}"
                )
            object.__setattr__(self, "impedance_unit", unit)
        if self.imag_sign not in IMAG_SIGNS:
            raise UsageError(f"imag_sign: {self.imag_sign!r} is none of {', '.join(IMAG_SIGNS)}")
