"""The checker of what clients were told: nothing is found in good histories, and each kind of fault where one is planted."""

import os
import pathlib
import random
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support" / "python"))

from comity_told import AS_OF, FRESH, Told, check, load  # noqa: E402

SEED = int(os.environ.get("COMITY_SEED", time.time_ns() % 10**9))
TRIALS = 2000 if os.environ.get("COMITY_LONG") == "1" else 100
KINDS = ["missing", "doubled", "moved", "reordered", "refused", "stale", "back", "altered", "differs"]
HISTORY = "ab" * 32


def kinds(acts, *copies):
    return {problem.kind for problem in check(acts, {f"worker {n}": {HISTORY: copy} for n, copy in enumerate(copies)})}


def copy_of(*commands):
    return [(command, True) for command in commands]


def acts_of(text):
    """"ann start a; ann recorded a 1; ben read 1 FRESH; ben saw 1 1 1=a": one act each nanosecond."""
    acts = []
    for moment, line in enumerate(text.split(";")):
        who, act, *words = line.split()
        fields = {"start": lambda: dict(act="started", history=HISTORY, id=words[0]),
                  "recorded": lambda: dict(act="recorded", id=words[0], sequence=int(words[1])),
                  "refused": lambda: dict(act="refused", id=words[0], code="STALE"),
                  "unknown": lambda: dict(act="unknown", id=words[0]),
                  "read": lambda: dict(act="reading", history=HISTORY, read=int(words[0]), kind=words[1]),
                  "saw": lambda: dict(act="saw", read=int(words[0]), as_of=int(words[1]),
                                      commands=dict(word.split("=") for word in words[2:])),
                  "shown": lambda: dict(act="saw", read=int(words[0]), as_of=int(words[1]), commands={}, is_fresh=False),
                  "behind": lambda: dict(act="behind", read=int(words[0]))}[act]()
        acts.append({"t": moment, "who": who, **fields})
    return acts


# What was told; the record; what is to be found.
BY_HAND = [
    ("ann start a; ann recorded a 1", "a", ""),
    ("ann start a; ann recorded a 1", "", "missing"),
    ("ann start a; ann recorded a 1", "x", "missing"),
    ("ann start a; ann recorded a 1", "xa", "moved"),
    ("ann start a; ann recorded a 1; ann recorded a 2", "ax", "moved"),
    ("ann start a; ann recorded a 1", "axa", "doubled"),
    ("ann start a; ann unknown a", "aa", "doubled"),
    ("ann start a; ann unknown a", "a", ""),
    ("ann start a; ann unknown a", "", ""),
    ("ann start a", "xa", ""),
    ("ann start a; ann unknown a; ann recorded a 1", "a", ""),
    ("ann start a; ann refused a", "", ""),
    ("ann start a; ann refused a", "xa", "refused"),
    # Two that were under way together may be in either order; told before begun may not.
    ("ann start a; ben start b; ann recorded a 2; ben recorded b 1", "ba", ""),
    ("ann start a; ann recorded a 2; ben start b; ben recorded b 1", "ba", "reordered"),
    ("ann start a; ann recorded a 2; ben start b; ben unknown b", "ba", "reordered"),
    ("ann start a; ann recorded a 2; ben start b", "ba", "reordered"),
    ("ann start a; ann read 1 FRESH; ann saw 1 1 1=x; ben start b", "b", "altered reordered"),
    ("ann start a; ben start b; ann read 1 FRESH; ann saw 1 2; ben recorded b 1; ann recorded a 2", "ba", ""),
    ("ann start a; ann recorded a 1; ben read 1 FRESH; ben saw 1 1 1=a", "a", ""),
    ("ann start a; ann recorded a 1; ben read 1 FRESH; ben saw 1 0", "a", "stale"),
    ("ann start a; ann recorded a 1; ben read 1 AS_OF; ben saw 1 0", "a", ""),
    ("ann start a; ben read 1 FRESH; ann recorded a 1; ben saw 1 0", "a", ""),
    # Shown as what may be behind: stale it is not, but nobody goes back.
    ("ann start a; ann recorded a 1; ben read 1 FRESH; ben shown 1 0", "a", ""),
    ("ann start a; ann recorded a 1; ann read 1 FRESH; ann shown 1 0", "a", "back"),
    ("ben read 1 FRESH; ben saw 1 2; ann read 1 FRESH; ann saw 1 1", "xy", "stale"),
    ("ben read 1 AS_OF; ben saw 1 2; ann read 1 AS_OF; ann saw 1 1", "xy", ""),
    ("ann read 1 AS_OF; ann saw 1 2; ann read 2 AS_OF; ann saw 2 1", "xy", "back"),
    ("ann start a; ann recorded a 1; ann read 1 AS_OF; ann saw 1 0", "a", "back"),
    ("ann read 1 AS_OF; ann read 2 AS_OF; ann saw 2 2; ann saw 1 1", "xy", ""),
    ("ann read 1 AS_OF; ann saw 1 3", "xy", "altered"),
    ("ann read 1 AS_OF; ann saw 1 2 1=y", "xy", "altered"),
    ("ann read 1 AS_OF; ann saw 1 1 2=y", "xy", "altered"),
    ("ann read 1 FRESH", "", ""),
    ("ann start a; ann recorded a 1; ann read 1 AS_OF; ann behind 1", "a", ""),
    # Sent again by a client that was killed: it began when it began first.
    ("ann start a; ben start b; ben recorded b 2; ann start a; ann recorded a 1", "ab", ""),
]


