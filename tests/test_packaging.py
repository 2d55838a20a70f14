"""What a user installs: the wheel is built, unpacked elsewhere and run far from the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

pytestmark = pytest.mark.skipif(
    find_spec("build") is None or find_spec("hatchling") is None, reason="needs build and hatchling"
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    made = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert made.returncode == 0, made.stdout[-2000:] + made.stderr[-2000:]
    (path,) = folder.glob("assent-*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the wheel installs; its dependencies are those of this environment."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def run(installed: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    command = [sys.executable, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=folder, env=environment)


def test_the_wheel_carries_the_law_the_schemas_and_the_cases(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for folder in ("policies", "schemas", "cases"):
        wanted = {
            f"engine/bundled/{path.relative_to(ROOT).as_posix()}"
            for path in (ROOT / folder).rglob("*")
            if path.suffix in (".yaml", ".json")
        }
        assert wanted
        assert wanted <= names


def test_the_wheel_carries_the_files_beside_the_code(wheel: Path) -> None:
    """Templates, stylesheets, styles: whatever a module reads from its own package."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    files = (path for path in (ROOT / "engine").rglob("*.*") if path.is_file() and "__pycache__" not in path.parts)
    wanted = {path.relative_to(ROOT).as_posix() for path in files if path.suffix != ".pyc"}
    assert {"engine/papers/paper.typ", "engine/papers/page.css", "engine/papers/word/styles.xml"} <= wanted <= names


def test_the_wheel_carries_nothing_but_the_product(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    tops = {name.partition("/")[0] for name in names}
    assert tops == {"engine", "cli.py", *(name for name in tops if name.endswith(".dist-info"))}
    assert not [name for name in names if name.endswith((".pyc", ".pyi~")) or "__pycache__" in name]


def test_the_wheel_tells_type_checkers_that_it_is_typed(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        assert "engine/py.typed" in archive.namelist()


def test_the_wheel_installs_the_command_and_its_license(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        info = {Path(name).name: archive.read(name).decode() for name in archive.namelist() if ".dist-info/" in name}
    assert "assent = cli:main" in info["entry_points.txt"]
    assert "License-Expression: Apache-2.0" in info["METADATA"]
    assert "Apache License" in info["LICENSE"]


def test_every_import_of_the_product_is_a_declared_dependency(installed: Path, tmp_path: Path) -> None:
    """What a plain dry-run imports comes with a plain installation."""
    code = (
        "import sys, cli\n"
        "try: cli.main(['check', sys.argv[1]], standalone_mode=False)\n"
        "except SystemExit: pass\n"
        "print('\\n'.join(sorted({m.partition('.')[0] for m in sys.modules})), file=sys.stderr)"
    )
    example = installed / "engine" / "bundled" / "cases" / "p20win" / "r01.yaml"
    answer = run(installed, tmp_path, "-c", code, str(example))
    extras = {"z3", "openpyxl", "regopy", "opa_client", "hypothesis", "pytest", "build", "hatchling"}
    assert answer.returncode == 0, answer.stderr[-2000:]
    assert extras & set(answer.stderr.splitlines()) == set()


def test_the_installed_product_decides_its_own_example(installed: Path, tmp_path: Path) -> None:
    where = run(installed, tmp_path, "-c", "import engine; print(engine.__file__)")
    assert Path(where.stdout.strip()).is_relative_to(installed)
    assert run(installed, tmp_path, "-m", "cli", "new", "example", "-o", "example.yaml").returncode == 0
    answer = run(installed, tmp_path, "-m", "cli", "check", "example.yaml")
    assert answer.returncode == 0, answer.stderr[-2000:]
    assert answer.stdout.startswith("ALLOW")


def test_the_installed_product_exports_its_rules(installed: Path, tmp_path: Path) -> None:
    assert run(installed, tmp_path, "-m", "cli", "export", "rego", "-o", "law").returncode == 0
    assert (tmp_path / "law" / "library" / "kleene.rego").is_file()


@pytest.mark.parametrize("kind", ["request", "framework", "case"])
def test_the_installed_product_starts_documents_that_are_valid(installed: Path, tmp_path: Path, kind: str) -> None:
    assert run(installed, tmp_path, "-m", "cli", "new", kind, "-o", "new.yaml").stdout == "new.yaml written\n"
    answer = run(installed, tmp_path, "-m", "cli", "validate", "new.yaml")
    assert answer.stdout == "1 file is valid\n", answer.stderr[-2000:]


def test_building_leaves_the_checkout_as_it_was(wheel: Path) -> None:
    assert wheel.is_file()
    assert not (ROOT / "engine" / "bundled").exists()
