"""Reads CEL text far enough to know what it uses, where, and whether it is safe to hand to the CEL library.

The library tells neither the paths an expression reads nor where an error stands, and it crashes the
process on very long chains. This reader finds both, keeps the caps, and notes the places that
:mod:`fermata.graph.expression` rewrites: paths (resolved in Python, so that only what is read gets
converted), ``has()`` of paths, and the lists that comprehensions walk over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from fermata.errors import ExpressionError

MAX_LENGTH = 4_000
MAX_OPERATORS = 200
MAX_NESTING = 40
MAX_COMPREHENSIONS = 3

MACROS = {"map": (2, 3), "filter": (2, 2), "all": (2, 2), "exists": (2, 2), "exists_one": (2, 2)}
_PRECEDENCE = {
    "||": 1,
    "&&": 2,
    **dict.fromkeys(("<", "<=", ">", ">=", "==", "!=", "in"), 3),
    **dict.fromkeys("+-", 4),
    **dict.fromkeys("*/%", 5),
}
_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n\f]+|//[^\n]*)
      |(?P<string>[rR][bB]?(?:\"{3}.*?\"{3}|'{3}.*?'{3}|"[^"\n]*"|'[^'\n]*')
        |[bB]?(?:\"{3}(?:[^\\]|\\.)*?\"{3}|'{3}(?:[^\\]|\\.)*?'{3}|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'))
      |(?P<number>0[xX][0-9a-fA-F]+[uU]?|\d*\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\d+[uU]?)
      |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
      |(?P<mark>\|\||&&|==|!=|<=|>=|[-+*/%<>!?:.,()\[\]{}])""",
    re.VERBOSE | re.DOTALL,
)
_WORDS = frozenset({"true", "false", "null", "in"})
_RESERVED = frozenset(
    {
        *("as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop"),
        *("package", "namespace", "return", "var", "void", "while"),
    }
)


