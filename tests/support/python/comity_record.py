"""A copy of the record as messages, for tests that play somebody who alters it: written from docs/storage.md, "The record" and
"The export stream".

    record = Record(path)
    record.event(5).open.actor = 3          # what is changed here is packed when the record is sealed or written
    record.seal(log_key)                    # hashes, tree, checkpoints, digest and signature, all made to fit
    record.write(other)

Whoever has the worker's log key can do all that seal() does. What nobody can make without a member's key is in
`command`, a SignedCommand: sign() makes it with a key that the test has."""

import base64
import copy
import hashlib
import struct

import nacl.signing

from comity_wire import pb
from export_file import read_varint, varint

HEADER = struct.Struct(">4sI32sIQq32s")


def hashed(tag, *pieces):
    return hashlib.sha256(tag.encode() + b"\0" + b"".join(pieces)).digest()


def leaf_hash(data):
    return hashlib.sha256(b"\0" + data).digest()


def root_of(leaves):
    """RFC 6962 2.1."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + root_of(leaves[:split]) + root_of(leaves[split:])).digest()


def note(history, epoch, size, root, key):
    """A C2SP checkpoint, signed."""
    origin = f"comity/{history.hex()}/{epoch}"
    text = f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"
    key_id = hashlib.sha256(origin.encode() + b"\n\1" + bytes(key.verify_key)).digest()[:4]
    line = base64.b64encode(key_id + key.sign(text.encode()).signature).decode()
    return f"{text}\n\u2014 {origin} {line}\n".encode()


def seed_of(path):
    """A signing key from its file."""
    words = dict(line.split(" ", 1) for line in path.read_text().splitlines()[1:] if " " in line)
    return nacl.signing.SigningKey(bytes.fromhex(words["secret"]))


class Event:
    """One event: its record, and what is in its parts."""

    def __init__(self, record):
        self.record = record
        self.parts = record.event.record.parts
        _, self.level, self.history, self.epoch, self.sequence, self.time_ms, _ = HEADER.unpack(record.event.record.header)
        self.open = pb.Event.FromString(self.parts[0].content)
        self.signed = None
        if len(self.parts) > 1 and self.parts[1].content:
            self.signed = pb.SignedCommand.FromString(self.parts[1].content)

    @property
    def command(self):
        return pb.Command.FromString(self.signed.command)

    def sign(self, command, *keys):
        """Another command in its place: by its signer's key, and then by those of its cosigners."""
        data = command.SerializeToString(deterministic=True)
        signed = [key.sign(b"comity/v1/command\0" + data).signature for key in keys]
        self.signed.command, self.signed.signature = data, signed[0]
        for cosignature, own in zip(self.signed.cosignatures, signed[1:]):
            cosignature.signature = own
        self.open.command_id = hashlib.sha256(data).digest()[:16]

    def pack(self):
        """The contents as they are now, and the hashes that go with them."""
        self.parts[0].content = self.open.SerializeToString(deterministic=True)
        if self.signed is not None and not self.parts[1].is_withheld:
            self.parts[1].content = self.signed.SerializeToString(deterministic=True)
        for part in self.parts:
            if part.is_withheld:
                continue
            is_text = part.kind == pb.PART_KIND_TEXT
            part.hash = hashed("comity/v1/text", part.salt, part.content) if is_text else \
                hashed("comity/v1/part", bytes([part.kind]), part.salt, part.content)
        self.pack_header()

    def pack_header(self):
        lines = [struct.pack(">BBI", part.kind, part.audience, part.round) + part.hash for part in self.parts]
        self.record.event.record.header = HEADER.pack(b"CMEV", self.level, self.history, self.epoch, self.sequence, self.time_ms,
                                                      hashed("comity/v1/commitment", *lines))


class Record:
    def __init__(self, path):
        data, at, self.records = path.read_bytes(), 0, []
        while at < len(data):
            size, at = read_varint(data, at)
            self.records.append(pb.ExportRecord.FromString(data[at:at + size]))
            at += size
        self.events = [Event(record) for record in self.records if record.WhichOneof("kind") == "event"]

    def event(self, sequence):
        return self.events[sequence - 1]

    def of_kind(self, kind):
        return [event for event in self.events if event.open.WhichOneof("kind") == kind]

    def place(self, event):
        return next(i for i, record in enumerate(self.records) if record is event.record)

    def drop(self, event):
        """With the checkpoint behind it, if one is there."""
        place = self.place(event)
        del self.records[place]
        if self.records[place].WhichOneof("kind") == "checkpoint":
            del self.records[place]
        self.events.remove(event)

    def add(self, event, after):
        """A further event, the same as @event, behind @after; all that come after it are numbered anew."""
        added = Event(copy.deepcopy(event.record))
        self.events.insert(self.events.index(after) + 1, added)
        self.number_anew()
        return added

    def number_anew(self):
        """As if what was dropped or moved had never been: sequences, and the sizes of trees in receipts."""
        size = len(self.events)
        for sequence, event in reversed(list(enumerate(self.events, start=1))):
            event.sequence = sequence
            if event.record.event.receipt_size:  # of a command: up to what the next one causes
                event.record.event.receipt_size, size = size, sequence - 1
        rest = [record for record in self.records if record.WhichOneof("kind") not in ("event", "checkpoint")]
        proven, middle = {event.record.event.receipt_size for event in self.events}, []
        for event in self.events:
            middle.append(event.record)
            if event.sequence in proven:
                middle.append(pb.ExportRecord(checkpoint=pb.ExportCheckpoint()))
        self.records = rest[:2] + middle + rest[2:]

    def seal(self, key, hashes=True):
        """All that the log key's owner can make fit. @hashes: parts too; else headers and what rests on them."""
        leaves, epoch, history = [], 1, self.events[0].history
        for record in self.records:
            kind = record.WhichOneof("kind")
            if kind == "event":
                event = next(event for event in self.events if event.record is record)
                event.pack() if hashes else event.pack_header()
                leaves.append(leaf_hash(record.event.record.header))
                epoch = event.epoch
            elif kind == "checkpoint":
                record.checkpoint.size, record.checkpoint.epoch = len(leaves), epoch
                record.checkpoint.note = note(history, epoch, len(leaves), root_of(leaves), key)
            elif kind == "history_end":
                record.history_end.events = len(leaves)
                record.history_end.checkpoint = note(history, epoch, len(leaves), root_of(leaves), key)
            elif kind == "end":
                record.end.events = len(leaves)
        for record in self.records:
            if record.WhichOneof("kind") == "history" and record.history.head:
                record.history.head = len(leaves)
        if self.records[-1].WhichOneof("kind") == "end":
            self.records[-1].end.digest = hashlib.sha256(b"".join(map(framed, self.records[:-1]))).digest()
            self.records[-1].end.signature = key.sign(b"comity/v1/export\0" + self.records[-1].end.digest).signature
        return self

    def write(self, path):
        path.write_bytes(b"".join(map(framed, self.records)))
        return path


def framed(record):
    data = record.SerializeToString(deterministic=True)
    return varint(len(data)) + data
