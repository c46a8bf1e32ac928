"""What is looked for, in every form in which it could lie somewhere, and where: files, memory of processes, frames."""

import base64
import os
import re
from pathlib import Path


class Canary:
    """A secret that is nowhere else in the world, under the name of what it stands for."""

    def __init__(self, name, content):
        self.name, self.content = name, content.encode() if isinstance(content, str) else content
        self.forms = {"raw": self.content, "hex": self.content.hex().encode(), "HEX": self.content.hex().upper().encode()}
        for shift in range(3):
            # What does not depend on the bytes before and after.
            encoded = base64.b64encode(bytes(shift) + self.content)
            self.forms[f"base64 +{shift}"] = encoded[-(-shift * 8 // 6):len(encoded) // 4 * 4 - 4]
            self.forms[f"base64url +{shift}"] = self.forms[f"base64 +{shift}"].translate(bytes.maketrans(b"+/", b"-_"))
        if self.content.isascii():
            self.forms["UTF-16LE"] = self.content.decode().encode("utf-16-le")
            self.forms["UTF-16BE"] = self.content.decode().encode("utf-16-be")

    def forms_in(self, data):
        return [form for form, pattern in self.forms.items() if pattern in data]


def found(canaries, data, where):
    """What of them is there: ["reason, hex, in worker.log", ...]."""
    return [f"{canary.name}, {form}, in {where}" for canary in canaries for form in canary.forms_in(data)]


def files(directory):
    for path in sorted(Path(directory).rglob("*")):
        if path.is_file():
            yield path, path.read_bytes()


REGION_MAX, RESERVED = 256 << 20, 16 << 30


def memory(pid):
    """The readable memory of a process, as a core dump has it, but for regions that are reserved and never used."""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            begin, end, rights = re.match(r"(\w+)-(\w+) (\S+)", line).groups()
            begin, end = int(begin, 16), int(end, 16)
            if not rights.startswith("rw") or end - begin > RESERVED:
                continue
            for at in range(begin, end, REGION_MAX):
                yield from resident(mem, at, min(end, at + REGION_MAX), pid)


PAGE = os.sysconf("SC_PAGESIZE")


def resident(mem, begin, end, pid):
    """Runs of pages that are there: of a sanitizer's terabytes nearly none is."""
    with open(f"/proc/{pid}/pagemap", "rb", 0) as pagemap:
        pagemap.seek(begin // PAGE * 8)
        flags = pagemap.read((end - begin) // PAGE * 8)
    run = None
    for page in range(len(flags) // 8 + 1):
        is_there = page < len(flags) // 8 and flags[page * 8 + 7] & 0xc0
        if is_there and run is None:
            run = page
        elif not is_there and run is not None:
            try:
                mem.seek(begin + run * PAGE)
                yield mem.read((page - run) * PAGE)
            except OSError:
                pass   # given back meanwhile
            run = None


def found_in_memory(canaries, pid, where):
    left = list(canaries)
    hits = []
    for region in memory(pid):
        new = found(left, region, where)
        hits += new
        left = [canary for canary in left if not any(hit.startswith(canary.name + ",") for hit in new)]
    return hits
