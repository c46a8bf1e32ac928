"""What clients were told, and whether the record keeps to it.

A client writes one line an act, before it acts or as soon as it was told, into a file of its own that is only ever added to. Times are
of the machine's monotonic clock, in nanoseconds, so that files of several clients, on several hosts of one machine, can be compared.

    told = Told(path, "ann")
    told.started(history, command_id)            # before its first byte leaves
    told.recorded(command_id, sequence)          # or refused(command_id, "STALE"), or unknown(command_id)
    read = told.reading(history, FRESH)          # before the query leaves
    told.saw(read, as_of, {sequence: command_id})    # is_fresh=False: the answer says that it may be behind

    problems = check(load(paths), {"mill": histories_of(export)})

An act that has no answer is as good as one with UNKNOWN. `check` is pure. It returns Problems, of these kinds:

    missing     recorded, and not in the export
    doubled     a command is in an export twice
    moved       recorded at one place, and in the export, or told again, at another
    reordered   who was told, or had seen, before another began, comes after it
    refused     refused, and in the export
    stale       a FRESH read reflects less than somebody was told, or had seen, before it began
    back        a client saw less than it had been told or had seen before
    altered     a read showed another command at a place than the export has there, or a place that the export does not have
    differs     two exports of one history are not the same

Exports are of the end, when every worker has caught up, or of any moment after the acts were loaded. A history is in one epoch.
"""

import bisect
import collections
import json
import os
import time

FRESH, AS_OF = "FRESH", "AS_OF"

Problem = collections.namedtuple("Problem", "kind sentence")


class Told:
    def __init__(self, path, who):
        self.who, self.reads = who, 0
        self.descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def close(self):
        os.close(self.descriptor)

    def write(self, act, **fields):
        """One write a line: whatever kills the client, at most the last line is torn."""
        line = json.dumps({"t": time.monotonic_ns(), "who": self.who, "act": act, **fields}, separators=(",", ":"))
        data = line.encode() + b"\n"
        assert os.write(self.descriptor, data) == len(data)

    def started(self, history, command_id):
        self.write("started", history=history.hex(), id=command_id.hex())

    def recorded(self, command_id, sequence):
        self.write("recorded", id=command_id.hex(), sequence=sequence)

    def refused(self, command_id, code):
        """For good: no copy of it is under way any more that could still be carried out."""
        self.write("refused", id=command_id.hex(), code=code)

    def unknown(self, command_id):
        self.write("unknown", id=command_id.hex())

    def reading(self, history, kind):
        self.reads += 1
        self.write("reading", history=history.hex(), read=self.reads, kind=kind)
        return self.reads

    def saw(self, read, as_of, commands, is_fresh=True):
        """@commands: of some of the places up to @as_of, the id of the command whose event is there. @is_fresh: what was asked for
        as FRESH came as such."""
        self.write("saw", read=read, as_of=as_of, commands={str(n): command.hex() for n, command in commands.items()},
                   **({} if is_fresh else {"is_fresh": False}))

    def behind(self, read):
        """Nothing was shown: whoever answered is behind what this client knows."""
        self.write("behind", read=read)


def load(paths):
    """All acts, by time. A last line that is torn was told to nobody."""
    acts = []
    for path in paths:
        with open(path, "rb") as file:
            lines = file.read().split(b"\n")
        acts += [json.loads(line) for line in lines[:-1]]
    return sorted(acts, key=lambda act: act["t"])


def histories_of(records):
    """What check() wants of an export, a list of ExportRecords: {history: [(command, whether it begins here)]}, place n - 1
    for the event n; of an event that no command caused, ("", False)."""
    histories, events = {}, []
    for record in records:
        kind = record.WhichOneof("kind")
        if kind == "history":
            events = histories[record.history.history.hex()] = []
        elif kind == "event":
            events.append((command_of(record.event.record), record.event.receipt_size != 0))
    return histories


def command_of(record):
    from comity_wire import pb   # here: the checker itself needs no contract
    return pb.Event.FromString(record.parts[0].content).command_id.hex()


# The checker ----------------------------------------------------------------------------------------------------------

class Command:
    def __init__(self, who, history, started):
        self.who, self.history, self.started = who, history, started
        self.told = []       # (time, sequence)
        self.refused = None  # code


class Read:
    def __init__(self, who, history, kind, began):
        self.who, self.history, self.kind, self.began = who, history, kind, began
        self.ended, self.as_of, self.commands = None, 0, {}


