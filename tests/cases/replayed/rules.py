"""The rules of the published cases: those that are shipped as templates, and others in files of the same kind beside them."""

import functools
import pathlib

from comity_counting import Counter

CASES = pathlib.Path(__file__).resolve().parents[1]
PLACES = (CASES / "rules", CASES.parents[1] / "client" / "rules" / "templates")
YES, NO, ABSTAIN = 1, 2, 3   # as the scales of these rules have them


@functools.lru_cache
def read(build, name):
    path = next(place / f"{name}.yaml" for place in PLACES if (place / f"{name}.yaml").exists())
    return Counter(build).read(path)


def rule(build, name, **changes):
    """A rule of its own to change: that of the file, with these fields otherwise."""
    own = type(read(build, name))()
    own.CopyFrom(read(build, name))
    for field, value in changes.items():
        setattr(own, field, value)
    return own
