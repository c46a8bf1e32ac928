"""The contract is documented field by field: in proto/ every field of every message has a comment, behind it or on the
line before. One that goes on behind the field before is that field's."""
import re

import tree

COMMENT = re.compile(r"//.*\w")
FIELD = re.compile(r"(\w+)\s*=\s*\d+\s*(\[[^\]]*\]\s*)?;")
BLOCK = re.compile(r"\b(message|enum|oneof)\s+(\w+)|[{}]")


def indent_of(line):
    return len(line) - len(line.lstrip())


def is_told(line, before):
    """Has the field on this line a comment?"""
    is_above = before.lstrip().startswith("//") and indent_of(before) == indent_of(line)
    return bool(COMMENT.search(line) or is_above and COMMENT.search(before))


def check_file(root, path):
    blocks, named, before = [], None, ""  # blocks: ("message", its name), the outermost first
    for number, line in tree.lines(root, path):
        code = line.split("//")[0]
        # In the order in which they stand: some messages have but one line.
        for found in sorted([*BLOCK.finditer(code), *FIELD.finditer(code)], key=lambda one: one.start()):
            inside = [block for block in blocks if block[0] != "oneof"]
            if found.group(0) == "{":
                blocks.append(named)
            elif found.group(0) == "}":
                blocks.pop()
            elif found.re is BLOCK:
                named = found.groups()
            elif inside and inside[-1][0] == "message" and not is_told(line, before):
                yield f"{path}:{number}: {inside[-1][1]}.{found.group(1)} has no comment"
        before = line


def check(root):
    paths = [path for path in tree.files(root, ".proto") if path.startswith("proto/")]
    return [finding for path in paths for finding in check_file(root, path)]


if __name__ == "__main__":
    tree.main(check, __doc__)
