#!/usr/bin/python3
"""A client that was written from docs/protocol.md and proto/comity/v1 alone, by somebody who read nothing else.

    stranger.py --build <directory with comity-broker and comity-worker>

It shows that the page suffices: frames, seals, signatures, receipts and news are done here anew, with nothing of Comity's but
its .proto files. It plays a small partnership against a real broker and a real worker, from the founding to an outcome and over a
restart of the worker, prints one line a step, and exits with 0 only if every answer was the one that the page promises.
Section numbers in the comments are the page's.
"""

import argparse
import base64
import glob
import hashlib
import os
import secrets
import signal
import struct
import subprocess
import sys
import tempfile
import time

import nacl.bindings
import nacl.exceptions
import nacl.signing
import zmq
import zmq.utils.z85

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
PATIENCE = 30.0  # seconds for one answer, however slow the machine
LIMIT = 110      # seconds for all of it

HELLO, WELCOME, READY, HEARTBEAT, REQUEST, REPLY, ERROR, SUBSCRIBE, NEWS, DRAIN, BYE = range(1, 12)
FLAG_BROKER = 1

# Section 8: the codes that this run meets.
MALFORMED, VERSION, MISSING, TEXT, SIGNATURE, KEY_UNKNOWN, FORBIDDEN = -1, -3, -7, -10, -30, -31, -33
COSIGNERS, GRANT, HELLO_FIRST, SEAL, FOUNDING, INVITATION = -34, -36, -37, -38, -39, -40
NOT_FOUND, CLOSED, NOT_OPEN, NOT_ON_ROLL, STALE, REASON, ANSWER = -51, -54, -55, -56, -57, -59, -60
EXPIRED = -83
TRY_AGAIN = (-80, -81, -82, EXPIRED, -84, -85, -88)  # BUSY, NO_ROUTE, NOT_LEADER, EXPIRED, TIMEOUT, WORKER_LOST, DRAINING


def load_contract(folder):
    """Run protoc on the .proto files; return one namespace with every message and enum of the package."""
    proto = os.path.join(ROOT, "proto")
    files = sorted(glob.glob(os.path.join(proto, "comity", "v1", "*.proto")))
    subprocess.run(["protoc", "-I", proto, "--python_out", folder] + files, check=True)
    sys.path.insert(0, folder)
    names = {}
    for path in files:
        module = "comity.v1." + os.path.basename(path)[: -len(".proto")] + "_pb2"
        names.update(vars(__import__(module, fromlist=["DESCRIPTOR"])))
    sys.path.remove(folder)
    return type("Contract", (), names)


class Wrong(Exception):
    """An answer that is not what the page promises."""


def check(holds, what):
    if not holds:
        raise Wrong(what)


def check_equal(got, wanted, what):
    check(got == wanted, f"{what}: got {got!r}, wanted {wanted!r}")


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def now_ms():
    return int(time.time() * 1000)


# Section 2: frames -------------------------------------------------------------------------------------------------------------

HEADER = struct.Struct(">4sBBHQ16s32s16sQhHIQQ")
BOUND = 90  # bytes of the header that a seal binds


class Frame:
    def __init__(self, kind, body=b"", *, flags=0, request=0, group=bytes(16), history=bytes(32), command=bytes(16),
                 sequence=0, error=0, attempt=0, budget=0, term=0, route=0, version=1):
        self.kind, self.flags, self.request, self.group, self.history = kind, flags, request, group, history
        self.command, self.sequence, self.error, self.attempt = command, sequence, error, attempt
        self.budget, self.term, self.route, self.version, self.body = budget, term, route, version, body

    def header(self):
        return HEADER.pack(b"CMTY", self.version, self.kind, self.flags, self.request, self.group, self.history, self.command,
                           self.sequence, self.error, self.attempt, self.budget, self.term, self.route)

    def packed(self):
        return self.header() + self.body

    @staticmethod
    def read(data):
        check(len(data) >= HEADER.size, "a frame has a header of 112 bytes")
        (magic, version, kind, flags, request, group, history, command, sequence, error, attempt, budget, term,
         route) = HEADER.unpack_from(data)
        check_equal((magic, version), (b"CMTY", 1), "magic and version")
        check(kind in range(1, 12), "the frame's type is known")
        return Frame(kind, data[HEADER.size:], flags=flags, request=request, group=group, history=history, command=command,
                     sequence=sequence, error=error, attempt=attempt, budget=budget, term=term, route=route)


# Section 3: seals --------------------------------------------------------------------------------------------------------------

class Seal:
    """The seal between one connection key and one group key."""

    def __init__(self, secret, public, group_key):
        self.public = public
        shared = nacl.bindings.crypto_scalarmult(secret, group_key)
        keys = hashlib.blake2b(shared + public + group_key, digest_size=64).digest()
        self.receives, self.sends = keys[:32], keys[32:]

    def close(self, plain, frame):
        nonce = secrets.token_bytes(24)
        sealed = nacl.bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(plain, frame.header()[:BOUND], nonce, self.sends)
        return self.public + nonce + sealed

    def open(self, frame):
        check_equal(frame.body[:32], self.public, "the sealed body begins with the client's key")
        return nacl.bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(frame.body[56:], frame.header()[:BOUND],
                                                                        frame.body[32:56], self.receives)


# Section 6: receipts -----------------------------------------------------------------------------------------------------------

def tree_root(leaf, index, size, proof):
    """Root of a tree of `size` leaves that `proof` claims for the leaf at `index` (RFC 6962 2.1.1)."""
    check(index < size, "the leaf is in the tree")
    root, place, last = leaf, index, size - 1
    for sibling in proof:
        check(last > 0 and len(sibling) == 32, "the proof has no more hashes than it needs")
        if place & 1 or place == last:
            root = sha256(b"\x01", sibling, root)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            root = sha256(b"\x01", root, sibling)
        place, last = place >> 1, last >> 1
    check_equal(last, 0, "the proof reaches the root")
    return root


