"""Make eisfit for the browser: one HTML file that opens from disk, and a folder for any static host.

    python tools/build_page.py                       # fetches Pyodide's release and four wheels
    python tools/build_page.py --pyodide FOLDER      # takes Pyodide's files from a folder
    python tools/build_page.py --wheels FOLDER       # and the wheels from another

`dist/eisfit.html` holds everything and makes no connection; `dist/eisfit-page/` is the same page with its
parts beside it. Every part is checked against a sha256 (Pyodide's packages against its lock
file, whose own stands here), and the same sources give the same bytes. Python modules are compiled by
Pyodide itself, in node: a browser would compile them at each start, for longer than all else takes.
Figures are drawn by the page: matplotlib is not in it.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import json
import shutil
import subprocess
import sys
import tempfile
import urllib.request
import zipfile
from base64 import b64encode
from collections.abc import Iterator
from html import escape
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT))

from eisfit import __version__  # noqa: E402
from eisfit.display.pages.page import read_asset  # noqa: E402
from eisfit.display.pages.workbench import build_workbench_page  # noqa: E402
from eisfit.model.files.library import circuit, circuits  # noqa: E402
from eisfit.spectra import WEIGHTING  # noqa: E402
from eisfit.spectra.axes import AXIS_UNITS  # noqa: E402

MOST_BYTES = 38_000_000
EXAMPLE = ROOT / "example_spectra" / "rrml" / "bare" / "bare_cycle_003.csv"  # simulated, and says so
RELEASE = "https://cdn.jsdelivr.net/pyodide/v0.27.7/full/"
LOCK = "pyodide-lock.json"
CORE = {  # of Pyodide 0.27.7, which its lock file does not list
    LOCK: "9c45b916001a750f4102fc287494f3eab215909c7535c626a20db80fd6333e2c",
    "pyodide.asm.js": "6b4c90de5b7172873f04f21884d0e9d2274e305fe32116558fe3e4fbe3618d51",
    "pyodide.asm.wasm": "a50dd1843f805a0b7c45b61037ee0d7b26dfe85efe0e18ef95a34ad24e401f5f",
    "pyodide.js": "b4cb23a53aba19c221659b9fb40a2f18281d685691dc06647fb0afd0681baf98",
    "pyodide.mjs": "04c052c815abb0bf2981fa38c2dfa58e3120ee5288c956df2b2a15e301782c5f",
    "python_stdlib.zip": "16611534726e5d8ac2bd8f926410b2dcb8d6f49aa24913463533b457a2115c16",
}
PACKAGES = ("numpy", "openblas", "scipy")
STDLIB, FIRST, LATER = "python_stdlib.zip", "first.zip", "later.zip"  # the archives of Python modules
_FIRST = ("numpy/", "eisfit/", "click/")  # what reads a file; the page takes one while the rest is loaded
_NOT_NEEDED = (  # by anything that the page does
    *("scipy/stats/", "scipy/signal/", "scipy/ndimage/", "scipy/cluster/", "scipy/misc/", "scipy/datasets/"),
    *("scipy/odr/", "scipy/io/_fast_matrix_market/", "scipy/optimize/_highs/"),
    *("scipy/special/cython_special", "numpy/distutils/", "dill/tests/"),
)
_NOT_RUN = (".pyi", ".pyx", ".pxd", ".h", ".c", ".a", ".f90")
NOTICE = f"""eisfit {__version__} is under the MIT licence. This page also contains:
Pyodide 0.27.7, Mozilla Public License 2.0, unchanged; source: https://github.com/pyodide/pyodide/tree/0.27.7
CPython 3.12.7, Python Software Foundation License 2; source: https://github.com/python/cpython/tree/v3.12.7
OpenBLAS 0.3.26, BSD 3-clause, Copyright (c) 2011-2014, The OpenBLAS Project; source:
  https://github.com/OpenMathLib/OpenBLAS/tree/v0.3.26
