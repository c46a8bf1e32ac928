#!/usr/bin/python3
"""From an earlier version to this one: the same data, the same people, and both versions beside one another. Nobody may notice.

usage: upgrade.py --build DIR --of machine|sites [--old DIR] [--jobs N]

The earlier version is the commit that the file `previous` names (CONTRIBUTING.md, "Tests"): it is taken from this repository's history and
built as for a release, in a directory that is removed afterwards. --old DIR is a build that there is: with this one's own the script itself
is tried.

Of one machine: an installation is set up and used with the earlier version alone; then clients, broker and worker are of one version or the
other, in all pairs; then all are of this one. Of several sites: the workers of a group of three are replaced one after the other, and then
the brokers, under load; once by this version's, and once by what it would be if it knew a format level more, which is in use when all know
it, and not before.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "tests" / "support" / "python"), str(ROOT / "tests" / "e2e" / "cli")]
os.environ.setdefault("COMITY_BUILD", "/nowhere")   # of cli_case: here each has a build of their own

import comity_wire  # noqa: E402
from cli_case import FOUNDERS, TIMEOUT_S, World  # noqa: E402
from comity_aloud import remark, shout  # noqa: E402
from comity_patience import until  # noqa: E402

PROGRAMS = ["comity", "comity-broker", "comity-worker"]
NEXT = "tests/comity-worker-next"   # it knows the format levels 1 and 2, and in 2 the command AppointWitness
SKIPPED, BUILD_S, PATIENCE_S = 77, 1800, 60


def step(text):
    print(f"{time.monotonic() - step.began:6.1f} s  {text}", flush=True)


step.began = time.monotonic()


def need(holds, what):
    if not holds:
        raise AssertionError(what)


# The earlier version ----------------------------------------------------------------------------------------------------

def git(*words, **options):
    return subprocess.run(["git", "-C", ROOT, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, **options)


def previous_commit():
    """None, with the reason shouted: it cannot be had here."""
    commit = (Path(__file__).parent / "previous").read_text().strip()
    if git("rev-parse", "--git-dir").returncode != 0:
        shout("NO EARLIER VERSION: this is no git repository. Nothing was tried.")
    elif git("cat-file", "-e", f"{commit}^{{commit}}").returncode == 0:
        return commit
    elif git("rev-parse", "--is-shallow-repository").stdout.strip() == "true":
        shout(f"NO EARLIER VERSION: this clone is shallow and lacks {commit}. Nothing was tried.", "git fetch --unshallow, then try again.")
    else:
        raise SystemExit(f"tests/e2e/upgrade/previous names {commit}, which is no commit of this repository.")
    return None


def build(commit, directory, jobs):
    """Its programs, from Debian's packages alone, as for a release."""
    source, target = directory / "source", directory / "build"
    source.mkdir()
    archive = subprocess.Popen(["git", "-C", ROOT, "archive", commit], stdout=subprocess.PIPE)
    subprocess.run(["tar", "-x", "-C", source], stdin=archive.stdout, check=True)
    need(archive.wait() == 0, "git archive failed")
    for command in (["cmake", "--preset", "release", "-B", target, "-DBUILD_TESTING=OFF"],
                    ["cmake", "--build", target, "--parallel", str(jobs), "--target", *PROGRAMS]):
        done = subprocess.run(command, cwd=source, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=BUILD_S)
        need(done.returncode == 0, f"the earlier version does not build: {done.stdout[-2000:]}")
    return target


# One machine ------------------------------------------------------------------------------------------------------------

class Mixed(World):
    """Everybody has the programs of one build or the other: of @build, if nothing else is said of them."""

    def __init__(self, build):
        super().__init__()
        self.build, self.builds = build, {}

    def comity(self, who, *words, input=None):
        program = self.builds.get(who, self.build) / "comity"
        done = subprocess.run([program, *map(str, words), "--home", self.home(who)], capture_output=True, text=True,
                              timeout=TIMEOUT_S, input=input, cwd=self.directory)
        return done.returncode, done.stdout, done.stderr

    def audit_all(self):
        """By hand, in the course of the test."""

    def export(self, build, file):
        file.unlink(missing_ok=True)
        subprocess.run([build / "comity-worker", "export", "--config", self.data / "worker.ini", "--to", file], check=True,
                       capture_output=True, timeout=TIMEOUT_S)
        return file


VOTERS = [who for who, side, *_ in FOUNDERS if side != "convener"]


def events_of(world, who):
    return world.ask(who, "events")["events"]


