"""What must not be in the tree: paths of somebody's machine, and marks of things left undone."""
import re

import tree

# This file and its control have to name them. In a document /home/you stands for the reader's.
LEFT_OUT = ("tests/quality/",)
PATTERNS = [
    (re.compile(r"(?<![\w.])/(home|Users)/(?!you/)[A-Za-z]\w*/|(?<![\w.])/root/|(?<![\w.])/(work|workspace|mnt)/\w"),
     "a path of somebody's machine"),
    (re.compile(r"\b(TODO|FIXME|XXX|HACK|TBD)\b"), "a mark of something left undone"),
    (re.compile(r"\bnot (yet )?implemented\b|\bunimplemented\b|\bstubs?\b|\bplaceholder\b", re.I),
     "a stub"),
    (re.compile(r"^(<<<<<<<|>>>>>>>) "), "a conflict of a merge"),
]


def check(root):
    findings = []
    for path in tree.files(root):
        if path.startswith(LEFT_OUT):
            continue
        for number, line in tree.lines(root, path):
            findings += [f"{path}:{number}: {what}: {line.strip()[:90]}" for pattern, what in PATTERNS
                         if pattern.search(line)]
    return findings


if __name__ == "__main__":
    tree.main(check, __doc__)