def tree_hash(leaves):
    """Root of a whole tree (RFC 6962 2.1), from leaf hashes."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01", tree_hash(leaves[:split]), tree_hash(leaves[split:]))


def read_checkpoint(note, history, log_key):
    """Check a C2SP signed note with a tlog-checkpoint in it; return epoch, size and root."""
    text, _, signatures = note.partition(b"\n\n")
    text += b"\n"
    origin, size, root = text.split(b"\n")[:3]
    name, _, epoch = origin.rpartition(b"/")
    check_equal(name, b"comity/" + history.hex().encode(), "the checkpoint's origin")
    check(epoch.isdigit() and size.isdigit(), "epoch and size are decimal numbers")
    key_id = sha256(origin, b"\n\x01", log_key)[:4]
    check(signatures.endswith(b"\n"), "the note ends with a newline")
    good = 0
    for line in signatures[:-1].split(b"\n"):
        dash, signer, encoded = line.split(b" ")
        check_equal(dash, "\u2014".encode(), "a signature line begins with a dash")
        signature = base64.b64decode(encoded, validate=True)
        if signer == origin and signature[:4] == key_id:
            nacl.signing.VerifyKey(log_key).verify(text, signature[4:])
            good += 1
    check_equal(good, 1, "signatures by the worker's log key")
    root = base64.b64decode(root, validate=True)
    check_equal(len(root), 32, "bytes of the root")
    return int(epoch), int(size), root


class Header:
    STRUCT = struct.Struct(">4sI32sIQq32s")

    def __init__(self, data):
        check_equal(len(data), 92, "bytes of an event's header")
        magic, self.level, self.history, self.epoch, self.sequence, self.time_ms, self.commitment = self.STRUCT.unpack(data)
        check_equal((magic, self.level), (b"CMEV", 1), "an event's magic and level")


def part_hash(part, content):
    if part.kind == pb.PART_KIND_TEXT:
        return sha256(b"comity/v1/text\0", part.salt, content)
    return sha256(b"comity/v1/part\0", bytes([part.kind]), part.salt, content)


def check_commitment(record):
    """The header's commitment is over the hashes of all parts, shown or withheld."""
    listed = b"".join(struct.pack(">BBI", p.kind, p.audience, p.round) + p.hash for p in record.parts)
    check_equal(sha256(b"comity/v1/commitment\0", listed), Header(record.header).commitment, "commitment")


def open_part(record):
    parts = [p for p in record.parts if p.kind == pb.PART_KIND_OPEN]
    check_equal((len(parts), record.parts[0].kind), (1, pb.PART_KIND_OPEN), "one open part, the first")
    return pb.Event.FromString(parts[0].content)


def check_receipt(receipt, signed, history, log_key):
    """The six steps of section 6. Returns the event."""
    command = pb.Command.FromString(signed.command)
    # 1: it is about this command and this history.
    check_equal(receipt.command_id, sha256(signed.command)[:16], "step 1: command id")
    check_equal(receipt.history, command.history or sha256(signed.command), "step 1: history")
    check_equal(receipt.history, history, "step 1: the history that is meant")
    # 2: so is the event's header.
    header = Header(receipt.event.header)
    check_equal((header.history, header.sequence), (history, receipt.first_sequence), "step 2: history and sequence")
    # 3: the parts are what was sent.
    kinds = [p.kind for p in receipt.event.parts]
    texts = text_refs(command)
    check_equal(kinds, [pb.PART_KIND_OPEN, pb.PART_KIND_COMMAND] + [pb.PART_KIND_TEXT] * len(texts), "step 3: the parts")
    shown, mine = receipt.event.parts[:2]
    check_equal(part_hash(shown, shown.content), shown.hash, "step 3: hash of the open part")
    check_equal(part_hash(mine, signed.SerializeToString()), mine.hash, "step 3: hash of the command part")
    check_equal([p.hash for p in receipt.event.parts[2:]], [t.hash for t in texts], "step 3: hashes of the texts")
    # 4: the header commits to the parts.
    check_commitment(receipt.event)
    # 5: the header is in the tree.
    epoch, size, root = read_checkpoint(receipt.checkpoint, history, log_key)  # 6: the tree is signed
    check_equal(tree_root(sha256(b"\0", receipt.event.header), receipt.first_sequence - 1, size, receipt.proof), root,
                "step 5: root")
    check(epoch >= header.epoch and size >= receipt.first_sequence + receipt.events - 1, "step 6: the checkpoint covers it")
    event = pb.Event.FromString(shown.content)
    check_equal((event.command_id, event.actor_key), (receipt.command_id, command.key), "the event names the command")
    return event


# Section 5: commands -----------------------------------------------------------------------------------------------------------

def text_refs(message):
    """Every TextRef of a message: depth first, ascending field numbers."""
    if message.DESCRIPTOR.name == "TextRef":
        return [message]
    found = []
    for field, value in message.ListFields():
        if field.message_type is not None:
            for each in [value] if hasattr(value, "ListFields") else value:
                found += text_refs(each)
    return found


class Prose:
    """Texts by their hashes, until the command that refers to them is sent."""

    def __init__(self):
        self.by_hash = {}

    def __call__(self, content):
        text = pb.Text(salt=secrets.token_bytes(16), content=content.encode())
        ref = pb.TextRef(hash=sha256(b"comity/v1/text\0", text.salt, text.content), size=len(text.content))
        self.by_hash[ref.hash] = text
        return ref

    def beside(self, command):
        return [self.by_hash[ref.hash] for ref in text_refs(command)]


prose = Prose()


class Signer:
    """Somebody with an Ed25519 key."""

    def __init__(self):
        self.secret = nacl.signing.SigningKey.generate()
        self.key = bytes(self.secret.verify_key)

    def sign(self, tag, data):
        return self.secret.sign(tag.encode() + b"\0" + data).signature


def signed_command(signer, history, cosigners=(), nonce=None, epoch=1, **body):
    others = sorted(cosigners, key=lambda s: s.key)
    command = pb.Command(history=history, key=signer.key, valid_until_ms=now_ms() + 3600 * 1000,
                         nonce=secrets.token_bytes(16) if nonce is None else nonce,
                         cosigners=[o.key for o in others],
                         epoch=0 if {"found", "redeem"} & body.keys() else epoch, **body)
    data = command.SerializeToString()
    return pb.SignedCommand(command=data, signature=signer.sign("comity/v1/command", data),
                            cosignatures=[pb.CoSignature(key=o.key, signature=o.sign("comity/v1/command", data)) for o in others])


