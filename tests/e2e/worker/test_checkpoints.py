"""Checkpoints and the proofs between any two sizes, checked by RFC 6962 and by nothing of ours."""

import hashlib
import subprocess

import nacl.signing

from worker_case import BUILD, FakeInstallation, Installation, Refused, WorkerCase, main, pb  # first: sets the path
from comity_wire import BadReceipt, extended_root, open_checkpoint

SIZE = 60


def tree_root(leaves):
    """RFC 6962 2.1, written as the definition."""
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\1" + tree_root(leaves[:split]) + tree_root(leaves[split:])).digest()


class Checkpoints:
    def history_of(self, size):
        """A partnership with @size events: its scene, and the headers."""
        scene = self.found()
        while self.head(scene) < size:
            scene.do_many([(scene.parties, {"add_site": pb.AddSite(site=pb.NewSite(
                name=f"site-{number}", title=scene.prose.ref(f"Site {number}"), time_zone="UTC"))})
                for number in range(self.head(scene), size)])
        return scene, [record.header for answer in self.wire.query_all(scene.history, events=pb.Events(**{"from": 1}))
                       for record in answer.events]

    def ask(self, wire, scene, start, size):
        return wire.query_start(scene.history, checkpoint=pb.GetCheckpoint(**{"from": start, "size": size}))

    def checkpoint(self, scene, start=0, size=0, wire=None):
        wire = wire or self.wire
        return wire.open(wire.finish(self.ask(wire, scene, start, size)))

    def test_every_size_extends_every_smaller_one(self):
        scene, headers = self.history_of(SIZE)
        roots = [None] + [tree_root(headers[:size]) for size in range(1, SIZE + 1)]
        proofs = 0
        for size in range(1, SIZE + 1):
            requests = [self.ask(self.wire, scene, start, size) for start in range(size + 1)]
            for start, request in enumerate(requests):
                answer = self.wire.open(self.wire.finish(request))
                self.assertEqual(open_checkpoint(answer.checkpoint, scene.history, 1, self.wire.log_key),
                                 (size, roots[size]))
                self.assertEqual(answer.epoch, 1)
                if start == 0:
                    self.assertEqual(len(answer.proof), 0)
                else:
                    self.assertEqual(extended_root(start, roots[start], size, answer.proof), roots[size])
                    proofs += 1
        self.assertEqual(proofs, SIZE * (SIZE + 1) // 2)

    def test_a_proof_that_was_altered_shows_nothing(self):
        """The control of the test above: what checks the proofs there refuses wrong ones."""
        scene, headers = self.history_of(13)
        old, new = tree_root(headers[:7]), tree_root(headers[:13])
        proof = list(self.checkpoint(scene, 7, 13).proof)
        self.assertEqual(extended_root(7, old, 13, proof), new)
        wrong = [proof[:-1], proof + [bytes(32)], proof[1:], proof[::-1]]
        wrong += [proof[:i] + [bytes([proof[i][0] ^ 1]) + proof[i][1:]] + proof[i + 1:] for i in range(len(proof))]
        for altered in wrong:
            try:
                self.assertNotEqual(extended_root(7, old, 13, altered), new)
            except BadReceipt:
                pass
        with self.assertRaises(BadReceipt):
            extended_root(7, tree_root(headers[:6]), 13, proof)

    def test_the_head_is_what_is_meant_without_a_size(self):
        scene, headers = self.history_of(9)
        answer = self.checkpoint(scene)
        self.assertEqual(answer.as_of, 9)
        self.assertEqual(open_checkpoint(answer.checkpoint, scene.history, 1, self.wire.log_key),
                         (9, tree_root(headers)))

    def test_sizes_that_there_are_not_are_refused(self):
        scene, _ = self.history_of(9)
        most = 2 ** 64 - 1
        for start, size, field, limit in [(0, 10, "size", 9), (1, most, "size", 9), (8, 7, "from", 7),
                                          (10, 0, "from", 9), (most, 9, "from", 9)]:
            self.assertRefused("RANGE", f"query.checkpoint.{field}", lambda: self.checkpoint(scene, start, size), limit=limit)

    def test_a_restore_goes_on_with_the_same_tree(self):
        """Sizes before it come under the new origin, and later ones are proved to extend them."""
        scene, headers = self.history_of(9)
        directory = self.installation.directory
        worker = [BUILD / "comity-worker", "--config", directory / "worker.ini"]
        subprocess.run([*worker, "export", "--to", directory / "stream"], check=True, stdout=subprocess.DEVNULL)
        self.installation.stop("worker")
        (directory / "data").rename(directory / "lost")
        subprocess.run([*worker, "restore", "--from", directory / "stream"], check=True, stdout=subprocess.DEVNULL)
        self.installation.start("worker")
        self.wire.patiently(scene.hello)
        epoch = self.wire.query(scene.history, whoami=pb.Whoami()).epoch
        # With how far it went back, and of an epoch nothing more than that: a witness asks here as well.
        self.assertEqual(list(self.checkpoint(scene).epochs), [pb.Epoch(number=1), pb.Epoch(number=epoch, restored_to=9)])
        for start in range(1, 10):
            old = self.checkpoint(scene, size=start)
            new = self.checkpoint(scene, start, 10)
            size, root = open_checkpoint(new.checkpoint, scene.history, epoch, self.wire.log_key)
            self.assertEqual(open_checkpoint(old.checkpoint, scene.history, epoch, self.wire.log_key),
                             (start, tree_root(headers[:start])))
            self.assertEqual((size, extended_root(start, tree_root(headers[:start]), 10, new.proof)), (10, root))

    def test_a_stranger_gets_none(self):
        scene, _ = self.history_of(3)
        other = self.new_wire()
        for grants in ([], [other.grant(scene.history, nacl.signing.SigningKey.generate())]):
            other.hello(grants)
            with self.assertRaises(Refused) as caught:
                self.checkpoint(scene, wire=other)
            self.assertEqual((caught.exception.name, caught.exception.field), ("GRANT", "query.history"))


class FakeCheckpoints(Checkpoints, WorkerCase):
    kind = FakeInstallation


class RealCheckpoints(Checkpoints, WorkerCase):
    kind = Installation


if __name__ == "__main__":
    main()