and the packages below, each under the licence that follows its name.
"""
_POLICY = {"script-src": "{hash} blob: 'wasm-unsafe-eval'", "worker-src": "blob:"}


def main() -> int:
    """Build both, and say what was made."""
    options = _arguments()
    core, wheels = pyodide_parts(options.pyodide)
    wheels += pure_wheels(options.wheels)
    licences = NOTICE + "".join(_licences(wheels))
    core |= compiled(core, {STDLIB: core[STDLIB], **site_packages(wheels)})
    del core["pyodide.mjs"]
    core["worker.js"] = read_asset("worker.js").encode()
    packed = {name: gzip.compress(core[name], 9, mtime=0) for name in sorted(core)}
    options.output.mkdir(parents=True, exist_ok=True)
    size = write_file(options.output / "eisfit.html", packed, licences)
    write_folder(options.output / "eisfit-page", packed, licences)
    print(
        f"{options.output / 'eisfit.html'}: {size / 1e6:.1f} MB; {options.output / 'eisfit-page'}/index.html"
    )
    if size > MOST_BYTES:
        sys.exit(f"build_page: larger than {MOST_BYTES / 1e6:g} MB, the limit for one file")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--pyodide", type=Path, help="folder with Pyodide's release; fetched where absent")
    parser.add_argument("--wheels", type=Path, help="folder with the wheels of page_wheels.txt; else by pip")
    parser.add_argument("--output", type=Path, default=ROOT / "dist", help="where to write (default: dist)")
    return parser.parse_args()


def pyodide_parts(folder: Path | None) -> tuple[dict[str, bytes], list[bytes]]:
    """Return Pyodide's own files and libraries by name, and its wheels; all are checked."""
    core = {name: _checked(name, _taken(name, folder), digest) for name, digest in CORE.items()}
    packages = json.loads(core[LOCK])["packages"]
    wheels = []
    for entry in (packages[name] for name in PACKAGES):
        name = entry["file_name"]
        data = _checked(name, _taken(name, folder), entry["sha256"])
        if name.endswith(".whl"):
            wheels.append(data)
        else:
            core[name] = data
    return core, wheels


def compiled(core: dict[str, bytes], archives: dict[str, bytes]) -> dict[str, bytes]:
    """Return archives with bytecode in place of Python sources."""
    node = shutil.which("node")
    if node is None:
        sys.exit("build_page: node is not installed (https://nodejs.org): it runs Pyodide to compile modules")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name, data in {**archives, **core}.items():
            (folder / name).write_bytes(data)
        names = [f"{number}.zip" for number, _ in enumerate(archives)]  # Pyodide runs from its own library
        for name, data in zip(names, archives.values(), strict=True):
            (folder / name).write_bytes(data)
        subprocess.run([node, str(HERE / "compile.mjs"), temporary, *names], check=True)
        return {n: (folder / name).read_bytes() for n, name in zip(archives, names, strict=True)}