class ByHand(unittest.TestCase):
    def test_each(self):
        for told, record, expected in BY_HAND:
            with self.subTest(told=told, record=record):
                self.assertEqual(kinds(acts_of(told), copy_of(*record)), set(expected.split()))

    def test_events_of_one_command(self):
        """Only what begins one counts, and events that nobody caused have places as well."""
        acts = acts_of("ann start a; ann recorded a 2; ann start b; ann recorded b 4; ann read 1 FRESH; ann saw 1 4 1= 3=a")
        self.assertEqual(kinds(acts, [("", False), ("a", True), ("a", False), ("b", True)]), set())

    def test_several_exports(self):
        acts = acts_of("ann start a; ann recorded a 1")
        self.assertEqual(kinds(acts, copy_of("a"), copy_of("a"), copy_of("a")), set())
        self.assertEqual(kinds(acts, copy_of("a"), copy_of("a", "b")), {"differs"})
        self.assertEqual(kinds(acts, copy_of("a"), copy_of("b"), copy_of("a")), {"differs"})

    def test_histories_are_apart(self):
        acts = acts_of("ann start a; ann recorded a 1; ben start b; ben recorded b 1")
        for act in acts:
            if act.get("id") == "b" and "history" in act:
                act["history"] = "cd" * 32
        self.assertEqual(check(acts, {"one": {HISTORY: copy_of("a"), "cd" * 32: copy_of("b")}}), [])
        self.assertEqual({p.kind for p in check(acts, {"one": {HISTORY: copy_of("a", "b")}})}, {"missing"})

    def test_at_the_same_moment(self):
        """Neither was before the other."""
        acts = acts_of("ann start a; ann recorded a 2; ben start b; ben recorded b 1")
        acts[2]["t"] = acts[1]["t"]
        self.assertEqual(kinds(acts, copy_of("b", "a")), set())

    def test_an_answer_to_nothing(self):
        for told in ("ann recorded a 1", "ann start a; ann refused b", "ann saw 1 1"):
            with self.assertRaises(ValueError, msg=told):
                kinds(acts_of(told), [])


class Files(unittest.TestCase):
    def test_written_and_loaded(self):
        with tempfile.TemporaryDirectory() as directory:
            paths = [pathlib.Path(directory) / name for name in ("ann", "ben")]
            ann, ben = (Told(path, path.name) for path in paths)
            command = bytes(range(16))
            ann.started(bytes(32), command)
            read = ben.reading(bytes(32), AS_OF)
            ann.recorded(command, 1)
            ben.saw(read, 1, {1: command})
            ann.close()
            ben.close()
            with open(paths[0], "ab") as file:
                file.write(b'{"t":1,"who":"ann","act":"reco')   # killed amid a line
            acts = load(paths)
            self.assertEqual([(act["who"], act["act"]) for act in acts],
                             [("ann", "started"), ("ben", "reading"), ("ann", "recorded"), ("ben", "saw")])
            self.assertEqual(check(acts, {"one": {bytes(32).hex(): [(command.hex(), True)]}}), [])
            again = Told(paths[1], "ben")   # only ever added to
            again.reading(bytes(32), FRESH)
            again.close()
            self.assertEqual(len(load(paths[1:])), 3)


# Random histories -----------------------------------------------------------------------------------------------------

class Site:
    """A record that keeps every promise, and clients who act at random. Each act is one nanosecond."""

    def __init__(self, chance, clients=4):
        self.chance, self.clock, self.acts, self.copy = chance, 0, [], []
        self.floor = {f"client {n}": 0 for n in range(clients)}
        self.busy = {who: None for who in self.floor}   # a generator of what is still to do
        self.number = 0

    def act(self, who, act, **fields):
        self.clock += 1
        self.acts.append({"t": self.clock, "who": who, "act": act, **fields})

    def submit(self, who):
        self.number += 1
        id, fate = f"{self.number:032x}", self.chance.random()
        self.act(who, "started", history=HISTORY, id=id)
        yield
        if fate < 0.1:
            self.act(who, "refused", id=id, code="STALE")
            return
        if fate < 0.2:     # never carried out
            self.act(who, "unknown", id=id)
            return
        if fate > 0.95:
            self.copy.append(("", False))   # a deadline
        self.copy.append((id, True))
        sequence = len(self.copy)
        if fate > 0.9:
            self.copy.append((id, False))
        yield
        if fate < 0.3:     # carried out, and not told
            self.act(who, "unknown", id=id)
        if fate > 0.25:
            self.act(who, "recorded", id=id, sequence=sequence)
            self.floor[who] = max(self.floor[who], sequence)

    def read(self, who):
        kind = self.chance.choice([FRESH, AS_OF])
        self.number += 1
        number = self.number
        self.act(who, "reading", history=HISTORY, read=number, kind=kind)
        yield
        as_of = len(self.copy) if kind == FRESH else self.chance.randint(self.floor[who], len(self.copy))
        places = self.chance.sample(range(1, as_of + 1), min(as_of, 3))
        shown = {str(place): self.copy[place - 1][0] for place in places}
        yield
        self.act(who, "saw", read=number, as_of=as_of, commands=shown)
        self.floor[who] = max(self.floor[who], as_of)

    def run(self, steps):
        for _ in range(steps):
            who = self.chance.choice(list(self.busy))
            if self.busy[who] is None:
                self.busy[who] = self.chance.choice([self.submit, self.submit, self.read])(who)
            if next(self.busy[who], "done") == "done":
                self.busy[who] = None
        return self


