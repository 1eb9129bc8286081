"""Which sign the imaginary part has, told by the data alone: a causal system obeys Kramers-Kronig."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import median
from eisfit.records import dataclass

_FEWEST_POINTS = 8
_MOST_POINTS = 500
_GOOD, _RATIO = 0.05, 4.0
_FAIR = 0.1
#: Of three columns without a header: of 1,600 other tables over a frequency only causal responses passed; of
#: 1,700 simulated spectra with 0.1 to 10 % noise and up to 50 % drift 3 were told the wrong sign.
_LIKELY_RATIO = 2.0
_SLOPE_PHASE = 0.15  # rad: a smaller phase may be noise
_SLOPE_POINTS = 5
_SLOPE_RATIO = 3.0
_SMALLEST = 1e-5  # of the singular values: smaller ones are damped
_KINK = 0.5  # unfolding must at least halve the mean residual


@dataclass(frozen=True)
class SignTest:
    """Median relative residual of a linear Kramers-Kronig fit with either sign.

    Parameters
    ----------
    as_written, turned
        Residual of the data as they are, and of their complex conjugate.
    slope
        Where those cannot tell: the sign that the slope of the modulus asks for, +1 as written, -1 turned.
    """

    as_written: float
    turned: float
    slope: int = 0

    @property
    def misfit(self) -> float:
        """Residual with the better sign."""
        return min(self.as_written, self.turned)

    @property
    def verdict(self) -> int:
        """+1: the sign as written is right; -1: it must be turned; 0: the data cannot tell."""
        return self._decide(_GOOD, _RATIO)

    @property
    def fair(self) -> int:
        """The verdict where nobody says the sign, which noisier data may tell."""
        return self._decide(_FAIR, _RATIO)

    @property
    def likely(self) -> int:
        """The sign that noisy data ask for, which may be wrong where the phase is small."""
        return self.fair or self.slope * (self.misfit < _FAIR) or self._decide(_FAIR, _LIKELY_RATIO)

    def _decide(self, largest: float, ratio: float) -> int:
        low, high = sorted((self.as_written, self.turned))
        if not (low < largest and high > ratio * max(low, 0.0025)):
            return 0
        return 1 if self.as_written < self.turned else -1

    def __str__(self) -> str:
        return f"{100 * self.as_written:.2g} % as written, {100 * self.turned:.2g} % turned"


def kramers_kronig_sign(frequency: NDArray[np.float64], impedance: NDArray[np.complex128]) -> SignTest | None:
    """Fit a ladder of RC elements (Schoenleber, Electrochim. Acta 131 (2014) 20) with either sign.

    The resistances may have either sign, so inductive loops are represented too; the conjugate of a
    causal impedance is not. None: too few points.

    Parameters
    ----------
    frequency
        (F,) Hz, positive.
    impedance
        (F,) ohm.
    """
    good = np.isfinite(impedance) & np.isfinite(frequency) & (frequency > 0) & (impedance != 0)
    f, z = frequency[good], impedance[good]
    if len(set(f.tolist())) < _FEWEST_POINTS:  # np.unique would import numpy.ma
        return None
    thin = slice(None, None, 1 + f.size // _MOST_POINTS)
    f, z = f[thin], z[thin]
    written, turned = median(np.abs(_relative_residuals(f, np.array([z, z.conj()]))), axis=1)
    test = SignTest(float(written), float(turned))
    return test if test.verdict else replace(test, slope=_find_slope_sign(f, z))


def misfit(frequency: NDArray[np.float64], impedance: NDArray[np.complex128]) -> float:
    """Return how far an impedance is from Kramers-Kronig with the better sign; infinite: too few points."""
    test = kramers_kronig_sign(frequency, impedance)
    return np.inf if test is None else test.misfit


def _find_slope_sign(f: NDArray[np.float64], z: NDArray[np.complex128]) -> int:
    """Tell the sign of the phase by Bode's relation: of a passive system about pi/2 d ln|Z| / d ln omega.

    Bode, Network Analysis and Feedback Amplifier Design (1945), ch. 14; Z-HIT rests on it (Ehm et al., 2000).
    """
    order = np.argsort(f, kind="stable")
    f, z = f[order], z[order]
    if (z.real <= 0).any() or (np.diff(f) <= 0).any():
        return 0
    bode = np.pi / 2 * np.gradient(np.log(np.abs(z)), np.log(f))[1:-1]
    phase = np.angle(z)[1:-1]
    off, off_turned = np.abs(phase - bode).sum(), np.abs(phase + bode).sum()
    if (np.abs(phase) > _SLOPE_PHASE).sum() < _SLOPE_POINTS or max(off, off_turned) < _SLOPE_RATIO * min(
        off, off_turned
    ):
        return 0
    return 1 if off < off_turned else -1


def count_lost_signs(frequency: NDArray[np.float64], impedance: NDArray[np.complex128]) -> int:
    """Count the points at the top that obey Kramers-Kronig only with the other sign, of a column of abs(Im).

    Where an inductive end was folded over, the imaginary part has a kink at its smallest value; unfolded
    there, the whole spectrum fits better.

    Parameters
    ----------
    frequency
        (F,) Hz.
    impedance
        (F,) ohm, with the sign that suits most points.
    """
    good = np.isfinite(impedance) & np.isfinite(frequency) & (frequency > 0) & (impedance != 0)
    order = np.argsort(-frequency[good], kind="stable")
    f, z = frequency[good][order], impedance[good][order]
    if np.unique(f).size < _FEWEST_POINTS or f.size > _MOST_POINTS:
        return 0
    size = np.abs(z.imag)
    kinks = [i for i in range(1, f.size // 2) if size[i] <= size[i - 1] and size[i] <= size[i + 1]]
    best, lowest = 0, _KINK * _mean_residual(f, z)
    for kink in kinks[:8]:
        for count in (kink, kink + 1):
            unfolded = np.concatenate([z[:count].conj(), z[count:]])
            if (residual := _mean_residual(f, unfolded)) < lowest:
                best, lowest = count, residual
    return best


def _mean_residual(f: NDArray[np.float64], z: NDArray[np.complex128]) -> float:
    return float(np.mean(np.abs(_relative_residuals(f, z[None]))))


def _relative_residuals(f: NDArray[np.float64], z: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Return (Z - fit)/abs(Z), (K, F), of K impedances (K, F) that have the same modulus."""
    omega = 2 * np.pi * f
    decades = float(np.log10(f.max() / f.min()))
    # Six per decade decide 158 of 193 measured spectra, none against what its header says.
    number = int(max(2, min(0.9 * f.size, 6 * decades + 1, 60)))
    tau = np.exp(np.linspace(-np.log(omega.max()), -np.log(omega.min()), number))
    # Weighted with 1/|Z|; damped (Tikhonov), as singular values at the level of noise would fit either sign.
    modulus = np.abs(z[0])
    x = omega[:, None] * tau
    matrix = np.zeros((2, f.size, number + 3))  # real and imaginary part of 1, 1/(1 + jx), jw, 1/jw
    matrix[0, :, 0] = 1.0
    np.divide(1.0, 1.0 + x * x, out=matrix[0, :, 1:-2])
    np.multiply(-x, matrix[0, :, 1:-2], out=matrix[1, :, 1:-2])
    matrix[1, :, -2], matrix[1, :, -1] = omega / omega.max(), -omega.min() / omega
    matrix = (matrix / modulus[:, None]).reshape(2 * f.size, -1)
    unit = z / modulus
    target = np.concatenate([unit.real, unit.imag], axis=1).T
    normal = matrix.T @ matrix
    normal.flat[:: normal.shape[0] + 1] += _SMALLEST**2 * np.trace(normal)
    try:
        off = (target - matrix @ np.linalg.solve(normal, matrix.T @ target)).T
    except np.linalg.LinAlgError:
        return np.full(z.shape, np.inf + 0j)
    return np.asarray(off[:, : f.size] + 1j * off[:, f.size :], dtype=np.complex128)
