"""Thin-film transport against the paper's numbers, mpmath and limits known from theory."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from eisfit.coating.film.film import Film, fuchs_sondheimer, mayadas_shatzkes
from eisfit.coating.film.mixtures import bruggeman, hashin_shtrikman, volume_fractions
from eisfit.coating.inference.problem import Block
from eisfit.errors import StudyError


@pytest.mark.parametrize(("nm", "crossing"), [(5.0, 13.2), (5.5, 14.5), (40.0, 105.0)])
def test_ionic_crossing_of_the_paper(nm, crossing):
    """RRML_FACTS.md, derived from Kwon et al., J. Mater. Chem. A 14 (2026) 9966."""
    film = Film(nm * 1e-7, 70e-6, 3.8e-8)
    assert film.ionic_crossing == pytest.approx(crossing, rel=5e-3)


def test_the_papers_film():
    film = Film(5e-7, 70e-6, 3.8e-8)
    assert film.electronic_crossing == pytest.approx(3.5e-11)
    assert film.sheet_resistance == pytest.approx(140.0)


def test_transference_and_ambipolar_conductivity():
    """Equal conductivities: each carries half, and together they move at half of either (Wagner)."""
    film = Film(1e-6, 1 / 2e-3, 2e-3)
    assert film.ionic_transference == pytest.approx(0.5)
    assert film.electronic_transference == pytest.approx(0.5)
    assert film.ambipolar_conductivity == pytest.approx(1e-3)


def test_arrhenius_against_a_hand_calculation():
    """0.5 eV from 298.15 to 308.15 K: exp(0.5/8.617333262e-5 * (1/298.15 - 1/308.15)) = 1.8806."""
    none = np.zeros(1)
    warm = Block("one", "one", none, none, none, coated=True, temperature=308.15)
    assert 2 * np.exp(-0.5 * warm.arrhenius_factor) == pytest.approx(2 * 1.8806, rel=1e-4)
    assert 2 * np.exp(0.5 * warm.arrhenius_factor) == pytest.approx(2 / 1.8806, rel=1e-4)


@pytest.mark.parametrize("p", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("k", [0.01, 0.1, 0.757, 2.0, 10.0, 100.0])
def test_fuchs_sondheimer_by_mpmath(k, p):
    with mpmath.workdps(25):
        integral = mpmath.quad(
            lambda s: (1 / s**3 - 1 / s**5) * (1 - mpmath.exp(-k * s)) / (1 - p * mpmath.exp(-k * s)),
            [1, 2, 5, 20, 100, 1000, mpmath.inf],
        )
        expected = float(1 / (1 - mpmath.mpf(3) * (1 - p) / (2 * k) * integral))
    assert float(fuchs_sondheimer(1.0, 1.0, k, p)) == pytest.approx(expected, rel=1e-11)


def test_fuchs_sondheimer_of_thick_and_specular_films():
    """Sondheimer's own limit for k >> 1: 1 + 3 (1 - p) / (8 k); and mirrors do not scatter."""
    assert float(fuchs_sondheimer(1.0, 1.0, 1e4)) == pytest.approx(1 + 3 / 8e4, rel=1e-8)
    assert float(fuchs_sondheimer(7.0, 6.6, 5.0, 1.0)) == pytest.approx(7.0)


@pytest.mark.parametrize("a", ["1e-6", "1e-3", "0.1", "1", "10", "1e4"])
def test_mayadas_shatzkes_by_mpmath(a):
    with mpmath.workdps(60):
        x = mpmath.mpf(a)
        expected = float(1 / (3 * (mpmath.mpf(1) / 3 - x / 2 + x**2 - x**3 * mpmath.log(1 + 1 / x))))
    assert float(mayadas_shatzkes(1.0, float(a), 1.0, 0.5)) == pytest.approx(expected, rel=1e-12)


def test_volume_fractions_of_ru_and_ruo2():
    """1.5 parts of Ru (8.17 cm3/mol) and 1 of RuO2 (19.0): 12.255 / 31.255 by hand."""
    assert volume_fractions([1.5, 1.0], [8.17, 19.0])[0] == pytest.approx(12.255 / 31.255)


def test_hashin_shtrikman_against_the_two_phase_form():
    """The form printed by Hashin and Shtrikman: s1 + f2 / (1/(s2 - s1) + f1/(3 s1))."""
    s1, s2, f1, f2 = 1.0, 10.0, 0.3, 0.7
    low, high = hashin_shtrikman([s1, s2], [f1, f2])
    assert low == pytest.approx(s1 + f2 / (1 / (s2 - s1) + f1 / (3 * s1)))
    assert high == pytest.approx(s2 + f1 / (1 / (s1 - s2) + f2 / (3 * s2)))


def test_bruggeman_against_the_quadratic_and_its_threshold():
    """Two phases: 2 s^2 - b s - s1 s2 / 1 = 0 with b = (3 f1 - 1) s1 + (3 f2 - 1) s2 (Landauer 1952)."""
    s1, s2, f1, f2 = 1.0, 50.0, 0.6, 0.4
    b = (3 * f1 - 1) * s1 + (3 * f2 - 1) * s2
    assert bruggeman([s1, s2], [f1, f2]) == pytest.approx((b + (b * b + 8 * s1 * s2) ** 0.5) / 4, rel=1e-12)
    assert bruggeman([0.0, 1.0], [0.7, 0.3]) == pytest.approx(0.0, abs=1e-12)
    assert bruggeman([5.0, 5.0], [0.5, 0.5]) == pytest.approx(5.0)


@pytest.mark.parametrize(
    "mixture", [([1.0], [0.5, 0.5]), ([1.0, 2.0], [0.5, 0.6]), ([-1.0, 2.0], [0.5, 0.5])]
)
def test_a_mixture_that_is_none_is_refused(mixture):
    with pytest.raises(StudyError, match="fractions adding to 1"):
        hashin_shtrikman(*mixture)