@dataclass(frozen=True, slots=True)
class Token:
    """``kind``: string, number, name, mark or end. ``start`` is an offset in characters."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """The offset just after it."""
        return self.start + len(self.text)


@dataclass(frozen=True, slots=True)
class Path:
    """A name of the outside with constant selectors, e.g. ``steps.a.output[0]``; offsets in characters."""

    root: str
    keys: tuple[str | int, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Range:
    """The text a comprehension (``macro``: map, filter, all, …) walks over."""

    macro: str
    start: int
    end: int


@dataclass(slots=True)
class Syntax:
    """What a source uses. ``probes``: paths asked for by ``has()``, with the offsets of the whole call."""

    paths: list[Path] = field(default_factory=list)
    probes: list[Path] = field(default_factory=list)
    ranges: list[Range] = field(default_factory=list)
    functions: list[Token] = field(default_factory=list)
    methods: list[Token] = field(default_factory=list)


@dataclass(slots=True)
class _Operand:
    start: int
    root: str | None = None
    keys: tuple[str | int, ...] = ()


def fault(message: str, *, offset: int, length: int = 1, cure: str | None = None) -> ExpressionError:
    """An ExpressionError that points at ``length`` characters from ``offset``."""
    return ExpressionError(message, cure=cure, offset=offset, length=max(length, 1))


def read(source: str) -> Syntax:
    """What ``source`` uses. Raises ExpressionError with offset and length for bad syntax or a cap passed."""
    if len(source) > MAX_LENGTH:
        raise fault(
            f"The expression has {len(source)} characters; the limit is {MAX_LENGTH}.",
            offset=MAX_LENGTH,
            length=len(source) - MAX_LENGTH,
            cure="Split it over a transform node.",
        )
    return _Reader(tokens(source)).whole()


def tokens(source: str) -> list[Token]:
    """The tokens without space, one of kind "end" last. Raises ExpressionError at a foreign character."""
    found: list[Token] = []
    at = 0
    while at < len(source):
        match = _TOKEN.match(source, at)
        if match is None:
            quote = source[at] in "\"'"
            raise fault(
                "The text has no closing quote." if quote else f"{source[at]!r} is not part of the language.",
                offset=at,
                length=len(source) - at if quote else 1,
                cure="Close the text with the quote it begins with." if quote else "Remove it.",
            )
        if match.lastgroup != "space":
            found.append(Token(str(match.lastgroup), match.group(), at))
        at = match.end()
    found.append(Token("end", "", len(source)))
    return found


def close_of(text: str, start: int) -> int:
    """Offset of the ``}}`` that closes an expression beginning at ``start``; -1 if it is never closed."""
    depth = 0
    at = start
    while at < len(text):
        if text[at] == "}":
            if depth == 0 and text.startswith("}}", at):
                return at
            depth = max(depth - 1, 0)
        elif text[at] == "{":
            depth += 1
        match = _TOKEN.match(text, at)
        at = match.end() if match else at + 1
    return -1


class _Reader:
    """A recursive descent over the grammar of CEL, without messages and optionals."""

    def __init__(self, found: list[Token]) -> None:
        self.tokens = found
        self.at = 0
        self.bound: list[str] = []
        self.depth = 0
        self.operators = 0
        self.syntax = Syntax()

    def whole(self) -> Syntax:
        if self.now.kind == "end":
            raise fault("The expression is empty.", offset=0, cure="Write an expression between the braces.")
        self.expression()
        if self.now.kind != "end":
            raise self.unexpected()
        return self.syntax

    @property
    def now(self) -> Token:
        return self.tokens[self.at]

    @property
    def behind(self) -> int:
        """Offset just after the token read last."""
        return self.tokens[self.at - 1].end

    def unexpected(self) -> ExpressionError:
        if self.now.kind == "end":
            return fault(
                "The expression ends too early.", offset=self.now.start, cure="Finish the expression."
            )
        return fault(
            f"{self.now.text!r} is not expected here.", offset=self.now.start, length=len(self.now.text)
        )

    def takes(self, mark: str) -> bool:
        if self.now.kind in {"mark", "name"} and self.now.text == mark:
            self.at += 1
            return True
        return False

    def expect(self, mark: str) -> None:
        if not self.takes(mark):
            raise self.unexpected()

    def count_operator(self) -> None:
        self.operators += 1
        if self.operators > MAX_OPERATORS:
            raise fault(
                f"The expression has more than {MAX_OPERATORS} operators.",
                offset=self.now.start,
                cure="Split it over a transform node.",
            )

    def expression(self) -> None:
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise fault(
                f"The expression is nested more than {MAX_NESTING} levels deep.",
                offset=self.now.start,
                cure="Split it over a transform node.",
            )
        self.binary(1)
        if self.takes("?"):
            self.count_operator()
            self.binary(1)
            self.expect(":")
            self.expression()
        self.depth -= 1

    def binary(self, level: int) -> None:
        self.unary()
        while (precedence := self.precedence()) >= level:
            self.count_operator()
            self.at += 1
            self.binary(precedence + 1)

    def precedence(self) -> int:
        if self.now.kind == "mark" or self.now.text == "in":
            return _PRECEDENCE.get(self.now.text, 0) if self.now.kind != "string" else 0
        return 0

    def unary(self) -> None:
        while self.now.kind == "mark" and self.now.text in {"!", "-"}:
            self.count_operator()
            self.at += 1
        self.finish(self.member())

    def finish(self, operand: _Operand) -> None:
        """Note the path that ends here, if it is one."""
        if operand.root is not None:
            self.syntax.paths.append(Path(operand.root, operand.keys, operand.start, self.behind))
            operand.root = None

    def member(self) -> _Operand:
        operand = self.primary()
        while self.now.kind == "mark":
            if self.now.text == "[":
                self.index(operand)
            elif self.now.text == ".":
                self.select(operand)
            else:
                break
        return operand

    def index(self, operand: _Operand) -> None:
        key = _constant_key(self.tokens[self.at + 1])
        closing = self.tokens[self.at + 2] if self.at + 2 < len(self.tokens) else self.now
        if operand.root is not None and key is not None and closing.text == "]":
            operand.keys = (*operand.keys, key)
            self.at += 3
            return
        self.finish(operand)
        self.at += 1
        self.count_operator()
        self.expression()
        self.expect("]")

    def select(self, operand: _Operand) -> None:
        dot_at = self.at
        self.at += 1
        name = self.now
        if name.kind != "name" or name.text in _WORDS:
            raise self.unexpected()
        self.at += 1
        if self.now.kind == "mark" and self.now.text == "(":
            end = self.tokens[dot_at - 1].end
            if operand.root is not None:
                self.syntax.paths.append(Path(operand.root, operand.keys, operand.start, end))
                operand.root = None
            self.count_operator()
            if name.text in MACROS:
                self.syntax.ranges.append(Range(name.text, operand.start, end))
                self.macro(name)
            else:
                self.syntax.methods.append(name)
                self.at += 1
                self.items(")")
        elif operand.root is not None:
            operand.keys = (*operand.keys, name.text)

    def macro(self, name: Token) -> None:
        """The arguments of ``.map(x, …)`` and its kin; ``x`` hides a name of the outside within them."""
        self.at += 1
        variable = self.now
        if variable.kind != "name" or variable.text in _WORDS:
            raise fault(
                f"The first argument of {name.text}() is the name of a variable.",
                offset=variable.start,
                length=len(variable.text),
                cure=f"Write {name.text}(x, …).",
            )
        self.at += 1
        if len(self.bound) >= MAX_COMPREHENSIONS:
            raise fault(
                f"Comprehensions stand in each other more than {MAX_COMPREHENSIONS} levels deep.",
                offset=name.start,
                length=len(name.text),
                cure="Split it over a transform node.",
            )
        self.bound.append(variable.text)
        count = 1
        while self.takes(","):
            self.expression()
            count += 1
        self.expect(")")
        self.bound.pop()
        low, high = MACROS[name.text]
        if not low <= count <= high:
            raise fault(
                f"{name.text}() takes {low} arguments, not {count}.", offset=name.start, length=len(name.text)
            )

    def items(self, closing: str) -> None:
        """Expressions between commas up to the closing mark, which is taken too."""
        while not self.takes(closing):
            self.expression()
            if not self.takes(","):
                self.expect(closing)
                return

    def primary(self) -> _Operand:
        token = self.now
        operand = _Operand(token.start)
        if token.kind in {"string", "number"}:
            self.at += 1
        elif token.kind == "name":
            self.name(token, operand)
        elif self.takes("("):
            self.expression()
            self.expect(")")
        elif self.takes("["):
            self.items("]")
        elif self.takes("{"):
            self.entries()
        else:
            raise self.unexpected()
        return operand

    def entries(self) -> None:
        while not self.takes("}"):
            self.expression()
            self.expect(":")
            self.expression()
            if not self.takes(","):
                self.expect("}")
                return

    def name(self, token: Token, operand: _Operand) -> None:
        if token.text == "in" or token.text in _RESERVED or token.text.startswith("__"):
            raise fault(f"{token.text!r} is a reserved word.", offset=token.start, length=len(token.text))
        self.at += 1
        if token.text in _WORDS:
            return
        if self.takes("("):
            if token.text == "has":
                self.has(token)
                return
            self.syntax.functions.append(token)
            self.count_operator()
            self.items(")")
        elif token.text not in self.bound:
            operand.root = token.text

    def has(self, token: Token) -> None:
        asked = self.member()
        root, keys = asked.root, asked.keys
        self.expect(")")
        if root is None:
            return
        if not keys or not isinstance(keys[-1], str):
            raise fault(
                "has() asks for a key of something.",
                offset=token.start,
                length=self.behind - token.start,
                cure="Write has(inputs.name).",
            )
        self.syntax.probes.append(Path(root, keys, token.start, self.behind))


def _constant_key(token: Token) -> str | int | None:
    """The key of ``["text"]`` or ``[0]``; None when it is not a constant or needs unescaping."""
    if token.kind == "number" and token.text.isdigit():
        return int(token.text)
    if token.kind == "string" and token.text[0] in "\"'" and "\\" not in token.text:
        return token.text[3:-3] if token.text[:3] in {'"""', "'''"} else token.text[1:-1]
    return None
