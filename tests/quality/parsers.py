"""Every parser of what comes from outside has a fuzz target: the table of CONTRIBUTING.md, "Parsers", names them all.

Each target of the table is there, built and has a corpus; each target that is there stands in the table; each file that
the table names is there; and each file that unpacks a message strictly, as what comes from outside is, stands in it.
"""
import os
import re

import tree

ROW = re.compile(r"^\| (?P<what>[^|`]+?) \| (?P<files>`[^|]+`) \| (?P<targets>`[^|]+`) \|$")
WORD = re.compile(r"`([^`]+)`")
READS = re.compile(r"\bmessage_unpack\s*\(")


def rows(root):
    inside = False
    for number, line in tree.lines(root, "CONTRIBUTING.md"):
        if line.startswith("#"):
            inside = line.strip("# \n") == "Parsers"
        row = ROW.match(line.rstrip()) if inside else None
        if row:
            yield number, WORD.findall(row["files"]), WORD.findall(row["targets"])


def targets_there(root):
    folder = f"{root}/tests/fuzz"
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return {name[5:-2] for name in names if re.fullmatch(r"fuzz_\w+\.c", name)}


def readers(root):
    """Files of the programs that unpack what comes from outside (core/message.h)."""
    for path in tree.files(root, ".c"):
        if not path.startswith("tests/"):
            with open(f"{root}/{path}", encoding="utf-8") as file:
                if READS.search(tree.without_comments(file.read())):
                    yield path


def check(root):
    listed_files, there, named, findings = set(), targets_there(root), set(), []
    listed = f"{root}/tests/fuzz/CMakeLists.txt"
    built = set(re.findall(r"\w+", open(listed, encoding="utf-8").read())) if os.path.exists(listed) else set()
    for number, files, targets in rows(root):
        where = f"CONTRIBUTING.md:{number}"
        listed_files.update(files)
        findings += [f"{where}: there is no {file}" for file in files if not os.path.exists(f"{root}/{file}")]
        for target in targets:
            named.add(target)
            corpus = f"{root}/tests/fuzz/corpus/{target}"
            if target not in there:
                findings.append(f"{where}: there is no tests/fuzz/fuzz_{target}.c")
            elif target not in built:
                findings.append(f"{where}: {target} is not in tests/fuzz/CMakeLists.txt")
            elif not os.path.isdir(corpus) or not os.listdir(corpus):
                findings.append(f"{where}: {target} has no corpus")
    findings += [f"tests/fuzz/fuzz_{target}.c: not in the table of CONTRIBUTING.md, \"Parsers\""
                 for target in sorted(there - named)]
    findings += [f"{path}: unpacks a message, and is not in the table of CONTRIBUTING.md, \"Parsers\""
                 for path in readers(root) if path not in listed_files]
    if there and not named:
        findings.append("CONTRIBUTING.md: no table of parsers")
    return findings


if __name__ == "__main__":
    tree.main(check, __doc__)
