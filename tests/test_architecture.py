"""The rules about who may import whom (DESIGN.md section 2), read from the source, and what a start may load."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
STAGES = ("sources", "reading", "claims", "checks", "publish")
HEAVY = {"torch", "transformers", "sentence_transformers", "onnxruntime", "onnx", "ray"}
# modules that train or evaluate may import torch at the top; outside of these packages nothing imports them at the top
TORCH = ("reproduce.model", "reproduce.training", "reproduce.bench.packed", "reproduce.bench.rivals")
# what each part of reproduce may import of the others when it is loaded: data flows one way
REPRODUCE = {
    "data": ("specs", "tasks"),
    "tasks": ("specs",),
    "registry": ("specs", "tasks"),
    "planning": ("specs", "data", "tasks", "registry"),
    "model": ("specs", "data"),
    "training": ("specs", "data", "tasks", "model", "machine", "runrecord", "runner"),
    "engine": ("specs", "tasks", "registry", "planning", "machine", "runrecord", "runner"),
    "bench": ("specs", "data", "model", "planning", "training", "engine", "machine", "runner", "display"),
    "verdicts": ("specs", "data", "tasks", "registry", "planning", "engine", "runrecord"),
}


@dataclass(frozen=True)
class Import:
    """One import: of what, in which module, and whether it happens when the module is loaded."""

    importer: str
    imported: str
    line: int
    at_load: bool

    def __str__(self) -> str:
        return f"{self.importer}:{self.line} imports {self.imported}"


def modules() -> list[tuple[str, Path]]:
    files = [path for package in ("claimcheck", "reproduce") for path in sorted((ROOT / package).rglob("*.py"))]
    return [(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"), path) for path in files]


def imports_of(name: str, tree: ast.Module, is_package: bool) -> Iterator[Import]:
    def walk(node: ast.AST, at_load: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                for alias in child.names:
                    yield Import(name, alias.name, child.lineno, at_load)
            elif isinstance(child, ast.ImportFrom):
                base = child.module or ""
                if child.level:
                    parts = name.split(".") if is_package else name.split(".")[:-1]
                    base = ".".join([*parts[: len(parts) - child.level + 1], *([base] if base else [])])
                # "from claimcheck import cli" imports claimcheck.cli
                names = (
                    [f"{base}.{alias.name}" for alias in child.names] if base in ("claimcheck", "reproduce") else [base]
                )
                for imported in names:
                    yield Import(name, imported, child.lineno, at_load)
            elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) or (
                isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
            ):
                yield from walk(child, False)
            else:
                yield from walk(child, at_load)

    yield from walk(tree, True)


@pytest.fixture(scope="module")
def imports() -> list[Import]:
    found = []
    for name, path in modules():
        found += imports_of(name, ast.parse(path.read_text()), path.name == "__init__.py")
    assert len(found) > 100
    return found


def within(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_imports_the_foundation_and_itself_only(imports: list[Import], stage: str) -> None:
    allowed = ("claimcheck.foundation", f"claimcheck.{stage}", "claimcheck.__version__")
    wrong = [
        i
        for i in imports
        if within(i.importer, f"claimcheck.{stage}")
        and within(i.imported, "claimcheck")
        and i.imported != "claimcheck"
        and not any(within(i.imported, package) for package in allowed)
    ]
    assert not wrong, "\n".join(map(str, wrong))


def test_the_foundation_imports_nothing_above_it(imports: list[Import]) -> None:
    wrong = [
        i
        for i in imports
        if within(i.importer, "claimcheck.foundation")
        and within(i.imported, "claimcheck")
        and i.imported not in ("claimcheck", "claimcheck.__version__")
        and not within(i.imported, "claimcheck.foundation")
    ]
    assert not wrong, "\n".join(map(str, wrong))


def test_claimcheck_never_imports_reproduce(imports: list[Import]) -> None:
    wrong = [i for i in imports if within(i.importer, "claimcheck") and within(i.imported, "reproduce")]
    assert not wrong, "\n".join(map(str, wrong))


def test_reproduce_imports_only_the_foundation_and_not_its_models(imports: list[Import]) -> None:
    wrong = [
        i
        for i in imports
        if within(i.importer, "reproduce")
        and within(i.imported, "claimcheck")
        and i.imported != "claimcheck"  # for its version
        and (not within(i.imported, "claimcheck.foundation") or within(i.imported, "claimcheck.foundation.models"))
    ]
    assert not wrong, "\n".join(map(str, wrong))


def test_nothing_imports_a_command_line(imports: list[Import]) -> None:
    wrong = [
        i
        for i in imports
        if (within(i.imported, "claimcheck.cli") or within(i.imported, "reproduce.cli"))
        and not within(i.importer, "claimcheck.cli")
        and i.importer != "claimcheck.__main__"
    ]
    assert not wrong, "\n".join(map(str, wrong))


def test_heavy_libraries_are_imported_inside_functions(imports: list[Import]) -> None:
    wrong = [
        i
        for i in imports
        if i.at_load and i.imported.split(".")[0] in HEAVY and not any(within(i.importer, package) for package in TORCH)
    ]
    assert not wrong, "\n".join(map(str, wrong))


@pytest.mark.parametrize("part", sorted(REPRODUCE))
def test_a_part_of_reproduce_imports_only_what_comes_before_it(imports: list[Import], part: str) -> None:
    allowed = (part, *REPRODUCE[part])
    wrong = [
        i
        for i in imports
        if within(i.importer, f"reproduce.{part}")
        and i.at_load
        and within(i.imported, "reproduce")
        and not any(within(i.imported, f"reproduce.{name}") for name in allowed)
    ]
    assert not wrong, "\n".join(map(str, wrong))


def test_the_rules_see_what_they_forbid() -> None:
    source = (
        "import torch.nn\nfrom claimcheck import cli\nfrom ..claims import detect\n"
        "if TYPE_CHECKING:\n    import ray\ndef f():\n    from reproduce.model.encoder import Model\n"
    )
    found = {(i.imported, i.at_load) for i in imports_of("claimcheck.checks.decide", ast.parse(source), False)}
    assert found == {
        ("torch.nn", True),
        ("claimcheck.cli", True),
        ("claimcheck.claims", True),
        ("ray", False),
        ("reproduce.model.encoder", False),
    }


@pytest.mark.parametrize(("name", "path"), modules(), ids=[name for name, _ in modules()])
def test_a_module_says_what_it_is_and_is_short(name: str, path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= 600, f"{name} is too long to read at once: split it"
    assert not text.strip() or ast.get_docstring(ast.parse(text)), f"{name} does not say what it is"


def loaded_after(code: str) -> set[str]:
    """Names of the modules that a fresh interpreter has loaded after running the code."""
    program = f"{code}\nimport json, sys\nsys.stderr.write(json.dumps(list(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in json.loads(done.stderr)} | set(json.loads(done.stderr))


def test_import_claimcheck_loads_nothing_heavy() -> None:
    assert not loaded_after("import claimcheck") & (HEAVY | {"numpy", "pydantic", "typer", "rich", "httpx"})


def test_help_loads_nothing_heavy() -> None:
    loaded = loaded_after("import claimcheck.cli\nassert claimcheck.cli.main(['--help']) == 0")
    assert "typer" in loaded
    assert not loaded & (HEAVY | {"numpy", "pydantic", "rich", "httpx", "claimcheck.cli.table"})


@pytest.mark.parametrize(
    "subcommand", ["table", "check", "read", "results", "check-report", "synthesize", "report", "review", "diff"]
)
def test_help_of_a_subcommand_loads_no_stage(subcommand: str) -> None:
    loaded = loaded_after(f"import claimcheck.cli\nassert claimcheck.cli.main([{subcommand!r}, '--help']) == 0")
    assert f"claimcheck.cli.{subcommand.replace('-', '_')}" in loaded
    ours = {f"claimcheck.{stage}" for stage in STAGES} | {"claimcheck.pipeline", "claimcheck.foundation.records"}
    assert not loaded & (HEAVY | {"numpy", "httpx"} | ours)


def test_the_reading_worker_starts_without_what_it_does_not_need() -> None:
    loaded = loaded_after("import claimcheck.reading.worker")
    assert not loaded & (HEAVY | {"numpy", "httpx", "typer", "rich", "claimcheck.sources", "claimcheck.claims"})
