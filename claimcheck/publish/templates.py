"""Templates: the shipped ones and a user's, escaped whatever a template does, with their errors told in one line.

Jinja's own filters and operators escape for HTML. In a LaTeX document that is no escaping at all, so `SafeEnvironment`
puts the escaper of its format in the place of each of them: `a ~ b`, `|join`, `|replace`, `|e`, macros and blocks.
Templates run in Jinja's sandbox: a claimcheck.toml in the current folder may name a folder of templates, and whoever
wrote that one may not run code here.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, NoReturn

from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateError, TemplateNotFound, TemplateSyntaxError, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, soft_str

from claimcheck.foundation.errors import UsageError

__all__ = ["SafeEnvironment", "TemplateFiles", "check_folder"]

# filters whose result is HTML: nothing that belongs into LaTeX or Markdown
_HTML_FILTERS = ("tojson", "urlize", "xmlattr")
_TODO = "correct it, or leave out --templates"


def check_folder(own: Path, shipped: Traversable) -> None:
    """Raises UsageError where a user's folder of templates is no folder or would change nothing."""
    if not own.is_dir():
        what = "is not a folder" if own.exists() else "there is no such folder"
        raise UsageError(what, where=str(own), todo="give the folder of your templates, or leave out --templates")
    known = sorted(entry.name for entry in shipped.iterdir() if entry.is_file())
    if not any((own / name).is_file() for name in known):
        raise UsageError(
            "holds no file with the name of a template", where=str(own), todo=f"known are {', '.join(known)}"
        )


class TemplateFiles(BaseLoader):
    """Loads a user's file of a name where there is one, else the shipped one; a name cannot lead out of the folder."""

    def __init__(self, own: Path | None, shipped: Traversable) -> None:
        if own is not None:
            check_folder(own, shipped)
        self.own, self._shipped = own, shipped
        self.loaded: set[str] = set()  # files that a traceback can lead to

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """(text, file, whether it is unchanged). Raises TemplateNotFound, UsageError where it cannot be read."""
        parts = template.split("/")
        if any(c in template for c in "\\\0:") or not {"", ".", ".."}.isdisjoint(parts):
            raise TemplateNotFound(template, f"the template {template!r} is not in the folder of templates")
        if self.own is not None and (file := self.own.joinpath(*parts)).is_file():
            self.loaded.add(str(file))
            return _read(file), str(file), _unchanged(file)
        shipped = self._shipped.joinpath(*parts)
        try:
            text = shipped.read_text("utf-8")
        except (FileNotFoundError, IsADirectoryError):
            raise TemplateNotFound(template, f"there is no template {template!r}") from None
        self.loaded.add(str(shipped))
        return text, str(shipped), lambda: True


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"is not UTF-8 at byte {error.start}", where=str(file), todo=_TODO) from None
    except OSError as error:
        raise UsageError(f"cannot be read ({error.strerror})", where=str(file), todo=_TODO) from None


def _unchanged(file: Path) -> Callable[[], bool]:
    read = file.stat().st_mtime_ns

    def unchanged() -> bool:
        try:
            return file.stat().st_mtime_ns == read
        except OSError:
            return False

    return unchanged


class _Generator(CodeGenerator):
    """Compiles templates whose operators and blocks use the environment's escaper in place of HTML's."""

    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:  # noqa: N802 - Jinja's name
        super().visit_Template(node, frame)
        # the module has imported these names from jinja2.runtime; its functions look them up when they run
        self.writeline("Macro, Markup, escape, markup_join = environment.safe_names")

    def _output_child_to_const(self, node: nodes.Expr, frame: Frame, finalize: Any) -> str:
        # Jinja escapes the constants of a template for HTML when it compiles it
        if isinstance(node, nodes.TemplateData):
            return super()._output_child_to_const(node, frame, finalize)
        raise nodes.Impossible


