"""The compiled loop as machine code: numba makes it once, and every later process loads it without numba.

numba takes a fifth of a second to be imported and 20 s to compile the loop; what comes out needs neither. It
is kept in files of the user's cache (``$XDG_CACHE_HOME/eisfit``, ``~/.cache/eisfit``; on Windows
``%LOCALAPPDATA%``), named after all that they hang on: the loop's source, the processor, LLVM and Python.
On Linux, where the system has a linker, one is a shared library, which loads in a quarter of a millisecond.
Elsewhere LLVM's linker (llvmlite, which comes with numba) loads an object file in 5 ms, after an import of
its own of 20 to 35. It is code: a folder that others can write to is not used.
"""

from __future__ import annotations

import ctypes
import os
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any
from zlib import crc32

from numpy.typing import NDArray

from eisfit.errors import EisfitError
from eisfit.files import write_atomic

#: Takes arrays of whole numbers and of floats, in the order of `_ARGUMENTS`.
Loop = Callable[..., None]

_SOURCE = Path(__file__).with_name("compiled_loop.py")
_ARGUMENTS = "iiiii" + "d" * 7 + "i" + "d" * 13 + "i"
# Arrays that belong to nobody are never freed; what numba would call to do so, a later process does not have.
_FREE_CALLS = re.compile(r"declare ([^\n]*@NRT_MemInfo_call_dtor\([^)]*\))[^\n]*")
_MEMORY = ctypes.c_char * 0  # of an array's memory: a third of what `array.ctypes` costs, thirty times a call
_LINKERS = ("cc", "gcc", "clang", "ld")
_PROCESSORS = Path("/proc/cpuinfo")
_PROCESSOR_LINES = re.compile(rb"^(?:vendor_id|cpu family|model|flags|Features|CPU \w+)\s*:.*$", re.MULTILINE)
_CHECKSUM_DIGITS = 8  # digits of a checksum, at the end of a library, behind the function's name
_LOAD_COMMAND = "import sys; sys.path[:] = {!r}; from {} import {} as load; sys.exit(not load({!r}))"


def load_library() -> Loop | None:
    """Return the loop of this machine's shared library, or None where none is intact."""
    library = _find_library()
    if library and library.is_file() and _is_own(library.parent):
        return _open_library(library)
    return None


def load_object() -> Loop | None:
    """Return the loop of this machine's object file, or None where none is intact."""
    llvm = import_module("llvmlite.binding")
    path = _find_file(llvm)
    kept = path.read_bytes() if path and path.is_file() and _is_own(path.parent) else b""
    digest, _, code = kept.partition(b"\n")
    return _load_object_file(llvm, code) if digest == _digest(code) else None


def make_loop() -> Loop:
    """Compile the loop, which takes 20 s, and keep it where a new process proves that it loads."""
    text, name = import_module("eisfit.engine.evaluation.compiled_loop").compile_loop(_ARGUMENTS)
    llvm = import_module("llvmlite.binding")
    _initialise_llvm(llvm)
    module = llvm.parse_assembly(_FREE_CALLS.sub(r"define \1 { ret void }", text))
    code = name.encode() + b"\n" + _create_target_machine(llvm).emit_object(module)
    if path := _find_file(llvm):
        _store(path, _digest(code) + b"\n" + code)
    if path := _find_library():
        movable = _create_target_machine(llvm, reloc="pic", codemodel="small", jit=False).emit_object(module)
        if library := _link_library(movable, path.with_suffix(".o.new")):
            named = library + b"\n" + name.encode() + b"\n"
            _store(path, named + _checksum(named))
    return _load_object_file(llvm, code)


def can_load(path: str) -> bool:
    """Return whether a file loads; a process that cannot find what the code calls does not return."""
    if Path(path).suffixes[-2:] == [".so", ".new"]:
        return _open_library(Path(path)) is not None
    _, _, code = Path(path).read_bytes().partition(b"\n")
    return _load_object_file(import_module("llvmlite.binding"), code) is not None


def _link_library(code: bytes, path: Path) -> bytes:
    """Return the shared library of an object file, written to `path` on the way; nothing without a linker."""
    import subprocess
    from shutil import which

    linked = path.with_suffix(".linked")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomic(path, code)
        for linker in filter(which, _LINKERS):
            words = [linker, "-shared", "-o", str(linked), str(path), "-lm"]
            if subprocess.run(words, capture_output=True, check=False).returncode == 0:
                return linked.read_bytes()
    except (OSError, EisfitError):
        return b""
    finally:
        for one in (path, linked):
            with suppress(OSError):
                one.unlink(missing_ok=True)
    return b""


