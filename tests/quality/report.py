"""Reads a report that CTest wrote with --output-junit: prints "passed failed skipped" on the first line, then a line for
each test that did not pass. A test that could not be started has failed, whatever CTest calls it."""
import sys
import xml.etree.ElementTree as tree


def read(path):
    passed, failed, skipped, rest = 0, 0, 0, []
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
            rest.append(f"FAILED   {name}" + (f" ({why})" if why else ""))
    return (passed, failed, skipped), rest


if __name__ == "__main__":
    counts, others = read(sys.argv[1])
    print(*counts)
    if others:
        print("\n".join(others))
