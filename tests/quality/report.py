"""Reads a report that CTest wrote with --output-junit: prints "passed failed skipped" on the first line, then what is to be seen.

First what tests have said aloud, those that passed too: `## ` lines of each, `!!! ` lines once, with the number of tests that have it and
their names (tests/support/python/comity_aloud.py). Then a line for each test that did not pass, with what its output says of the reason. A
test that could not be started has failed, whatever CTest calls it.
"""
import re
import sys
import xml.etree.ElementTree as tree

# unittest leaves the line of a test open while that runs.
ALOUD = re.compile(r"^(?:.* \.\.\. )?(##|!!!) (.*\S)", re.MULTILINE)
# What of a failure's output says what it was: exceptions of Python, assertions of cmocka and C, sanitizers.
REASON = re.compile(r"^(?:[\w.]+\.)?\w*(?:Error|Exception|Refused|Failed|NoAnswer|NotStarted|Expired|Again|BadReceipt)\b.*"
                    r"|^\[ +(?:ERROR|LINE) +\] --- .*|^==\d+==ERROR: .*|.*: runtime error: .*|.*: Assertion .* failed\.", re.MULTILINE)
REASONS, REASON_MAX = 2, 800
CUT = re.compile(r"output was removed since it exceeds the threshold")


def read(path):
    passed, failed, skipped, rest, remarks, shouts = 0, 0, 0, [], [], {}
    for case in tree.parse(path).getroot().iter("testcase"):
        name, status, skip = case.get("name"), case.get("status"), case.find("skipped")
        why = skip.get("message", "") if skip is not None else ""
        if status == "run":
            passed += 1
        elif status == "disabled" or why.startswith("SKIP_"):
            skipped += 1
            rest.append(f"SKIPPED  {name}")
        else:
            failed += 1
            rest.append(f"FAILED   {name}" + (f" ({why})" if why else "") + reason(case.findtext("system-out") or ""))
        aloud(name, case.findtext("system-out") or "", remarks, shouts)
    for text, names in shouts.items():
        remarks.append(f"!!! {text} ({len(names)} {'test' if len(names) == 1 else 'tests'}: {', '.join(names)})")
    return (passed, failed, skipped), remarks + rest


def reason(output):
    lines = list(dict.fromkeys(line.strip() for line in REASON.findall(output)))[-REASONS:]
    return ": " + " / ".join(line[:REASON_MAX] for line in lines) if lines else ""


def aloud(name, output, remarks, shouts):
    for mark, text in ALOUD.findall(output):
        if mark == "##":
            remarks.append(f"## {name}: {text}")
        elif name not in shouts.setdefault(text, []):
            shouts[text].append(name)
    if CUT.search(output):
        shouts.setdefault("CTEST HAS CUT THE OUTPUT, so that something may be missing here: --test-output-size-passed.", []).append(name)


if __name__ == "__main__":
    counts, lines = read(sys.argv[1])
    print(*counts)
    if lines:
        print("\n".join(lines))