def holds(other, one):
    """All of @one is in @other, and is the same; @other may have more fields."""
    if isinstance(one, dict):
        return isinstance(other, dict) and all(name in other and holds(other[name], value) for name, value in one.items())
    if isinstance(one, list):
        return isinstance(other, list) and len(one) == len(other) and all(map(holds, other, one))
    return other == one


def need_same(before, after, what):
    """All that the earlier version showed of each event is shown of it; a later one may show more."""
    need(len(after) >= len(before) > 0, f"{what}: {len(after)} events instead of {len(before)}")
    for one, other in zip(before, after):
        need(holds(other, one), f"{what}: {one} is {other}")


def save_receipts(world, who):
    """Each act's receipt as a file; [(file, sequence)]."""
    saved = []
    for row in world.ask(who, "receipt", "list")["receipts"]:
        file = world.directory / f"{row['command_id']}.receipt"
        if row["has_receipt"] and not file.exists():
            saved.append((file, world.ask(who, "receipt", "save", row["command_id"], file)["sequence"]))
    return saved


def verify_receipts(world, who, receipts):
    for file, sequence in receipts:
        need(world.ask(who, "receipt", "verify", file)["sequence"] == sequence, f"{file} proves something else")


def use_everything(world, answers):
    """A round from its proposal to its outcome, by whatever programs its people have."""
    number = world.open_round(world.propose())
    for who, answer in zip(VOTERS, answers):
        world.ask(who, "vote", number, answer, "--reason", "As we said.")
    world.ask(VOTERS[0], "vote", number, "agree", "--replace")
    return number, world.ask("eli", "round", "close", number)["outcome"]


def all_pairs(old, new):
    one_machine(old, new)
    for broker, worker in ((old, new), (new, old)):
        step("a broker of one version, a worker of the other")
        broker_and_worker(broker, worker)


def one_machine(old, new):
    world = Mixed(old)
    try:
        step("founded, manned and used with the earlier version")
        world.up()
        world.found()
        world.seat_everybody()
        first, outcome = use_everything(world, ["agree"] * 4)
        receipts = save_receipts(world, "ada") + save_receipts(world, "ben")
        need(len(receipts) > 4, "there are receipts")
        before = events_of(world, "ben")

        step("clients of this version, servers of the earlier one")
        for who in ("ben", "dev", "eli"):
            world.builds[who] = new
        need_same(before, events_of(world, "ben"), "the record reads otherwise")
        need(world.ask("eli", "round", "show", first)["round"]["outcome"] == world.ask("ada", "round", "show", first)["round"]["outcome"],
             "the outcome reads otherwise")
        use_everything(world, ["agree", "agree", "reserved", "agree"])
        exported = world.export(old, world.directory / "old.export")

        step("servers of this version, on the same data; clients of both")
        world.ask("operator", "down", "--data", world.data)
        world.build = new
        for who in ("ada", "carla"):
            world.builds[who] = old
        world.up()
        for who in ("ben", "ada"):
            need_same(before, events_of(world, who), f"the record has changed for {who}")
        use_everything(world, ["agree", "reserved", "agree", "agree"])
        receipts += save_receipts(world, "carla")
        verify_receipts(world, "ben", receipts)    # with this version
        verify_receipts(world, "ada", receipts)    # and with the earlier one

        step("the earlier version once more, and back: nothing has been put on record that it does not know")
        for build in (old, new):
            world.ask("operator", "down", "--data", world.data)
            world.build = build
            world.up()
            for who in ("ben", "ada"):
                need_same(before, events_of(world, who), f"the record has changed for {who}")
            use_everything(world, ["agree"] * 4)

        step("all of this version")
        world.builds.clear()
        use_everything(world, ["agree"] * 4)
        for who in VOTERS:
            verify_receipts(world, who, receipts)
            need(world.ask(who, "receipt", "list")["receipts"], f"{who} has kept what was done")
        done = world.ask("auditor", "audit", world.export(new, world.directory / "new.export"), exit=None)
        need(not done["wrong"] and not done["differing"], f"an audit finds {done['findings'][:3]}")
        subprocess.run([new / "comity-worker", "verify", "--config", world.data / "worker.ini"], check=True, capture_output=True)
        restore(world, new, exported)
    finally:
        world.close()


def restore(world, new, exported):
    """What the earlier version exported, taken in by this one."""
    config, data = world.directory / "restored.ini", world.directory / "restored"
    lines = [f"data = {data}" if line.startswith("data =") else line for line in (world.data / "worker.ini").read_text().splitlines()]
    need(f"data = {data}" in lines, "the configuration names its data")
    config.write_text("\n".join(lines) + "\n")
    config.chmod(0o600)
    for words in (["restore", "--config", config, "--from", exported], ["verify", "--config", config]):
        subprocess.run([new / "comity-worker", *words], check=True, capture_output=True, timeout=TIMEOUT_S)


