"""The algebra behind the linear Kramers-Kronig test: basis, least squares, number of RC elements, statistics.

A spectrum obeys Kramers-Kronig where a chain of passive *or* active RC elements with fixed time constants
describes real and imaginary part with the same coefficients (Boukamp, J. Electrochem. Soc. 142 (1995) 1885;
Schönleber, Klotz, Ivers-Tiffée, Electrochim. Acta 131 (2014) 20). Only linear algebra is needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import ComplexArray, FloatArray
from eisfit.records import dataclass
from eisfit.validation.quantiles import chi2_above, f_above
from eisfit.validation.resonances import make_pole_pair, project_out

PATIENCE = 10  # steps without a better AICc before the scan ends
CROWDED = 3  # elements a decade beyond which mu is heard
BLOCK = 8  # factorisations in one call
_ALONE = 2  # points at either end that are no stretch of their own
_SPREAD = np.pi**2 / 6  # variance of the logarithm of chi2(2)
_STRETCH, _STEPS = 8, 0.005  # points of one noise at least, and the chance of a step of the noise
_AROUND = 4  # points on either side, beside which one counts as an outlier
_BESIDE = 0.5  # decades from an RC element's own frequency, in which its imaginary part is seen
BEST_POSSIBLE = 1e-6  # relative rms residual below which more elements describe rounding only


@dataclass(frozen=True, eq=False, repr=False)
class Basis:
    """What the test may be made of, at given angular frequencies.

    Parameters
    ----------
    omega
        (F,) rad/s, falling.
    slow
        Terms for what lies below the sweep: a series capacitance, one RC element at 5/omega_min.
    fast
        Terms for what lies above it: a series inductance, one RC element at 1/(3 omega_max).
    guards
        Leave out the two RC elements beyond the sweep where false (the pure form of Schönleber et al.).
    resonances
        (omega_0 in rad/s, damping) of pairs of complex poles, see `eisfit.validation.resonances`.
    """

    omega: FloatArray
    slow: bool = True
    fast: bool = True
    guards: bool = True
    resonances: tuple[tuple[float, float], ...] = ()

    @property
    def decades(self) -> float:
        """Width of the sweep, decades."""
        return float(np.log10(self.omega[0] / self.omega[-1]))

    def time_constants(self, elements: int) -> FloatArray:
        """Return tau (M,), s: logarithmic from 1/omega_max to 1/omega_min (Schönleber et al., eq. 11)."""
        return np.asarray(np.exp(np.linspace(-np.log(self.omega[0]), -np.log(self.omega[-1]), elements)))

    def compute_fixed(self, omega: FloatArray | None = None) -> ComplexArray:
        """Return the columns (F, K) that do not depend on the number of elements."""
        w, low, high = self.omega if omega is None else omega, self.omega[-1], self.omega[0]
        columns = [np.ones_like(w, dtype=complex)]
        if self.slow:
            columns.append(low / (1j * w))
        if self.fast:
            columns.append(1j * w / high)
        beyond = [5 / low] * (self.slow and self.guards) + [1 / (3 * high)] * (self.fast and self.guards)
        pairs = [make_pole_pair(w, resonance) for resonance in self.resonances]
        return np.column_stack([*columns, *(1 / (1 + 1j * w * tau) for tau in beyond), *pairs])

    def columns(self, elements: int, omega: FloatArray | None = None) -> ComplexArray:
        """Return the whole design (F, K + M), RC elements last; at other frequencies if `omega` is given."""
        w = self.omega if omega is None else omega
        rc = 1 / (1 + 1j * w[:, None] * self.time_constants(elements))
        return np.concatenate([self.compute_fixed(w), rc], axis=1)

    def keep(self, mask: NDArray[np.bool_]) -> Basis:
        """Return the basis of the points where `mask` is true."""
        return replace(self, omega=self.omega[mask])

    def most_elements(self) -> int:
        """Return the largest sensible number: 6 a decade (finer is the same space), half the data."""
        room = self.omega.size - self.compute_fixed().shape[1]
        return int(max(1, min(6 * self.decades + 3, room)))


@dataclass(frozen=True, eq=False, repr=False)
class Step:
    """One number of elements tried: residual sum of squares, corrected Akaike criterion.

    `triangle` is that of design and data, of which the first `columns` and the last are in use.
    """

    elements: int
    rss: float
    aicc: float
    triangle: FloatArray
    columns: int

    def mu(self, sign: float = 1.0) -> float:
        """Return mu of the RC resistances; solved on demand, because few steps need it."""
        used = self.triangle[: self.columns]
        solution, *_ = np.linalg.lstsq(used[:, : self.columns], used[:, -1], rcond=None)
        return compute_mu(np.asarray(sign * solution[-self.elements :]))


@dataclass(frozen=True, eq=False, repr=False)
class LinearFit:
    """A weighted fit: coefficients (p,), fitted (F,), residuals (2F,), orthonormal design (2F, p), mu.

    `y` (2F,) are the weighted data, `design` (2F, p) the columns as they are.
    """

    elements: int
    mu: float
    coefficients: FloatArray
    fitted: ComplexArray
    scaled: FloatArray
    q: FloatArray
    y: FloatArray
    design: FloatArray


@dataclass(frozen=True, eq=False, repr=False)
class Evidence:
    """What speaks against Kramers-Kronig.

    `p_low`, `p_high`, `p_smooth` are probabilities of so large a deviation by chance at the low end, at the
    high end, anywhere, `p_step` of so large a step of the gain between any two points; `systematic` (F,)
    complex is the deviation found (in units of the weights); `spread` (F,) its standard error, `noise` the
    standard deviation of real and imaginary part left over, with `freedom` degrees of freedom. `distance`
    (F,) is how far each point lies off the curve through all others, squared, in units of its uncertainty at
    unit noise: chi-squared(2) times noise squared.
    """

    p_low: float
    p_high: float
    p_smooth: float
    p_step: float
    systematic: ComplexArray
    spread: FloatArray
    noise: float
    freedom: int
    distance: FloatArray


def stack(columns: ComplexArray, scale: FloatArray) -> FloatArray:
    """Return real above imaginary rows (2F, p), each row times its weight."""
    scaled = columns * scale[:, None]
    return np.concatenate([scaled.real, scaled.imag])


def compute_mu(resistances: FloatArray) -> float:
    """Return mu = 1 - sum|R_k < 0| / sum|R_k >= 0| (Schönleber et al., eq. 12).

    >>> compute_mu(np.array([3.0, 1.0, -1.0]))
    0.75
    """
    positive = float(resistances[resistances >= 0].sum())
    negative = float(-resistances[resistances < 0].sum())
    return 1 - negative / positive if positive > 0 else -np.inf


def try_elements(basis: Basis, data: ComplexArray, scale: FloatArray, first: int = 1) -> Iterator[Step]:
    """Try `first`, `first` + 1, ... RC elements, one QR factorisation each, eight of them in one call."""
    y, fixed = stack(data[:, None], scale), stack(basis.compute_fixed(), scale)
    fixed = fixed / np.sqrt((fixed**2).sum(axis=0))
    most, k = basis.most_elements(), fixed.shape[1]
    for start in range(min(first, most), most + 1, BLOCK):
        counts = np.arange(start, min(start + BLOCK, most + 1))
        # Unused columns are zero: each swallows but one row of y, which is added to the residual again.
        x = _list_time_constants(basis, counts)[:, None, :] * basis.omega[:, None]
        real = np.where(x == 0, 0.0, scale[:, None] / (1 + x * x))  # of 1 / (1 + jx), weighted
        design = np.empty((counts.size, y.size, k + int(counts[-1]) + 1))
        design[:, :, :k], design[:, :, -1] = fixed, y[:, 0]
        design[:, : data.size, k:-1], design[:, data.size :, k:-1] = real, -x * real
        for elements, triangle in zip(
            counts.tolist(), np.asarray(np.linalg.qr(design, mode="r")), strict=True
        ):
            p = k + elements
            rss = float(triangle[p:, -1] @ triangle[p:, -1])
            yield Step(elements, rss, _compute_aicc(rss, y.size, p), triangle, p)


def choose_elements(
    basis: Basis,
    data: ComplexArray,
    scale: FloatArray,
    mu: float = 0.85,
    *,
    sign: float = 1.0,
    patience: int = PATIENCE,
) -> Step:
    """Return the number of RC elements.

    The mu criterion alone ("the first M with mu <= 0.85") stops at M = 3-5 with 15-27 % residual on
    inductive loops and well separated arcs, and runs on to 45 where the spectrum is smooth. So the residual
    decides: of the M tried, the one of lowest AICc is taken. Trying starts at one element a decade and ends
    once AICc has stagnated for `patience` steps, or, beyond 3 elements a decade, for over half as many where
    mu says that elements cancel each other.
    """
    best: Step | None = None
    floor = BEST_POSSIBLE**2 * 2 * data.size
    for step in try_elements(basis, data, scale, first=max(1, int(basis.decades))):
        if best is None or step.aicc < best.aicc:
            best = step
        waited = step.elements - best.elements
        crowded = 2 * waited > patience and step.elements > CROWDED * basis.decades
        if step.rss < floor or waited >= patience or (crowded and step.mu(sign) <= mu):
            break
    assert best is not None  # at least one number of elements is tried
    return best


def fit(basis: Basis, data: ComplexArray, scale: FloatArray, elements: int, sign: float = 1.0) -> LinearFit:
    """Solve the weighted least-squares problem for a given number of RC elements."""
    columns = basis.columns(elements)
    design, y = stack(columns, scale), stack(data[:, None], scale)[:, 0]
    norms = np.sqrt((design**2).sum(axis=0))
    q, triangle = map(np.asarray, np.linalg.qr(design / norms))
    residual = project_out(y, q)
    solution, *_ = np.linalg.lstsq(triangle, q.T @ y, rcond=None)
    coefficients = solution / norms
    mu, fitted = compute_mu(sign * coefficients[-elements:]), columns @ coefficients
    return LinearFit(elements, mu, coefficients, fitted, residual, q, y, design)


def measure_evidence(basis: Basis, data: ComplexArray, scale: FloatArray, solved: LinearFit) -> Evidence:
    """Test whether freeing the real part from the imaginary part describes the data better than chance.

    To the Kramers-Kronig model are added functions that act on the real part alone: one that dies out as
    1/f from the low end (drift: the time spent goes as 1/f), one that grows as f to the high end, and
    smooth bumps one decade wide. Under white noise the gain is F-distributed, so that the rate of false
    alarms is known. Against drift the RC elements are held to what the imaginary part can have of them.
    """
    w, size = basis.omega, data.size
    modulus = np.tile(np.abs(solved.fitted) * scale, 2)[:, None]
    functions = np.column_stack([w[-1] / w, w / w[0], _make_bumps(w, basis.decades)])
    room = 2 * size - solved.q.shape[1]
    if room < 2 * functions.shape[1] + 4:
        functions = functions[:, :2]
    free = project_out(modulus * np.concatenate([functions, np.zeros_like(functions)]), solved.q)
    extra = _orthonormalise(free)
    found = extra @ (extra.T @ solved.scaled)
    freedom = max(room - extra.shape[1], 1)
    left = solved.scaled - found
    noise = float(np.sqrt(left @ left / freedom))
    return Evidence(
        _compute_drift_chance(basis, data, scale, solved, noise),
        _compute_chance(solved.scaled, free[:, 1:2] / np.linalg.norm(free[:, 1]), room),
        _compute_chance(solved.scaled, extra, room),
        _compute_step_chance(scale, solved, room),
        found[:size] + 1j * found[size:],
        noise * np.sqrt((extra**2).reshape(2, size, -1).sum(axis=(0, 2))),
        noise,
        freedom,
        _compute_distance(left, np.concatenate([solved.q, extra], axis=1)),
    )


def _compute_drift_chance(
    basis: Basis, data: ComplexArray, scale: FloatArray, solved: LinearFit, noise: float
) -> float:
    """Return the probability of so large a deviation of the real part as 1/f by chance.

    RC elements of alternating sign imitate a drift: they add up in the real part and cancel in the imaginary.
    An element alone has half its resistance in the imaginary part where omega tau is 1, so that its
    resistance is given a normal prior of twice the largest Z'' within half a decade: a row of its own.
    """
    x, at = np.log10(basis.omega), -np.log10(basis.time_constants(solved.elements))
    beside = max(_BESIDE, float(-np.diff(x).min()))
    there = np.where(np.abs(at[:, None] - x) <= beside, np.maximum(np.abs(data.imag), noise / scale), 0.0)
    prior = np.zeros((at.size, solved.design.shape[1]))
    prior[:, -at.size :] = np.diag(noise / np.maximum(2 * there.max(axis=1), np.finfo(float).tiny))
    design = np.concatenate([solved.design, prior])
    q = np.asarray(np.linalg.qr(design / np.linalg.norm(design, axis=0))[0])
    residual, column = np.zeros(len(design)), np.zeros(len(design))
    residual[: 2 * data.size] = solved.y
    column[: data.size] = np.abs(solved.fitted) * scale * basis.omega[-1] / basis.omega
    free = project_out(column[:, None], q)
    return _compute_chance(project_out(residual, q), free / np.linalg.norm(free), len(design) - q.shape[1])


def _compute_step_chance(scale: FloatArray, solved: LinearFit, room: int) -> float:
    """Return the probability of so large a change of the gain from one point to the next by chance.

    As an analyser makes it that changes its range. A single number at one of many places: bumps a decade wide
    spend more on it, and see it only of many points. The outermost points are looked for one by one.
    """
    size = solved.fitted.size
    after = np.arange(size)[:, None] >= np.arange(_ALONE, size - _ALONE + 1)
    free = project_out(stack(solved.fitted[:, None] * after, scale), solved.q)
    free = free / np.maximum(np.linalg.norm(free, axis=0), np.finfo(float).tiny)
    best = int(np.argmax(np.abs(free.T @ solved.scaled)))
    return float(min(1.0, after.shape[1] * _compute_chance(solved.scaled, free[:, best : best + 1], room)))


def estimate_local_noise(omega: FloatArray, distance: FloatArray, level: float = 0.005) -> FloatArray:
    """Return the noise at each point (F,), relative to its root mean square.

    One everywhere unless the squared distances (chi-squared with 2 degrees of freedom where the noise is
    white) step at one place, as where the instrument changes its range, or follow a cubic in log frequency:
    the logarithm of chi2(2) has variance pi^2/6, which makes either a chi-squared test. Where they do, the
    logarithms are averaged on either side of the step, and over half a decade around each point. Logarithms,
    because an outlier hardly moves their mean; it counts no more than its neighbours allow.
    """
    if omega.size < 16:
        return np.ones_like(omega)
    x = np.log10(omega)
    logs = np.log(np.maximum(distance, distance.max() * 1e-12 + np.finfo(float).tiny))
    logs = np.minimum(logs, _find_median_around(logs) + 3)
    steps = _average_stretches(logs)
    span = (2 * x - x[0] - x[-1]) / (x[0] - x[-1])
    cubic = np.linalg.qr(np.vander(span, 4, increasing=True))[0][:, 1:]
    smooth = chi2_above(3, float(np.sum((cubic.T @ (logs - steps)) ** 2)) / _SPREAD) <= level
    if not smooth and np.ptp(steps) == 0:
        return np.ones_like(omega)
    kernel = np.exp(-0.5 * ((x[:, None] - x) / 0.5) ** 2)
    variance = np.exp(steps + smooth * (kernel @ (logs - steps) / kernel.sum(axis=1)))
    return np.asarray(np.sqrt(variance / variance.mean()))


def _find_median_around(logs: FloatArray) -> FloatArray:
    """Return the median (F,) of each number and its neighbours."""
    first = np.clip(np.arange(logs.size) - _AROUND, 0, logs.size - 2 * _AROUND - 1)
    return np.asarray(np.median(logs[first[:, None] + np.arange(2 * _AROUND + 1)], axis=1))


def _average_stretches(logs: FloatArray) -> FloatArray:
    """Return the mean (F,) of logarithms of chi2(2) on either side of a step, of all where there is none.

    One step: what is noisy between quiet points, as beside the mains' frequency, is pickup and to be told.
    """
    count = logs.size
    places = np.arange(_STRETCH, count - _STRETCH + 1)
    before = np.cumsum(logs)[places - 1]
    low, high = before / places, (logs.sum() - before) / (count - places)
    square = (low - high) ** 2 / (1 / places + 1 / (count - places)) / _SPREAD
    best = int(np.argmax(square))
    if places.size * chi2_above(1, float(square[best])) > _STEPS:
        return np.full(count, logs.mean())
    return np.asarray(np.where(np.arange(count) < places[best], low[best], high[best]))


def _compute_aicc(rss: float, size: int, parameters: int) -> float:
    left = size - parameters - 1
    if left <= 0:
        return float("inf")
    return size * float(np.log(max(rss, 1e-300) / size)) + 2 * parameters * size / left


def _list_time_constants(basis: Basis, counts: NDArray[np.int_]) -> FloatArray:
    low, high = -np.log(basis.omega[0]), -np.log(basis.omega[-1])
    place = np.arange(counts[-1]) / np.maximum(counts - 1, 1)[:, None]
    return np.asarray(
        np.where(np.arange(counts[-1]) < counts[:, None], np.exp(low + place * (high - low)), 0.0)
    )


def _make_bumps(omega: FloatArray, decades: float) -> FloatArray:
    x = np.log10(omega)
    centres = np.linspace(x[-1], x[0], max(2, round(decades) + 1))
    width = centres[1] - centres[0]
    return np.asarray(np.exp(-0.5 * ((x[:, None] - centres) / width) ** 2))


def _orthonormalise(columns: FloatArray) -> FloatArray:
    q, triangle = map(np.asarray, np.linalg.qr(columns))
    size = np.abs(np.diagonal(triangle))
    return np.asarray(q[:, size > 1e-9 * size.max()])


def _compute_chance(residual: FloatArray, extra: FloatArray, room: int) -> float:
    gained, count = float(np.sum((extra.T @ residual) ** 2)), extra.shape[1]
    left = room - count
    if count == 0 or left < 1:
        return 1.0
    rest = max(float(residual @ residual) - gained, np.finfo(float).tiny)
    return f_above(count, left, gained / count / (rest / left))


def _compute_distance(left: FloatArray, q: FloatArray) -> FloatArray:
    # e (I - H_ii)^-1 e, with the 2 x 2 block of one point's real and imaginary part in the hat matrix H.
    real, imag = q.reshape(2, -1, q.shape[1])
    a, b = 1 - (real**2).sum(axis=1), 1 - (imag**2).sum(axis=1)
    c = -(real * imag).sum(axis=1)
    e, g = left.reshape(2, -1)
    return np.asarray(np.maximum(b * e * e - 2 * c * e * g + a * g * g, 0) / np.maximum(a * b - c * c, 1e-9))
