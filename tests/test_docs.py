"""The documentation keeps its word: a complete reference, links that lead somewhere, code that runs."""

from __future__ import annotations

import ast
import contextlib
import inspect
import io
import json
import re
import shlex
import sys
from pathlib import Path

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from scipy.special import iv

import eisfit
from eisfit.fitting.verdicts.flag_kinds import KINDS
from eisfit.model.elements import ELEMENTS

pytestmark = pytest.mark.usefixtures("searched_once", "explained_once")

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
OF_THE_PROGRAM = {"--help", "--version", "--install-completion", "--show-completion", "--quiet"}
sys.path.insert(0, str(DOCS))

from _generate import (  # noqa: E402
    api,
    circuits,
    commands,
    documents,
    elements,
    flags,
    formula,
    json_schemas,
    schemas,
)
from _generate.pages import Pages  # noqa: E402

BUILT = ("_build", "generated", "_generate", "notebooks")
WRITTEN = sorted(page for page in DOCS.rglob("*.md") if page.relative_to(DOCS).parts[0] not in BUILT)
GUIDES = [DOCS / "index.md", DOCS / "start.md", *sorted((DOCS / "howto").glob("*.md"))]


def ids(path):
    return path.relative_to(DOCS).as_posix()


def written(folder, *parts):
    made = Pages(folder)
    for part in parts:
        part.write(made)
    return {p.relative_to(made.folder).as_posix(): p.read_text(encoding="utf-8") for p in made.written}


def test_the_page_of_formats_has_a_row_for_every_reader():
    readers = {
        path.stem for path in (ROOT / "eisfit" / "spectra" / "readers" / "file_formats").glob("[a-z]*.py")
    }
    rows = [line.split("|") for line in (DOCS / "formats.md").read_text(encoding="utf-8").splitlines()]
    named = {name for row in rows if len(row) > 3 for name in re.findall(r"`(\w+)`", row[2])}
    assert readers <= named


@pytest.fixture(scope="module")
def explained_once():
    """The guides and the reference explain one study over and over."""
    explain, known = eisfit.explain, {}

    def ask(study, **options):
        key = Path(study).resolve(), *options.items()
        if key not in known:
            known[key] = explain(study, **options)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("eisfit.coating.explain.explain", ask)
        yield


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The generated reference but what is drawn and the JSON documents, as text by name."""
    return written(tmp_path_factory.mktemp("generated"), commands, schemas, flags, api)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """The pages of elements and circuits, with their figures."""
    return written(tmp_path_factory.mktemp("drawn"), elements, circuits)


# --- the reference is complete ---


@pytest.mark.slow
def test_every_element_has_a_page_with_formula_limits_and_parameters(drawn):
    for symbol, element in ELEMENTS.items():
        page = drawn[f"elements/{symbol}.md"]
        assert f"# {symbol}: {element.title}" in page
        assert all(
            f"| `{p.symbol or symbol}` | {p.unit or 1} | {p.describe}" in page for p in element.parameters
        )
        assert "At low frequency" in page
        assert "At high frequency" in page
        assert f"`{symbol}`](" in drawn["elements/index.md"]
        assert drawn[f"elements/{symbol}.svg"].startswith("<?xml")


def test_formulas_become_latex_and_say_the_same():
    """Read back as Python, with the named parts put in, each formula gives the element's impedance."""
    omega = np.array([0.03, 1.0, 40.0])
    names = {"j": 1j, "omega": omega, "sqrt": np.sqrt, "exp": np.exp}
    names |= {name: getattr(np, name) for name in ("tanh", "sinh", "cosh")} | {
        "coth": lambda x: 1 / np.tanh(x)
    }
    names |= {"I_0": lambda x: iv(0, x), "I_1": lambda x: iv(1, x)}
    for symbol, element in ELEMENTS.items():
        values = {p.symbol or symbol: p.typical for p in element.parameters}
        scope = names | values
        for line in reversed(formula.equations(element.formula)):
            name, _, right = line.partition(" = ")
            scope[name] = eval(python_of(right), {"__builtins__": {}}, scope)
        from eisfit.model.elements import FrequencyGrid

        z = element.evaluate(FrequencyGrid(omega), *(np.array([[v]]) for v in values.values()))[0]
        np.testing.assert_allclose(np.broadcast_to(scope["Z"], 3), np.broadcast_to(z, (1, 3))[0], rtol=1e-9)


