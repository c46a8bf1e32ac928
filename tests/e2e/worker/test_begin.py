"""How a log of several sites is begun: behind a worker that was alone, and behind the one that is left when all of etcd was lost; and
how a worker leaves it."""

import signal

from join_case import NAMES, JoinCase
from worker_case import Scene, main, until  # sets the path

from comity_installation import NotStarted


class FromLocal(JoinCase):
    begins = False

    def test_from_local_to_etcd(self):
        """One worker with a local log: it begins the log of several sites, and what was recorded goes on."""
        sites = self.sites
        sites.site_log["north"] = {"kind": "local"}
        sites.start("worker", "north")
        self.wire = self.new_wire("north")
        self.scene = Scene(self.wire, sites.token, retry_s=60)
        self.scene.found({"labour": "WORKER", "management": "EMPLOYER"})
        self.scene.invite_many("labour", 20)
        heads = sites.run("north", "place")
        self.assertIn("place: none", heads)
        # Nobody joins what has no log, nor begins it while it is in use.
        self.assertIn("[log] kind is local", self.refused("north", "begin", code=2))
        self.assertIn("holds no log of this group", self.refused("south", "join", *self.broker(), code=2))
        self.assertNothingWritten("south")
        sites.site_log["north"] = {}
        self.assertIn("in use", self.refused("north", "begin"))
        self.assertEqual(sites.stop("worker", "north"), 0)
        self.assertIn("The log is begun", sites.run("north", "begin"))
        self.assertIn("nothing was to do", sites.run("north", "begin"))
        self.assertEqual(self.place("north")[2], heads.splitlines()[1:])
        for name in ("south", "east"):
            said = self.refused(name, "begin", code=2)
            self.assertIn("The group's log is there already", said)
            self.assertIn("comity-worker join", said)
            self.assertNothingWritten(name)
        sites.site_log = {name: {"compare_entries": 2} for name in NAMES}
        sites.start("worker", "north")
        sites.leader()
        for name in ("south", "east"):
            said = sites.join(name, "north")
            self.assertIn("joined: 1 histories", said)
            self.assertRefusedToJoinAgain(name)
            sites.start("worker", name)
        self.assertSame(NAMES)
        # No epoch was opened: the members go on as they are, at whichever site.
        self.scene.wire = self.new_wire("south")
        self.scene.wire.patiently(self.scene.wire.hello)
        self.scene.invite_many("management", 3)
        self.scene.wire = self.wire
        self.assertSame(NAMES)

    def assertRefusedToJoinAgain(self, name):
        before = self.place(name)
        self.assertIn("holds a store", self.refused(name, "join", *self.broker()))
        self.assertEqual(self.place(name), before)


class Leaving(JoinCase):
    begins = False

    def test_leave(self):
        # Begun, and failed before the place was kept: whoever begins again has the same store and goes on behind it.
        data = self.sites.data("north")
        self.assertIn("The log is begun", self.sites.run("north", "begin"))
        begun = self.place("north")
        data.rename(data.with_name("data-before"))
        self.assertIn("nothing was to do", self.sites.run("north", "begin"))
        self.assertEqual(self.place("north"), begun)
        self.begin_north()
        # By mistake on an empty machine, whose store would be the one that the log was begun from; it has gone on since.
        said = self.refused("south", "begin", code=2)
        self.assertIn("The group's log is there already, up to entry", said)
        self.assertIn("for all workers: take a copy of another worker's: comity-worker join", said)
        self.assertNothingWritten("south")
        self.sites.join("south", "north")
        self.sites.start("worker", "south")
        self.assertSame(["north", "south"])
        for by, name in (("north", "south"), ("north", "north")):   # who runs would take it again
            said = self.refused(by, "leave", "--name", name, code=2)
            self.assertIn(f"The worker {name} runs", said)
            self.assertIn("Stop it first", said)
        self.sites.kill("worker", "south")
        said = self.refused("north", "leave", "--name", "west")
        self.assertIn("No worker of the name west", said)
        self.assertIn("Give the name of one that has: north, south.", said)
        self.refused("north", "leave", "--name", "West", code=1)
        self.assertIn("keeps nothing for south", self.sites.run("north", "leave", "--name", "south"))
        said = self.refused("north", "leave", "--name", "south")
        self.assertIn("No worker of the name south", said)
        self.assertIn("one that has: north.", said)
        # In its place, under a name of its own.
        self.sites.site_log["east"] = {"own_name": "south-again", "compare_entries": 2}
        self.sites.join("east", "north")
        self.sites.start("worker", "east")
        self.scene.invite_many("labour", 3)
        until(lambda: self.place("east") == self.place("north"), "east where north is")


