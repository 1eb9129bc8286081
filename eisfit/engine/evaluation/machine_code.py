"""The compiled loop as machine code: numba makes it once, and every later process loads it without numba.

numba takes a fifth of a second to be imported and 20 s to compile the loop; what comes out needs neither. It
is kept in a file of the user's cache (``$XDG_CACHE_HOME/eisfit``, ``~/.cache/eisfit``; on Windows
``%LOCALAPPDATA%``), named after all that it hangs on: the loop's source, the processor, LLVM and Python.
LLVM's linker (llvmlite, which comes with numba) loads it in 5 ms, after an import of its own of 35. It is
code: a folder that others can write to is not used.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from eisfit.errors import EisfitError
from eisfit.files import write_atomic

__all__ = ["Loop", "load_kept_loop", "make_loop"]

#: Takes arrays of whole numbers and of floats, in the order of `_ARGUMENTS`.
Loop = Callable[..., None]

_SOURCE = Path(__file__).with_name("compiled_loop.py")
_ARGUMENTS = "iiiii" + "d" * 7 + "i" + "d" * 13 + "i"
# Arrays that belong to nobody are never freed; what numba would call to do so, a later process does not have.
_FREES = re.compile(r"declare ([^\n]*@NRT_MemInfo_call_dtor\([^)]*\))[^\n]*")
_PLACE = ctypes.c_char * 0  # of an array's memory: a third of what `array.ctypes` costs, thirty times a call
_LOADS = "import sys; sys.path[:] = {!r}; from {} import loads; sys.exit(not loads({!r}))"


def load_kept_loop() -> Loop | None:
    """Return the loop of this machine's cache, or None where there is none that is whole."""
    llvm = import_module("llvmlite.binding")
    path = _find_file(llvm)
    kept = path.read_bytes() if path and path.is_file() and _is_own(path.parent) else b""
    digest, _, code = kept.partition(b"\n")
    return _load(llvm, code) if digest == _digest(code) else None


def make_loop() -> Loop:
    """Compile the loop, which takes 20 s, and keep it where a new process proves that it loads."""
    text, name = import_module("eisfit.engine.evaluation.compiled_loop").compile_loop(_ARGUMENTS)
    llvm = import_module("llvmlite.binding")
    _prepare(llvm)
    module = llvm.parse_assembly(_FREES.sub(r"define \1 { ret void }", text))
    code = name.encode() + b"\n" + _target(llvm).emit_object(module)
    if path := _find_file(llvm):
        _keep(path, code)
    return _load(llvm, code)


def loads(path: str) -> bool:
    """Return whether a file loads; a process that cannot find what the code calls does not return."""
    _, _, code = Path(path).read_bytes().partition(b"\n")
    return _load(import_module("llvmlite.binding"), code) is not None


def _keep(path: Path, code: bytes) -> None:
    """Write the file, where that is possible and the code stands by itself."""
    import subprocess  # a fifth of what it costs to load what is kept

    new = path.with_suffix(".new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomic(new, _digest(code) + b"\n" + code)
        program = _LOADS.format(sys.path, __name__, str(new))
        tried = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
        if tried.returncode == 0:
            new.replace(path)
        else:
            new.unlink()
    except (OSError, EisfitError):
        return


def _digest(code: bytes) -> bytes:
    return hashlib.sha256(code).hexdigest().encode()


def _find_file(llvm: Any) -> Path | None:
    """Return the file's path, None for a user without a home; another source or processor has another."""
    try:
        cache = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or Path.home() / ".cache"
    except RuntimeError:
        return None
    hangs_on = (
        llvm.llvm_version_info,
        llvm.get_host_cpu_name(),
        llvm.get_host_cpu_features().flatten(),
        sys.implementation.cache_tag,
        sys.platform,
    )
    digest = _digest(repr(hangs_on).encode() + _SOURCE.read_bytes()).decode()
    return Path(cache) / "eisfit" / f"compiled_loop-{digest[:20]}.o"


def _is_own(folder: Path) -> bool:
    """Return whether nobody but this user can have put code there."""
    if sys.platform == "win32":
        return True  # below the user's own profile
    state = folder.stat()
    return state.st_uid == os.getuid() and not state.st_mode & 0o022


def _prepare(llvm: Any) -> None:
    with suppress(RuntimeError):  # LLVM's newer versions do so themselves, and say so
        llvm.initialize()
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()


def _target(llvm: Any) -> Any:
    features = llvm.get_host_cpu_features().flatten()
    target = llvm.Target.from_default_triple()
    return target.create_target_machine(llvm.get_host_cpu_name(), features, opt=3, jit=True)


def _load(llvm: Any, kept: bytes) -> Loop:
    """Return the loop: a line with its name, then an object file."""
    _prepare(llvm)
    name, code = kept.split(b"\n", 1)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _target(llvm))
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    pointers = [ctypes.c_void_p] * (2 + len(_ARGUMENTS))
    function = ctypes.CFUNCTYPE(ctypes.c_int32, *pointers)(engine.get_function_address(name.decode()))

    def loop(*arrays: NDArray[Any], engine: Any = engine) -> None:  # the code lives as long as its engine
        result, error = ctypes.c_int64(), ctypes.c_void_p()
        places = (ctypes.addressof(_PLACE.from_buffer(array.data)) for array in arrays)
        function(ctypes.addressof(result), ctypes.addressof(error), *places)

    return loop
