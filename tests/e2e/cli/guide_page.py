"""A page of docs/guide as a test reads it: its commands, who gives them, and what the page says comes back.

What is tried is in blocks marked ```console. A line `fay$ comity whoami` is what fay types; it goes on in the next line
after a backslash. The lines below it are what comes back; `...` alone in a line stands for any number of lines, and an
empty line before the next prompt is for the eye. What others do meanwhile, which the reader does not see, stands in
comments: `<!-- meanwhile` up to `-->`, with the same lines. `<!-- world: NAME -->` is where the page begins: one of those
that test_guides.py sets up. A block marked ```ini NAME is a file that is written down under that name, with the key of ada
for `KEY-OF-ADA`. Blocks of other kinds (```sh) are not tried."""

import re
from dataclasses import dataclass, field

FILE = re.compile(r"^```[a-z]+ (\S+)$")
WORLD = re.compile(r"^<!-- world: (.+) -->$")
PROMPT = re.compile(r"^([a-z]+)\$ (.*)$")
# How a command says that it did not do what it was told.
FAILED = re.compile(r"^(Refused|Not done|Not understood|Not reached|Not confirmed|Failed)\b", re.MULTILINE)

# What differs from one try to the next. Each stands for as much as it takes, so that columns stay where they are.
CHANGING = [(re.compile(pattern), put) for pattern, put in [
    (r"\b[0-9a-f]{64}\b", "KEY"),
    (r"\b[0-9a-f]{32}\b", "ID"),
    (r"\b[0-9a-f]{4}(?: [0-9a-f]{4})+\b", "FINGERPRINT"),
    (r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)?,? ?\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?: ?(?:UTC|Z))?)?", "TIME"),
    (r"\b\d\d:\d\d(?::\d\d)?\b(?: UTC)?", "TIME"),
    (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
    (r"\b\d+ MiB left", "N MiB left"),
    (r"\b\d+ (ms|bytes)\b", r"N \1"),
    (r"\b\d+ of N bytes", "N of N bytes"),
    (r"\b\d+ asked, \d+ answered\b", "N asked, N answered"),
]]


@dataclass
class Step:
    """One command of the page."""
    line: int                  # of its prompt, from 1
    who: str
    command: str
    shown: list = field(default_factory=list)   # what the page says comes back
    end: int = 0               # the line after what comes back
    is_told: bool = True       # what comes back is compared; false of what happens meanwhile
    file: str = ""             # nothing is typed: `shown` is written into this file
    world: str = ""            # nothing is typed: this world is set up

    def fails(self):
        return bool(FAILED.search("\n".join(self.shown)))

    def answers(self):
        """What is typed where the command asks: the page has it behind the question."""
        return [line.rsplit("] ", 1)[1] for line in self.shown if re.search(r"\[y/N\] \S", line)]


def read_steps(text):
    """All commands of a page, in order."""
    steps, kind, lines = [], None, text.splitlines()
    number = 0
    while number < len(lines):
        line = lines[number]
        number += 1
        if kind is None:
            kind = {"```console": "```", "<!-- meanwhile": "-->"}.get(line)
            step = None
            if WORLD.match(line):
                steps.append(Step(number, "", "", world=WORLD.match(line).group(1), is_told=False))
            elif FILE.match(line):
                kind = "```"
                step = Step(number, "", "", file=FILE.match(line).group(1), is_told=False)
                steps.append(step)
            elif kind is None and line.startswith("```"):
                kind = "```"
                step = Step(number, "", "")
            continue
        if line == kind:
            kind = None
            continue
        prompt = PROMPT.match(line)
        if step is not None and not step.command:
            step.shown.append(line)
        elif prompt:
            at, command = number, prompt.group(2)
            while command.endswith("\\"):
                command = command[:-1] + lines[number].lstrip()
                number += 1
            step = Step(at, prompt.group(1), command, end=number, is_told=kind == "```")
            steps.append(step)
        elif step is not None:
            step.shown.append(line)
            if line:
                step.end = number
        elif line:
            raise ValueError(f"line {number}: no prompt before {line!r}")
    for step in (step for step in steps if not step.file):
        while step.shown and not step.shown[-1]:
            step.shown.pop()
    return steps


def normal(line):
    for pattern, put in CHANGING:
        line = pattern.sub(put, line)
    return line.rstrip()


def is_as_told(told, came):
    """Whether what came is what the page tells, `...` standing for any number of lines."""
    if not told:
        return not came
    if told[0] == "...":
        return any(is_as_told(told[1:], came[skipped:]) for skipped in range(len(came) + 1))
    return bool(came) and normal(told[0]) == normal(came[0]) and is_as_told(told[1:], came[1:])


def rewritten(text, steps, came):
    """The page with what came in the place of what it tells, where the two differ. @came: {line of a prompt: lines}."""
    lines = text.splitlines()
    for step in reversed(steps):
        if step.is_told and step.line in came and not is_as_told(step.shown, came[step.line]):
            lines[step.end - len(step.shown):step.end] = came[step.line]
    return "\n".join(lines) + "\n"
