"""Z-HIT against closed forms in plain numpy."""

import json

import numpy as np
import pytest

from eisfit.errors import SpectrumError
from eisfit.files import to_json
from eisfit.spectra.spectrum import Spectrum
from eisfit.validation.zhit import ZHitResult, zhit

F = np.logspace(5, -2, 71)
S = 2j * np.pi * F


@pytest.mark.parametrize("alpha", [1.0, 0.8, 0.5, -1.0])
def test_exact_for_constant_phase(alpha):
    assert zhit(Spectrum(frequency=F, impedance=5 / S**alpha)).max_residual < 1e-11


@pytest.mark.parametrize(
    ("impedance", "limit"),
    [
        # Size of the dropped higher-order terms of the Z-HIT formula.
        (10 + 100 / (1 + (S * 1e-2) ** 0.8), 0.01),
        (100 / (1 + S * 1e-2), 0.02),
        (1 + 10 / (1 + S * 1e-3) + 20 / (1 + S * 0.1), 0.03),
        (10 - 3 / (1 + S), 0.01),
    ],
)
def test_close_for_arcs_and_loops(impedance, limit):
    result = zhit(Spectrum(frequency=F, impedance=impedance))
    assert result.max_residual < limit
    assert result.rms_residual <= result.max_residual


def test_drift_shows_at_the_low_end():
    time = np.cumsum(1 / F)
    r = 100 * (1 + 0.1 * time / time[-1])
    result = zhit(Spectrum(frequency=F, impedance=10 + r / (1 + (S * 1e-2) ** 0.8)), fmin=1.0)
    assert result.residuals[-1] > 0.06
    assert np.abs(result.residuals[F > 1]).max() < 0.015
    assert result.window[0] >= 1.0


def test_scale_and_order_do_not_matter():
    z = 10 + 100 / (1 + (S * 1e-2) ** 0.8)
    up = zhit(Spectrum(frequency=F[::-1], impedance=1e9 * z[::-1]))
    np.testing.assert_allclose(up.residuals, zhit(Spectrum(frequency=F, impedance=z)).residuals, atol=1e-10)


def test_refusals():
    with pytest.raises(SpectrumError, match="at least 6"):
        zhit(Spectrum(frequency=F[:5], impedance=S[:5]))
    with pytest.raises(SpectrumError, match=r"Hz is zero: remove that point"):
        zhit(Spectrum(frequency=F, impedance=np.where(F > 1e4, 0, S)))
    with pytest.raises(SpectrumError, match="widen the frequency range"):
        zhit(Spectrum(frequency=F, impedance=S), fmin=1e7)
    with pytest.raises(SpectrumError, match="not a complete Z-HIT document"):
        ZHitResult.from_dict({})


def test_document_goes_round():
    result = zhit(Spectrum(frequency=F, impedance=3 + 1 / (1 + S), source="a.csv", cycle=3))
    document = json.loads(to_json(result.to_dict()))
    assert document["schema"] == "eisfit.zhit/1"
    assert ZHitResult.from_dict(document).to_dict() == result.to_dict()
    assert list(result.to_frame()) == list(document["data"])
    assert "a.csv: modulus off by" in repr(result)
