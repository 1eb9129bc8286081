"""Where frequency and parts stand among many columns without a header, as ZPlot and Gamry write them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from eisfit.arrays import FloatArray, median, relative_differences
from eisfit.records import dataclass
from eisfit.spectra.readers.sign import kramers_kronig_sign
from eisfit.spectra.readers.tables.sweeps import looks_like_sweep

_MOST_COLUMNS = 16
_OBEYS = 0.02  # residual of Kramers-Kronig
_BETTER = 5.0  # than any other pair of columns
_POSITIVE = 0.9  # of the real parts
_SAME = 1e-3
_ZPLOT, _ZPLOT_TIME = (0, 4, 9), 3  # frequency, real part, columns


@dataclass(frozen=True)
class Order:
    """Where the columns of a spectrum may stand.

    Parameters
    ----------
    places
        Of frequency, real and imaginary part.
    misfit
        Residual of Kramers-Kronig with the better sign.
    """

    places: tuple[int, int, int]
    misfit: float


def find_orders(matrix: FloatArray, start: int) -> list[Order]:
    """Return where frequency and two parts beside each other may stand, the one that obeys best first."""
    width = matrix.shape[1]
    if width > _MOST_COLUMNS:
        return []
    swept = [i for i in range(start, width) if looks_like_sweep(matrix[:, i])]
    swept = [i for i in swept if not is_angular(matrix, i, swept)]
    found: list[Order] = []
    for place in swept:
        for real in range(start, width - 1):
            if place not in (real, real + 1):
                found += [Order((place, real, real + 1), off) for off in _misfits(matrix, place, real)]
    return sorted(found, key=lambda one: one.misfit)


def find_only_order(matrix: FloatArray, orders: list[Order]) -> Order | None:
    """Return the order that alone obeys, of an impedance: its modulus beside it, or ZPlot's columns."""
    if (
        not orders
        or orders[0].misfit > _OBEYS
        or (len(orders) > 1 and orders[1].misfit < _BETTER * orders[0].misfit)
    ):
        return None
    place, real, imag = orders[0].places
    is_zplot = (place, real, matrix.shape[1]) == _ZPLOT and (np.diff(matrix[:, _ZPLOT_TIME]) > 0).all()
    modulus = np.hypot(matrix[:, real], matrix[:, imag])
    others = (values for i, values in enumerate(matrix.T) if i not in orders[0].places)
    shown = any(_are_same(values, modulus) for values in others)
    return orders[0] if is_zplot or shown else None


def is_angular(matrix: FloatArray, place: int, others: Iterable[int]) -> bool:
    """Whether a column is 2 pi times one of others."""
    return any(_are_same(matrix[:, place], 2 * np.pi * matrix[:, i]) for i in others)


def _are_same(values: FloatArray, others: FloatArray) -> bool:
    off = relative_differences(values, others)
    return bool(off.size and off.max() < _SAME)


def _misfits(matrix: FloatArray, place: int, real: int) -> list[float]:
    """Return how far two columns are from Kramers-Kronig with the better sign; empty: no parts."""
    a, b = matrix[:, real], matrix[:, real + 1]
    good = np.isfinite(a) & np.isfinite(b)
    if (
        good.sum() < a.size / 2
        or (a[good] > 0).mean() < _POSITIVE
        or not (np.ptp(a[good]) and np.ptp(b[good]))
    ):
        return []
    test = kramers_kronig_sign(matrix[:, place], a + 1j * b)
    if test is None or not test.verdict or not median(np.abs(b[good])):
        return []
    return [test.misfit]