def gather(acts):
    """Commands by id, and reads. ValueError: what no client can have written."""
    commands, reads = {}, {}
    for act in acts:
        kind, who = act["act"], act["who"]
        if kind == "started":
            commands.setdefault(act["id"], Command(who, act["history"], act["t"]))
        elif kind == "reading":
            reads[who, act["read"]] = Read(who, act["history"], act["kind"], act["t"])
        elif kind == "saw" and (who, act["read"]) in reads:
            read = reads[who, act["read"]]
            read.ended, read.as_of = act["t"], act["as_of"]
            read.kind = read.kind if act.get("is_fresh", True) else AS_OF
            read.commands = {int(place): command for place, command in act["commands"].items()}
        elif kind == "behind" and (who, act["read"]) in reads:
            pass
        elif kind in ("recorded", "refused", "unknown") and act["id"] in commands:
            if kind == "recorded":
                commands[act["id"]].told.append((act["t"], act["sequence"]))
            elif kind == "refused":
                commands[act["id"]].refused = act["code"]
        else:
            raise ValueError(f"an act that nothing came before: {act}")
    return commands, [read for read in reads.values() if read.ended is not None]


class Known:
    """The highest place of a history that anybody had been told of by a time."""

    def __init__(self, points):
        """@points: (time, place), in any order."""
        self.times, self.places = [], []
        for moment, place in sorted(points):
            self.times.append(moment)
            self.places.append(max(place, self.places[-1] if self.places else 0))

    def before(self, moment):
        at = bisect.bisect_left(self.times, moment)
        return self.places[at - 1] if at else 0


def check(acts, exports):
    """@acts: as load() has them; @exports: {name: {history: [(command, whether it begins here)]}}. A list of Problems."""
    commands, reads = gather(acts)
    problems = []
    histories = sorted({command.history for command in commands.values()} | {read.history for read in reads})
    for history in histories:
        copies = [export.get(history, []) for export in exports.values()]
        own = {id: command for id, command in commands.items() if command.history == history}
        seen = [read for read in reads if read.history == history]
        problems += check_copies(exports, history)
        places = places_of(copies[0], problems)
        check_answers(own, places, problems)
        points = [point for command in own.values() for point in command.told] + [(read.ended, read.as_of) for read in seen]
        known = Known(points)
        check_order(own, places, known, problems)
        check_reads(seen, copies[0], known, problems)
        check_clients(own, seen, problems)
    return problems


def check_copies(exports, history):
    """Every export against the first one."""
    (first, export), *others = exports.items()
    return [Problem("differs", f"{history[:8]}: {first} has {len(export.get(history, []))} events, {name} has "
                               f"{len(other.get(history, []))}, or other ones")
            for name, other in others if other.get(history, []) != export.get(history, [])]


def places_of(copy, problems):
    """command -> where it begins, the first time"""
    places = {}
    for place, (command, begins) in enumerate(copy, start=1):
        if not begins:
            continue
        if command in places:
            problems.append(Problem("doubled", f"{command} is at {places[command]} and at {place}"))
        places.setdefault(command, place)
    return places


def check_answers(commands, places, problems):
    for id, command in commands.items():
        place = places.get(id)
        for _, sequence in command.told:
            if place is None:
                problems.append(Problem("missing", f"{id}, which {command.who} was told is {sequence}"))
            elif place != sequence:
                problems.append(Problem("moved", f"{id}, which {command.who} was told is {sequence}, is {place}"))
        if command.refused is not None and place is not None:
            problems.append(Problem("refused", f"{id}, of which {command.who} was told {command.refused}, is {place}"))


def check_order(commands, places, known, problems):
    """Of all that are in the record, whatever their clients were told."""
    for id, command in commands.items():
        place, before = places.get(id), known.before(command.started)
        if place is not None and place <= before:
            problems.append(Problem("reordered", f"{id} of {command.who} is {place}, and {before} was known before it began"))


def check_reads(reads, copy, known, problems):
    for read in reads:
        before = known.before(read.began)
        if read.kind == FRESH and read.as_of < before:
            problems.append(Problem("stale", f"{read.who} read {read.as_of}, and {before} was known before that"))
        if read.as_of > len(copy):
            problems.append(Problem("altered", f"{read.who} read up to {read.as_of} of {len(copy)}"))
        for place, command in read.commands.items():
            if place > read.as_of or place > len(copy) or copy[place - 1][0] != command:
                problems.append(Problem("altered", f"{read.who} saw {command or 'no command'} at {place}, up to {read.as_of}"))


def check_clients(commands, reads, problems):
    """What each had been told or had seen when its next read began."""
    points = collections.defaultdict(list)
    for command in commands.values():
        points[command.who] += command.told
    for read in reads:
        points[read.who].append((read.ended, read.as_of))
    known = {who: Known(own) for who, own in points.items()}
    for read in reads:
        before = known[read.who].before(read.began)
        if read.as_of < before:
            problems.append(Problem("back", f"{read.who} read {read.as_of} after {before}"))
