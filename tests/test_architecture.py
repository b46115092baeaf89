"""The rooms of the house and which door leads where."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

TRACKER = Path(__file__).resolve().parent.parent / "tracker"
MODULES = sorted(TRACKER.rglob("*.py"))

MEASURE_MAY_IMPORT = {
    "__future__",
    "collections",
    "collections.abc",
    "concurrent.futures",
    "base64",
    "cv2",
    "dataclasses",
    "enum",
    "functools",
    "itertools",
    "math",
    "numpy",
    "scipy",
    "skimage",
    "typing",
}
"""Everything else - files, clock, printing, databases, pictures on disk, pages - stays outside."""
FORBIDDEN_CALLS = {"open", "print", "input", "exec", "eval", "breakpoint"}
HIDDEN_RANDOMNESS = {"seed", "rand", "randn", "random", "randint", "normal", "choice", "shuffle"}

LAYERS = {
    "measure": 0,
    "one_line": 0,
    "logs": 1,
    "series": 1,
    "records": 2,
    "rendering": 2,
    "synthetic": 3,
    "photos": 2,
    "blas_threads": 1,
    "pair": 2,
    "record_files": 3,
    "sealing": 2,
    "correction_file": 4,
    "folder": 5,
    "row_remarks": 2,
    "view_rows": 3,
    "view_look": 3,
    "progress": 3,
    "view_analysis": 4,
    "redating": 4,
    "analysis": 5,
    "capture_hints": 5,
    "photo_check": 5,
    "self_check": 6,
    "report": 6,
    "access": 2,
    "storage": 7,
    "samples": 8,
    "batch": 8,
    "dossier": 8,
    "ui": 9,
    "cli": 9,
    "__main__": 10,
}
"""A module imports only from rooms with a lower number, or from its own room."""

LONGER_THAN_450_LINES: dict[str, str] = {
    "tracker.measure.crowd_look_weights": "the numbers of one network, written by its training",
    "tracker.measure.series_look_weights": "the numbers of one network, written by its training",
}
"""Files that may be longer, with the reason why they are still one idea."""


def room_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def module_name(path: Path) -> str:
    parts = path.relative_to(TRACKER.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            assert node.module is not None
            if node.module == "tracker":
                found |= {f"tracker.{alias.name}" for alias in node.names}
            else:
                found.add(node.module)
    return found


def test_every_room_has_its_place() -> None:
    rooms = {room_of(module_name(path)) for path in MODULES} - {""}
    assert rooms <= LAYERS.keys()


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_imports_point_inward(path: Path) -> None:
    own = room_of(module_name(path))
    for imported in imports_of(path):
        if not imported.startswith("tracker."):
            continue
        other = room_of(imported)
        if own and other in LAYERS and other != own:
            assert LAYERS[other] < LAYERS[own], f"{module_name(path)} imports {imported}"


@pytest.mark.parametrize(
    "path", [p for p in MODULES if room_of(module_name(p)) == "measure"], ids=module_name
)
def test_the_core_is_pure(path: Path) -> None:
    for imported in imports_of(path):
        if not imported.startswith("tracker."):
            root = imported.split(".")[0]
            assert {imported, root} & MEASURE_MAY_IMPORT, f"{path.name} imports {imported}"
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in FORBIDDEN_CALLS, f"{path.name}: {node.func.id}()"
        if isinstance(node, ast.Attribute):
            text = ast.unparse(node)
            assert not text.startswith(("cv2.imread", "cv2.imwrite", "cv2.imshow")), text
            for prefix in ("np.random.", "numpy.random."):
                if text.startswith(prefix):
                    assert text.removeprefix(prefix) not in HIDDEN_RANDOMNESS, text
            assert not text.startswith(("np.load", "np.save", "np.fromfile")), text


def test_importing_the_core_loads_no_shell() -> None:
    code = (
        "import sys, pkgutil, importlib, tracker.measure as m\n"
        "for found in pkgutil.iter_modules(m.__path__):\n"
        "    importlib.import_module('tracker.measure.' + found.name)\n"
        "print(*sorted(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=TRACKER.parent
    )
    loaded = set(done.stdout.split())
    shell = {"streamlit", "sqlite3", "sqlalchemy", "typer", "jinja2", "altair", "pandas", "plotly"}
    assert not loaded & (shell | {"tracker.photos", "tracker.analysis", "tracker.series"})


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom tracker.cli import main\nmain(['--help'])\n"
        "print(*sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=TRACKER.parent
    )
    assert not set(done.stderr.split()) & {"numpy", "cv2", "scipy", "streamlit", "PIL", "pandas"}


def test_no_file_is_longer_than_one_idea() -> None:
    long = {
        module_name(path)
        for path in MODULES
        if len(path.read_text(encoding="utf-8").splitlines()) > 450
    }
    assert long <= LONGER_THAN_450_LINES.keys()


def test_no_room_for_odds_and_ends() -> None:
    assert not {p.stem for p in MODULES} & {"utils", "util", "helpers", "common", "misc"}


def test_nothing_unfinished_is_left() -> None:
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        for mark in ("TODO", "FIXME", "XXX", "NotImplementedError"):
            # A network's packed weights may hold the letters, but not the word.
            packed = path.stem.endswith("_weights")
            found = re.search(rf"\b{mark}\b", text) if packed else mark in text
            assert not found, f"{path.name}: {mark}"
