"""Finds every command line of gcloud in this repository, wherever somebody may copy it from or a program runs it."""

import ast
import importlib
import inspect
import re
import shlex
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

# Folders that are not the repository's, or whose lines are wrong on purpose.
_NOT_HERE = {"node_modules", "build", "tests", "__pycache__"}
_COMMANDS_MODULE = "gcloud_commands.py"

_CONTINUED = re.compile(r"\\\n\s*")
_FENCE = re.compile(r"^ *```[^\n]*\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
_INLINE_CODE = re.compile(r"`(gcloud [^`]+)`")
_INDENTED_COMMENT = re.compile(r"^\s*#(?: {2,}|\t)(gcloud .*)$", re.MULTILINE)
_TERRAFORM_STRING = re.compile(r'"((?:[^"\\\n]|\\.)*gcloud (?:[^"\\\n]|\\.)*)"')
# Where a shell would read a command, and where people write one: after `Run: `, in brackets, in backticks, in quotes.
_COMMAND = r"\s*(?:\$ )?(gcloud )(?!(?:is|was|failed|itself|does|did|has|and|or)\b)"
_IN_SHELL = re.compile(rf"(?:^|[;&|(`\"'@]|(?:\b(?:if|then|else|do)|!)\s){_COMMAND}", re.MULTILINE)
_IN_PROSE = re.compile(rf"(?:^|[;&|(`\"':]){_COMMAND}", re.MULTILINE)
_ENDS = frozenset("|;&)<>\n`")

_PLACEHOLDER = re.compile(r"\$\(<[^)]*\)|\$\([^()]*\)|\$\{[^{}]*\}|\$\w+|<[\w -]+>|…")
_IN_CAPITALS = re.compile(r"(?<![\w-])[A-Z][A-Z_]{2,}\b")
_PLAUSIBLE = {
    "serving": "some-revision=100",
    "project": "some-project",
    "member": "user:someone@example.com",
    "role": "roles/viewer",
    "region": "europe-west1",
    "location": "europe-west1",
    "bucket": "some-bucket",
    "condition": "None",
}
_ANYTHING = ("some-value", "1", "some-key=some-value")


@dataclass(frozen=True, slots=True)
class GcloudLine:
    """One command line, as it is written.

    Attributes:
        kind: what kind of file it is in.
        place: that file, or the function that builds it.
        words: the argument list, placeholders included; it starts with "gcloud".
        is_mention: whether it may be the name of a command and no whole line: it is in a sentence, and without flags.
    """

    kind: str
    place: str
    words: tuple[str, ...]
    is_mention: bool = False

    def variants(self) -> list[list[str]]:
        """Return the line with plausible values in place of placeholders: one of them must please gcloud."""
        variants = [[_filled(word, value) for word in self.words] for value in _ANYTHING]
        return variants[:1] if variants[0] == variants[-1] else variants


def every_line(root: Path) -> list[GcloudLine]:
    """Return the command lines of gcloud in all files below `root`."""
    return [line for path in _files(root) for line in _lines_of(path, path.relative_to(root).as_posix())]


def lines_of_commands_modules(root: Path) -> list[GcloudLine]:
    """Return what the functions of all modules `gcloud_commands.py` build, called with plausible values."""
    return [
        GcloudLine("gcloud_commands", f"{module.__name__}.{name}", tuple(function(*_arguments(function))))
        for path in sorted((root / "operations").rglob(_COMMANDS_MODULE))
        for module in [importlib.import_module(".".join(path.relative_to(root / "operations").with_suffix("").parts))]
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    ]


def argument_lists_elsewhere(root: Path) -> list[str]:
    """Return where Python code builds an argument list of gcloud outside of a module `gcloud_commands.py`."""
    return [
        f"{path.relative_to(root).as_posix()}:{node.lineno}"
        for path in _files(root)
        if path.suffix == ".py" and path.name != _COMMANDS_MODULE
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.List | ast.Tuple) and len(node.elts) > 1 and _says_gcloud(node.elts[0])
    ]


