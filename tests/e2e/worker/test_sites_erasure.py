"""What the parties purge is gone at every site: from the answers, from copies that workers were given to join with, and from every file.

A text's bytes are in a store under a key that is gone, and in etcd sealed for the group: tests/store/test_erasure.c and
tests/unit/worker/test_log_forget.c look for those; a copy's file is encrypted as well: tests/store/test_copy.c. Here no file may have the
words themselves.
"""

import base64
import os
import shutil
from pathlib import Path

from worker_case import BUILD, main, pb, until  # first: sets the path
from comity_etcd import encoded
from comity_scene import simple_rule
from test_sites import NAMES, SitesCase

WORDS = b"CANARY a reason that was candid"


def files_with(words, *directories):
    """Every file below that has these bytes, of whatever kind."""
    return sorted(str(path) for directory in directories for path in directory.rglob("*")
                  if path.is_file() and not path.is_symlink() and words in path.read_bytes())


def open_copies(process):
    """Files of copies, which have no name, that the process has open."""
    found = []
    for descriptor in Path(f"/proc/{process.pid}/fd").iterdir():
        try:
            found += [name for name in [os.readlink(descriptor)] if "/copy-" in name]
        except FileNotFoundError:
            pass  # closed meanwhile
    return found


class Erasure(SitesCase):
    start = False

    def talk(self):
        """A round with a reason in it, in a session that is closed; its number."""
        scene = self.found()
        scene.body("council", {"labour": 1, "management": 1})
        scene.seat_all("council")
        rule = scene.adopt(simple_rule())
        session = scene.open_session("council")
        proposal, text_hash = scene.propose(session, "Shifts", "Swaps within a day stand.")
        number = scene.open_round(proposal, text_hash, rule)
        voter = next(iter(scene.keys))
        scene.vote(number, text_hash, voter, 1, reason=WORDS.decode())
        scene.close(number)
        scene.do(scene.facilitator, close_session=pb.CloseSession(session=session))
        self.scene, self.session, self.round = scene, session, number

    def says_it(self, name):
        """Does that site's worker have the words to give, when it has everything?"""
        wire = self.wire(name)
        self.assertTrue(self.read(self.scene, name, wire).is_fresh)
        ballots = pb.List(kind=pb.LIST_KIND_BALLOTS, parent=self.round)
        return WORDS in wire.query(self.scene.history, list=ballots, fresh=True).SerializeToString()

    def copies(self):
        return [path for (what, _), process in self.sites.processes.items() if what == "worker" for path in open_copies(process)]

    def entries(self):
        """Keys of the log's entries that etcd has."""
        keys = self.sites.members.ask("north", "kv/range", key=encoded("comity/"), range_end=encoded("comity0"), keys_only=True)
        return [key for key in (base64.b64decode(row["key"]) for row in keys["kvs"]) if b"/log/" in key]

    def join(self, name):
        self.sites.join(name)
        self.sites.start("worker", name)

    def test_what_was_purged_is_gone_at_every_site(self):
        first, *others = NAMES
        unnamed = others[-1]
        self.sites.endpoints = [first, *others[:-1]]  # of the third member they know by etcd's list alone
        self.sites.run(first, "begin")
        self.sites.start("worker", first)
        self.talk()
        for name in others:
            self.join(name)
        self.assertTrue(self.says_it(first))
        self.assertTrue(self.copies())
        backup = self.directory / "backup"
        self.sites.run(first, "export", "--to", backup)
        self.assertEqual(files_with(WORDS, self.directory), [str(backup)])  # an export has it in the clear: remove it
        backup.unlink()
        self.assertTrue(self.entries())

        self.scene.do(self.scene.parties, purge_texts=pb.PurgeTexts(session=self.session))
        until(lambda: not self.copies(), "the copy of before is closed")
        until(lambda: not self.entries(), "what was erased is in the log no more")
        until(lambda: any(self.sites.said(name, "forgotten") for name in NAMES), "the worker that leads says that no member has it any more")
        told = [row for name in NAMES for row in self.sites.said(name, "forgotten")]
        self.assertEqual({row["members"] for row in told}, {"3"})
        self.assertIn("finished defragment", (self.sites.members.directory / f"{unnamed}.log").read_text())
        for name in NAMES:
            until(lambda: self.sites.said(name, "etcd_members"), "it misses the third in its file")
            self.assertIn(unnamed, {row["without_endpoint"] for row in self.sites.said(name, "etcd_members")})
        last = self.follower()
        self.sites.stop("worker", last)
        shutil.rmtree(self.sites.data(last))
        self.join(last)
        self.assertEqual(len(self.copies()), 1)
        for name in NAMES:
            self.alone(name)  # its own worker answers
            self.assertFalse(self.says_it(name))
        self.assertEqual(files_with(WORDS, self.directory), [])


if __name__ == "__main__":
    os.environ.setdefault("COMITY_BUILD", str(BUILD))
    main()
