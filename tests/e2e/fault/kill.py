#!/usr/bin/python3
"""kill -9 of either daemon at random moments under load: nothing acknowledged is lost, nothing is done twice.

usage: kill.py --build DIR [--kills N] [--worker BINARY] [--expect held|broken] [--seed N]

With --expect broken it is a control: a worker without the defence, given by --worker, and the test passes only if the
promise is seen broken within N kills.
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

from comity_installation import Installation  # noqa: E402
from comity_wire import NoAnswer  # noqa: E402
from load import Load  # noqa: E402


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
    parser.add_argument("--expect", choices=("held", "broken"), default="held")
    parser.add_argument("--seed", type=int, default=int(os.environ.get("COMITY_SEED", time.time_ns() % 10**9)))
    arguments = parser.parse_args()
    if os.environ.get("COMITY_LONG") == "1" and arguments.expect == "held":
        arguments.kills *= 10
    print(f"seed {arguments.seed}", flush=True)
    chance = random.Random(arguments.seed)
    kills = {"broker": 0, "worker": 0}
    problems, load = [], None
    with Installation(arguments.build) as installation:
        load = Load(installation, arguments.seed)
        if arguments.worker:
            installation.stop("worker")
            installation.programs["worker"] = arguments.worker
            installation.start("worker")
        try:
            for number in range(arguments.kills):
                kills[kill_once(installation, load, chance)] += 1
                if arguments.expect == "broken" and number % 5 == 4:
                    problems = load.check()
                    if problems:
                        break
            problems = problems or load.check()
        except NoAnswer as stuck:
            problems = load.check() + [f"stuck: {stuck}"]
    total = len(load.acknowledged)
    print(f"{kills['worker']} kills of the worker, {kills['broker']} of the broker, {total} acknowledged commands, "
          f"{len(problems)} broken promises")
    for problem in problems[:10]:
        print("  ", problem)
    if arguments.expect == "broken":
        print("control: the test sees the missing defence" if problems else "control FAILED: nothing was seen")
        return 0 if problems else 1
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
