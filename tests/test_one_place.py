"""What is chosen once stands in one place: a newcomer who changes it there has changed all of it."""

import ast
import dataclasses
import json
import re
from pathlib import Path

import numpy as np
import pytest

import eisfit
from eisfit.batch.transport import _SENT
from eisfit.cli import options
from eisfit.cli.answers import Answers
from eisfit.display import FIGURES
from eisfit.display.plot import files
from eisfit.display.report.captions import _KINDS
from eisfit.files import to_json
from eisfit.model.schema import parse_tables
from eisfit.records import ZHIT_SCHEMA
from eisfit.spectra import WEIGHTING, WEIGHTINGS
from eisfit.validation.zhit import ZHitResult, zhit

SOURCES = {
    path: ast.parse(path.read_text("utf-8")) for path in sorted(Path(eisfit.__file__).parent.rglob("*.py"))
}


def defaults(tree):
    """Yield (name, default) of arguments, annotated fields and ``.get(name, default)`` in a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            placed = [*node.args.posonlyargs, *node.args.args]
            told = node.args.defaults
            yield from (
                (one.arg, value) for one, value in zip(placed[len(placed) - len(told) :], told, strict=True)
            )
            yield from (
                (one.arg, value)
                for one, value in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
            )
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id, node.value
        elif isinstance(node, ast.Dict):
            yield from (
                (key.value, value)
                for key, value in zip(node.keys, node.values, strict=True)
                if isinstance(key, ast.Constant)
            )
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "get"
            and len(node.args) == 2
        ):
            name, value = node.args
            yield (name.value if isinstance(name, ast.Constant) else ""), value


def test_the_weighting_of_a_fit_is_written_once():
    written = [
        (path.name, value.value)
        for path, tree in SOURCES.items()
        for name, value in defaults(tree)
        if name == "weighting" and isinstance(value, ast.Constant) and value.value in WEIGHTINGS
    ]
    assert not written, "take eisfit.spectra.WEIGHTING"


def test_a_fit_a_batch_and_a_series_weigh_alike_unless_told():
    circuit = eisfit.circuit("R_s-p(R_ct,C_dl)")
    f = [10.0**k for k in range(5, -3, -1)]
    values = {"R_s": [2.0, 2.0, 2.0], "R_ct": [50.0, 60.0, 70.0], "C_dl": [1e-5, 1e-5, 1e-5]}
    spectra = [eisfit.Spectrum(f, z, cycle=k) for k, z in enumerate(circuit.impedance(f, values))]
    found = [
        eisfit.fit(spectra[0], circuit),
        *eisfit.fit_many(spectra, circuit),
        *eisfit.track(spectra, circuit),
    ]
    assert [one.weighting for one in found] == [WEIGHTING] * 7


def test_a_result_of_a_spectrum_is_written_with_its_data_or_without(capsys):
    """As `Answers` asks of whatever a command found: a new command's result must not end in a TypeError."""
    classes = [node for tree in SOURCES.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    for node in classes:
        fields = [ast.unparse(part.target) for part in node.body if isinstance(part, ast.AnnAssign)]
        for own in node.body:
            if isinstance(own, ast.FunctionDef) and own.name == "to_dict" and "spectrum" in fields:
                assert [one.arg for one in own.args.args] == ["self", "data"], node.name
    f = np.logspace(4, 0, 21)
    found = zhit(eisfit.Spectrum(f, 10 + 100 / (1 + 0.01j * f)))
    assert Answers("zhit", ZHIT_SCHEMA, [found]).show(True, str) == 0
    assert "data" not in json.loads(capsys.readouterr().out)["results"][0]
    assert np.allclose(ZHitResult.from_dict(found.to_dict()).modulus, found.modulus)


def test_what_a_later_version_adds_to_a_document_is_left_out():
    f = np.logspace(4, 0, 31)
    spectrum = eisfit.Spectrum(f, 10 + 100 / (1 + 0.01j * f))
    for made in (eisfit.check(spectrum), eisfit.drt(spectrum)):
        document = json.loads(to_json(made.to_dict()))
        rows = [row for rows in document.values() if isinstance(rows, list) for row in rows]
        assert rows or isinstance(made, eisfit.KramersKronigResult)
        for block in (document, *rows, document["data"], document["spectrum"]):
            block["of_a_later_version"] = [1.0]
        assert to_json(type(made).from_dict(document).to_dict()) == to_json(made.to_dict())


def test_what_faces_ask_of_a_document_some_document_has():
    """A key that is renamed where it is written would stand as n/a in tables and be missing in figures."""
    meanings = (Path(__file__).parent.parent / "docs" / "json_keys.toml").read_text(encoding="utf-8")
    known = {part for key in parse_tables(meanings, "json_keys.toml")["keys"] for part in key.split(".")}
    asked = {}
    for path, tree in SOURCES.items():
        draws = "display" in path.parts
        for node in ast.walk(tree):
            if isinstance(node, ast.Dict) and (not draws or "pages" in path.parts):
                known |= {key.value for key in node.keys if isinstance(key, ast.Constant)}
            elif isinstance(node, ast.AnnAssign):
                known.add(ast.unparse(node.target))
            elif draws and isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".get"):
                asked |= {one.value: path.name for one in node.args[:1] if isinstance(one, ast.Constant)}
            elif draws and isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
                asked[node.slice.value] = path.name
    own = {
        "savefig.dpi",
        "right",
        "viridis",
        "IPython.core.getipython",
        "group",
        "R_p",
    }  # no keys of documents
    names = {key: file for key, file in asked.items() if isinstance(key, str) and key not in own}
    assert len(names) > 150
    assert not {key: file for key, file in names.items() if key not in known}