class Disaster(JoinCase):
    def test_all_of_etcd_is_lost(self):
        """The worker that has the most begins the log anew; the others join, and nothing that was told is missing."""
        sites = self.sites
        for name in ("south", "east"):
            sites.join(name, "north")
            sites.start("worker", name)
        self.scene.invite_many("labour", 5)
        old = self.net.directory / "old"
        sites.run("north", "export", "--to", str(old))
        self.assertSame(NAMES)
        sites.kill("worker", "east")   # it lags
        self.scene.invite_many("labour", 5)
        until(lambda: self.place("south") == self.place("north"), "south where north is")
        head = self.place("north")[2]
        for name in ("north", "south"):
            sites.kill("worker", name)
        for name in NAMES:
            sites.members.lose(name)
        sites.members.start_all()
        # Nobody goes on by itself.
        for name in NAMES:
            with self.assertRaises(NotStarted) as caught:
                sites.start("worker", name)
            self.assertIn("ended with 2", str(caught.exception))
            self.assertIn("holds no log of this group", str(caught.exception))
        self.assertLess(self.place("east")[0], self.place("south")[0])
        best = max(NAMES, key=lambda name: self.place(name)[0])
        self.assertIn(best, ("north", "south"))
        # Nor is it begun behind a store that may not be the one that has the most, before somebody says that it is.
        for name in NAMES:
            said = self.refused(name, "begin", code=2)
            self.assertIn(f"this store was in one, up to entry {self.place(name)[0]}", said)
            self.assertIn("--all-stores-compared", said)
            self.assertIn("opens a new epoch", said)
        self.assertIn("The log is begun", sites.run("south", "begin", "--all-stores-compared"))
        for words in ([], ["--all-stores-compared"]):
            self.assertIn("does not go on from this store", self.refused("east", "begin", *words, code=2))
        sites.start("worker", "south")
        sites.leader()
        # Who has the same as the one that began it goes on; who has less is told, and joins.
        sites.start("worker", "north")
        with self.assertRaises(NotStarted) as caught:
            sites.start("worker", "east")
        self.assertIn("it needs a copy of another worker's", str(caught.exception))
        self.assertIn("holds a store", self.refused("east", "join", *self.broker("south")))
        sites.data("east").rename(sites.data("east").with_name("data-before"))
        self.assertIn("it needs a copy of another worker's", self.refused("east", "join", "--from", str(old), code=2))
        self.assertNothingWritten("east")
        self.assertIn("joined", sites.join("east", "south"))
        sites.start("worker", "east")
        until(lambda: self.place("east")[2] == head, "all that was told")
        self.assertSame(NAMES)

    def test_a_member_of_etcd_is_left(self):
        """And has what was acknowledged, which the store beside it has not: once it is alone by force, its worker takes that. The store
        of the one that led is there to be compared, and has no more."""
        sites, head_key = self.sites, f"comity/{self.sites.group.hex()}/head"
        sites.join("south", "north")
        sites.start("worker", "south")
        self.scene.invite_many("labour", 3)
        until(lambda: self.place("south") == self.place("north"), "south where north is")
        sites.kill("worker", "south")   # it lags
        self.scene.invite_many("labour", 3)
        head = self.place("north")
        until(lambda: sites.members.value("south", head_key, True) == sites.members.value("north", head_key), "the member has it")
        sites.kill("worker", "north")
        for name in ("north", "east"):
            sites.members.lose(name)
        sites.members.kill("south", signal.SIGTERM)
        for name in NAMES:   # nobody is to be answered before it is known what is there
            sites.kill("broker", name)
        self.assertLess(self.place("south")[0], head[0])   # the control: that much is behind what its store alone would begin
        sites.members.forced("south")
        sites.start("worker", "south", is_awaited=False)
        sites.leader()
        sites.stop("worker", "south")
        self.assertEqual(self.place("south"), head)
        for name in ("north", "east"):
            sites.members.add(name, by="south")
        for name in NAMES:
            sites.start("broker", name)
        for name in ("south", "north"):
            sites.start("worker", name)
        self.scene.wire.patiently(self.scene.wire.hello)
        self.assertSame(["north", "south"])


if __name__ == "__main__":
    main()
