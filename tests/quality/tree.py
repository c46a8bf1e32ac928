"""What the checks of the tree share: which files there are, and how findings are told."""
import argparse
import os
import re
import sys

LEFT_OUT = {".git", "build", "__pycache__"}
BINARY_FOLDERS = ("tests/fuzz/corpus/",)


def files(root, *endings):
    """Paths below root, with /, in order; of those endings, or all."""
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in LEFT_OUT)
        for name in names:
            path = os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/")
            if path.startswith(BINARY_FOLDERS):
                continue
            if not endings or path.endswith(endings):
                found.append(path)
    return sorted(found)


def lines(root, path):
    """(number, line) of a text file; nothing of one that is no text."""
    with open(os.path.join(root, path), "rb") as file:
        content = file.read()
    if b"\0" in content:
        return []
    return list(enumerate(content.decode("utf-8", "replace").splitlines(), 1))


def without_comments(text):
    """C without its comments, line for line."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group(0))
    return re.sub(r"/\*.*?\*/|//[^\n]*", blank, text, flags=re.S)


def main(check, what):
    """Run check(root) -> findings, print them, and exit 1 where there are any."""
    parser = argparse.ArgumentParser(description=what)
    parser.add_argument("root", help="top of the source tree")
    root = parser.parse_args().root
    findings = check(root)
    for finding in findings:
        print(finding)
    print(f"{len(findings)} findings")
    sys.exit(1 if findings else 0)