def pick(chance, acts, **wanted):
    return chance.choice([act for act in acts if all(act.get(name) == value for name, value in wanted.items())])


def known_before(acts, moment, who=None):
    return max([act.get("sequence", act.get("as_of", 0)) for act in acts
                if act["t"] < moment and who in (None, act["who"])], default=0)


def began(acts, saw):
    return next(act for act in acts if act["act"] == "reading" and (act["who"], act["read"]) == (saw["who"], saw["read"]))


def late_read(chance, acts, kind, is_own):
    """A read before which something was known (to its reader), with what was known then."""
    found = []
    for saw in acts:
        if saw["act"] == "saw":
            begin = began(acts, saw)
            before = known_before(acts, begin["t"], saw["who"] if is_own else None)
            if begin["kind"] == kind and before > 0:
                found.append((saw, before))
    return chance.choice(found)


def turn_back(saw, as_of):
    saw["as_of"] = as_of
    saw["commands"] = {place: id for place, id in saw["commands"].items() if int(place) <= as_of}


def plant_missing(chance, acts, copies):
    sequence = pick(chance, acts, act="recorded")["sequence"]
    for copy in copies:
        copy[sequence - 1] = ("f" * 32, True)


def plant_doubled(chance, acts, copies):
    entry = chance.choice([entry for entry in copies[0] if entry[1]])
    for copy in copies:
        copy.append(entry)


def plant_moved(chance, acts, copies):
    sequence = pick(chance, acts, act="recorded")["sequence"]
    for copy in copies:
        copy.insert(sequence - 1, ("", False))


def plant_reordered(chance, acts, copies):
    """Begun after something was known, never told, and put at the very beginning, where nobody looked."""
    late = [act for act in acts if act["act"] == "started" and known_before(acts, act["t"]) > 1]
    id = chance.choice(late)["id"]
    acts[:] = [act for act in acts if act.get("id") != id or act["act"] == "started"]
    for copy in copies:
        copy[:] = [entry if entry[0] != id else ("", False) for entry in copy]
        copy[0] = (id, True)


def plant_refused(chance, acts, copies):
    id = pick(chance, acts, act="refused")["id"]
    for copy in copies:
        copy.append((id, True))


def plant_stale(chance, acts, copies):
    saw, before = late_read(chance, acts, FRESH, is_own=False)
    turn_back(saw, before - 1)


def plant_back(chance, acts, copies):
    saw, before = late_read(chance, acts, AS_OF, is_own=True)
    turn_back(saw, before - 1)


def plant_altered(chance, acts, copies):
    saw = chance.choice([act for act in acts if act["act"] == "saw" and act["commands"]])
    saw["commands"][chance.choice(list(saw["commands"]))] = "e" * 32


def plant_differs(chance, acts, copies):
    place = chance.randrange(len(copies[1]))
    copies[1][place] = ("d" * 32, copies[1][place][1])


class AtRandom(unittest.TestCase):
    def scene(self, trial, kind=""):
        chance = random.Random(f"{SEED} {trial} {kind}")
        site = Site(chance).run(chance.randint(400, 600))
        return chance, site.acts, [list(site.copy), list(site.copy)]

    def test_good_ones(self):
        for trial in range(TRIALS):
            with self.subTest(seed=SEED, trial=trial):
                _, acts, copies = self.scene(trial)
                self.assertEqual(kinds(acts, *copies), set())

    def test_each_fault(self):
        alone = {"doubled", "refused", "back", "altered", "differs"}   # nothing follows from these
        for kind in KINDS:
            for trial in range(TRIALS):
                with self.subTest(seed=SEED, trial=trial, kind=kind):
                    chance, acts, copies = self.scene(trial, kind)
                    globals()[f"plant_{kind}"](chance, acts, copies)
                    found = kinds(acts, *copies)
                    self.assertIn(kind, found)
                    if kind in alone:
                        self.assertEqual(found, {kind})


if __name__ == "__main__":
    print(f"## seed {SEED}", flush=True)
    unittest.main(verbosity=2)