# Sections 1, 4 and 7: connections ----------------------------------------------------------------------------------------------

class Refused(Exception):
    def __init__(self, refusal):
        super().__init__(f"refused: {refusal.code} {refusal.field} {refusal.latest} {refusal.limit}")
        self.refusal = refusal


class Hint(Exception):
    """An ERROR frame: nobody vouches for it."""

    def __init__(self, frame):
        super().__init__(f"ERROR frame: {frame.error}")
        self.code, self.frame = frame.error, frame


class Connection:
    def __init__(self, context, installation):
        self.group_key = installation.group_key
        self.group = sha256(b"comity/v1/group\0", self.group_key)[:16]
        self.public, self.secret = nacl.bindings.crypto_box_keypair()
        self.seal = Seal(self.secret, self.public, self.group_key)
        self.request = secrets.randbits(62)
        self.news = []
        self.stray = []
        self.log_key = None
        self.socket = context.socket(zmq.DEALER)
        self.socket.setsockopt(zmq.IMMEDIATE, 1)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.setsockopt(zmq.MAXMSGSIZE, 1 << 20)
        self.socket.setsockopt(zmq.HANDSHAKE_IVL, 3000)
        self.socket.setsockopt(zmq.RECONNECT_IVL, 100)
        self.socket.setsockopt(zmq.RECONNECT_IVL_MAX, 10000)
        self.socket.curve_serverkey = zmq.utils.z85.encode(installation.broker_key)
        self.socket.curve_publickey = zmq.utils.z85.encode(self.public)
        self.socket.curve_secretkey = zmq.utils.z85.encode(self.secret)
        self.socket.connect(installation.front)

    def send(self, frame):
        check(self.socket.poll(int(PATIENCE * 1000), zmq.POLLOUT), "the broker takes a frame in time")
        self.socket.send(frame.packed())
        return frame

    def next_request(self):
        self.request += 1
        return self.request

    def wait(self, wanted, what):
        """The next frame for which `wanted` is true. News are kept; heartbeats are sent while there is nothing to read."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if not self.socket.poll(1000):
                self.send(Frame(HEARTBEAT))
                continue
            frame = self.receive()
            if wanted(frame):
                return frame
            if frame.kind not in (NEWS, HEARTBEAT):
                self.stray.append(frame)
        raise Wrong(f"no answer in time: {what}")

    def receive(self):
        parts = self.socket.recv_multipart()
        check_equal(len(parts), 1, "parts of a message")
        frame = Frame.read(parts[0])
        if frame.kind == NEWS:
            self.news.append(frame)
        return frame

    def settle(self):
        """The broker has taken everything that was sent before: it answers a HEARTBEAT in its turn."""
        sent = self.send(Frame(HEARTBEAT, request=self.next_request()))
        self.wait(lambda f: f.kind == HEARTBEAT and f.request == sent.request, "HEARTBEAT")

    def hold_off(self, ms):
        """An ERROR asks for so much patience before the next attempt. What comes meanwhile is taken."""
        end = time.monotonic() + ms / 1000
        while (left := end - time.monotonic()) > 0:
            if self.socket.poll(int(left * 1000) + 1):
                frame = self.receive()
                if frame.kind not in (NEWS, HEARTBEAT):
                    self.stray.append(frame)

    def exchange(self, frame, plain, answer):
        """Send a sealed frame; return what the answer's seal holds. ERROR frames are hints to try the same bytes again."""
        frame.body = self.seal.close(plain, frame)
        end = time.monotonic() + PATIENCE
        while True:
            frame.attempt += 1
            frame.budget = int(PATIENCE * 1000)
            self.send(frame)
            got = self.wait(lambda f: f.request == frame.request and f.kind in (answer, REPLY, ERROR), "an answer")
            check_equal((got.group, got.history, got.command), (frame.group, frame.history, frame.command), "what is answered")
            if got.kind != ERROR:
                return got, self.seal.open(got)
            if got.error not in TRY_AGAIN or time.monotonic() > end:
                raise Hint(got)
            self.hold_off(got.budget or 100)

    def hello(self, *grants):
        """grants: (history, signer) pairs."""
        hello = pb.Hello(software="stranger 1", format_levels=[1])
        for history, signer in grants:
            grant = pb.ReadGrant(history=history, key=signer.key, reader=self.public,
                                 until_ms=now_ms() + 3600 * 1000).SerializeToString()
            hello.grants.add(grant=grant, signature=signer.sign("comity/v1/grant", grant))
        frame = Frame(HELLO, request=self.next_request(), group=self.group)
        got, plain = self.exchange(frame, hello.SerializeToString(), WELCOME)
        check_equal(got.kind, WELCOME, "what answers HELLO")
        welcome = pb.Welcome.FromString(plain)
        check_equal(len(welcome.log_key), 32, "bytes of the log key")
        check_equal([a.history for a in welcome.grants], [h for h, _ in grants], "the grants answered")
        self.log_key = welcome.log_key
        return welcome

    def ask(self, request, history=bytes(32), command=bytes(16)):
        frame = Frame(REQUEST, request=self.next_request(), group=self.group, history=history, command=command)
        request.padding = bytes(1 + -(len(request.SerializeToString()) + 4) % 1024)
        got, plain = self.exchange(frame, request.SerializeToString(), REPLY)
        check_equal((got.error, got.sequence, len(plain) % 1024), (0, 0, 0), "what the broker can tell of a reply")
        reply = pb.Reply.FromString(plain)
        kind = reply.WhichOneof("kind")
        check(kind is not None, "a reply says something")
        if kind == "refusal":
            raise Refused(reply.refusal)
        return getattr(reply, kind)

    def submit(self, signed, texts=None, token=""):
        """Returns the receipt as it came."""
        command = pb.Command.FromString(signed.command)
        submit = pb.Submit(signed_command=signed.SerializeToString(), founding_token=token,
                           texts=prose.beside(command) if texts is None else texts)
        return self.ask(pb.Request(submit=submit), command.history or bytes(32), sha256(signed.command)[:16])

    def query(self, history, **kind):
        return self.ask(pb.Request(query=pb.Query(history=history, **kind)), history)

    def subscribe(self, history, on=1):
        self.send(Frame(SUBSCRIBE, group=self.group, history=history, sequence=on))

    def wait_news(self, history, sequence):
        """Wait until NEWS said that `sequence` was reached."""
        def reached(frame):
            return frame.kind == NEWS and frame.group == self.group and frame.history == history and frame.sequence >= sequence
        for frame in self.news:
            if reached(frame):
                return frame
        return self.wait(reached, f"NEWS of {sequence}")