def _archive(files: dict[str, bytes]) -> bytes:
    """Return an archive, the same bytes for the same files; it is compressed as a whole later."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), files[name])
    return written.getvalue()


def _taken(name: str, folder: Path | None) -> bytes:
    if folder is None:
        with urllib.request.urlopen(RELEASE + name) as answer:
            return bytes(answer.read())
    if not (folder / name).is_file():
        sys.exit(f"build_page: {folder / name} is missing: the folder must hold Pyodide's full release")
    return (folder / name).read_bytes()


def _checked(name: str, data: bytes, digest: str) -> bytes:
    found = hashlib.sha256(data).hexdigest()
    if found != digest:
        sys.exit(f"build_page: {name} has sha256 {found}, not {digest}: it is another version, or damaged")
    return data


def pure_wheels(folder: Path | None) -> list[bytes]:
    """Return the wheels of page_wheels.txt, each with its sha256 from there."""
    listed = (HERE / "page_wheels.txt").read_text(encoding="utf-8").splitlines()
    digests = [line.rpartition("--hash=sha256:")[2] for line in listed if "--hash=" in line]
    with tempfile.TemporaryDirectory() as temporary:
        if folder is None:
            folder = Path(temporary)
            how = ["--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:", "--dest", temporary]
            listed_in = ["-r", str(HERE / "page_wheels.txt")]
            subprocess.run([sys.executable, "-m", "pip", "download", *how, *listed_in], check=True)
        found = {hashlib.sha256(data).hexdigest(): data
                 for data in (path.read_bytes() for path in sorted(folder.glob("*.whl")))}  # fmt: skip
    missing = [line.split()[0] for line, digest in zip(listed, digests, strict=True) if digest not in found]
    if missing:
        sys.exit(f"build_page: no wheel with the listed sha256 for {', '.join(missing)}")
    return [found[digest] for digest in digests]


def site_packages(wheels: list[bytes]) -> dict[str, bytes]:
    """Return two archives, each the same bytes for the same files: what reads a file, and the rest."""
    files = {}
    for wheel in wheels:
        with zipfile.ZipFile(io.BytesIO(wheel)) as opened:
            files.update({name: opened.read(name) for name in filter(_is_needed, opened.namelist())})
    for folder, target in ((ROOT / "eisfit", "eisfit"), (ROOT / "circuits", "eisfit/_data/circuits")):
        for path in folder.rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                files[f"{target}/{path.relative_to(folder).as_posix()}"] = path.read_bytes()
    first = {name for name in files if name.startswith(_FIRST)}
    return {FIRST: _archive({name: files[name] for name in first}),
            LATER: _archive({name: files[name] for name in files.keys() - first})}  # fmt: skip


def _is_needed(name: str) -> bool:
    return not (name.startswith(_NOT_NEEDED) or name.endswith(("/", *_NOT_RUN)) or "/tests/" in name)


def _licences(wheels: list[bytes]) -> Iterator[str]:
    for wheel in wheels:
        with zipfile.ZipFile(io.BytesIO(wheel)) as opened:
            for name in sorted(opened.namelist()):
                if Path(name).name.upper().startswith(("LICENSE", "COPYING")):
                    yield f"\n\n=== {name}\n\n{opened.read(name).decode('utf-8', 'replace').strip()}\n"


def write_file(path: Path, packed: dict[str, bytes], licences: str) -> int:
    """Write the one file and return its size; nothing may be connected to."""
    kind = 'type="application/octet-stream"'
    blocks = [
        f'<script {kind} data-file="{escape(name)}">{b64encode(data).decode()}</script>'
        for name, data in packed.items()
    ]
    text = _page("'none'", "\n".join(blocks), licences)
    path.write_text(text, encoding="utf-8")
    return len(text.encode("utf-8"))


def write_folder(folder: Path, packed: dict[str, bytes], licences: str) -> None:
    """Write the page with its parts beside it; it may connect to where it came from, and nowhere else."""
    shutil.rmtree(folder / "engine", ignore_errors=True)
    (folder / "engine").mkdir(parents=True)
    for name, data in packed.items():
        (folder / "engine" / f"{name}.bin").write_bytes(data)  # no .gz: some hosts unpack that on the way
    listed = f'<script type="application/json" id="engine-files">{json.dumps(list(packed))}</script>'
    (folder / "index.html").write_text(_page("'self'", listed, licences), encoding="utf-8")
    (folder / "LICENCES.txt").write_text(licences, encoding="utf-8")


def _page(connect: str, blocks: str, licences: str) -> str:
    """Return the page with `blocks` before its data, and the licences folded at its end."""
    known = [(name, circuit(name).title) for name in circuits()]
    text = build_workbench_page(
        [],
        title="eisfit",
        weighting=WEIGHTING,
        engine="worker",
        circuits=known,
        axes=AXIS_UNITS,
        scripts=[read_asset("engine_worker.js")],
        policy={**_POLICY, "connect-src": connect},
    )
    heading = "<summary>Licences of what this page contains</summary>"
    folded = f"<details>{heading}<pre>{escape(licences)}</pre></details>"
    example = f'<script type="text/plain" data-example="{EXAMPLE.name}">{EXAMPLE.read_text("utf-8")}</script>'
    more = f'<section class="licences" aria-label="Licences">{folded}</section>\n{example}\n{blocks}\n'
    mark = '<script type="application/json" id="eisfit-data">'
    before, _, after = text.partition(mark)
    return f"{before}{more}{mark}{after}"


if __name__ == "__main__":
    sys.exit(main())