class SafeEnvironment(ImmutableSandboxedEnvironment):
    """A sandbox of which every printed value has passed `escaper`, except what is marked as safe.

    `mark` is the type of safe text, whose own operations (`+`, `%`, `join`) escape what they add. A user's templates
    are told wrong in one line: UsageError with file and line.
    """

    code_generator_class = _Generator

    def __init__(self, loader: TemplateFiles, escaper: Callable[[str], str], *, html: bool, **options: Any) -> None:
        self.mark = _mark_class(escaper)
        super().__init__(
            loader=loader, autoescape=True, finalize=self.mark.escape, undefined=StrictUndefined, **options
        )
        self._files = loader
        mark = self.mark

        class SafeMacro(Macro):
            def _invoke(self, arguments: list[Any], autoescape: bool) -> str:
                text = super()._invoke(arguments, autoescape)
                return mark(text) if autoescape else text

        def join(value: Iterable[Any], d: Any = "", attribute: str | int | None = None) -> str:
            if attribute is not None:
                value = map(self._getter(attribute), value)
            joined: str = mark.escape(d).join(value)
            return joined

        def replace(text: Any, old: str, new: Any, count: int | None = None) -> Any:
            marked = any(isinstance(x, Markup) for x in (text, old, new))
            found = mark.escape(text) if marked else str(text)
            return found.replace(old, new, -1 if count is None else count)

        def markup_join(parts: Iterable[Any]) -> str:
            values = list(parts)
            nothing: str = mark("") if any(isinstance(x, Markup) for x in values) else ""
            return nothing.join(map(soft_str, values))

        self.safe_names = (SafeMacro, mark, mark.escape, markup_join)
        self.filters |= {"join": join, "replace": replace, "safe": mark}
        self.filters |= dict.fromkeys(("e", "escape", "forceescape"), mark.escape)
        for name in () if html else _HTML_FILTERS:
            del self.filters[name]

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Jinja's rule, and no methods but those of plain values: a record's own can open files and pickles."""
        plain = isinstance(obj, str | int | float | dict | list | tuple) or type(obj).__module__.startswith("jinja2.")
        return super().is_safe_attribute(obj, attr, value) and (plain or not callable(value))

    def _getter(self, attribute: str | int) -> Callable[[Any], Any]:
        from jinja2.filters import make_attrgetter

        return make_attrgetter(self, attribute)

    def handle_exception(self, source: str | None = None) -> NoReturn:
        """Jinja comes here with every error of compiling and of rendering."""
        try:
            super().handle_exception(source)
        except UsageError:
            raise
        except Exception as error:
            if self._files.own is None:
                raise
            place = self._place(error)
            if place is None:
                raise
            raise UsageError(_words(error), where=place, todo=_TODO) from error

    def _place(self, error: Exception) -> str | None:
        """File and line of the template that went wrong; None for an error that is no template's."""
        own = self._files.own
        assert own is not None
        if isinstance(error, TemplateSyntaxError):
            return f"{error.filename or error.name}:{error.lineno}"
        frames = traceback.extract_tb(error.__traceback__)
        found = [f for f in frames if Path(f.filename).is_relative_to(own)]
        if not found and isinstance(error, TemplateError):  # a shipped template misses what a user's one lacks
            found = [f for f in frames if f.filename in self._files.loaded]
        return f"{found[-1].filename}:{found[-1].lineno}" if found else None


def _words(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "templates include each other without end"
    message = error.message if isinstance(error, TemplateError) else f"{type(error).__name__}: {error}"
    return (message or type(error).__name__).rstrip(".")[:500]


def _mark_class(escaper: Callable[[str], str]) -> Any:
    """A type of safe text whose operations escape what they add with `escaper`."""

    class Mark(Markup):
        __slots__ = ()

        @classmethod
        def escape(cls, s: Any, /) -> Mark:
            if isinstance(s, Markup):
                return s if isinstance(s, cls) else cls(s)
            return cls(escaper("" if s is None else str(s)))

    return Mark