# The play ----------------------------------------------------------------------------------------------------------------------

def said(line):
    print(line, flush=True)


def the_rule():
    """Nobody blocks, at least two answer, and at least two thirds of the stances agree. How somebody answered shows at the close."""
    agree = [pb.STANCE_AGREE, pb.STANCE_RESERVED]
    whole = pb.Scope(kind=pb.SCOPE_KIND_WHOLE)
    none = pb.Base(kind=pb.BASE_KIND_NONE)
    return pb.Rule(
        name="consent", form=pb.FORM_STANCE, roll=pb.ROLL_KIND_SEATS, frozen=pb.FROZEN_ROUND,
        tests=[
            pb.Test(name="enough", **{"class": pb.TEST_CLASS_QUORUM}, scope=whole, count=pb.Count(kind=pb.COUNT_KIND_ANSWERED),
                    against=none, bound=pb.BOUND_AT_LEAST, numerator=2, denominator=1),
            pb.Test(name="two-thirds", **{"class": pb.TEST_CLASS_SUPPORT}, scope=whole,
                    count=pb.Count(kind=pb.COUNT_KIND_STANCES, stances=agree), against=pb.Base(kind=pb.BASE_KIND_CAST),
                    bound=pb.BOUND_AT_LEAST, numerator=2, denominator=3),
            pb.Test(name="no-block", **{"class": pb.TEST_CLASS_OBJECTION}, scope=whole,
                    count=pb.Count(kind=pb.COUNT_KIND_STANCES, stances=[pb.STANCE_BLOCK]), against=none,
                    bound=pb.BOUND_AT_MOST, numerator=0, denominator=1),
        ],
        scale=[pb.ScaleEntry(answer=1, label="agree", stance=pb.STANCE_AGREE),
               pb.ScaleEntry(answer=2, label="with-reservation", stance=pb.STANCE_RESERVED),
               pb.ScaleEntry(answer=3, label="concern", stance=pb.STANCE_CONCERN),
               pb.ScaleEntry(answer=4, label="block", stance=pb.STANCE_BLOCK)],
        duties=[pb.Duty(stance=pb.STANCE_BLOCK, kind=pb.DUTY_KIND_REASON),
                pb.Duty(stance=pb.STANCE_CONCERN, kind=pb.DUTY_KIND_REASON)],
        silence=pb.SILENCE_NOTHING, present=pb.PRESENT_ANSWERED, visibility=pb.VISIBILITY_UNTIL_CLOSE,
        change=pb.CHANGE_UNTIL_CLOSE, close=pb.Close(), no_quorum=pb.NO_QUORUM_END, rounds=3)


