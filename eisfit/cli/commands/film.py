"""``eisfit film``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from eisfit.cli.command import Option
from eisfit.cli.options import CircuitName, Constraints, Files, Frequencies, Json, Placing, Reading
from eisfit.cli.output import guard, print_json, print_text
from eisfit.cli.sources import collect_series
from eisfit.errors import UsageError

if TYPE_CHECKING:
    from eisfit.spectra.series import Series


@guard
def film(
    files: Files,
    circuit: CircuitName = "R_s-p(R_film,CPE_film)",
    label: Annotated[str, Option(help="Of the film's arc in the circuit: R_film with CPE_film.")] = "film",
    area: Annotated[
        str | None, Option(metavar="AREA", help="That the film covers on one electrode: '1.13 cm^2'.")
    ] = None,
    films: Annotated[int, Option(min=1, help="Equal films in series: 2 in a symmetric cell.")] = 1,
    thickness: Annotated[str | None, Option(metavar="LENGTH", help="Of the film, such as '5 nm'.")] = None,
    permittivity: Annotated[
        float | None, Option(help="Relative, for a dielectric film: gives its thickness.")
    ] = None,
    constraints: Constraints = Constraints(),
    span: Frequencies = Frequencies(),
    placing: Placing = Placing(),
    reading: Reading = Reading(),
    json: Json = False,
) -> None:
    """Say what spectra tell of a film: conductivity, thickness, permittivity, activation energy.

    One spectrum gives what its arc says; several give the law over the thickness or the temperature.

    Example:  eisfit film LLZO_*degC.mpt --by temperature --area '1.13 cm^2'
    """
    from eisfit.coating.film.estimates import film as estimate

    limits = span.check()
    by = placing.by
    if by not in (None, "thickness", "temperature"):
        raise UsageError(f"--by {by!r}: a film's law runs over thickness or temperature")
    chosen = constraints.of(circuit)
    series = collect_series(files, **placing.options, **reading.options)
    found = estimate(
        _fit_series(series, chosen, by, limits),
        label=label,
        area=area,
        films=films,
        thickness=thickness,
        permittivity=permittivity,
    )
    if json:
        print_json(found.to_dict())
    else:
        print_text(str(found))


def _fit_series(series: Series, circuit: Any, by: str | None, options: dict[str, Any]) -> Any:
    from eisfit.fitting.fit import fit
    from eisfit.tracking.track import track

    if by is not None:
        return track(series, circuit, by=by, **options)
    if len(series) != 1:
        raise UsageError(
            f"{len(series)} spectra: say what they run over (--by thickness or temperature), or name one"
        )
    return fit(series[0], circuit, **options)
