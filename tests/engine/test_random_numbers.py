"""Random numbers for starts: the published generator, and numbers that are spread as they should be."""

import subprocess
import sys

import numpy as np

from eisfit.engine.starts.random_numbers import Random, _mix


def test_it_is_splitmix64():
    # the first numbers of seed 1234567 by Vigna's splitmix64.c, as Rosetta Code lists them
    step = 0x9E3779B97F4A7C15
    counts = np.array([(1234567 + k * step) % 2**64 for k in range(1, 4)], dtype=np.uint64)
    assert _mix(counts).tolist() == [6457827717110365317, 3203168211198807973, 9817491932198370423]


def test_seeds_tell_streams_apart_and_a_stream_goes_on():
    assert (Random(3, 1).random(4) == Random(3, 1).random(4)).all()
    others = [Random(3, 1), Random(3, 2), Random(1, 3), Random(3), Random(-1), Random(2**80)]
    assert len({one.random(1).item() for one in others}) == len(others)
    chance, counts = Random(5), (3, 2, 1100, 16)  # however many are mixed ahead
    parts = [chance.random(count) for count in counts]
    assert np.concatenate(parts).tolist() == Random(5).random(sum(counts)).tolist()


def test_numbers_are_spread():
    chance, count = Random(7), 100_000
    uniform, normal = chance.random((2, count // 2)).ravel(), chance.normal(3.0, 2.0, count)
    assert 0 <= uniform.min() < 1e-4 and 1 - 1e-4 < uniform.max() < 1
    assert np.abs(np.histogram(uniform, 20, (0, 1))[0] / (count / 20) - 1).max() < 0.06
    assert abs(np.corrcoef(uniform[1:], uniform[:-1])[0, 1]) < 0.015
    assert abs(normal.mean() - 3) < 0.03 and abs(normal.std() / 2 - 1) < 0.015
    assert abs(np.mean(np.abs(normal - 3) < 2 * 1.959964) - 0.95) < 0.004


def test_choices_and_orders():
    chance = Random(1)
    chosen = chance.choice(np.array([2, 5, 7]), 3000)
    assert set(chosen.tolist()) == {2, 5, 7} and np.bincount(chosen)[[2, 5, 7]].min() > 900
    orders = {tuple(chance.permutation([4, 5, 6]).tolist()) for _ in range(100)}
    assert len(orders) == 6 and all(sorted(order) == [4, 5, 6] for order in orders)


def test_fits_do_not_load_numpys_random_numbers():
    code = (
        "import sys, numpy as np; before = 'numpy.random' in sys.modules; import eisfit; "  # numpy 1 loads it
        "f = np.geomspace(1e4, 0.1, 30); "
        "c = eisfit.circuit('R_s-p(R_ct,C_dl)'); "
        "z = c.impedance(f, {'R_s': 2, 'R_ct': 9, 'C_dl': 1e-4}) * (1 + 1e-3 * np.sin(9 * np.arange(30))); "
        "list(eisfit.fit_many([eisfit.Spectrum(f, z)], c)); "
        "print('numpy.random' in sys.modules and not before)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "False", done.stderr
