"""Guards for the structure of the house: what a reviewer should never have to say."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PLATFORM = ROOT / "platform"
HOUSE = [PLATFORM / "fermata", ROOT / "workers"]
VAGUE = {"utils", "util", "common", "helpers", "helper", "base", "misc", "manager", "core", "shared", "v2"}
LONG_FILE_LINES, LONGEST_FILE_LINES = 400, 600
LONG_FILES_SHARE = 0.05
GENERATED = {"migrations"}
MANAGE = """
import runpy, sys
ours = [folder for folder in sys.path if folder.startswith(sys.argv[1]) and "site-packages" not in folder]
sys.path[:] = [folder for folder in sys.path if folder not in ours]
try:
    runpy.run_path("manage.py", run_name="__main__")
finally:
    import fermata
    print(fermata.__file__)
"""
PURE = {"graph": {"cel", "jsonschema", "referencing"}, "machine": set[str]()}
"""Package by package: what it may import beside the standard library and this house."""


def sources() -> Iterator[Path]:
    for folder in HOUSE:
        for path in sorted(folder.rglob("*.py")):
            if not GENERATED & set(path.parts):
                yield path


def packages() -> Iterator[Path]:
    for folder in HOUSE:
        yield from sorted({path.parent for path in folder.rglob("*.py")} | {folder})


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are written in full"
            yield node.module or ""


def test_the_source_root_is_no_package() -> None:
    assert not (PLATFORM / "__init__.py").exists(), "it would hide the standard library's `platform`"


def test_nothing_in_the_source_root_bears_a_name_of_the_standard_library() -> None:
    names = {path.stem for path in PLATFORM.iterdir() if not path.name.startswith((".", "__"))}
    assert names >= {"fermata"}
    assert names & sys.stdlib_module_names == set()


@pytest.mark.parametrize("first", ["", str(ROOT), str(PLATFORM)])
def test_the_standard_librarys_platform_is_found_from_every_path(first: str) -> None:
    code = "import platform, fermata; print(platform.python_version(), platform.__file__)"
    path = os.pathsep.join(filter(None, [first, str(PLATFORM), str(ROOT)]))
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert str(PLATFORM) not in done.stdout


def test_manage_py_finds_the_platform_by_itself() -> None:
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-c", MANAGE, str(ROOT)]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == str(PLATFORM / "fermata" / "__init__.py"), done.stderr


def test_no_module_has_a_name_that_says_nothing() -> None:
    vague = [str(path.relative_to(ROOT)) for path in [*sources(), *packages()] if path.stem in VAGUE]
    assert vague == []


def test_no_module_repeats_its_folder() -> None:
    repeated = [
        str(path.relative_to(ROOT))
        for path in sources()
        if path.stem == path.parent.name or path.stem.startswith(f"{path.parent.name}_")
    ]
    assert repeated == []


def test_every_package_has_a_door_plate() -> None:
    bare = []
    for package in packages():
        if GENERATED & set(package.parts) or package.name == "commands":
            continue
        plate = package / "__init__.py"
        if not plate.exists() or not ast.get_docstring(ast.parse(plate.read_text(encoding="utf-8"))):
            bare.append(str(package.relative_to(ROOT)))
    assert bare == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in sources()
        if path.read_text(encoding="utf-8").strip()
        and not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert silent == []


def test_hardly_any_file_is_long_and_none_too_long() -> None:
    lines = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8").count("\n") for path in sources()}
    long = {path: count for path, count in lines.items() if count > LONG_FILE_LINES}
    assert len(long) <= LONG_FILES_SHARE * len(lines), long
    assert {path: count for path, count in long.items() if count > LONGEST_FILE_LINES} == {}


@pytest.mark.parametrize("package", sorted(PURE))
def test_the_pure_floors_import_nothing_but_the_language(package: str) -> None:
    foreign = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in (PLATFORM / "fermata" / package).rglob("*.py")
        for name in imports(path)
        if (top := name.partition(".")[0]) not in sys.stdlib_module_names | {"fermata"} | PURE[package]
        and top
    }
    assert foreign == set()


def test_no_import_hides_inside_a_function_to_break_a_circle() -> None:
    hidden = {
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sources()
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.ImportFrom)
        and (node.module or "").startswith("fermata")
        # Django imports an application before its models may be imported.
        and not (path.name == "apps.py" and function.name == "ready")
    }
    assert hidden == set()


def test_the_import_contracts_hold() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
