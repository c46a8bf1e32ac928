#!/usr/bin/python3
"""The table of section 8 of docs/protocol.md is the table of core/error.h: same rows, same order, same words. Exit status 0 or 1.

    error_table.py [--write]    with --write the rows on the page are replaced by those of the header
"""

import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
HEAD = "| name | code | execution | sentence |\n|---|---|---|---|\n"
EXECUTION = {"NOT_EXECUTED": "NOT_EXECUTED", "EXECUTION_UNKNOWN": "UNKNOWN"}


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


def header_rows():
    text = read("core", "error.h")
    found = re.findall(r'X\(\s*ERR_(\w+),\s*(-\d+),\s*(\w+),[\s\\]*"((?:[^"\\]|\\.)*)"\s*\)', text)
    if len(found) != len(re.findall(r"\bX\(\s*ERR_", text)) or not found:
        sys.exit("core/error.h has rows that cannot be read here")
    return [f"| {name} | {code} | {EXECUTION[execution]} | {sentence} |" for name, code, execution, sentence in found]


def main():
    page = read("docs", "protocol.md")
    if page.count(HEAD) != 1:
        sys.exit("docs/protocol.md has not exactly one table of errors")
    before, after = page.split(HEAD)
    lines = after.split("\n")
    count = next((i for i, line in enumerate(lines) if not line.startswith("|")), len(lines))
    shown, wanted = lines[:count], header_rows()
    if sys.argv[1:] == ["--write"]:
        with open(os.path.join(ROOT, "docs", "protocol.md"), "w", encoding="utf-8") as file:
            file.write(before + HEAD + "\n".join(wanted + lines[count:]))
        return
    for row in wanted:
        if row not in shown:
            print(f"not in docs/protocol.md: {row}")
    for row in shown:
        if row not in wanted:
            print(f"not in core/error.h:     {row}")
    if shown != wanted:
        sys.exit("the two tables differ in rows or in their order: run error_table.py --write, and look at the difference")
    print(f"{len(wanted)} codes, the same in both")


if __name__ == "__main__":
    main()
