"""The table of docs/trust.md, "Adversaries and promises": every promise has one word on every adversary, and every test that it
names is one that CTest runs; and every other table there with a column "test" names in each row tests that are run. Whether a test
shows what the promise says, its readers have to judge.

matrix.py BUILD             look at it
matrix.py BUILD --control   with files in place of tests that no test runs: each has to be noticed"""

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
ADVERSARIES = ("a member", "the other side", "the broker's operator", "the worker's operator", "etcd's operator", "all operators",
               "a thief", "the network")
VERDICTS = ("holds", "detected", "not held")


def rows(text):
    table = text.split("<!-- matrix: begin -->")[1].split("<!-- matrix: end -->")[0]
    for line in table.strip().splitlines()[2:]:
        yield [cell.strip() for cell in line.strip("|").split("|")]


def other_rows(text):
    """(what it is about, its tests) of every row of every other table whose last column is headed "test"."""
    begin, end = text.index("<!-- matrix: begin -->"), text.index("<!-- matrix: end -->")
    inside = False
    for line in (text[:begin] + text[end:]).splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else None
        if cells is None or cells[-1] == "test":
            inside = cells is not None
        elif inside and not set(line) <= set("|-"):
            yield cells[0], cells[-1]


def tests_run(build):
    """The files of tests that CTest runs: a script is named by the test's command, a source by what its program is made of."""
    programs = set()
    for file in build.rglob("CTestTestfile.cmake"):
        text = file.read_text()
        disabled = set(re.findall(r"set_tests_properties\(\[=\[(.*?)\]=\] .* DISABLED ", text))
        for name, command in re.findall(r"^add_test\(\[=\[(.*?)\]=\] (.*)\)$", text, re.MULTILINE):
            if name not in disabled:
                programs.update(re.findall(r'"([^"]+)"', command))
    names = {Path(program).name for program in programs if program.startswith(str(build))}
    sources = {entry["file"] for entry in json.loads((build / "compile_commands.json").read_text())
               if names & set(re.findall(r" -o \S*?([^/ ]+)\.dir/", entry["command"]))}
    return {str(Path(file).relative_to(ROOT)) for file in programs | sources if Path(file).is_relative_to(ROOT / "tests")}


def judge(text, run):
    """What is wrong with the table, and its words."""
    wrong, words = [], {}
    for promise, against, verdict, reason, tests in rows(text):
        if verdict not in VERDICTS or not reason:
            wrong.append(f"{promise}: {verdict!r} is no word of the table, or says not why")
        for adversary in against.split(", "):
            if adversary not in ADVERSARIES:
                wrong.append(f"{promise}: who is {adversary!r}?")
            elif (promise, adversary) in words:
                wrong.append(f"{promise}: two words on {adversary}")
            words[promise, adversary] = verdict
        named = re.findall(r"`([^`]+)`", tests)
        wrong += [f"{promise}, {against}: no test runs {test}" for test in named if test not in run]
        wrong += [f"{promise}, {against}: no test"] * (not named)
    for about, tests in other_rows(text):
        named = re.findall(r"`([^`]+)`", tests)
        wrong += [f"{about}: no test runs {test}" for test in named if test not in run] + [f"{about}: no test"] * (not named)
    promises = {promise for promise, _ in words}
    wrong += [f"{promise}: nothing on {adversary}" for promise in sorted(promises) for adversary in ADVERSARIES
              if (promise, adversary) not in words]
    return wrong, promises, words


def control(text, run):
    """A helper of tests, a test's folder, what is no test at all and what is not there: each in place of a test that is named. And
    each row of the other tables without its tests, or with one that is not there."""
    named = next(re.findall(r"`([^`]+)`", row[4]) for row in rows(text))[0]
    for other in ("tests/e2e/adversary/hostile.py", "tests/e2e/adversary", "docs/trust.md", "tests/e2e/adversary/test_nothing.py"):
        wrong = judge(text.replace(f"`{named}`", f"`{other}`"), run)[0]
        if not wrong or any(other not in line for line in wrong):
            print(f"{other} in place of {named}: {wrong}")
            return 1
    for about, tests in other_rows(text):
        for other in ("", "`tests/e2e/adversary/test_nothing.py`"):
            row = next(line for line in text.splitlines() if line.startswith(f"| {about} |") and line.endswith(f"| {tests} |"))
            wrong = judge(text.replace(row, row.removesuffix(f"{tests} |") + f"{other} |"), run)[0]
            if len(wrong) != 1 or not wrong[0].startswith(f"{about}: no test"):
                print(f"{other!r} in place of {tests}: {wrong}")
                return 1
    return 0


def main():
    run, text = tests_run(Path(sys.argv[1]).resolve()), (ROOT / "docs" / "trust.md").read_text()
    if sys.argv[2:] == ["--control"]:
        return control(text, run)
    wrong, promises, words = judge(text, run)
    others = len(list(other_rows(text)))
    print("\n".join(wrong) or f"{len(promises)} promises, {len(words)} words, {others} further rows, {len(run)} files of tests")
    return 1 if wrong or len(promises) < 5 or others < 15 else 0


if __name__ == "__main__":
    sys.exit(main())