class Play:
    def __init__(self, context, installation):
        self.context, self.installation = context, installation
        self.employer, self.deputy, self.worker, self.member = Signer(), Signer(), Signer(), Signer()
        self.stranger = Signer()
        self.desk = Connection(context, installation)
        self.history = b""
        self.receipts = []  # (packed SignedCommand, texts, packed Receipt)

    def do(self, signer, cosigners=(), by=None, token="", **body):
        """Sign, send, verify; return the event and its receipt."""
        by = by or self.desk
        signed = signed_command(signer, self.history, cosigners, **body)
        texts = prose.beside(pb.Command.FromString(signed.command))
        receipt = by.submit(signed, texts, token)
        check(isinstance(receipt, pb.Receipt), "a command is answered with a receipt")
        event = check_receipt(receipt, signed, self.history or sha256(signed.command), by.log_key)
        self.receipts.append((signed, texts, receipt))
        return event, receipt

    def refused(self, code, what, call, *arguments, **named):
        try:
            call(*arguments, **named)
        except Refused as refused:
            check_equal(refused.refusal.code, code, f"code of the refusal for {what}")
            said(f"refused: {what} ({code}{' ' + refused.refusal.field if refused.refusal.field else ''})")
            return refused.refusal
        raise Wrong(f"not refused: {what}")

    def found(self):
        self.desk.hello()
        founders = [(self.employer, "E. Meyer", [pb.OFFICE_CO_CHAIR, pb.OFFICE_FACILITATOR]),
                    (self.deputy, "D. Vogt", [pb.OFFICE_CO_CHAIR])]
        recovery = Signer()
        body = pb.Found(
            name="works", title=prose("A works partnership"),
            constituencies=[
                pb.NewConstituency(name="management", kind=pb.CONSTITUENCY_KIND_EMPLOYER, standing=pb.STANDING_PARTY,
                                   title=prose("Management"),
                                   founders=[pb.Founder(key=s.key, name=prose(n), offices=o) for s, n, o in founders]),
                pb.NewConstituency(name="staff", kind=pb.CONSTITUENCY_KIND_WORKER, standing=pb.STANDING_PARTY, side="labour",
                                   title=prose("Staff"), recovery_key=recovery.key,
                                   founders=[pb.Founder(key=self.worker.key, name=prose("W. Ibsen"),
                                                        offices=[pb.OFFICE_CO_CHAIR])]),
            ],
            sites=[pb.NewSite(name="plant-1", title=prose("Plant 1"), time_zone="Europe/Berlin")])
        self.refused(FOUNDING, "a founding without the operator's token", self.do, self.employer, (self.deputy, self.worker),
                     found=body)
        self.refused(COSIGNERS, "a founding that one founder did not sign", self.do, self.employer, (self.deputy,),
                     token=self.installation.token, found=body)
        event, receipt = self.do(self.employer, (self.deputy, self.worker), token=self.installation.token, found=body)
        self.history = receipt.history
        check_equal(event.WhichOneof("kind"), "partnership_founded", "the first event")
        check_equal(receipt.first_sequence, 1, "its sequence")
        founded = event.partnership_founded
        check([self.desk.log_key] == [epoch.log_key for epoch in founded.partnership.epochs], "the worker's log key is in the history")
        check_equal([c.name for c in founded.constituencies], ["management", "staff"], "the constituencies")
        self.numbers = {k.key: k.member for k in founded.keys}
        check_equal(len(self.numbers), 3, "the founders' keys")
        welcome = self.desk.hello((self.history, self.employer))
        check_equal((welcome.grants[0].code, welcome.grants[0].member), (0, self.numbers[self.employer.key]), "the grant")
        check(welcome.grants[0].head >= 1, "head of the history")
        said(f"founded {self.history.hex()[:16]} of two constituencies; the receipt holds")

    def invite(self):
        once = Signer()
        event, _ = self.do(self.worker, invite=pb.Invite(key=once.key, name=prose("M. Olsen"), expires_ms=now_ms() + 86400000))
        check_equal(event.member_invited.invitation.key, once.key, "the invitation's key")
        self.refused(COSIGNERS, "an invitation redeemed without its key", self.do, self.member,
                     redeem=pb.Redeem(invitation=once.key))
        event, _ = self.do(self.member, (once,), redeem=pb.Redeem(invitation=once.key))
        redeemed = event.invitation_redeemed
        check_equal((redeemed.invitation, redeemed.key.key), (once.key, self.member.key), "who redeemed it")
        self.numbers[self.member.key] = redeemed.member.number
        self.refused(INVITATION, "the same invitation again", self.do, self.stranger, (once,),
                     redeem=pb.Redeem(invitation=once.key))
        said(f"invited a member; the invitation is redeemed: member {redeemed.member.number}")

    def constitute(self):
        joint = (self.worker,)
        event, _ = self.do(self.employer, joint, create_body=pb.CreateBody(
            name="council", title=prose("The council"),
            seats=[pb.SeatGroup(constituency="management", count=1), pb.SeatGroup(constituency="staff", count=2)]))
        created = event.body_created
        self.body = created.body.number
        check_equal([s.number for s in created.seats], [1, 2, 3], "the seats, in the order of their groups")
        for seat, signer, chair in ((1, self.deputy, self.employer), (2, self.worker, self.worker), (3, self.member, self.worker)):
            event, _ = self.do(chair, assign_seat=pb.AssignSeat(body=self.body, seat=seat, member=self.numbers[signer.key]))
            check_equal(event.seat_assigned.member, self.numbers[signer.key], "who holds the seat")
        rule = the_rule()
        event, _ = self.do(self.employer, joint, adopt_rule=pb.AdoptRule(rule=rule, bodies=[self.body]))
        adopted = event.rule_adopted.rule
        check_equal(adopted.hash, sha256(b"comity/v1/rule\0", rule.SerializeToString()), "the rule's hash")
        self.rule, self.rule_hash = adopted.number, adopted.hash
        said("made a body of three seats, filled them, and adopted a rule by both parties")

    def convene(self):
        event, _ = self.do(self.employer, convene_session=pb.ConveneSession(body=self.body, title=prose("March"),
                                                                            starts_ms=now_ms()))
        self.session = event.session_convened.session.number
        early = signed_command(self.member, self.history, check_in=pb.CheckIn(session=self.session, site=1))
        self.refused(NOT_OPEN, "a check-in before the session opens", self.desk.submit, early)
        self.do(self.employer, open_session=pb.OpenSession(session=self.session))
        self.refused(NOT_OPEN, "the same bytes once it is open", self.desk.submit, early)
        self.do(self.member, check_in=pb.CheckIn(session=self.session, site=1))  # signed anew
        title = prose("Shifts")
        signed = signed_command(self.employer, self.history, add_item=pb.AddItem(session=self.session, title=title))
        texts = prose.beside(pb.Command.FromString(signed.command))
        self.refused(TEXT, "a text with another salt", self.desk.submit, signed, [pb.Text(salt=bytes(16), content=b"Shifts")])
        self.refused(MISSING, "a command without its text", self.desk.submit, signed, [])
        receipt = self.desk.submit(signed, texts)  # such a refusal is not kept
        event = check_receipt(receipt, signed, self.history, self.desk.log_key)
        self.receipts.append((signed, texts, receipt))
        event, _ = self.do(self.member, make_proposal=pb.MakeProposal(
            item=event.item_added.item.number, title=prose("Four days"), text=prose("We try four days for a quarter.")))
        made = event.proposal_made.proposal
        self.proposal, self.text_hash = made.number, made.versions[0].text.hash
        said("opened a session with an item and a proposal")

    def ballot(self, signer, answer, replaces=0, reason=None, by=None, round=None):
        """The rule hides ballots: each has a reason and another way, if only empty ones."""
        return self.do(signer, by=by, cast_ballot=pb.CastBallot(round=round or self.round, text_hash=self.text_hash, answer=answer,
                                                                replaces=replaces, reason=reason or prose(""),
                                                                alternative=prose("")))

    def open_round(self):
        self.round = 1
        self.refused(NOT_FOUND, "a ballot before the round opens", self.ballot, self.member, 1)
        event, _ = self.do(self.employer, open_round=pb.OpenRound(proposal=self.proposal, text_hash=self.text_hash,
                                                                  rule=self.rule))
        opened = event.round_opened
        self.round = opened.round.number
        check_equal((opened.round.rule_hash, opened.round.eligible), (self.rule_hash, 3), "rule and roll of the round")
        check_equal(sorted(r.member for r in opened.roll),
                    sorted(self.numbers[s.key] for s in (self.deputy, self.worker, self.member)), "the roll")
        said("opened a round with a roll of three")

    def subscribe(self):
        """A second connection, of another member, follows the history; a third is the voter's own."""
        self.reader = Connection(self.context, self.installation)
        head = self.reader.hello((self.history, self.deputy)).grants[0].head
        self.voter = Connection(self.context, self.installation)
        answers = self.voter.hello((self.history, self.member)).grants
        check_equal((answers[0].code, answers[0].member), (0, self.numbers[self.member.key]), "the member's grant")
        self.reader.subscribe(self.history)
        self.reader.settle()
        self.seen, self.records = 0, []
        self.read_on()
        check_equal(self.seen, head, "the events up to the head")
        said(f"a second connection subscribed, and read the {self.seen} events so far")

    def read_on(self, by=None):
        """Read from the own cursor to the end, check every hash, and the whole tree against the checkpoint."""
        by = by or self.reader
        cursor, new = b"", []
        while True:
            answer = by.query(self.history, events=pb.Events(**{"from": self.seen + 1}), cursor=cursor, limit=7, floor=self.seen)
            new += answer.events
            cursor = answer.next_cursor
            if not cursor:
                break
        for record in new:
            self.seen += 1
            header = Header(record.header)
            check_equal((header.history, header.sequence), (self.history, self.seen), "history and sequence of the event")
            for part in record.parts:
                if part.is_withheld:
                    check_equal((part.salt, part.content), (b"", b""), "what is withheld")
                else:
                    check_equal(part_hash(part, part.content), part.hash, "hash of the part")
            check_commitment(record)
            open_part(record)
            self.records.append(record)
        check_equal(answer.as_of, self.seen, "as_of")
        _, size, root = read_checkpoint(answer.checkpoint, self.history, by.log_key)
        check_equal(size, answer.as_of, "size of the checkpoint's tree")
        check_equal(tree_hash([sha256(b"\0", r.header) for r in self.records]), root, "root of the whole tree")
        return new

    def cast(self):
        """The member's own ballot, on the member's own connection, and its receipt."""
        check(all(f.sequence <= self.seen for f in self.reader.news), "news of nothing that has not happened")
        why = prose("Who covers the night?")
        event, receipt = self.ballot(self.member, 3, reason=why, by=self.voter)
        check_equal((event.actor, event.ballot_cast.member, event.ballot_cast.round),
                    (self.numbers[self.member.key], self.numbers[self.member.key], self.round), "whose ballot it is")
        self.first = receipt.first_sequence
        said(f"cast a ballot: recorded as {self.first}; its receipt holds in all six steps")
        self.tamper(receipt)

        news = self.reader.wait_news(self.history, self.first)
        check_equal((news.request, news.body), (0, b""), "what NEWS carries")
        records = self.read_on()
        check_equal(len(records), 1, "events since the cursor")
        check_equal(records[0].header, receipt.event.header, "the event's header, as in the receipt")
        event = open_part(records[0])
        check_equal((event.command_id, event.WhichOneof("kind")), (receipt.command_id, "ballot_cast"), "the event")
        check_equal([(p.kind, p.audience, p.round, p.is_withheld) for p in records[0].parts[1:]],
                    [(kind, pb.AUDIENCE_VOTER_UNTIL_CLOSE, self.round, True) for kind in (pb.PART_KIND_COMMAND, pb.PART_KIND_TEXT, pb.PART_KIND_TEXT)],
                    "how the member answered is withheld")
        mine = self.voter.query(self.history, events=pb.Events(**{"from": self.first})).events[0]
        check_equal((mine.header, mine.parts[1].content), (records[0].header, self.receipts[-1][0].SerializeToString()),
                    "the voter sees the own ballot")
        kept = [pb.Receipt.FromString(c.query(self.history, receipt=pb.GetReceipt(command_id=receipt.command_id)).receipt)
                for c in (self.voter, self.reader)]
        check_equal(kept[0], receipt, "the receipt by query, for the voter")
        check_equal((kept[1].event.header, [p.salt for p in kept[1].event.parts[1:]]), (receipt.event.header, [b"", b"", b""]),
                    "the receipt by query, for the other: salts")
        check_equal(len(self.reader.query(self.history, list=pb.List(kind=pb.LIST_KIND_BALLOTS, parent=self.round)).ballots), 0,
                    "ballots that the other sees")
        said("the second connection heard of it, and read the event with its hashes, the answer withheld")

    def tamper(self, receipt):
        """A receipt that is altered anywhere does not pass."""
        signed = self.receipts[-1][0]

        def altered(change):
            copy = pb.Receipt.FromString(receipt.SerializeToString())
            change(copy)
            return copy

        def flip(data, place):
            return data[:place] + bytes([data[place] ^ 1]) + data[place + 1:]

        changes = {
            "command id": lambda r: setattr(r, "command_id", flip(r.command_id, 0)),
            "history": lambda r: setattr(r, "history", flip(r.history, 0)),
            "first sequence": lambda r: setattr(r, "first_sequence", r.first_sequence - 1),
            "time in the header": lambda r: setattr(r.event, "header", flip(r.event.header, 59)),
            "commitment": lambda r: setattr(r.event, "header", flip(r.event.header, 91)),
            "open part": lambda r: setattr(r.event.parts[0], "content", flip(r.event.parts[0].content, 1)),
            "command's hash": lambda r: setattr(r.event.parts[1], "hash", flip(r.event.parts[1].hash, 1)),
            "text's hash": lambda r: setattr(r.event.parts[2], "hash", flip(r.event.parts[2].hash, 1)),
            "audience": lambda r: setattr(r.event.parts[1], "audience", pb.AUDIENCE_ALL),
            "proof": lambda r: r.proof.__setitem__(0, flip(r.proof[0], 0)),
            "length of the proof": lambda r: r.proof.pop(),
            "root": lambda r: setattr(r, "checkpoint", flip(r.checkpoint, r.checkpoint.index(b"\n\n") - 20)),
            "signature": lambda r: setattr(r, "checkpoint", flip(r.checkpoint, len(r.checkpoint) - 20)),
        }
        for what, change in changes.items():
            try:
                check_receipt(altered(change), signed, self.history, self.voter.log_key)
            except (Wrong, nacl.exceptions.BadSignatureError, ValueError):
                continue
            raise Wrong(f"a receipt passes with another {what}")
        said(f"altered the receipt in {len(changes)} places: none passes")

    def replace(self):
        self.ballot(self.worker, 1)
        event, receipt = self.ballot(self.member, 2, replaces=self.first, by=self.voter)
        second = receipt.first_sequence
        check_equal(event.ballot_cast.replaces, self.first, "what the event says it replaces")
        said(f"replaced the ballot {self.first} by {second}")
        for stale in (self.first, 0):
            refusal = self.refused(STALE, f"a ballot that replaces {stale}", self.ballot, self.member, 1, stale, by=self.voter)
            check_equal((refusal.field, refusal.latest), ("cast_ballot.replaces", second), "what it should have replaced")
        shown = self.voter.query(self.history, list=pb.List(kind=pb.LIST_KIND_BALLOTS, parent=self.round)).ballots
        check_equal([(b.sequence, b.answer, b.stance, b.replaces) for b in shown],
                    [(second, 2, pb.STANCE_RESERVED, self.first)], "the ballot that counts")
        self.second = second

    def refusals(self):
        none = prose("")
        ballot = pb.CastBallot(round=self.round, text_hash=self.text_hash, answer=1, reason=none, alternative=prose(""))
        good = signed_command(self.deputy, self.history, cast_ballot=ballot)
        beside = prose.beside(pb.Command.FromString(good.command))
        without = signed_command(self.deputy, self.history, cast_ballot=pb.CastBallot(
            round=self.round, text_hash=self.text_hash, answer=1))
        flipped = bytes([good.signature[0] ^ 1]) + good.signature[1:]
        submit = self.desk.submit
        for what, signature in (
                ("a bad signature", flipped),
                ("a signature by another member's key", self.employer.sign("comity/v1/command", good.command)),
                ("a signature under another tag", self.deputy.sign("comity/v1/grant", good.command))):
            self.refused(SIGNATURE, what, submit, pb.SignedCommand(command=good.command, signature=signature))
        abroad = signed_command(self.deputy, secrets.token_bytes(32), cast_ballot=ballot)
        self.refused(KEY_UNKNOWN, "a history that the worker does not have", submit, abroad)
        self.refused(KEY_UNKNOWN, "a key that is nobody's", self.ballot, self.stranger, 1)
        self.refused(NOT_ON_ROLL, "a member without a seat", self.ballot, self.employer, 1)
        self.refused(FORBIDDEN, "a round closed by somebody who is no facilitator", self.do, self.member,
                     close_round=pb.CloseRound(round=self.round))
        self.refused(ANSWER, "an answer that the scale lacks", self.ballot, self.deputy, 9)
        self.refused(REASON, "a block without a reason", self.ballot, self.deputy, 4)
        self.refused(MISSING, "a hidden ballot without the part of a reason", submit, without)
        bare = signed_command(self.deputy, self.history, nonce=b"", cast_ballot=ballot)
        self.refused(MISSING, "a command without a nonce", submit, bare)
        timeless = signed_command(self.deputy, self.history, epoch=0, cast_ballot=ballot)
        self.refused(MISSING, "a command that does not say in which epoch it was signed", submit, timeless)
        blocks = signed_command(self.deputy, self.history, cast_ballot=pb.CastBallot(
            round=self.round, text_hash=self.text_hash, answer=4, reason=prose("The line cannot stop.")))
        self.refused(TEXT, "a text that is not the one that was signed", submit, blocks,
                     [pb.Text(salt=bytes(16), content=b"The line cannot stop.")])
        # What the reader may not do: read without a grant, or with a key that is nobody's.
        self.refused(GRANT, "a reader without a grant", self.desk_without_grant)
        # An unsealed body is answered by a frame that nobody vouches for.
        frame = Frame(REQUEST, secrets.token_bytes(200), request=self.desk.next_request(), group=self.desk.group,
                      history=self.history, attempt=1, budget=20000)
        self.desk.send(frame)
        got = self.desk.wait(lambda f: f.request == frame.request, "an answer to a body that does not open")
        check_equal((got.kind, got.error), (ERROR, SEAL), "what answers a body that does not open")
        # A frame whose header tells of another history or command than its body.
        request = pb.Request(submit=pb.Submit(signed_command=good.SerializeToString()))
        identity = sha256(good.command)[:16]
        for history, command, field in ((secrets.token_bytes(32), identity, "header.history"),
                                        (self.history, bytes(16), "header.command_id")):
            refusal = self.refused(MALFORMED, "a header that is not its body's", self.desk.ask, request, history, command)
            check_equal(refusal.field, field, "the field at fault")
        # Frames of another version, type or shape leave the connection as it was.
        for change, code in (({"version": 2}, VERSION), ({"kind": 77}, MALFORMED), ({"kind": READY}, MALFORMED),
                             ({"flags": 64}, MALFORMED), ({"flags": FLAG_BROKER}, FORBIDDEN), ({"budget": 0}, EXPIRED)):
            frame = Frame(REQUEST, request=self.desk.next_request(), group=self.desk.group, attempt=1, budget=20000)
            vars(frame).update(change)
            self.desk.send(frame)
            got = self.desk.wait(lambda f: f.request == frame.request, "an answer to a strange frame")
            check_equal((got.kind, got.error), (ERROR, code), f"what answers a frame with {change}")
        self.desk.socket.send_multipart([b"", Frame(HEARTBEAT).packed()])
        self.desk.socket.send(b"no frame")
        self.desk.send(Frame(HELLO, request=0, group=self.desk.group, attempt=1, budget=20000))
        self.desk.settle()
        said("frames of another version, type, flag or shape are refused or dropped, and the connection is kept")
        # Nothing of all that left a trace in the history.
        self.reader.wait_news(self.history, self.second)
        self.read_on()
        check_equal(self.seen, self.second, "the last event")
        # The same bytes with the right signature and the right text are as good as ever.
        self.receipts.append((good, beside, submit(good, beside)))
        check_receipt(self.receipts[-1][2], good, self.history, self.desk.log_key)
        self.third = self.receipts[-1][2].first_sequence
        said("no refusal left a trace; the refused bytes, rightly signed, are recorded")

    def desk_without_grant(self):
        bare = Connection(self.context, self.installation)
        self.refused(HELLO_FIRST, "a query before HELLO", bare.query, self.history, whoami=pb.Whoami())
        elsewhere = secrets.token_bytes(32)
        answers = bare.hello((self.history, self.stranger), (elsewhere, self.deputy)).grants
        check_equal([a.code for a in answers], [GRANT, GRANT], "the grants of a key, and for a history, that nobody knows")
        self.refused(GRANT, "a query of a history that the worker does not have", bare.query, elsewhere, whoami=pb.Whoami())
        check_equal(bare.hello((self.history, self.deputy)).grants[0].code, 0, "a good grant")
        bare.query(self.history, whoami=pb.Whoami())
        bare.hello()  # replaces all grants
        bare.query(self.history, whoami=pb.Whoami())

    def close(self):
        event, receipt = self.do(self.employer, close_round=pb.CloseRound(round=self.round))
        closed = event.round_closed
        check_equal((closed.round, closed.cause), (self.round, pb.CLOSE_CAUSE_FACILITATOR), "which round closed, and why")
        check_equal(receipt.events, 2, "events of the close: the closing and the decision")
        outcome = closed.outcome
        check_equal(outcome.kind, pb.OUTCOME_KIND_ADOPTED, "the outcome")
        check_equal(outcome.rule_hash, self.rule_hash, "the rule that governed")
        check_equal(list(outcome.ballots), sorted(r.first_sequence for r in (self.counted())), "the ballots that were counted")
        whole = outcome.tallies[0]
        check_equal((whole.constituency, whole.eligible, whole.present, whole.answered, whole.recused, whole.silent),
                    ("", 3, 3, 3, 0, 0), "the whole tally")
        check_equal([(a.answer, a.ballots) for a in whole.answers], [(1, 2), (2, 1), (3, 0), (4, 0)], "ballots by answer")
        check_equal({s.stance: s.ballots for s in whole.stances if s.ballots},
                    {pb.STANCE_AGREE: 2, pb.STANCE_RESERVED: 1}, "ballots by stance")
        check_equal([(t.constituency, t.eligible, t.answered) for t in outcome.tallies[1:]],
                    [("management", 1, 1), ("staff", 2, 2)], "tallies by constituency")
        check_equal([(t.test, t.count, t.base_size, t.holds) for t in outcome.tests],
                    [("enough", 3, 0, True), ("two-thirds", 3, 3, True), ("no-block", 0, 0, True)], "the tests")
        said("closed the round: adopted by 3 of 3, and every count is right")

        self.refused(CLOSED, "a ballot after the close", self.ballot, self.member, 1, self.second, by=self.voter)
        self.reader.wait_news(self.history, receipt.first_sequence + 1)
        records = self.read_on()
        check_equal([open_part(r).WhichOneof("kind") for r in records], ["ballot_cast", "round_closed", "decision_made"],
                    "events since the cursor")
        decision = open_part(records[2]).decision_made.decision
        check_equal((decision.round, decision.text_hash, decision.outcome), (self.round, self.text_hash, pb.OUTCOME_KIND_ADOPTED),
                    "the decision")
        # Now everybody sees how everybody answered: the parts that were withheld have the hashes that they had.
        shown = self.reader.query(self.history, events=pb.Events(**{"from": self.first}), limit=1).events[0]
        before = self.records[self.first - 1]
        check_equal(shown.header, before.header, "the header of the first ballot")
        check_equal([p.hash for p in shown.parts], [p.hash for p in before.parts], "the hashes of the first ballot")
        for part in shown.parts:
            check(not part.is_withheld, "nothing is withheld after the close")
            check_equal(part_hash(part, part.content), part.hash, "hash of a part that was withheld")
        check_equal(shown.parts[2].content, b"Who covers the night?", "the reason")
        said("after the close the withheld parts show, with the hashes that they had")

    def counted(self):
        """Receipts of the ballots that count: the last of each member."""
        latest = {}
        for signed, _, receipt in self.receipts:
            command = pb.Command.FromString(signed.command)
            if command.WhichOneof("body") == "cast_ballot":
                latest[command.key] = receipt
        return latest.values()

    def again(self):
        """The same bytes, to a worker that was killed in between: the same receipts, and no further event."""
        early = signed_command(self.member, self.history, cast_ballot=pb.CastBallot(round=2, text_hash=self.text_hash, answer=1))
        self.refused(NOT_FOUND, "a ballot in a round that is not there", self.desk.submit, early)
        for restarted in (False, True):
            if restarted:
                self.installation.kill("worker")
                self.installation.start("worker")
            for signed, texts, receipt in self.receipts:
                check_equal(self.voter.submit(signed, texts), receipt, "the receipt of the same bytes")
            self.refused(NOT_FOUND, "the same bytes that were refused", self.voter.submit, early)
            said(f"sent {len(self.receipts)} commands again{', to a worker that was killed' * restarted}: the same receipts")
        self.refused(HELLO_FIRST, "a query of a worker that was restarted", self.reader.query, self.history, whoami=pb.Whoami())
        head = self.reader.hello((self.history, self.deputy)).grants[0].head
        check_equal(head, self.seen, "head of the history after the restart")
        check_equal(self.read_on(), [], "events of what was sent again")
        signed, _, receipt = self.receipts[-1]
        kept = self.reader.query(self.history, receipt=pb.GetReceipt(command_id=receipt.command_id))
        check_equal(pb.Receipt.FromString(kept.receipt), receipt, "the receipt by query")
        me = self.reader.query(self.history, whoami=pb.Whoami()).whoami
        check_equal((me.member.number, me.constituency.name, me.partnership.name),
                    (self.numbers[self.deputy.key], "management", "works"), "whoami")
        said("the worker was killed and came back: nothing was lost, and nothing done twice")

    def run(self):
        for step in (self.found, self.invite, self.constitute, self.convene, self.open_round, self.subscribe, self.cast,
                     self.replace, self.refusals, self.close, self.again):
            step()
        for connection in (self.desk, self.reader, self.voter):
            check_equal([(f.kind, f.error) for f in connection.stray], [], "frames that nobody waited for")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--build", required=True, help="directory with comity-broker and comity-worker")
    build = arguments.parse_args().build

    support = os.path.join(ROOT, "tests", "support", "python")
    sys.path.insert(0, support)
    from comity_installation import Installation  # starts a broker and a worker; knows nothing of the protocol
    sys.path.remove(support)

    def give_up(*_):
        raise Wrong("stopped, or it took too long")

    signal.signal(signal.SIGTERM, give_up)
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(LIMIT)
    global pb
    with tempfile.TemporaryDirectory(prefix="comity-stranger-") as folder:
        pb = load_contract(folder)
        context = zmq.Context()
        try:
            with Installation(build) as installation:
                Play(context, installation).run()
        except (Wrong, Refused, Hint) as failure:
            said(f"FAILED: {failure}")
            raise
        finally:
            context.destroy(linger=0)
    said("every answer was the one that the page promises")


if __name__ == "__main__":
    main()
