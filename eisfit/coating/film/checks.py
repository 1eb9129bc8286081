"""A film's measured values compared with what theory expects of its parts, one verdict each."""

from __future__ import annotations

from typing import Any

import numpy as np

from eisfit.coating.film.film import Film, fuchs_sondheimer, mayadas_shatzkes
from eisfit.coating.film.mixtures import bruggeman, hashin_shtrikman, volume_fractions
from eisfit.coating.film.tables import FilmTable, PhaseTable

Check = dict[str, Any]
_AGREEING = (0.8, 1.25)  # ratios of a measured thickness to the grown one


def describe_film(table: FilmTable) -> dict[str, Any]:
    """Transport numbers of a film that conducts ions and electrons, at its median values, as a document."""
    assert table.ionic_conductivity is not None  # the caller looks
    film = Film(table.thickness.median, _get_resistivity(table), table.ionic_conductivity.median)
    return {
        "name": table.name,
        "thickness_nm": film.thickness * 1e7,
        "resistivity_ohm_cm": film.resistivity,
        "ionic_conductivity_S_per_cm": film.ionic_conductivity,
        "ionic_crossing_ohm_cm2": film.ionic_crossing,
        "electronic_crossing_ohm_cm2": film.electronic_crossing,
        "sheet_resistance_ohm": film.sheet_resistance,
        "ionic_transference": film.ionic_transference,
        "electronic_transference": film.electronic_transference,
        "ambipolar_conductivity_S_per_cm": film.ambipolar_conductivity,
        "checks": check_film(table),
    }


def check_film(table: FilmTable) -> list[Check]:
    """Hold thickness, resistivity and ionic conductivity against growth, thin-film theory and mixture bounds.

    Returns
    -------
    list
        ``{quantity, measured, unit, against, expected_low, expected_high, ratio, verdict}`` each; `ratio` is
        the measured value over the nearer bound, 1 where it lies between them.
    """
    checks = [_check_thickness(table)] if table.ald_cycles and table.growth_per_cycle else []
    checks += [_check_thin_metal(table, phase) for phase in table.reference if _is_metal(phase)]
    mixed = [phase for phase in table.reference if phase.parts and phase.molar_volume]
    if len(mixed) > 1:
        shares = volume_fractions(
            [phase.parts.median for phase in mixed if phase.parts],
            [phase.molar_volume.median for phase in mixed if phase.molar_volume],
        )
        checks += _check_mixtures(table, mixed, shares)
    return checks


def find_contradictions(table: FilmTable) -> list[dict[str, str]]:
    """Return where a film's values contradict each other, in the form of a study's contradictions."""
    if not table.ald_cycles or not table.growth_per_cycle:
        return []
    check = _check_thickness(table)
    if _AGREEING[0] <= check["ratio"] <= _AGREEING[1]:
        return []
    return [{"what": f"thickness of {table.name}", "text": f"{table.name}: {check['verdict']}"}]


def _check_thickness(table: FilmTable) -> Check:
    assert table.ald_cycles is not None
    assert table.growth_per_cycle is not None
    grown = table.ald_cycles * table.growth_per_cycle.median * 1e7
    measured = table.thickness.median * 1e7
    ratio = measured / grown
    told = "agree" if _AGREEING[0] <= ratio <= _AGREEING[1] else "do not agree"
    verdict = (
        f"{measured:.3g} nm and the {grown:.3g} nm that {table.ald_cycles} growth cycles of "
        f"{table.growth_per_cycle.median * 1e7:.3g} nm give {told} (ratio {ratio:.2f})."
    )
    return _make_check("thickness", measured, "nm", "growth per cycle", (grown, grown), ratio, verdict)


def _get_resistivity(table: FilmTable) -> float:
    assert table.resistivity is not None  # `describe_film` is for films that conduct electrons
    return table.resistivity.median


def _is_metal(phase: PhaseTable) -> bool:
    return phase.resistivity is not None and phase.mean_free_path is not None


def _check_thin_metal(table: FilmTable, phase: PhaseTable) -> Check:
    """Resistivity against that of the pure metal as a film as thin (Fuchs-Sondheimer, Mayadas-Shatzkes)."""
    thin = _compute_thin_resistivity(table, phase)
    measured = _get_resistivity(table)
    ratio = measured / thin
    nm = table.thickness.median * 1e7
    grains = _has_grains(phase)
    how = (
        "and grain boundaries by Mayadas-Shatzkes"
        if grains
        else f"{_describe_surfaces(phase)}{_describe_thick_limit(table, phase)}"
    )
    verdict = (
        f"{_format_micro(measured)} uohm cm is {ratio:.1f} times what a pure {nm:.3g} nm {phase.name} film "
        f"would show ({_format_micro(thin)} uohm cm by Fuchs-Sondheimer's integral, {how}): "
    )
    verdict += (
        "the other constituents' share, or disorder."
        if ratio > 1.25
        else "it conducts like the metal itself."
        if ratio > 0.8
        else "no film of this metal conducts so well."
    )
    against = f"pure {phase.name} film"
    return _make_check("resistivity", measured, "ohm cm", against, (thin, thin), ratio, verdict)


