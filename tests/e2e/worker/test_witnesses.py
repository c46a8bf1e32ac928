"""What a witness may do at a worker, what of its cosignatures is kept, and what becomes of them in an export."""

import hashlib
import subprocess

import nacl.exceptions
import nacl.signing

from worker_case import ERR, BUILD, FakeInstallation, Installation, Scene, WorkerCase, main, pb  # first: sets the path
from comity_wire import check_cosignature, cosign, now_ms, open_checkpoint, sign

LISTS = sorted(value for value in pb.ListKind.values() if value)


class Witness:
    """A witness's keys, and its own connection."""

    def __init__(self, case, scene, name="labour-box", constituency="labour", key=None):
        self.case, self.scene, self.key = case, scene, key or nacl.signing.SigningKey.generate()
        event = scene.do(scene.co_chairs[constituency][0], appoint_witness=pb.AppointWitness(
            name=name, key=bytes(self.key.verify_key)))
        self.row = event.witness_appointed.witness
        self.chair = scene.co_chairs[constituency][0]
        self.wire = case.new_wire()

    def hello(self):
        return self.wire.hello([self.wire.grant(self.scene.history, self.key)]).grants[0]

    def checkpoint(self, **what):
        answer = self.wire.query(self.scene.history, checkpoint=pb.GetCheckpoint(**what))
        size, root = open_checkpoint(answer.checkpoint, self.scene.history, answer.epoch, self.wire.log_key)
        return answer, size, root

    def sign(self, time_s=1800000000, **what):
        answer, size, root = self.checkpoint(**what)
        return cosign(self.key, self.scene.history, answer.epoch, size, root, time_s)

    def give(self, cosignature, wire=None):
        return (wire or self.wire).cosign(self.scene.history, cosignature)

    def dismiss(self):
        self.scene.do(self.chair, dismiss_witness=pb.DismissWitness(witness=self.row.number))


def kinds_of_query():
    """Every kind of query that there is, with something in it."""
    filled = {"list": pb.List(kind=pb.LIST_KIND_MEMBERS), "events": pb.Events(**{"from": 1}),
              "receipt": pb.GetReceipt(command_id=bytes(16))}
    for field in pb.Query.DESCRIPTOR.oneofs_by_name["kind"].fields:
        yield field.name, filled.get(field.name) or getattr(pb, field.message_type.name)()


