"""``eisfit view``."""

from __future__ import annotations

from typing import Annotated, Any

from eisfit.cli.all_commands import say
from eisfit.cli.command import Option
from eisfit.cli.options import (
    CircuitName,
    Constraints,
    Files,
    Points,
    Reading,
    Weighting,
)
from eisfit.cli.output import guard, print_text
from eisfit.cli.sources import read_sources
from eisfit.errors import ReadError
from eisfit.model import COMMON
from eisfit.spectra import WEIGHTING


@guard
def view(
    files: Files,
    circuit: CircuitName = COMMON,
    weighting: Weighting = WEIGHTING,
    constraints: Constraints = Constraints(),
    points: Points = Points(),
    reading: Reading = Reading(),
    port: Annotated[int, Option(help="On 127.0.0.1; any that is free by default.")] = 0,
    browser: Annotated[bool, Option("--browser/--no-browser", help="Open the page in a browser.")] = True,
) -> None:
    """Look at spectra, mask points, identify and fit circuits, move parameters, follow them over a series.

    The page is served to this machine alone, under an address that holds a secret. Ctrl-C ends it.

    Example:  eisfit view cell.mpt --circuit rs-sei-ct-w
    """
    from eisfit.cli.pages.workbench import Workbench
    from eisfit.fitting.failure import FitFailure
    from eisfit.fitting.fitted_points import select_points

    data = points.check()
    chosen = constraints.of(circuit)
    found = read_sources(files, **reading.options)
    unread = [one.error for one in found if isinstance(one, FitFailure)]
    for error in unread:
        say(f"eisfit: {error}")
    spectra = [select_points(one, **data) for one in found if not isinstance(one, FitFailure)]
    if not spectra:
        raise ReadError("none of the files can be viewed: each one's reason stands above")
    kept = {**vars(constraints), "start": None}  # the page has start values of its own
    words = _format_options({**data, **reading.options}), _format_options(kept)
    bench = Workbench(chosen, circuit, *words)
    _serve(lambda: bench.page(spectra, weighting, unread), bench.handle, port, browser)


def _format_options(options: dict[str, Any]) -> tuple[str, ...]:
    """Return options as they stand on a command line, those not given left out."""
    found: list[str] = []
    for key, value in options.items():
        name = f"--{key.replace('_', '-')}"
        for one in value if isinstance(value, list) else [value]:
            if one is True:
                found.append(name)
            elif one not in (None, False, "auto"):
                found += [name, one if isinstance(one, str) else f"{one:g}"]
    return tuple(found)


def _serve(page: Any, handle: Any, port: int, browser: bool) -> None:
    import threading
    import webbrowser

    from eisfit.cli.pages.server import Site, serve

    def ready(address: str) -> None:
        print_text(f"{address}\nThe page is open to this machine alone. Ctrl-C ends it.")
        if browser:  # not here: a browser in the terminal would keep the server waiting for itself
            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()

    try:
        serve(Site(page, handle), port, ready)
    except KeyboardInterrupt:
        say("eisfit: ended")