# Broker and worker of two versions --------------------------------------------------------------------------------------

def broker_and_worker(broker, worker):
    from comity_installation import Installation
    from comity_scene import Scene, simple_rule
    with Installation(broker, worker=worker / "comity-worker") as installation, installation.wire() as wire:
        scene = Scene(wire, installation.token, retry_s=PATIENCE_S)
        scene.found({"labour": "WORKER", "management": "EMPLOYER"})
        scene.body("council", {"labour": 2, "management": 2})
        members = scene.seat_all("council")
        rule, session = scene.adopt(simple_rule()), scene.open_session("council")
        number = scene.open_round(*scene.propose(session, "Shifts", "Shifts are seven hours."), rule)
        text = scene.round(number).text_hash
        for member in members:
            scene.vote(number, text, member, 1)
        scene.close(number)
        need(installation.stop("worker") == 0 and installation.stop("broker") == 0, "they end in good order")


# A group of sites -------------------------------------------------------------------------------------------------------

def lead(sites, name):
    """Who leads in its place is stopped, until it does."""
    stopped = []
    while (leader := sites.leader()) != name:
        need(sites.stop("worker", leader) == 0, f"the worker of {leader} ends in good order")
        stopped.append(leader)
    for other in stopped:
        sites.start("worker", other)


def level_in_use(scene):
    return scene.wire.patiently(scene.wire.hello).format_level


def may_appoint(scene, name):
    """The command of the second level, where whoever leads knows that."""
    from comity_wire import Refused, pb
    from nacl.signing import SigningKey
    try:
        scene.do(scene.founder, appoint_witness=pb.AppointWitness(name=name, key=bytes(SigningKey.generate().verify_key)))
    except Refused as refused:
        need(refused.name == "UNSUPPORTED", f"{name} is refused as {refused}")
        return False
    return True


def group_of_sites(old, new, directory, program="comity-worker", level=1):
    """@program of the new build knows format levels up to @level."""
    from comity_installation import NotStarted
    from comity_rolling import Load, are_one, replace
    from comity_scene import Scene
    from comity_sites import Loopback, Sites
    names = ["north", "south", "east"]
    directory.mkdir()
    with Loopback(directory, names) as net, Sites(old, net) as sites, sites.wire("north") as wire:
        scene = Scene(wire, sites.token, retry_s=PATIENCE_S)
        scene.found({"labour": "WORKER", "management": "EMPLOYER"})
        load = Load(sites, "south", scene)
        load.start()
        try:
            for name, leads in zip(names, ["north", "east", "east"]):   # one of this version, then the last one of the earlier
                need(level_in_use(scene) == 1, "a level is in use that not all know")
                load.goes_on()
                step(f"{name}: its worker is replaced, and that of {leads} leads")
                replace(sites, name, new / program)
                lead(sites, leads)
                if level > 1 and name == "north":   # only who knows the level refuses it
                    is_taken = may_appoint(scene, "early")
                    need(not is_taken or sites.leader() != "north", "a command is taken that not all know")
            until(lambda: level_in_use(scene) == level, f"level {level} is in use")
            if level > 1:
                need(may_appoint(scene, "late"), "a command is refused that all know")
            for name in names:   # brokers, which keep nothing
                load.goes_on()
                need(sites.stop("broker", name) == 0, f"the broker of {name} ends in good order")
                sites.programs["broker"] = new / "comity-broker"
                sites.start("broker", name)
            load.goes_on()
        finally:
            load.end()
        load.check(scene)
        are_one(sites)
        if level > 1:
            sites.workers["east"] = old / "comity-worker"
            try:
                sites.start("worker", "east")
            except NotStarted as refused:
                need(f"format level {level}, this worker knows levels up to 1" in str(refused), str(refused))
            else:
                raise AssertionError("a worker starts that does not know the level in use")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--of", choices=("machine", "sites"), required=True)
    parser.add_argument("--old", type=Path)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    new, old = options.build.resolve(), options.old and options.old.resolve()
    with tempfile.TemporaryDirectory(prefix="comity-upgrade-") as name:
        directory = Path(name)
        if old is None:
            commit = previous_commit()
            if commit is None:
                return SKIPPED
            remark(f"from {commit}")
            step("the earlier version is built")
            old = build(commit, directory, options.jobs)
        if options.of == "machine":
            all_pairs(old, new)
        else:
            group_of_sites(old, new, directory / "same-level")
            step("by a version that knows a format level more")
            comity_wire.LEVELS = (1, 2)
            group_of_sites(old, new, directory / "next-level", NEXT, 2)
        step("nobody has noticed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
