"""Figures and tables for a paper: forms, widths, one file, captions, bounds."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from eisfit.display import plot
from eisfit.display.plot.comparison import compute_comparison_height
from eisfit.errors import UsageError

ONE = Path(__file__).resolve().parents[2] / "example_spectra" / "rrml" / "bare" / "bare_cycle_003.csv"
FIT = ("fit", ONE, "-c", "rs-sei-ct-w")


def said_by(run, *arguments, code=0):
    """Return all that a command prints; it must end with this code."""
    found, out, err = run(*arguments)
    assert found == code, out + err
    return out + err


def width_mm(svg):
    """Return the width that an SVG states, in mm (1 pt = 1/72 inch)."""
    return float(re.search(r'<svg[^>]* width="([\d.]+)pt"', svg)[1]) * 25.4 / 72


@pytest.mark.slow
def test_figures_of_a_form_and_their_captions(run, tmp_path):
    said_by(run, *FIT, "-o", "out", "--figures", "svg", "--columns", 1)
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "bare_cycle_003.svg", "captions.md", "fit.csv", "fit.json"]  # fmt: skip
    assert width_mm((tmp_path / "out" / "bare_cycle_003.svg").read_text(encoding="utf-8")) == pytest.approx(
        85, abs=0.1
    )
    caption = (tmp_path / "out" / "captions.md").read_text(encoding="utf-8")
    assert "71 points from 10 mHz to 100 kHz" in caption
    assert "(simulated)" in caption
    assert "R_ct = 51.85 ± 0.07 ohm" in caption


@pytest.mark.slow
def test_a_figures_name_is_a_file(run, tmp_path):
    done = said_by(run, *FIT, "-o", "fit.pdf", "--columns", 2)
    assert (tmp_path / "fit.pdf").read_bytes().startswith(b"%PDF")
    assert [p.name for p in tmp_path.iterdir()] == ["fit.pdf"]
    assert "fit.pdf: Impedance of bare_cycle_003.csv" in done


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("-o", "x", "--figures", "jpg"), "--figures 'jpg': is none of png, svg, pdf"),
        (("-o", "x", "--columns", 3), "--columns 3: a figure takes 1 or 2"),
        (("--figures", "svg"), "--figures and --columns are of what --output writes"),
        (("-o", "missing/x.pdf"), None),
    ],
)
@pytest.mark.slow
def test_what_cannot_be_written_is_said_first(options, said, run, tmp_path):
    done = said_by(run, *FIT, *options, code=2 if said else 1)
    assert (said or "missing") in done
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_one_file_for_two_figures_is_refused(run, tmp_path):
    other = ONE.with_name("bare_cycle_050.csv")
    done = said_by(run, "check", ONE, other, "-o", "both.svg", code=2)
    assert "names one file for 2 figures: name a folder" in done
    assert list(tmp_path.iterdir()) == []


def test_tables_for_a_paper(run):
    table = said_by(run, *FIT, "--format", "paper-md")
    assert "| R\\_ct | 51.85 ± 0.07 | ohm | determined |" in table
    latex = said_by(run, "fit", ONE, ONE, "-c", "rs-sei-ct-w", "--format", "paper-latex")
    assert r"$R_\mathrm{ct}$ / $\Omega$" in latex
    assert latex.count(r"$51.85 \pm 0.07$") == 2
    assert latex.count("&") == 3 * 8
    refused = said_by(run, "check", ONE, "--format", "paper-md", code=2)
    assert "are of eisfit fit and eisfit track" in refused


def test_error_bars_end_at_the_bounds():
    """alpha = 0.98 +- 0.05 reaches to 1 and not beyond; Q = 1 +- 3 to 0."""
    for y, error, within in ((0.98, 0.05, (0.2, 1.0)), (1.0, 3.0, (0.0, np.inf))):
        ax = plot.trend([1, 2], [y, y], [error, error], within=within, ax=plot.new_axes())
        (bars,) = [c for c in ax.containers if c.has_yerr]
        ends = np.array([segment[:, 1] for segment in bars[2][0].get_segments()])
        assert ends.min() == pytest.approx(max(y - error, within[0]))
        assert ends.max() == pytest.approx(min(y + error, within[1]))


def test_a_comparison_of_long_strings_stays_legible():
    string = "L-R_s-p(R_sei,CPE_sei)-p(R_ct-W_d,CPE_ct)-p(R1,CPE1)-p(R2,CPE2)"
    row = {
        "circuit": {"name": string},
        "refused": False,
        "misfit": 1.0,
        "fits": True,
        "rms_relative_residual": 0.01,
    }
    rows = [{**row, "bic": bic} for bic in (0.0, 5.0)]
    document = {"ranked": rows}
    assert compute_comparison_height(document) > 0.9 + 2 * 0.34
    ax = plot.comparison(document, ax=plot.new_axes(5.2, compute_comparison_height(document)))
    (label, _) = [tick.get_text() for tick in ax.get_yticklabels()]
    assert label.replace("\n", "") == string
    assert max(map(len, label.splitlines())) <= 30


def test_a_figure_takes_one_or_two_columns():
    with pytest.raises(UsageError, match="1 or 2 columns, not 3"), plot.paper(3):
        pass
    with plot.paper(2):
        assert plot.new_figure().get_size_inches()[0] == pytest.approx(175 / 25.4)
    assert plot.new_figure().get_size_inches()[0] == pytest.approx(4.8)


def test_an_area_gives_values_per_area(run):
    """51.85 ohm over 2 cm2 are 103.7 ohm cm2."""
    code, out, err = run(*FIT, "--area", "2cm2", "--json")
    assert code == 0, err
    (row,) = json.loads(out)["results"]
    value = row["derived"]["R_ct_area"]
    assert value["value"] == pytest.approx(2 * row["parameters"]["R_ct"]["value"])
    assert value["unit"] == "ohm cm2"
    assert "--area: '2' has no unit" in said_by(run, *FIT, "--area", "2", code=2)
    assert "exclude each other" in said_by(run, *FIT, "--area", "2cm2", "--geometry", "c.toml", code=2)


def test_captions_of_another_command_in_the_folder_stay(run, tmp_path):
    """Of figures that are there; those drawn again have their new ones."""
    from eisfit.cli.output import Folder

    target = Folder(tmp_path, "png")
    (tmp_path / "fit.png").write_bytes(b"")
    (tmp_path / "captions.md").write_text("**fit.png** A fit.\n\n**gone.png** Gone.\n\n**track.png** Old.\n")
    target.drawn["track.png"] = "New."
    target.write_captions()
    assert (tmp_path / "captions.md").read_text() == "**fit.png** A fit.\n\n**track.png** New.\n"
