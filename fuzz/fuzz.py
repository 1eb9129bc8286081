"""Mutated files, circuits, units and studies for every reader: each must end in a result or one sentence.

``python fuzz/fuzz.py --seconds 30`` runs for a bounded time and ends with 1 where something fell; that is
printed with its seed, so that ``--first SEED --count 1`` does it again. Run it under ``ulimit -v``.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
import warnings
from collections.abc import Callable

import numpy as np

import eisfit
from eisfit.coating.study import Study
from eisfit.files import data_folder, parse_json
from eisfit.spectra.readers import read_bytes
from eisfit.units import quantity

ROWS = [(10.0 ** (k / 4), 10 + 50 / (1 + 10 ** (k / 2 - 4)), -5.0 - k / 7) for k in range(20, -5, -1)]
TABLE = "\n".join(f"{f:.6g},{re:.6g},{im:.6g}" for f, re, im in ROWS)
SEEDS: dict[str, list[bytes]] = {
    "csv": [f"frequency_Hz,Z_real_ohm,Z_imag_ohm\n{TABLE}\n".encode(), TABLE.encode()],
    "txt": [("f/Hz\tZ'/kOhm\t-Z''/kOhm\n" + TABLE.replace(",", "\t").replace(".", ",")).encode()],
    "mpt": [
        b"EC-Lab ASCII FILE\r\nNb header lines : 3\r\nfreq/Hz\tRe(Z)/Ohm\t-Im(Z)/Ohm\tcycle number\r\n"
        + "\r\n".join(f"{f}\t{re}\t{-im}\t1" for f, re, im in ROWS).encode()
    ],
    "dta": [
        b"EXPLAIN\nTAG\tEISPOT\nZCURVE\tTABLE\n\tPt\tTime\tFreq\tZreal\tZimag\n\t#\ts\tHz\tohm\tohm\n"
        + "\n".join(f"\t1\t1\t{f}\t{re}\t{im}" for f, re, im in ROWS).encode()
    ],
    "json": [b'{"schema": "eisfit.fit/2", "results": [{"error": null, "ok": true, "grade": "A"}]}'],
    "circuit": [b"R_s-p(R_ct,CPE_ct)-W_d", b"L0-R0-p(R1,C1-p(R2-Wo1,CPE2))", b"R(RQ)([RW]Q)"],
    "unit": [b"5 nm", b"70 uohm*cm", b"10 uF/cm^2"],
    "study": [(data_folder("example_spectra") / "study_template.toml").read_bytes()],
}
WORDS: tuple[bytes, ...] = (b"1e309", b"-", b"nan", b"inf", b"1e-320", b"9.9E+37", b"true", b"\0", b"\xff")
WORDS += (b"\n", b"^9", b"(", b"[", b'"', b"=", b",", b"\t", b"0", b"1" * 5000, "Ω".encode(), b"\xef\xbb\xbf")
WORDS += (b"frequency", b"-Im(Z)/Ohm")


def mutate(data: bytes, rng: random.Random) -> bytes:
    """Return `data` with a few of its bytes, words and lines changed."""
    found = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4, 8))):
        a, b = sorted(rng.randrange(len(found) + 1) for _ in range(2))
        kind = rng.randrange(6)
        if kind == 0:
            found[a:a] = rng.choice(WORDS)
        elif kind == 1 and a < len(found):
            found[a] ^= 1 << rng.randrange(8)
        elif kind == 2:
            del found[a : min(b, a + 40)]
        elif kind == 3:
            found[a:a] = found[a : min(b, a + 200)] * rng.choice((1, 2, 30))
        elif kind == 4:
            del found[a:]
        else:
            lines = bytes(found).split(b"\n")
            rng.shuffle(lines)
            found = bytearray(b"\n".join(lines))
    return bytes(found)


def read(kind: str) -> Callable[[bytes], None]:
    """Return what reads this kind, and raises an EisfitError where it cannot."""

    def spectra(data: bytes) -> None:
        for spectrum in read_bytes(data, f"fuzz.{kind}"):
            if not (np.isfinite(spectrum.frequency).all() and np.isfinite(spectrum.impedance).all()):
                raise AssertionError("a spectrum that is not finite")

    text: dict[str, Callable[[str], object]] = {
        "json": lambda given: parse_json(given, "fuzz.json"),
        "circuit": eisfit.circuit,
        "unit": lambda given: quantity(given, "cm"),
        "study": Study.from_text,
    }
    return (lambda data: void(text[kind](data.decode("latin-1")))) if kind in text else spectra


def void(_: object) -> None:
    """Return nothing: a result is all that counts."""


def try_one(seed: int) -> str:
    """Return what fell, or nothing."""
    rng = random.Random(seed)
    kind = rng.choice(list(SEEDS))
    data = mutate(rng.choice(SEEDS[kind]), rng)
    begin = time.process_time()
    try:
        read(kind)(data)
    except eisfit.EisfitError as error:
        # A circuit's fault is shown in the string, in two lines more.
        if "\n" in str(error).strip() and kind != "circuit":
            return f"{kind}: more than a line: {error!r}"
    except Exception as error:  # whatever else comes is what is looked for
        return f"{kind}: {type(error).__name__}: {error}"[:300]
    spent = time.process_time() - begin
    return f"{kind}: took {spent:.0f} s" if spent > 20 else ""


def main() -> int:
    """Run inputs one after another until the time or the count is over."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=30.0)
    options.add_argument("--first", type=int, default=0)
    options.add_argument("--count", type=int, default=10**9)
    given = options.parse_args()
    warnings.simplefilter("error")
    end, seed, fell = time.monotonic() + given.seconds, given.first, 0
    while time.monotonic() < end and seed < given.first + given.count:
        wrong = try_one(seed)
        if wrong:
            fell += 1
            print(f"seed {seed}: {wrong}", flush=True)
        seed += 1
    print(f"{seed - given.first} inputs, {fell} fell")
    return 1 if fell else 0


if __name__ == "__main__":
    sys.exit(main())