class Witnesses:
    def appointed(self):
        scene = self.found()
        scene.invite_many("labour", 3)
        witness = Witness(self, scene)
        self.assertEqual(witness.hello().code, 0)
        return scene, witness

    def kept(self, scene):
        """What members are shown, by key."""
        answer = self.wire.query(scene.history, checkpoint=pb.GetCheckpoint())
        keys = [row.key for row in answer.cosignatures]
        self.assertEqual(keys, sorted(set(keys)))
        for row in answer.cosignatures:
            whole = self.wire.query(scene.history, checkpoint=pb.GetCheckpoint(size=row.size))
            size, root = open_checkpoint(whole.checkpoint, scene.history, whole.epoch, self.wire.log_key)
            check_cosignature(row, scene.history, root)
        return {row.key: row for row in answer.cosignatures}

    def test_a_witness_asks_for_checkpoints_and_nothing_else(self):
        scene, witness = self.appointed()
        grant = witness.hello()
        self.assertEqual((grant.code, grant.member, grant.head), (0, 0, self.head(scene)))
        seen = set()
        for name, body in kinds_of_query():
            seen.add(name)
            if name == "status":   # which anybody may ask; of a history it is told nothing
                answer = witness.wire.query(status=body)
                self.assertEqual((len(answer.status.heads), answer.status.histories), (0, 0))
            elif name == "checkpoint":
                answer = witness.wire.query(scene.history, checkpoint=body)
                self.assertEqual(answer.as_of, grant.head)
            else:
                self.assertRefused("FORBIDDEN", "query.kind", lambda: witness.wire.query(scene.history, **{name: body}))
        self.assertTrue({"whoami", "list", "events", "receipt", "status", "checkpoint"} <= seen, seen)
        for kind in LISTS:
            self.assertRefused("FORBIDDEN", "query.kind",
                               lambda: witness.wire.query(scene.history, list=pb.List(kind=kind, parent=1)))
        command = scene.command(add_site=pb.AddSite(site=pb.NewSite(
            name="south", title=scene.prose.ref("South"), time_zone="UTC")))
        self.assertRefused("KEY_UNKNOWN", "key", lambda: witness.wire.submit(command, [witness.key], scene.prose))
        self.assertEqual(self.head(scene), grant.head)

    def test_a_member_may_ask_for_what_the_control_of_the_test_above_needs(self):
        """Its control: what a witness is refused, a member on the same worker is not."""
        scene, _ = self.appointed()
        for name, body in kinds_of_query():
            if name == "receipt":
                self.assertRefused("NOT_FOUND", "query.receipt.command_id",
                                   lambda: self.wire.query(scene.history, receipt=body))
            else:
                self.wire.query(b"" if name == "status" else scene.history, **{name: body})

    def test_the_latest_of_each_is_kept_and_shown(self):
        scene, witness = self.appointed()
        other = Witness(self, scene, "management-box", "management")
        other.hello()
        self.assertEqual(self.kept(scene), {})
        for each in (witness, other):
            signed = each.sign()
            self.assertEqual(each.give(signed).size, signed.size)
        before = self.kept(scene)
        self.assertEqual(set(before), {witness.row.key, other.row.key})
        scene.invite_many("labour", 1)
        later = witness.sign(1800000100)
        self.assertEqual(witness.give(later).size, self.head(scene))
        after = self.kept(scene)
        self.assertEqual((after[witness.row.key], after[other.row.key]), (later, before[other.row.key]))
        self.assertEqual({row.key for row in witness.checkpoint()[0].cosignatures}, set(after))

    def test_only_forward(self):
        scene, witness = self.appointed()
        head = self.head(scene)
        first = witness.sign(1800000000, size=head - 2)
        witness.give(first)
        for older in (witness.sign(1900000000, size=head - 3), witness.sign(1799999999, size=head - 2)):
            self.assertRefused("STALE", "cosign.cosignature.size", lambda: witness.give(older), latest=head - 2)
        self.assertEqual(witness.give(first).size, head - 2)   # the same once more, as after a lost answer
        self.assertEqual(self.kept(scene)[witness.row.key], first)
        again = witness.sign(1800000060, size=head - 2)        # the same tree, later
        witness.give(again)
        self.assertEqual(self.kept(scene)[witness.row.key], again)

    def test_what_does_not_fit_is_refused(self):
        scene, witness = self.appointed()
        good = witness.sign()
        head = self.head(scene)
        _, _, root = witness.checkpoint()
        made = lambda **other: cosign(witness.key, scene.history, **{  # noqa: E731
            "epoch": 1, "size": head, "root": root, "time_s": 1800000000, **other})
        other_history = cosign(witness.key, bytes(32), 1, head, root, 1800000000)
        flipped = pb.Cosignature.FromString(good.SerializeToString())
        flipped.signature = flipped.signature[:63] + bytes([flipped.signature[63] ^ 1])
        moved = pb.Cosignature.FromString(good.SerializeToString())
        moved.time_s += 1
        noted = pb.Cosignature.FromString(good.SerializeToString())   # as a note's own signature is made
        noted.signature = sign(witness.key, "comity/v1/grant", b"x")
        for bad in (other_history, flipped, moved, noted, made(root=bytes(32)),
                    made(root=witness.checkpoint(size=head - 1)[2])):
            self.assertRefused("SIGNATURE", "cosign.cosignature.signature", lambda: witness.give(bad))
        self.assertRefused("RANGE", "cosign.cosignature.size", lambda: witness.give(made(size=head + 1)), limit=head)
        self.assertRefused("BEHIND", "cosign.cosignature.epoch", lambda: witness.give(made(epoch=2)))
        forms = {"key": b"short", "epoch": 0, "size": 0, "time_s": -1, "signature": b"short"}
        for field, value in forms.items():
            bad = pb.Cosignature.FromString(good.SerializeToString())
            setattr(bad, field, value)
            name = "MISSING" if value == 0 else "RANGE"
            self.assertRefused(name, f"cosign.cosignature.{field}", lambda: witness.give(bad))
        self.assertEqual(self.kept(scene), {})
        self.assertEqual(witness.give(good).size, head)

    def test_nobody_but_the_witness_itself(self):
        scene, witness = self.appointed()
        other = Witness(self, scene, "management-box", "management")
        other.hello()
        good = witness.sign()
        stranger, silent = self.new_wire(), self.new_wire()
        stranger.hello([stranger.grant(scene.history, nacl.signing.SigningKey.generate())])
        key = "cosign.cosignature.key"
        for name, field, wire in (("FORBIDDEN", key, self.wire), ("FORBIDDEN", key, other.wire),
                                  ("GRANT", "cosign.history", stranger), ("HELLO", "", silent)):
            self.assertRefused(name, field, lambda: witness.give(good, wire))
        # A member's own key is no witness's, whatever it signs.
        head, root = witness.checkpoint()[1:]
        own = cosign(scene.founder, scene.history, 1, head, root, 1800000000)
        self.assertRefused("FORBIDDEN", key, lambda: witness.give(own, self.wire))
        # To a stranger a history that there is looks like one that there is not.
        for history in (scene.history, bytes(range(32))):
            self.assertRefused("GRANT", "cosign.history", lambda: stranger.cosign(history, good))
        self.assertEqual(self.kept(scene), {})

    def test_a_witness_of_one_history_is_none_of_another(self):
        scene, witness = self.appointed()
        second = Scene(self.wire, self.installation.token)
        second.found({"labour": "WORKER", "management": "EMPLOYER"})
        welcome = witness.wire.hello([witness.wire.grant(second.history, witness.key)])
        self.assertEqual(welcome.grants[0].code, ERR.GRANT)

    def test_a_dismissed_witness_stops_at_once(self):
        scene, witness = self.appointed()
        kept, late = witness.sign(), witness.sign(1800000010)
        witness.give(kept)
        witness.dismiss()
        self.assertRefused("KEY_REVOKED", "query.history", witness.checkpoint)
        self.assertRefused("KEY_REVOKED", "cosign.history", lambda: witness.give(late))
        self.assertEqual(witness.hello().code, ERR.KEY_REVOKED)
        self.assertRefused("GRANT", "query.history", witness.checkpoint)
        self.assertEqual(self.kept(scene), {witness.row.key: kept})   # what it has signed, it has signed

    def test_the_other_side_takes_no_witness_away(self):
        """Whoever knows a witness's key can appoint it: so can the side whose it is, before, after, and once it was dismissed."""
        scene = self.found()
        key = nacl.signing.SigningKey.generate()
        theirs = Witness(self, scene, "their-box", "management", key)
        ours = Witness(self, scene, "our-box", "labour", key)
        self.assertEqual(ours.hello().code, 0)
        self.assertRefused("EXISTS", "appoint_witness.key",
                           lambda: Witness(self, scene, "another-box", "labour", key))
        ours.give(ours.sign())
        theirs.dismiss()
        late = ours.sign(1800000100)
        self.assertEqual(ours.give(late).size, self.head(scene))
        self.assertEqual(self.kept(scene), {ours.row.key: late})
        ours.dismiss()
        self.assertRefused("KEY_REVOKED", "query.history", ours.checkpoint)
        self.assertEqual(self.kept(scene), {ours.row.key: late})

    def test_it_is_there_after_a_kill(self):
        """What was acknowledged is on the disk."""
        scene, witness = self.appointed()
        for number in range(8):
            scene.hello()
            witness.hello()
            scene.invite_many("labour", 1)
            signed = witness.sign(1800000000 + number)
            witness.give(signed)
            self.installation.kill("worker")
            self.installation.start("worker")
            self.wire.patiently(scene.hello)
            self.wire.patiently(lambda: self.head(scene))
            self.assertEqual(self.kept(scene), {witness.row.key: signed})

    def verb(self, name, *arguments):
        return subprocess.run([BUILD / "comity-worker", name, "--config", self.installation.directory / "worker.ini",
                               *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)

    def restore(self, stream):
        result = self.verb("restore", "--from", stream)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.installation.start("worker")

    def test_they_go_with_an_export(self):
        scene, witness = self.appointed()
        witness.give(witness.sign())
        before = self.kept(scene)
        directory = self.installation.directory
        self.assertEqual(self.verb("export", "--to", directory / "stream").returncode, 0)
        scene.invite_many("labour", 1)
        lost = witness.sign(1800000500)
        witness.give(lost)
        self.installation.stop("worker")
        (directory / "data").rename(directory / "lost")
        self.restore(directory / "stream")
        self.wire.patiently(scene.hello)
        answer = self.wire.query(scene.history, checkpoint=pb.GetCheckpoint())
        self.assertEqual({row.key: row for row in answer.cosignatures}, before)
        self.assertGreater(answer.epoch, 1)
        # What was signed in the epoch before is not taken any more; of the new one it is.
        self.wire.patiently(witness.hello)
        self.assertRefused("EPOCH", "cosign.cosignature.epoch", lambda: witness.give(lost), latest=answer.epoch)
        new = witness.sign(1800000600)
        self.assertEqual(new.epoch, answer.epoch)
        witness.give(new)
        answer = self.wire.query(scene.history, checkpoint=pb.GetCheckpoint())
        self.assertEqual(list(answer.cosignatures), [new])

    def test_a_restore_keeps_what_fits(self):
        """The export's author, who has the log key, puts in what no witness signed over this tree."""
        scene, witness = self.appointed()
        others = [Witness(self, scene, f"box-{number}", "management") for number in range(3)]
        witness.give(witness.sign())
        head, root = witness.checkpoint()[1:]
        directory = self.installation.directory
        self.assertEqual(self.verb("export", "--to", directory / "stream").returncode, 0)
        stranger = nacl.signing.SigningKey.generate()
        made = [cosign(others[0].key, scene.history, 1, head, bytes(32), 1),       # another tree
                cosign(others[1].key, scene.history, 1, head + 1, root, 1),        # past the end
                cosign(others[2].key, scene.history, 7, head, root, 1),            # an epoch that there was not
                cosign(stranger, scene.history, 1, head, root, 1)]                 # nobody's
        good = self.kept(scene)
        rewrite(directory / "stream", directory / "rewritten", directory / "log.seed",
                sorted([*good.values(), *made], key=lambda row: row.key))
        rewrite(directory / "stream", directory / "disorder", directory / "log.seed",
                sorted([*good.values(), *made], key=lambda row: row.key)[::-1])
        self.installation.stop("worker")
        (directory / "data").rename(directory / "lost")
        result = self.verb("restore", "--from", directory / "disorder")
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertIn("What witnesses have cosigned cannot be restored", result.stderr)
        self.restore(directory / "rewritten")
        self.wire.patiently(scene.hello)
        answer = self.wire.query(scene.history, checkpoint=pb.GetCheckpoint())
        self.assertEqual({row.key: row for row in answer.cosignatures}, good)


def rewrite(source, target, seed_file, cosignatures):
    """The export with other cosignatures, signed anew by the log key."""
    seed = bytes.fromhex(seed_file.read_text().split("secret ")[1].strip())
    records, data, at = [], source.read_bytes(), 0
    while at < len(data):
        size = shift = 0
        while True:
            byte = data[at]
            at, size, shift = at + 1, size | (byte & 0x7f) << shift, shift + 7
            if not byte & 0x80:
                break
        records.append(pb.ExportRecord.FromString(data[at:at + size]))
        at += size
    out = b""
    for record in records:
        if record.WhichOneof("kind") == "history_end":
            del record.history_end.cosignatures[:]
            record.history_end.cosignatures.extend(cosignatures)
        if record.WhichOneof("kind") == "end":
            record.end.digest = hashlib.sha256(out).digest()
            record.end.signature = sign(nacl.signing.SigningKey(seed), "comity/v1/export", record.end.digest)
        packed = record.SerializeToString()
        size, length = b"", len(packed)
        while length >= 0x80:
            size, length = size + bytes([length & 0x7f | 0x80]), length >> 7
        out += size + bytes([length]) + packed
    target.write_bytes(out)


class FakeWitnesses(Witnesses, WorkerCase):
    kind = FakeInstallation


class RealWitnesses(Witnesses, WorkerCase):
    kind = Installation


if __name__ == "__main__":
    main()
