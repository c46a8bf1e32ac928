"""The table of docs/trust.md, "Adversaries and promises": every promise has one word on every adversary, and every test that it
names is there and is run."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
ADVERSARIES = ("a member", "the other side", "the broker's operator", "the worker's operator", "all operators", "a thief",
               "the network")
VERDICTS = ("holds", "detected", "not held")


def rows(text):
    table = text.split("<!-- matrix: begin -->")[1].split("<!-- matrix: end -->")[0]
    for line in table.strip().splitlines()[2:]:
        yield [cell.strip() for cell in line.strip("|").split("|")]


def main():
    wrong, words = [], {}
    for promise, against, verdict, reason, tests in rows((ROOT / "docs" / "trust.md").read_text()):
        if verdict not in VERDICTS or not reason:
            wrong.append(f"{promise}: {verdict!r} is no word of the table, or says not why")
        for adversary in against.split(", "):
            if adversary not in ADVERSARIES:
                wrong.append(f"{promise}: who is {adversary!r}?")
            elif (promise, adversary) in words:
                wrong.append(f"{promise}: two words on {adversary}")
            words[promise, adversary] = verdict
        named = re.findall(r"`([^`]+)`", tests)
        wrong += [f"{promise}, {against}: there is no {test}" for test in named if not (ROOT / test).is_file()]
        wrong += [f"{promise}, {against}: no test"] * (not named)
    promises = {promise for promise, _ in words}
    wrong += [f"{promise}: nothing on {adversary}" for promise in sorted(promises) for adversary in ADVERSARIES
              if (promise, adversary) not in words]
    print("\n".join(wrong) or f"{len(promises)} promises, {len(words)} words")
    return 1 if wrong or len(promises) < 5 else 0


if __name__ == "__main__":
    sys.exit(main())
