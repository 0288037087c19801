"""Finds the program under proof, and builds what the proofs need."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent
_BUILD = PROJECT / ".build-proofs"
_lock = threading.Lock()


def program() -> Path:
    """The program under proof: $AGENTSPOOL_PROGRAM, else the debug build."""
    path = Path(os.environ.get("AGENTSPOOL_PROGRAM", PROJECT / ".build/debug/agentspool")).resolve()
    if not path.exists():
        raise SystemExit(f"{path} is not there; make it with: make build")
    return path


def built(name: str, command: list[str], source: str, *libraries: str) -> Path:
    """A product of the C compiler, made again when its source is newer."""
    product, source_path = _BUILD / name, HERE / source
    with _lock:
        if product.exists() and product.stat().st_mtime >= source_path.stat().st_mtime:
            return product
        if shutil.which(command[0]) is None:
            raise SystemExit(f"{command[0]} is not installed; make packages installs it")
        _BUILD.mkdir(exist_ok=True)
        subprocess.run([*command, "-o", f"{product}.new", str(source_path), *libraries], check=True)
        os.replace(f"{product}.new", product)
        return product


def kept(name: str) -> Path:
    """A file that is kept from one run to the next."""
    _BUILD.mkdir(exist_ok=True)
    return _BUILD / name


def room() -> Path:
    """A new directory for one spool, on the filesystem of $TMPDIR; the caller removes it."""
    return Path(tempfile.mkdtemp(prefix="agentspool-proof-"))