def _store(path: Path, content: bytes) -> None:
    """Write the file, where that is possible and the code stands by itself."""
    import subprocess  # a fifth of what it costs to load what is kept

    new = path.with_suffix(path.suffix + ".new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomic(new, content)
        program = _LOAD_COMMAND.format(sys.path, __name__, can_load.__name__, str(new))
        tried = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
        if tried.returncode == 0:
            new.replace(path)
        else:
            new.unlink()
    except (OSError, EisfitError):
        return


def _digest(code: bytes) -> bytes:
    import hashlib  # loads OpenSSL, 2 ms that a library does without

    return hashlib.sha256(code).hexdigest().encode()


def _find_file(llvm: Any) -> Path | None:
    """Return the file's path, None for a user without a home; another source or processor has another."""
    hangs_on = (
        llvm.llvm_version_info,
        llvm.get_host_cpu_name(),
        llvm.get_host_cpu_features().flatten(),
        sys.implementation.cache_tag,
        sys.platform,
    )
    digest = _digest(repr(hangs_on).encode() + _SOURCE.read_bytes()).decode()
    return _cache_path(f"compiled_loop-{digest[:20]}.o")


def _find_library() -> Path | None:
    """Return the shared library's path; None where the system does not say which processor it has."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        with _PROCESSORS.open("rb") as stream:
            first = stream.read(8192).partition(b"\n\n")[0]
    except OSError:
        return None
    processor = b"\n".join([repr(sys.implementation.cache_tag).encode(), *_PROCESSOR_LINES.findall(first)])
    return _cache_path(
        f"compiled_loop-{(_checksum(_SOURCE.read_bytes()) + _checksum(processor)).decode()}.so"
    )


def _cache_path(name: str) -> Path | None:
    try:
        cache = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or Path.home() / ".cache"
    except RuntimeError:
        return None
    return Path(cache) / "eisfit" / name


def _checksum(content: bytes) -> bytes:
    return b"%0*x" % (_CHECKSUM_DIGITS, crc32(content))


def _is_own(folder: Path) -> bool:
    """Return whether nobody but this user can have put code there."""
    if sys.platform == "win32":
        return True  # below the user's own profile
    state = folder.stat()
    return state.st_uid == os.getuid() and not state.st_mode & 0o022


def _initialise_llvm(llvm: Any) -> None:
    with suppress(RuntimeError):  # LLVM's newer versions do so themselves, and say so
        llvm.initialize()
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()


def _create_target_machine(llvm: Any, **form: Any) -> Any:
    features = llvm.get_host_cpu_features().flatten()
    target = llvm.Target.from_default_triple()
    return target.create_target_machine(llvm.get_host_cpu_name(), features, opt=3, **({"jit": True} | form))


def _open_library(path: Path) -> Loop | None:
    """Return the loop of a shared library; None of one that is not whole, or of another system's."""
    content = path.read_bytes()
    if _checksum(content[:-_CHECKSUM_DIGITS]) != content[-_CHECKSUM_DIGITS:]:
        return None
    name = content[:-_CHECKSUM_DIGITS].rstrip(b"\n").rpartition(b"\n")[2].decode()
    try:  # a home may be shared with an older system, or be where nothing is run from
        library = ctypes.CDLL(str(path))
        return _wrap_address(ctypes.cast(getattr(library, name), ctypes.c_void_p).value or 0, library)
    except (OSError, AttributeError):
        return None


def _load_object_file(llvm: Any, kept: bytes) -> Loop:
    """Return the loop: a line with its name, then an object file."""
    _initialise_llvm(llvm)
    name, code = kept.split(b"\n", 1)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _create_target_machine(llvm))
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return _wrap_address(engine.get_function_address(name.decode()), engine)


def _wrap_address(address: int, owner: Any) -> Loop:
    """Return the function at an address; the code there lives as long as its owner."""
    pointers = [ctypes.c_void_p] * (2 + len(_ARGUMENTS))
    function = ctypes.CFUNCTYPE(ctypes.c_int32, *pointers)(address)

    def loop(*arrays: NDArray[Any], owner: Any = owner) -> None:
        result, error = ctypes.c_int64(), ctypes.c_void_p()
        places = (ctypes.addressof(_MEMORY.from_buffer(array.data)) for array in arrays)
        function(ctypes.addressof(result), ctypes.addressof(error), *places)

    return loop
