"""Mutated files, circuits, units and studies for every reader: each must end in a result or one sentence.

``python fuzz/fuzz.py --seconds 30`` runs for a bounded time and ends with 1 where something fell; that is
printed with its seed, so that ``--first SEED --count 1`` does it again. ``--count 1000000 --child`` runs
them in child processes of at most 1 GB: what ends one, or hangs, is told with its seed, the rest goes on.
``--kinds idf rlx`` tries these kinds of `SEEDS` alone; a seed is another input then than among all.
"""

from __future__ import annotations

import argparse
import functools
import mmap
import os
import random
import resource
import struct
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from seeds import SEEDS, within_archive

import eisfit
from eisfit.coating.study import Study
from eisfit.files import parse_json
from eisfit.spectra.readers import read_bytes
from eisfit.units import quantity

MOST_BYTES = 10**9  # of a child process
#: The ceiling counts address space, which threads and Arrow's allocator reserve by the gigabyte.
SMALL = {"OPENBLAS_NUM_THREADS": "1", "ARROW_DEFAULT_MEMORY_POOL": "system"}
A_CHILD = 20_000  # inputs of one child: whatever it leaks goes with it
LONGEST = 120.0  # seconds without a next input: it hangs
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


def mutated(kind: str, rng: random.Random) -> bytes:
    """Return a changed seed; of an archive mostly a member is changed."""
    seed = rng.choice(SEEDS[kind])
    if seed.startswith(b"PK") and rng.random() < 0.8:
        return within_archive(seed, functools.partial(mutate, rng=rng), rng.choice)
    return mutate(seed, rng)


def read(kind: str) -> Callable[[bytes], None]:
    """Return what reads this kind, and raises an EisfitError where it cannot."""

    def spectra(data: bytes) -> None:
        for spectrum in read_bytes(data, f"fuzz.{kind}"):
            if not (np.isfinite(spectrum.frequency).all() and np.isfinite(spectrum.impedance).all()):
                raise AssertionError("a spectrum that is not finite")

    text: dict[str, Callable[[str], object]] = {
        "result": lambda given: parse_json(given, "fuzz.json"),
        "circuit": eisfit.circuit,
        "unit": lambda given: quantity(given, "cm"),
        "study": Study.from_text,
    }
    return (lambda data: void(text[kind](data.decode("latin-1")))) if kind in text else spectra


def void(_: object) -> None:
    """Return nothing: a result is all that counts."""


def try_one(seed: int, kinds: Sequence[str]) -> str:
    """Return what fell, or nothing."""
    rng = random.Random(seed)
    kind = rng.choice(kinds)
    data = mutated(kind, rng)
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


def run(seeds: range, kinds: Sequence[str], seconds: float, progress: mmap.mmap | None = None) -> int:
    """Try seeds until the time is over, telling what fell; return how many did."""
    end, fell, seed = time.monotonic() + seconds, 0, seeds.start
    for seed in seeds:
        if progress is not None:
            progress[:8] = struct.pack("q", seed)
        if wrong := try_one(seed, kinds):
            fell += 1
            print(f"seed {seed}: {wrong}", flush=True)
        if time.monotonic() > end:
            break
    if progress is None:
        print(f"{seed + 1 - seeds.start} inputs, {fell} fell")
    return fell


def run_in_children(seeds: range, kinds: Sequence[str]) -> int:
    """Try seeds in processes with a ceiling; one that dies or hangs costs one seed. Return how many fell."""
    begin, fell, start = time.monotonic(), 0, seeds.start
    while start < seeds.stop:
        stop = min(start + A_CHILD, seeds.stop)
        with tempfile.NamedTemporaryFile() as file:
            file.write(struct.pack("q", start))
            file.flush()
            again, lost = _one_child(Path(file.name), range(start, stop), kinds)
        fell += lost
        start = again
        spent = time.monotonic() - begin
        print(f"{start - seeds.start} inputs, {fell} fell, {spent:.0f} s", file=sys.stderr, flush=True)
    print(f"{len(seeds)} inputs, {fell} fell")
    return fell


def _one_child(progress: Path, seeds: range, kinds: Sequence[str]) -> tuple[int, int]:
    """Return the seed to go on with, and how many fell."""
    command = [sys.executable, __file__, "--seconds", "1e9", "--progress", str(progress)]
    command += ["--first", str(seeds.start), "--count", str(len(seeds)), "--kinds", *kinds]
    with tempfile.TemporaryFile("w+") as stream:
        child = subprocess.Popen(command, stdout=stream, env={**os.environ, **SMALL})
        _watch(child, progress, seeds.start)
        stream.seek(0)
        told = stream.read()
    print(told, end="")
    fell = told.count("seed ")
    if child.returncode == 0 or (child.returncode == 1 and fell):
        return seeds.stop, fell
    (at,) = struct.unpack("q", progress.read_bytes())
    print(f"seed {at}: the process ended with {child.returncode} (a negative number is a signal)", flush=True)
    return at + 1, fell + 1


def _watch(child: subprocess.Popen[bytes], progress: Path, at: int) -> None:
    """Wait for a child's end, and end one that hangs at an input."""
    while child.poll() is None:
        before = at
        try:
            child.wait(LONGEST)
        except subprocess.TimeoutExpired:
            (at,) = struct.unpack("q", progress.read_bytes())
            if at == before:
                child.kill()


def main() -> int:
    """Run inputs one after another until the time or the count is over."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=30.0)
    options.add_argument("--first", type=int, default=0)
    options.add_argument("--count", type=int, default=10**9)
    options.add_argument("--kinds", nargs="+", choices=SEEDS, default=list(SEEDS), metavar="KIND")
    options.add_argument("--child", action="store_true", help="in child processes of at most 1 GB")
    options.add_argument("--progress", type=Path, help="file of eight bytes that tells the seed being tried")
    given = options.parse_args()
    warnings.simplefilter("error")
    seeds = range(given.first, given.first + given.count)
    if given.child:
        return 1 if run_in_children(seeds, given.kinds) else 0
    if given.progress is None:
        return 1 if run(seeds, given.kinds, given.seconds) else 0
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    with given.progress.open("r+b") as file:
        return 1 if run(seeds, given.kinds, given.seconds, mmap.mmap(file.fileno(), 8)) else 0


if __name__ == "__main__":
    sys.exit(main())
