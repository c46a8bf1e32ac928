"""What the documents point to exists: links, their anchors, and paths written as code."""
import os
import re

import tree

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE_PATH = re.compile(r"`(?:\./)?((?:\.ci|broker|client|core|deploy|docs|proto|tests|worker)/[\w./-]*\w/?)`")
TOP_FILE = re.compile(r"`([A-Z][A-Za-z]+\.(?:md|txt|json)|\.(?:clang-format|clang-tidy|editorconfig))`")
# A document that a comment of the code refers to.
DOCUMENT = re.compile(r"\bdocs/[\w/-]+\.md\b")


def anchors(root, path):
    found = set()
    for _, line in tree.lines(root, path):
        heading = re.match(r"#+\s+(.*?)\s*#*$", line)
        if heading:
            words = re.sub(r"[^\w\s-]", "", heading.group(1).lower())
            found.add(re.sub(r"\s", "-", words))
    return found


def check_link(root, path, target):
    """What is wrong with a link, or None."""
    if re.match(r"[a-z][a-z0-9+.-]*:", target):
        return None
    name, _, anchor = target.partition("#")
    aim = os.path.normpath(os.path.join(os.path.dirname(path), name)) if name else path
    if not os.path.exists(f"{root}/{aim}"):
        return f"there is no {aim}"
    if anchor and aim.endswith(".md") and anchor not in anchors(root, aim):
        return f"{aim} has no heading #{anchor}"
    return None


def exists(root, path, named):
    """Named from the top, or from where the document is; a program of the build may stand for its source."""
    return any(os.path.exists(f"{root}/{place}") for place in
               (named, os.path.join(os.path.dirname(path), named), f"{named}.c", f"{named}.h", f"{named}.py"))


def check_document(root, path):
    for number, line in tree.lines(root, path):
        for target in LINK.findall(re.sub(r"`[^`]*`", "", line)):
            wrong = check_link(root, path, target)
            if wrong:
                yield f"{path}:{number}: {wrong}"
        for named in CODE_PATH.findall(line) + TOP_FILE.findall(line):
            if not exists(root, path, named):
                yield f"{path}:{number}: there is no {named}"


def check_comments(root, path):
    for number, line in tree.lines(root, path):
        for named in DOCUMENT.findall(line):
            if not os.path.exists(f"{root}/{named}"):
                yield f"{path}:{number}: there is no {named}"


def check(root):
    findings = []
    for path in tree.files(root, ".md"):
        findings += check_document(root, path)
    for path in tree.files(root, ".c", ".h", ".proto", ".py", ".txt"):
        if not path.startswith("tests/quality/"):
            findings += check_comments(root, path)
    return findings


if __name__ == "__main__":
    tree.main(check, __doc__)
