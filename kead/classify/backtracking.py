"""Regular expressions that refer back or look ahead, matched by trying, within a bound.

The tree is written out as a short program of a few instructions; a machine with a stack of its own runs it, so that
neither the data nor the expression can make Python's stack grow, and counts its steps: who asks for more gets an
EvaluationError instead of an answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from kead.classify.errors import EvaluationError
from kead.classify.regex_syntax import (
    WORD,
    Anchor,
    BackReference,
    Choice,
    Group,
    LookAhead,
    Node,
    OneOf,
    Repeat,
    Sequence,
)

MOST_STEPS: Final = 20_000
"""Of one match: some ten milliseconds."""

_BYTE, _SPLIT, _JUMP, _OPEN, _CLOSE, _BACK, _LOOK, _ANCHOR, _MARK, _MOVED, _END = range(11)

Instruction = tuple[int, Any, Any]
Registers = tuple[int, ...]
"""Where group n begins and ends, at 2n and 2n + 1; -1: it has not taken part, and no reference to it matches. What a
round of a loop has captured stays for the next one: both as the C++ library does it, not as ECMAScript says."""
Marks = tuple[int, "Marks"] | None
"""Where the rounds of the loops began that we are in, the innermost first."""


def compile_program(tree: Node) -> Callable[[bytes], bool]:
    """A matcher of whole data. It raises EvaluationError when it would take more than MOST_STEPS steps."""
    writer = _Writer()
    writer.write(tree)
    writer.program.append((_END, None, None))
    program = writer.program
    nothing: Registers = (-1,) * (2 * writer.groups + 2)

    def match(data: bytes) -> bool:
        return _Machine(data).run(program, 0, nothing, whole=True) is not None

    return match


class _Writer:
    """Tree to program. Alternatives that are tried first come first."""

    def __init__(self) -> None:
        self.program: list[Instruction] = []
        self.groups = 0

    def write(self, node: Node) -> None:
        program = self.program
        match node:
            case OneOf(found):
                program.append((_BYTE, found, None))
            case Sequence(parts):
                for part in parts:
                    self.write(part)
            case Choice(options):
                self._choice(options)
            case Repeat():
                self._repeat(node)
            case Group(inner, number):
                self.groups = max(self.groups, number)
                program.append((_OPEN, number, None))
                self.write(inner)
                program.append((_CLOSE, number, None))
            case BackReference(number):
                program.append((_BACK, number, None))
            case LookAhead(inner, negative):
                inside = _Writer()
                inside.write(inner)
                inside.program.append((_END, None, None))
                self.groups = max(self.groups, inside.groups)
                program.append((_LOOK, inside.program, negative))
            case Anchor(kind):
                program.append((_ANCHOR, kind, None))

    def _choice(self, options: tuple[Node, ...]) -> None:
        program = self.program
        ends: list[int] = []
        for option in options[:-1]:
            split = self._hole()
            self.write(option)
            ends.append(self._hole())
            program[split] = (_SPLIT, split + 1, len(program))
        self.write(options[-1])
        for end in ends:
            program[end] = (_JUMP, len(program), None)

    def _repeat(self, node: Repeat) -> None:
        program = self.program
        for _ in range(node.low):
            self.write(node.node)
        if node.high is None:
            split = self._hole()
            program.append((_MARK, None, None))
            self.write(node.node)
            program.append((_MOVED, None, None))
            program.append((_JUMP, split, None))
            self._branch(split, node.lazy)
            return
        splits: list[int] = []
        for _ in range(node.high - node.low):
            splits.append(self._hole())
            self.write(node.node)
        for split in splits:
            self._branch(split, node.lazy)

    def _branch(self, split: int, lazy: bool) -> None:
        into, past = split + 1, len(self.program)
        self.program[split] = (_SPLIT, past, into) if lazy else (_SPLIT, into, past)

    def _hole(self) -> int:
        self.program.append((_END, None, None))
        return len(self.program) - 1


class _Machine:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._steps = 0

    def run(self, program: list[Instruction], at: int, registers: Registers, *, whole: bool) -> Registers | None:
        """The registers when the program came to its end (`whole`: and the data too), None if it cannot."""
        data, end = self._data, len(self._data)
        pc = 0
        marks: Marks = None
        waiting: list[tuple[int, int, Registers, Marks]] = []
        while True:
            self._steps += 1
            if self._steps > MOST_STEPS:
                raise EvaluationError(f"the regular expression needs more than {MOST_STEPS} steps")
            kind, one, other = program[pc]
            pc += 1
            alive = True
            if kind == _BYTE:
                alive = at < end and data[at] in one
                at += 1
            elif kind == _SPLIT:
                waiting.append((other, at, registers, marks))
                pc = one
            elif kind == _JUMP:
                pc = one
            elif kind == _OPEN:
                registers = _with(registers, 2 * one, at, -1)
            elif kind == _CLOSE:
                registers = _with(registers, 2 * one, registers[2 * one], at)
            elif kind == _BACK:
                first, last = registers[2 * one], registers[2 * one + 1]
                alive = last >= 0 and data.startswith(data[first:last], at)
                at += last - first
                self._steps += last - first >> 6
            elif kind == _LOOK:
                found = self.run(one, at, registers, whole=False)
                alive = (found is None) is other
                if found is not None and not other:
                    registers = found
            elif kind == _ANCHOR:
                alive = self._holds(one, at)
            elif kind == _MARK:
                marks = (at, marks)
            elif kind == _MOVED:
                assert marks is not None
                alive = at > marks[0]
                marks = marks[1]
            elif at == end or not whole:
                return registers
            else:
                alive = False
            if not alive:
                if not waiting:
                    return None
                pc, at, registers, marks = waiting.pop()

    def _holds(self, kind: str, at: int) -> bool:
        if kind == "^":
            return at == 0
        if kind == "$":
            return at == len(self._data)
        before = at > 0 and self._data[at - 1] in WORD
        after = at < len(self._data) and self._data[at] in WORD
        return (before != after) is (kind == "b")


def _with(registers: Registers, at: int, first: int, last: int) -> Registers:
    return (*registers[:at], first, last, *registers[at + 2 :])
