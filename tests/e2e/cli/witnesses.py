"""Witnesses of a partnership that a test plays itself: machines that sign what they are told to, over the wire as any
client. Not Python's standard library alone: tests/support/python."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "support" / "python"))

import nacl.signing  # noqa: E402
from comity_wire import Wire, cosign, open_checkpoint, pb  # noqa: E402


def signing_key(world, who):
    lines = (world.home(who) / "keys" / "signing.key").read_text().split()
    return nacl.signing.SigningKey(bytes.fromhex(lines[lines.index("secret") + 1]))


class Witness:
    """Appointed by @chair for their constituency. @broker: the endpoint and the key of the one that it goes to, instead of the place
    file's first."""

    def __init__(self, world, name, chair, broker=None):
        place = json.loads((world.data / "place.json").read_text())
        endpoint, broker_key = broker or (place["brokers"][0]["endpoint"], bytes.fromhex(place["brokers"][0]["key"]))
        self.history = bytes.fromhex(world.ask(chair, "partnership", "show")["history"])
        self.key = nacl.signing.SigningKey.generate()
        self.hex = bytes(self.key.verify_key).hex()
        self.wire = Wire(endpoint, broker_key, bytes.fromhex(place["group_key"]))
        chair_key = signing_key(world, chair)
        self.wire.hello([self.wire.grant(self.history, chair_key)])
        self.epoch = self.wire.query(self.history, whoami=pb.Whoami()).epoch
        command = pb.Command(history=self.history, epoch=self.epoch,
                             appoint_witness=pb.AppointWitness(name=name, key=bytes(self.key.verify_key)))
        receipt = self.wire.submit(command, [chair_key])
        event = pb.Event.FromString(receipt.event.parts[0].content)
        self.number = event.witness_appointed.witness.number
        self.chair_key = chair_key
        self.greet()

    def greet(self):
        """Again after another worker has come to lead."""
        self.wire.hello([self.wire.grant(self.history, self.key)])

    def close(self):
        self.wire.close()

    def sign(self, size=0, time_s=1800000000):
        """The head, or an earlier size. Returns the size."""
        answer = self.wire.query(self.history, checkpoint=pb.GetCheckpoint(size=size))
        size, root = open_checkpoint(answer.checkpoint, self.history, answer.epoch, self.wire.log_key)
        self.wire.cosign(self.history, cosign(self.key, self.history, answer.epoch, size, root, time_s))
        return size

    def dismiss(self):
        self.wire.hello([self.wire.grant(self.history, self.chair_key)])
        self.wire.submit(pb.Command(history=self.history, epoch=self.epoch, dismiss_witness=pb.DismissWitness(
            witness=self.number)), [self.chair_key])