def _says_gcloud(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == "gcloud"


def _files(root: Path) -> Iterator[Path]:
    for path in sorted(root.iterdir()):
        hidden = path.name.startswith(".") and path.name not in (".ci", ".github")
        if path.is_dir() and not path.is_symlink():
            if not hidden and path.name not in _NOT_HERE:
                yield from _files(path)
        elif path.is_file():
            yield path


def _lines_of(path: Path, place: str) -> Iterator[GcloudLine]:
    match path.suffix:
        case ".md":
            yield from _in_markdown(path.read_text(encoding="utf-8"), place)
        case ".yaml" | ".yml":
            yield from _in_yaml(path.read_text(encoding="utf-8"), place)
        case ".tf" | ".tftpl":
            yield from _in_terraform(path.read_text(encoding="utf-8"), place)
        case ".py" if path.name != _COMMANDS_MODULE:
            yield from _in_python(path.read_text(encoding="utf-8"), place)
        case ".sh" | "" if path.name == "Makefile" or path.read_bytes()[:2] == b"#!" or path.suffix == ".sh":
            text = path.read_text(encoding="utf-8").replace("$$", "$")
            yield from _shell("shell", place, text)
            yield from _comments("shell", place, text)


def _in_markdown(text: str, place: str) -> Iterator[GcloudLine]:
    for block in _FENCE.findall(text):
        yield from _shell("markdown", place, block)
    for code in _INLINE_CODE.findall(_FENCE.sub("", text)):
        yield from _shell("markdown", place, " ".join(code.split()), mentions=True)


def _in_yaml(text: str, place: str) -> Iterator[GcloudLine]:
    yield from _comments("yaml", place, text)
    for value in _strings(yaml.safe_load(text)):
        yield from _shell("yaml", place, value)


def _strings(node: Any) -> Iterator[str]:
    match node:
        case str():
            yield node
        case dict():
            yield from _strings(list(node.values()))
        case list():
            for item in node:
                yield from _strings(item)


def _in_terraform(text: str, place: str) -> Iterator[GcloudLine]:
    yield from _comments("terraform", place, text)
    for string in _TERRAFORM_STRING.findall(text):
        yield from _prose("terraform", place, string.replace('\\"', '"').replace("\\n", "\n"))
    here_documents = re.sub(r"^\s*(#|//).*$", "", _TERRAFORM_STRING.sub('""', text), flags=re.MULTILINE)
    yield from _shell("terraform", place, here_documents, mentions=True)


def _in_python(text: str, place: str) -> Iterator[GcloudLine]:
    tree = ast.parse(text)
    pieces = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if id(node) in pieces or not isinstance(node, ast.Constant | ast.JoinedStr):
            continue
        string = _text(node)
        if id(node) in docstrings:
            for code in _INLINE_CODE.findall(string):
                yield from _shell("python", place, " ".join(code.split()), mentions=True)
        else:
            yield from _prose("python", place, string)


def _text(node: ast.Constant | ast.JoinedStr) -> str:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    return "".join(
        part.value if isinstance(part, ast.Constant) and isinstance(part.value, str) else f"${_name(part)}"
        for part in node.values
    )


def _name(part: ast.expr) -> str:
    """Return a name for what an f-string puts in: that of the variable or attribute."""
    expression = part.value if isinstance(part, ast.FormattedValue) else part
    match expression:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case _:
            return "something"


def _comments(kind: str, place: str, text: str) -> Iterator[GcloudLine]:
    for line in _INDENTED_COMMENT.findall(text):
        yield from _shell(kind, place, line)


def _prose(kind: str, place: str, text: str) -> Iterator[GcloudLine]:
    for found in _IN_PROSE.finditer(_CONTINUED.sub(" ", text)):
        rest = found.string[found.start(1) :]
        words = _words(re.split(r", |\. |: ", rest)[0].rstrip(".,"))
        yield GcloudLine(kind, place, words, is_mention=_is_mention(words))


def _shell(kind: str, place: str, text: str, *, mentions: bool = False) -> Iterator[GcloudLine]:
    for found in _IN_SHELL.finditer(_CONTINUED.sub(" ", text)):
        words = _words(found.string[found.start(1) :])
        yield GcloudLine(kind, place, words, is_mention=mentions and _is_mention(words))


def _is_mention(words: Iterable[str]) -> bool:
    return all(re.fullmatch(r"[a-z-]+", word) and not word.startswith("-") for word in words)


def _words(text: str) -> tuple[str, ...]:
    """Return the words of the command that `text` begins with, as a shell does: up to a pipe, a bracket, a comment.

    Placeholders are left in, as one word each.
    """
    holes = _PLACEHOLDER.findall(text)
    marked = _PLACEHOLDER.sub("\0", text)
    end, quote = len(marked), ""
    for index, character in enumerate(marked):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character in _ENDS or (character == "#" and marked[index - 1].isspace()):
            end = index
            break
    # A quote that nothing closes was around the whole line.
    piece = marked[:end] if not quote else marked[: marked[:end].rindex(quote)]
    remaining = iter(holes)
    return tuple(re.sub("\0", lambda _: next(remaining), word) for word in shlex.split(piece))


def _filled(word: str, fallback: str) -> str:
    """Return a word with plausible values in place of placeholders, and of names in capitals that stand for one."""

    def value(found: re.Match[str]) -> str:
        names = re.findall(r"[A-Za-z]+", found[0].lower())
        return next((_PLAUSIBLE[name] for name in reversed(names) if name in _PLAUSIBLE), fallback)

    return _IN_CAPITALS.sub(value, _PLACEHOLDER.sub(value, word))


def _arguments(function: Callable[..., Any]) -> list[Any]:
    return [_argument(parameter) for parameter in inspect.signature(function).parameters.values()]


def _argument(parameter: inspect.Parameter) -> Any:
    annotation = str(parameter.annotation)
    if annotation == "int":
        return 1
    if annotation == "bool":
        return True
    placeholder = f"${{{parameter.name}}}"
    if annotation.startswith("Mapping"):
        return {"_NAME": placeholder}
    return [placeholder] if re.match("(Sequence|list|tuple|Iterable|Collection)", annotation) else placeholder