def _describe_surfaces(phase: PhaseTable) -> str:
    mirrored = _specularity(phase)
    return f"surfaces that mirror {mirrored:.0%} of the electrons" if mirrored else "diffuse surfaces"


def _describe_thick_limit(table: FilmTable, phase: PhaseTable) -> str:
    """Return what the usual short form for thick films, rho (1 + 3 l / 8 t), would say instead."""
    assert phase.resistivity is not None
    assert phase.mean_free_path is not None
    scattered = 0.375 * (1 - _specularity(phase)) * phase.mean_free_path.median / table.thickness.median
    thick = phase.resistivity.median * (1 + scattered)
    return f"; {_get_resistivity(table) / thick:.1f} times by its short form for thick films"


def _compute_thin_resistivity(table: FilmTable, phase: PhaseTable) -> float:
    """Matthiessen's rule: the surfaces' and the grain boundaries' shares added to the bulk's."""
    assert phase.resistivity is not None
    if phase.mean_free_path is None:
        return phase.resistivity.median
    bulk, path = phase.resistivity.median, phase.mean_free_path.median
    thin = float(fuchs_sondheimer(bulk, path, table.thickness.median, _specularity(phase)))
    if phase.grain_size and phase.grain_reflection:
        grain, reflection = phase.grain_size.median, phase.grain_reflection.median
        thin += float(mayadas_shatzkes(bulk, path, grain, reflection)) - bulk
    return thin


def _specularity(phase: PhaseTable) -> float:
    return 0.0 if phase.specularity is None else phase.specularity.median


def _has_grains(phase: PhaseTable) -> bool:
    return phase.grain_size is not None and phase.grain_reflection is not None


def _check_mixtures(table: FilmTable, phases: list[PhaseTable], shares: np.ndarray[Any, Any]) -> list[Check]:
    words = " and ".join(f"{share:.0%} {phase.name}" for share, phase in zip(shares, phases, strict=True))
    mixture = f"mixture of {words} by volume"
    checks = []
    if all(phase.resistivity for phase in phases):
        values = [1 / _compute_thin_resistivity(table, phase) for phase in phases]
        (low, high), middle = hashin_shtrikman(values, shares), bruggeman(values, shares)
        expected = (1 / high, 1 / low if low else np.inf, 1 / middle if middle else np.inf)
        causes = ("disorder, boundaries or a worse oxide than the one compared with", "a richer metal")
        checks.append(_compare("resistivity", "ohm cm", _get_resistivity(table), expected, mixture, causes))
    if table.ionic_conductivity and all(phase.ionic_conductivity for phase in phases):
        values = [phase.ionic_conductivity.median for phase in phases if phase.ionic_conductivity]
        expected = (*hashin_shtrikman(values, shares), bruggeman(values, shares))
        causes = ("ions take ways that neither part has alone, such as their boundaries", "blocked ways")
        measured = table.ionic_conductivity.median
        checks.append(_compare("ionic_conductivity", "S/cm", measured, expected, mixture, causes))
    return checks


def _compare(  # noqa: PLR0917 - the words of one sentence
    quantity: str,
    unit: str,
    measured: float,
    expected: tuple[float, float, float],
    mixture: str,
    causes: tuple[str, str],
) -> Check:
    """Compare a value with a mixture's bounds and middle; `causes` would put it above or below the bounds."""
    show, shown_unit = (_format_micro, "uohm cm") if unit == "ohm cm" else ("{:.3g}".format, unit)
    low, high, middle = expected
    ratio = measured / high if measured > high else measured / low if measured < low else 1.0
    place = "lies between" if ratio == 1 else "lies above" if ratio > 1 else "lies below"
    ends = " to ".join(show(bound) if np.isfinite(bound) else "no bound" for bound in (low, high))
    verdict = (
        f"{show(measured)} {shown_unit} {place} the Hashin-Shtrikman bounds of a {mixture}, "
        f"{ends} {shown_unit} (Bruggeman: {show(middle) if np.isfinite(middle) else 'blocked'})"
    )
    if ratio == 1:
        verdict += ": the parts explain it."
    else:
        cause, factor = (causes[0], ratio) if ratio > 1 else (causes[1], 1 / ratio)
        verdict += f", by a factor {factor:.1f}: the parts alone don't explain it ({cause} would)."
    return _make_check(quantity, measured, unit, mixture, (low, high), ratio, verdict)


def _format_micro(value: float) -> str:
    return f"{value * 1e6:.3g}"


def _make_check(  # noqa: PLR0917 - the columns of one row
    quantity: str,
    measured: float,
    unit: str,
    against: str,
    expected: tuple[float, float],
    ratio: float,
    verdict: str,
) -> Check:
    return {
        "quantity": quantity,
        "measured": measured,
        "unit": unit,
        "against": against,
        "expected_low": expected[0],
        "expected_high": expected[1],
        "ratio": ratio,
        "verdict": verdict,
    }
