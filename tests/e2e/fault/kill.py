#!/usr/bin/python3
"""kill -9 of either daemon at random moments under load: nothing acknowledged is lost, nothing is done twice.

usage: kill.py --build DIR [--kills N] [--worker BINARY] [--expect held|lost|doubled] [--seed N]

With another --expect it is a control: a worker without the defence, given by --worker, and the test passes only if
that promise is seen broken within N kills.
"""

import argparse
import os
import random
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests" / "support" / "python"))
sys.path.insert(0, str(Path(__file__).parent))

from comity_installation import UNLIMITED, Installation  # noqa: E402
from comity_wire import NoAnswer  # noqa: E402
from load import Load  # noqa: E402

# What each control has to show, by how the sentences of check() begin.
BROKEN = {"lost": "acknowledged and lost", "doubled": "done "}


def shows(problems, expected):
    return any(problem.startswith(BROKEN[expected]) for problem in problems)


def kill_once(installation, load, chance):
    """Some load, a kill at a random moment, a restart, and load again until something is acknowledged."""
    load.run_seconds(chance.uniform(0.0, 0.25))
    victim = chance.choice(["broker", "worker", "worker"])
    installation.kill(victim)
    if chance.random() < 0.3:
        load.run_seconds(chance.uniform(0.0, 0.1))   # clients meet the gap
    installation.start(victim)
    load.run_commands(3)
    return victim


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--worker", type=Path)
    parser.add_argument("--expect", choices=("held", *BROKEN), default="held")
    parser.add_argument("--seed", type=int, default=int(os.environ.get("COMITY_SEED", time.time_ns() % 10**9)))
    arguments = parser.parse_args()
    if os.environ.get("COMITY_LONG") == "1" and arguments.expect == "held":
        arguments.kills *= 10
    print(f"## seed {arguments.seed}", flush=True)
    chance = random.Random(arguments.seed)
    kills = {"broker": 0, "worker": 0}
    problems, load = [], None
    with Installation(arguments.build, worker_settings=UNLIMITED) as installation:
        load = Load(installation, arguments.seed)
        if arguments.worker:
            installation.stop("worker")
            installation.programs["worker"] = arguments.worker
            installation.start("worker")
        try:
            for number in range(arguments.kills):
                kills[kill_once(installation, load, chance)] += 1
                if arguments.expect in BROKEN and number % 3 == 2:
                    problems = load.check()
                    if shows(problems, arguments.expect):
                        break
            problems = load.check()
        except NoAnswer as stuck:
            problems = load.check() + [f"stuck: {stuck}"]
    total = len(load.acknowledged)
    print(f"{kills['worker']} kills of the worker, {kills['broker']} of the broker, {total} acknowledged commands, "
          f"{len(problems)} broken promises")
    for problem in sorted(problems)[:10]:
        print("  ", problem)
    if arguments.expect in BROKEN:
        seen = shows(problems, arguments.expect)
        print(f"control: {'the test sees it' if seen else 'FAILED, nothing was seen'} ({arguments.expect})")
        return 0 if seen else 1
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