def test_every_figure_that_a_command_writes_has_its_caption():
    """One without would end the command in a KeyError, and only where results are written."""
    asked = set()
    for path, tree in SOURCES.items():
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and "cli" in path.parts]
        for call in calls:
            name = ast.unparse(call.func)
            place = {"Answers.of": 0, "target.save": 2}.get(name)
            if place is not None and isinstance(call.args[place], ast.Constant):
                asked.add(call.args[place].value)
    assert {"fit", "check", "drt"} <= asked <= set(_KINDS)


def test_every_field_of_a_spectrum_comes_back_and_stays():
    """From its document, and where points are left out or sorted; a field that is forgotten is lost."""
    f, z = np.array([1.0, 100.0, 10.0]), np.array([3 - 1j, 1 - 0.1j, 2 - 0.5j])
    given = {
        **{"frequency": f, "impedance": z, "noise": f / 7, "times": f + 5, "axes": {"soc": 40.0}},
        **{"cycle": 3.0, "time_s": 2.0, "temperature_C": 25.0, "potential_V": 3.7, "source": "a", "index": 2},
        **{"metadata": {"date": "today"}, "notes": ("n",)},
    }
    assert set(given) == {row.name for row in dataclasses.fields(eisfit.Spectrum)}
    spectrum, order = eisfit.Spectrum(**given), np.argsort(-f)
    back = eisfit.Spectrum.from_dict(json.loads(json.dumps(spectrum.to_dict())))
    for one, kept in (
        (spectrum, order),
        (back, order),
        (spectrum[1:], order[1:]),
        (spectrum.select(5), order[:2]),
    ):
        for name, value in given.items():
            wanted = value[kept] if isinstance(value, np.ndarray) else value
            assert np.all(getattr(one, name) == wanted), name


def test_a_worker_is_sent_what_a_fit_asks_of_a_spectrum():
    """Of metadata what tells the cell's geometry; a flag of anything else would be lost on the way."""
    fields = {row.name for row in dataclasses.fields(eisfit.Spectrum)}
    asked = {
        node.attr
        for path, tree in SOURCES.items()
        if {"fitting", "engine"} & set(path.parts)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value).rpartition(".")[2] in ("spectrum", "s")
    }
    assert {"notes", "impedance"} <= asked & fields <= {"frequency", "metadata", *_SENT}


def test_a_form_of_figures_can_be_asked_for_and_written():
    assert set(files._METADATA) == set(FIGURES)
    output = next(one for one in options.Target.__metadata__ if hasattr(one, "help"))
    assert all(f".{form}" in output.help for form in FIGURES)


@pytest.mark.parametrize(
    "page", ["eisfit/fitting/fit.py", "eisfit/spectra/noise.py", "docs/howto/weights_and_errors.md"]
)
def test_texts_call_the_default_weighting_by_its_name(page):
    text = (Path(__file__).parent.parent / page).read_text(encoding="utf-8")
    said = [re.match(r"\W*(\w+)\W", line)[1] for line in text.splitlines() if "(default)" in line]
    assert WEIGHTING in said
    assert not (set(WEIGHTINGS) - {WEIGHTING}) & set(said)
