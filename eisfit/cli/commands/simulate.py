"""``eisfit simulate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from eisfit.cli.command import Option
from eisfit.cli.options import CircuitName, parse_numbers
from eisfit.cli.output import guard, print_text
from eisfit.files import write_atomic
from eisfit.model import COMMON


@guard
def simulate(
    circuit: CircuitName = COMMON,
    param: Annotated[
        list[str] | None, Option("--param", "-p", metavar="NAME=VALUE", help="A parameter's value.")
    ] = None,
    fmin: Annotated[float, Option(help="Lowest frequency, Hz.")] = 1e-2,
    fmax: Annotated[float, Option(help="Highest frequency, Hz.")] = 1e5,
    per_decade: Annotated[int, Option(help="Frequencies per decade.")] = 10,
    noise: Annotated[float, Option(help="Standard deviation of each part, fraction of |Z|.")] = 0.005,
    seed: Annotated[int, Option(help="Of the noise.")] = 0,
    cycle: Annotated[float | None, Option(help="Cycle number to write into the file.")] = None,
    output: Annotated[
        Path | None,
        Option("--output", "-o", metavar="FILE", help="CSV file; standard output by default."),
    ] = None,
) -> None:
    """Simulate a spectrum with noise, labelled as simulated.

    Example:  eisfit simulate -c rs-ct -p R_s=2 -p R_ct=50 -p CPE_ct_Q=1e-4 -p CPE_ct_alpha=0.9 -o cell.csv
    """
    from eisfit.model.simulate import frequencies
    from eisfit.model.simulate import simulate as make
    from eisfit.spectra.writers.plain_csv import to_csv

    sweep = frequencies(fmin, fmax, per_decade)
    spectrum = make(
        circuit, parse_numbers(param, "--param"), frequency=sweep, noise=noise, seed=seed, cycle=cycle
    )
    if output is None:
        print_text(to_csv(spectrum))
    else:
        write_atomic(output, to_csv(spectrum))