def python_of(latex):
    """Return the LaTeX of `formula` as Python."""
    text = re.sub(r"_\{\\mathrm\{(\w+)\}\}", r"_\1", latex).replace(r"\mathrm{j}", "j")
    text = re.sub(r"\\mathrm\{(\w+)\}", r"\1", text)
    text = text.replace(r"\left(", "(").replace(r"\right)", ")")
    for _ in range(9):  # from the inside out
        text = re.sub(r"\^\{([^{}]*)\}", r"**(\1)", text)
        text = re.sub(r"\\sqrt\{([^{}]*)\}", r" sqrt(\1)", text)
        text = re.sub(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", r" ((\1)/(\2))", text)
    text = text.replace("\\", "")
    text = re.sub(r"(?<=[\w)]) (?=[\w(])", "*", re.sub(r" +", " ", text).strip())
    return re.sub(
        r"\b(sqrt|coth|tanh|sinh|cosh|exp|I_[01])\*?\(",
        r"\1(",
        re.sub(r"(?<=\w)(?<!t)(?<!h)(?<!p)(?<!I_[01])\((?=\()", "*(", text),
    )


def test_words_in_limits_stay_words():
    assert formula.limit("infinite, as 1 / (j omega C)") == r"infinite, as $\frac{1}{\mathrm{j} \omega C}$"
    assert formula.limit("the same with Y = 1/R_ct") == r"the same with $Y = \frac{1}{R_{\mathrm{ct}}}$"
    with pytest.raises(formula.FormulaError):
        formula.latex("of the same phase everywhere")


@pytest.mark.slow
def test_every_circuit_has_a_page_with_drawing_parameters_and_references(drawn):
    for name in eisfit.circuits():
        circuit, page = eisfit.circuit(name), drawn[f"circuits/{name}.md"]
        assert circuit.string in page
        assert "<svg" in page
        assert all(f"| `{p}` |" in page for p in circuit.names)
        assert all(reference in page for reference in circuit.references)
        assert drawn[f"circuits/{name}.svg"].startswith("<?xml")


def test_every_flag_of_the_source_is_explained_and_no_other():
    said = flags.messages()
    assert len(said) >= 18
    assert set(flags.described()) == set(said), "docs/flags.toml and the flags in eisfit/ differ"
    assert set(KINDS) == set(said), "eisfit/fitting/verdicts/flag_kinds.py and the flags in eisfit/ differ"
    for entry in flags.described().values():
        assert entry["cures"]
        assert (
            {"meaning", "grave", "by", "why", "cures"}
            <= set(entry)
            <= {*("meaning", "grave", "by", "why", "cures", "effect")}
        )


@pytest.mark.slow
def test_every_flag_has_its_section(pages):
    assert all(f"(flag-{name})=" in pages["flags.md"] for name in flags.described())


@pytest.mark.slow
def test_the_names_of_flags_are_written_where_they_are_raised():
    """A flag whose name is put together could not be found: only copies of another flag may be."""
    for path in sorted(Path(eisfit.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and ast.unparse(node.func) in ("Flag", "verdict.Flag")
                and node.args
            ):
                first = ast.unparse(node.args[0])
                assert first.startswith(("'", "flag.name")) or " if " in first, f"{path}: {first}"


def test_every_command_and_option_has_its_line(pages):
    found = commands.commands()
    assert {"fit", "track", "explain", "check", "drt", "compare", "batch"} <= set(found)
    for name, command in found.items():
        page = pages[f"cli/{name.replace(' ', '_')}.md"]
        assert f"# eisfit {name}\n" in page
        for option in command.params:
            if option.param_type_name == "option" and not getattr(option, "hidden", False):
                assert f"`{option.opts[0]}" in page, f"{name} {option.opts}"
        assert "```sh\neisfit " in page, f"{name} has no example"


def test_every_key_of_the_files_is_told_with_its_meaning(pages):
    text = pages["circuit_file.md"] + pages["study_file.md"]
    for keys in schemas.keys().values():
        for key in keys:
            assert f"| `{key}` |" in text
    for line in text.splitlines():
        if line.startswith("| `"):
            assert line.rstrip("| ").count("|") >= 4, f"no meaning: {line}"


def test_every_public_name_has_its_page(pages):
    for name in api.names():
        assert f"api/{name}.rst" in pages
        assert f"[`{name}`]" in pages["api/index.md"] or name == "EisfitError"


@pytest.mark.slow
@pytest.mark.parametrize("schema", documents.COMMANDS)
def test_every_key_of_the_json_is_told(schema):
    said, short = documents.meanings(), schema.partition(".")[2].partition("/")[0]
    document = documents.document(schema)
    assert document["schema"] == schema
    paths = (path for path, _ in documents.paths(document) if not documents.is_column(path))
    untold = [path for path in paths if not documents.meaning(f"{short}.{path}", said)]
    assert not untold, "docs/json_keys.toml"
    published = json.loads((json_schemas.FOLDER / documents.schema_file(schema)).read_text(encoding="utf-8"))
    assert published == json_schemas.schema(document), "python docs/refresh.py"
    Draft202012Validator.check_schema(published)
    Draft202012Validator(published).validate(document)


def test_every_schema_of_the_source_is_in_the_reference():
    found = set()
    for path in sorted(Path(eisfit.__file__).parent.rglob("*.py")):
        found |= set(re.findall(r"eisfit\.\w+/\d+", path.read_text(encoding="utf-8")))
    untold = found - set(documents.COMMANDS) - set(documents.objects())
    assert not untold, (
        "add a command to docs/_generate/documents.py, or the form to [objects] in docs/json_keys.toml"
    )


# --- links ---


@pytest.mark.parametrize("page", WRITTEN, ids=ids)
def test_links_between_pages_lead_somewhere(page, pages):
    text = page.read_text(encoding="utf-8")
    labels = set(
        re.findall(r"^\(([\w-]+)\)=$", "\n".join(p.read_text(encoding="utf-8") for p in WRITTEN), re.M)
    )
    for target in re.findall(r"\{doc\}`(?:[^`<]*<)?([^`>]+)>?`", text):
        assert exists(page, target, pages), f"{ids(page)}: {target}"
    for label in re.findall(r"\{ref\}`(?:[^`<]*<)?([^`>]+)>?`", text):
        assert label in labels, f"{ids(page)}: {label}"
    for block in re.findall(r"```\{toctree\}\n(.*?)```", text, re.DOTALL):
        for entry in block.splitlines():
            if entry and not entry.startswith(":") and "*" not in entry:
                assert exists(page, entry, pages), f"{ids(page)}: {entry}"


def exists(page, target, pages):
    path = DOCS / target[1:] if target.startswith("/") else page.parent / target
    name = path.resolve().relative_to(DOCS).as_posix()
    if name == "generated/json":
        return True
    if name.startswith("generated/"):
        drawn = {f"elements/{name}" for name in ("index", *ELEMENTS)}  # the tests of `drawn` find them
        drawn |= {f"circuits/{name}" for name in ("index", *eisfit.circuits())}
        return name[10:] in drawn or any(f"{name[10:]}{suffix}" in pages for suffix in (".md", ".rst"))
    return path.with_name(path.name + ".md").is_file()


# --- what can be run ---


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    """A folder with the examples, as the top of the repository has them."""
    (tmp_path / "example_spectra").symlink_to(ROOT / "example_spectra", target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("page", GUIDES, ids=ids)
def test_the_python_of_the_guides_runs(page, workplace):
    import matplotlib

    from eisfit.model import elements

    before = dict(elements.ELEMENTS)

    matplotlib.use("agg")
    blocks = re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    names = {}
    for block in blocks:
        exec(compile(block, str(page), "exec"), names)
    for symbol in set(elements.ELEMENTS) - set(before):  # a guide registers one: other tests list them all
        del elements.ELEMENTS[symbol]
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


@pytest.mark.slow
@pytest.mark.parametrize("page", GUIDES, ids=ids)
def test_the_commands_of_the_guides_run_and_print_what_is_shown(page, workplace):
    text = page.read_text(encoding="utf-8")
    for block, shown in re.findall(
        r"^```sh\n(.*?)^```(?:\n\n<!-- output -->\n```text\n(.*?)^```)?", text, re.DOTALL | re.MULTILINE
    ):
        printed = "".join(run(line) for line in block.splitlines() if line.startswith("eisfit "))
        for line in shown.splitlines():
            assert line.removesuffix("...") in printed, f"{ids(page)} shows {line!r}"


def run(line):
    """Run a line of a shell that calls eisfit, and return what it prints."""
    from eisfit.cli import app

    out = io.StringIO()
    quiet = contextlib.redirect_stderr(io.StringIO())
    with contextlib.redirect_stdout(out), quiet, pytest.raises(SystemExit) as end:
        app(shlex.split(line)[1:])
    assert not end.value.code, f"{line}: exit code {end.value.code}"
    return out.getvalue()


def test_options_named_in_the_text_exist():
    known = {name for command in commands.commands().values() for p in command.params for name in p.opts}
    known |= OF_THE_PROGRAM
    known |= {"--pyodide"}  # of tools/build_page.py
    for page in [*WRITTEN, DOCS / "flags.toml"]:
        if page.name in ("benchmarks.md", "changes.md", "contributing.md"):
            continue
        for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+", page.read_text(encoding="utf-8")):
            assert option in known, f"{ids(page)} names {option}"


def test_options_named_in_messages_exist():
    """The cure of a flag, a note, a refusal: an option that is renamed is renamed there too."""
    known = {
        name
        for command in commands.commands().values()
        for p in command.params
        for name in (*p.opts, *p.secondary_opts)
    }
    known |= {*OF_THE_PROGRAM, "--no-deps", "--force-reinstall"}  # the last two are pip's
    for path in sorted((ROOT / "eisfit").rglob("*.py")):
        texts = (node.value for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
                 if isinstance(node, ast.Constant) and isinstance(node.value, str))  # fmt: skip
        named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", " ".join(texts)))
        assert named <= known or path.name == "explanation_page.py", path  # there they are colours


def test_the_sentences_of_refused_files_are_those_of_the_readers():
    spectra = ROOT / "eisfit" / "spectra"
    files = [*sorted((spectra / "readers").rglob("*.py")), spectra / "spectrum.py", spectra / "vectors.py"]
    source = "".join(path.read_text(encoding="utf-8") for path in files)
    rows = re.findall(
        r"^\| (`.*?) \|", (DOCS / "howto" / "refused.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    quoted = [part for row in rows for part in re.findall(r"`([^`]+)`", row)]
    assert len(quoted) >= 12
    assert not [part for part in quoted if part not in source], "no reader says this"


def test_the_comparison_names_what_exists():
    for page in (DOCS / "comparison").glob("*.md"):
        for name in re.findall(r"\beisfit\.([a-z_]+)\(", page.read_text(encoding="utf-8")):
            assert name in eisfit.__all__, f"{page.name}: eisfit.{name}"


def test_impedance_py_has_what_the_comparison_shows():
    from impedance import preprocessing, validation
    from impedance.models.circuits import CustomCircuit

    assert "instrument" in inspect.signature(preprocessing.readFile).parameters
    assert {"bounds", "weight_by_modulus"} <= set(inspect.signature(CustomCircuit.fit).parameters)
    assert list(inspect.signature(validation.linKK).parameters)[:2] == ["f", "Z"]
    assert callable(preprocessing.ignoreBelowX)


def sources(*folders):
    """Return path -> text of what stands in folders as Python, JavaScript, Markdown or TOML."""
    kinds = {".py", ".js", ".md", ".toml"}
    found = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in kinds]
    return {
        path.relative_to(ROOT): path.read_text(encoding="utf-8")
        for path in found
        if not {"generated", "_build"} & set(path.parts)
    }


def test_the_architecture_page_names_what_is_there():
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    known = sources("eisfit", "docs", "tests", "tools", "benchmarks", "example_spectra")
    files = {path.name for path in known} | {path.name for path in (ROOT / "eisfit").rglob("*")}
    named = re.findall(r"`([\w.-]+\.(?:py|js|css|toml))`", text)
    assert len(named) > 50
    assert not {name for name in named if name not in files}
    words = set(re.findall(r"\w+", " ".join(text for path, text in known.items() if path.suffix != ".md")))
    said = re.findall(r"`(_?[A-Za-z]+(?:_[A-Za-z]+)*)`", text)
    assert len(said) > 50
    assert not {name for name in said if name not in words}


def test_the_architecture_page_names_the_file_that_a_name_is_in():
    """A function that moves to another file, or a renamed one whose old name is another's, misleads."""
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    known = {ROOT / path: found for path, found in sources("eisfit", "docs", "tests", "tools").items()}
    pairs = re.findall(r"((?:`[\w.]+`(?:, | and )?)+) in `([\w/.-]+\.(?:py|js))`", text)
    assert len(pairs) > 80
    for names, file in pairs:
        found = " ".join(content for path, content in known.items() if f"/{path}".endswith(f"/{file}"))
        words = {name.rpartition(".")[2] for name in re.findall(r"`([\w.]+)`", names)} - {"py"}
        assert words <= set(re.findall(r"\w+", found)), (names, file)


def test_every_file_that_a_text_names_is_there():
    texts = {
        **sources("eisfit", "docs", "tests", "tools", "benchmarks"),
        **sources("example_spectra", "fuzz"),
    }
    texts |= {path: (ROOT / path).read_text(encoding="utf-8") for path in ("README.md", "CONTRIBUTING.md")}
    named = {
        (str(path), name)
        for path, text in texts.items()
        for name in re.findall(
            r"(?<![\w/.])(?:eisfit|tests|docs|tools)/[\w./]+\.(?:py|js|md|toml|css)\b", text
        )
    }
    assert len(named) > 100
    assert not {(path, name) for path, name in named if "_data/" not in name and not (ROOT / name).exists()}
