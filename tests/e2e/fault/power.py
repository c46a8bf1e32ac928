#!/usr/bin/python3
"""Power loss: what was not synced is gone, in any part and any order; what was acknowledged is not.

usage: power.py --build DIR --shim LIBRARY [--trials N] [--expect held|broken] [--seed N]

The worker runs on a disk that forgets (powerloss.c). Each trial: some load, kill -9, the data file as a machine would
find it on waking up (everything synced, and a random subset of what was not, some of it torn), start, check. With
--expect broken the disk answers syncs and does not do them: the control, which must lose something.
"""

import argparse
import os
import random
import struct
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests" / "support" / "python"))
sys.path.insert(0, str(Path(__file__).parent))

from comity_installation import UNLIMITED, Installation, NotStarted  # noqa: E402
from comity_wire import NoAnswer  # noqa: E402
from load import Load  # noqa: E402

RECORD = struct.Struct("=QQ")
SECTOR = 512


def pending_writes(path):
    data, at = path.read_bytes(), 0
    while at + RECORD.size <= len(data):
        offset, size = RECORD.unpack_from(data, at)
        at += RECORD.size
        if size == 0 or at + size > len(data):
            return
        yield offset, data[at:at + size]
        at += size


class ForgetfulDisk:
    """The shim's directory and what is found after the power went."""

    def __init__(self, library, data_file, directory, lies):
        self.library, self.data_file, self.directory, self.lies = library, data_file, directory, lies
        directory.mkdir(exist_ok=True)

    def environment(self):
        values = {"LD_PRELOAD": str(self.library), "COMITY_SHIM_FILE": str(self.data_file),
                  "COMITY_SHIM_DIR": str(self.directory)}
        return {**values, "COMITY_SHIM_LIE": "1"} if self.lies else values

    def settle(self):
        """The data file as it stands is on the disk: before the worker starts."""
        (self.directory / "durable").write_bytes(self.data_file.read_bytes())
        (self.directory / "pending").write_bytes(b"")

    def lose_power(self, chance):
        """Write the data file as the machine would find it. Returns (writes pending, of them kept)."""
        image = bytearray((self.directory / "durable").read_bytes())
        writes = list(pending_writes(self.directory / "pending"))
        share, kept = chance.choice([0.0, 0.3, 0.7, 1.0]), 0
        for offset, data in writes:
            if chance.random() >= share:
                continue
            kept += 1
            if chance.random() < 0.2 and len(data) > SECTOR:
                data = data[:chance.randrange(0, len(data) // SECTOR) * SECTOR]
            if len(image) < offset + len(data):
                image.extend(bytes(offset + len(data) - len(image)))
            image[offset:offset + len(data)] = data
        self.data_file.write_bytes(image)
        return len(writes), kept


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--shim", type=Path, required=True)
    parser.add_argument("--trials", type=int, default=70)
    parser.add_argument("--expect", choices=("held", "broken"), default="held")
    parser.add_argument("--seed", type=int, default=int(os.environ.get("COMITY_SEED", time.time_ns() % 10**9)))
    arguments = parser.parse_args()
    if os.environ.get("COMITY_LONG") == "1" and arguments.expect == "held":
        arguments.trials *= 10
    print(f"## seed {arguments.seed}", flush=True)
    chance = random.Random(arguments.seed)
    problems, trials, writes_lost = [], 0, 0
    with Installation(arguments.build, worker_settings=UNLIMITED) as installation:
        load = Load(installation, arguments.seed)
        disk = ForgetfulDisk(arguments.shim, installation.data_file, installation.directory / "disk",
                             arguments.expect == "broken")
        installation.stop("worker")
        for trials in range(1, arguments.trials + 1):
            disk.settle()
            try:
                installation.start("worker", environment=disk.environment())
                load.run_commands(chance.randint(1, 12))
                load.run_seconds(chance.uniform(0.0, 0.05))
                if chance.random() < 0.3:
                    problems += load.check()
            except NotStarted as refused:
                problems.append(f"the store does not open after power loss {trials - 1}: {refused}")
            except NoAnswer as stuck:
                problems.append(f"stuck: {stuck}")
            if problems:
                break
            installation.kill("worker")
            pending, kept = disk.lose_power(chance)
            writes_lost += pending - kept
        installation.kill("worker")
        if not problems:
            try:
                installation.start("worker")
                problems = load.check()
            except NotStarted as refused:
                problems.append(f"the store does not open: {refused}")
    print(f"{trials} power losses, {len(load.acknowledged)} acknowledged commands, {writes_lost} unsynced writes lost, "
          f"{len(problems)} broken promises")
    for problem in problems[:10]:
        print("  ", problem)
    if arguments.expect == "broken":
        print("control: the test sees the missing syncs" if problems else "control FAILED: nothing was seen")
        return 0 if problems else 1
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
