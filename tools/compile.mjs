/* Compile archives of Python sources to bytecode by Pyodide's own Python, in node: node compile.mjs FOLDER A.zip B.zip
   FOLDER holds Pyodide's core files and the archives; each is replaced by one of bytecode without sources. */
import { pathToFileURL } from "node:url";
import { resolve } from "node:path";

const [folder, ...archives] = process.argv.slice(2), { loadPyodide } = await import(pathToFileURL(resolve(folder, "pyodide.mjs")));
const python = await loadPyodide({ indexURL: resolve(folder), env: { HOME: "/", PYTHONHASHSEED: "0" } });
python.FS.mkdir("/folder");
python.FS.mount(python.FS.filesystems.NODEFS, { root: resolve(folder) }, "/folder");
python.runPython(`
import importlib._bootstrap_external as loader
import io
import zipfile
from pathlib import Path

def compiled(archive):
    made = io.BytesIO()
    with zipfile.ZipFile(archive) as given, zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as taken:
        for name in sorted(given.namelist()):
            data = given.read(name)
            if name.endswith(".py"):
                code = compile(data, name, "exec", dont_inherit=True, optimize=0)
                name, data = name + "c", bytes(loader._code_to_hash_pyc(code, bytes(8), checked=False))
            taken.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data)
    return made.getvalue()
`);
const compiled = python.globals.get("compiled"), write = python.runPython("lambda name, data: Path(name).write_bytes(data)");
for (const name of archives) write(`/folder/${name}`, compiled(`/folder/${name}`));
