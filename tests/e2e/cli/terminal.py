"""A command on a terminal of its own: what a person sees there."""

import sys
from pathlib import Path

from cli_case import COMITY

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "support" / "python"))

from comity_terminal import columns, run_program  # noqa: E402,F401


def run_on_terminal(world, who, *words, program=None, **options):
    """As run_program. @program: another one than comity at the home of this person."""
    line = [program, *words] if program else [COMITY, *map(str, words), "--home", world.home(who)]
    return run_program(line, world.directory, **options)
