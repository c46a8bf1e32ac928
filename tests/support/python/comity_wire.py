"""A client of Comity, written from docs/protocol.md on Debian's python3-zmq, python3-protobuf and python3-nacl.

It is the base of the end-to-end tests: it can do what a client should, and also what a client should not.

    prose = Prose()
    wire = Wire(endpoint, server_key, group_key)
    receipt = wire.submit(command, [signing_key, ...], prose)      # verified; raises Refused or Failed
    wire.hello([wire.grant(receipt.history, signing_key)])
    answer = wire.query(history, list=pb.List(kind=pb.LIST_KIND_MEMBERS))

Names follow the contract: `pb` has every message and enum of proto/comity/v1, made by protoc at import into
COMITY_CONTRACT_DIR or a directory that is removed at exit. `ERR` has the codes of core/error.h by name.
Keys are nacl.signing.SigningKey (members) and 32 bytes (connection secrets).
"""

import atexit
import base64
import hashlib
import importlib
import os
import pathlib
import re
import secrets
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import types

import nacl.bindings
import nacl.exceptions
import nacl.signing
import zmq

from comity_patience import Patience

ROOT = pathlib.Path(__file__).resolve().parents[3]


# The contract and the error table ----------------------------------------------------------------------------

def load_contract():
    """Every message and enum of proto/comity/v1 in one namespace."""
    directory = os.environ.get("COMITY_CONTRACT_DIR")
    if not directory:
        directory = tempfile.mkdtemp(prefix="comity-contract-")
        atexit.register(shutil.rmtree, directory, ignore_errors=True)
    files = sorted((ROOT / "proto" / "comity" / "v1").glob("*.proto"))
    made = pathlib.Path(directory) / "comity" / "v1"
    newest = max(file.stat().st_mtime for file in files)
    modules = [made / f"{file.stem}_pb2.py" for file in files]
    if not all(module.exists() and module.stat().st_mtime >= newest for module in modules):
        pathlib.Path(directory).mkdir(parents=True, exist_ok=True)
        # Into a directory of its own first: tests that start together share COMITY_CONTRACT_DIR.
        with tempfile.TemporaryDirectory(dir=directory) as fresh:
            subprocess.run(["protoc", f"-I{ROOT / 'proto'}", f"--python_out={fresh}", *map(str, files)], check=True)
            made.mkdir(parents=True, exist_ok=True)
            for module in modules:
                os.replace(pathlib.Path(fresh) / "comity" / "v1" / module.name, module)
    sys.path.insert(0, directory)
    names = types.SimpleNamespace()
    for file in files:
        module = importlib.import_module(f"comity.v1.{file.stem}_pb2")
        for name, value in vars(module).items():
            if not name.startswith("_"):
                setattr(names, name, value)
    return names


def load_errors():
    """Codes by name, without their ERR_: {"STALE": -57, ...}."""
    text = (ROOT / "core" / "error.h").read_text()
    return types.SimpleNamespace(**{name: int(code) for name, code in re.findall(r"X\(ERR_(\w+), (-\d+),", text)})


pb = load_contract()
ERR = load_errors()
ERROR_NAMES = {code: name for name, code in vars(ERR).items()}
# These say that it was not carried out this time, no more: the same bytes may be.
PASSING = {ERR.BUSY, ERR.NO_ROUTE, ERR.NOT_LEADER, ERR.EXPIRED, ERR.DRAINING, ERR.MEMORY, ERR.STORE_FULL, ERR.DISK_FULL}
RETRY_S = 60   # so long whoever is patient asks again


# Frames ------------------------------------------------------------------------------------------------------

HELLO, WELCOME, READY, HEARTBEAT, REQUEST, REPLY, ERROR, SUBSCRIBE, NEWS, DRAIN, BYE = range(1, 12)
HEADER = struct.Struct(">4sBBHQ16s32s16sQhHIQQ")
HEADER_SIZE, SEALED_HEADER_SIZE, BODY_MAX = 112, 90, 524288
assert HEADER.size == HEADER_SIZE


class Frame:
    """One frame: header fields as attributes, body as bytes."""

    FIELDS = ("magic", "version", "type", "flags", "request", "group", "history", "command_id", "sequence",
              "error", "attempt", "budget", "term", "route")

    def __init__(self, type, body=b"", **fields):
        self.magic, self.version, self.type, self.flags = b"CMTY", 1, type, 0
        self.request, self.group, self.history, self.command_id = 0, bytes(16), bytes(32), bytes(16)
        self.sequence, self.error, self.attempt, self.budget, self.term, self.route = 0, 0, 0, 0, 0, 0
        self.body = body
        for name, value in fields.items():
            if name not in self.FIELDS:
                raise TypeError(f"no such header field: {name}")
            setattr(self, name, value)

    def header(self):
        return HEADER.pack(*(getattr(self, name) for name in self.FIELDS))

    def pack(self):
        return self.header() + self.body

    @classmethod
    def unpack(cls, data):
        if len(data) < HEADER_SIZE or data[:4] != b"CMTY":
            raise ValueError("not a frame")
        values = dict(zip(cls.FIELDS, HEADER.unpack(data[:HEADER_SIZE])))
        return cls(values.pop("type"), data[HEADER_SIZE:], **values)

    def __repr__(self):
        return f"<frame type={self.type} request={self.request} error={ERROR_NAMES.get(self.error, self.error)}>"


# Hashes, keys, seals -----------------------------------------------------------------------------------------

def tagged_hash(tag, data):
    return hashlib.sha256(tag.encode() + b"\0" + data).digest()


def sign(key, tag, data):
    return key.sign(tag.encode() + b"\0" + data).signature


def public_half(connection_secret):
    return nacl.bindings.crypto_scalarmult_base(connection_secret)


def group_id(group_key):
    return tagged_hash("comity/v1/group", group_key)[:16]


class Seal:
    """The client's end of section 3."""

    def __init__(self, secret, group_key):
        self.client_key = public_half(secret)
        self.receive_key, self.send_key = nacl.bindings.crypto_kx_client_session_keys(
            self.client_key, secret, group_key)

    def close_up(self, frame, plain):
        """The packed frame with @plain sealed as its body."""
        nonce = secrets.token_bytes(24)
        cipher = nacl.bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
            plain, frame.header()[:SEALED_HEADER_SIZE], nonce, self.send_key)
        return frame.header() + self.client_key + nonce + cipher

    def open(self, frame):
        body = frame.body
        if body[:32] != self.client_key:
            raise nacl.exceptions.CryptoError("the body is another client's")
        return nacl.bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
            body[56:], frame.header()[:SEALED_HEADER_SIZE], body[32:56], self.receive_key)


def pad(request):
    """The packed request, padded to a multiple of 1,024 bytes."""
    packed = request.SerializeToString()
    room = -len(packed) % 1024
    if room in (1, 130):   # no field is that long
        room += 1024
    if room:
        request.padding = bytes(room - 2 if room <= 129 else room - 3)
    return request.SerializeToString()


# Texts and commands ------------------------------------------------------------------------------------------

def text_hash(salt, content):
    return tagged_hash("comity/v1/text", salt + content)


class Prose:
    """The texts behind the references of commands: ref() makes one, of() finds those of a command in order."""

    def __init__(self):
        self.texts = {}

    def ref(self, content):
        content = content.encode() if isinstance(content, str) else content
        text = pb.Text(salt=secrets.token_bytes(16), content=content)
        reference = pb.TextRef(hash=text_hash(text.salt, content), size=len(content))
        self.texts[reference.hash] = text
        return reference

    def of(self, command):
        return [self.texts[reference.hash] for reference in text_refs(command) if reference.hash in self.texts]


def text_refs(message):
    """Every TextRef inside, depth first, ascending field numbers, repeated ones in order."""
    if message.DESCRIPTOR.full_name == "comity.v1.TextRef":
        yield message
        return
    for field, value in sorted(message.ListFields(), key=lambda pair: pair[0].number):
        if field.message_type is None:
            continue
        for inner in value if field.label == field.LABEL_REPEATED else [value]:
            yield from text_refs(inner)


def now_ms():
    return int(time.time() * 1000)


def seal_up(command, keys):
    """Sign: the first key as the signer, the others as cosigners. Returns (packed SignedCommand, id)."""
    if not command.key:
        command.key = bytes(keys[0].verify_key)
    if not command.valid_until_ms:
        command.valid_until_ms = now_ms() + 3600 * 1000
    if not command.nonce:
        command.nonce = secrets.token_bytes(16)
    if not command.epoch and command.WhichOneof("body") not in ("found", "redeem"):
        command.epoch = 1
    if not command.cosigners:
        command.cosigners.extend(sorted(bytes(key.verify_key) for key in keys[1:]))
    packed = command.SerializeToString(deterministic=True)
    signed = pb.SignedCommand(command=packed, signature=sign(keys[0], "comity/v1/command", packed))
    for key in sorted(keys[1:], key=lambda k: bytes(k.verify_key)):
        signed.cosignatures.add(key=bytes(key.verify_key), signature=sign(key, "comity/v1/command", packed))
    return signed.SerializeToString(deterministic=True), hashlib.sha256(packed).digest()[:16]


# Receipts ----------------------------------------------------------------------------------------------------

class BadReceipt(Exception):
    pass


def _check(holds, what):
    if not holds:
        raise BadReceipt(what)


def part_hash(part, content):
    if part.kind == pb.PART_KIND_TEXT:
        return text_hash(part.salt, content)
    return tagged_hash("comity/v1/part", bytes([part.kind]) + part.salt + content)


def commitment(parts):
    data = b"".join(struct.pack(">BBI", part.kind, part.audience, part.round) + part.hash for part in parts)
    return tagged_hash("comity/v1/commitment", data)


LEVELS = (1,)   # format levels that are read, and that HELLO says; a test with a later version sets them
EVENT_HEADER = struct.Struct(">4sI32sIQq32s")


class EventHeader:
    def __init__(self, packed):
        _check(len(packed) == EVENT_HEADER.size, "the event's header has another length")
        (magic, self.level, self.history, self.epoch, self.sequence, self.time_ms,
         self.commitment) = EVENT_HEADER.unpack(packed)
        _check(magic == b"CMEV" and self.level in LEVELS, f"not an event's header of a level of {LEVELS}")


def inclusion_root(leaf, index, size, proof):
    """RFC 9162 2.1.3.2, which checks proofs of RFC 6962 2.1.1."""
    _check(0 <= index < size, "the index lies outside the tree")
    fn, sn, node = index, size - 1, leaf
    for sibling in proof:
        _check(sn != 0, "the proof is too long")
        if fn & 1 or fn == sn:
            node = hashlib.sha256(b"\1" + sibling + node).digest()
            while not fn & 1 and fn != 0:
                fn, sn = fn >> 1, sn >> 1
        else:
            node = hashlib.sha256(b"\1" + node + sibling).digest()
        fn, sn = fn >> 1, sn >> 1
    _check(sn == 0, "the proof is too short")
    return node


def extended_root(old_size, old_root, size, proof):
    """RFC 6962 2.1.2, the definition read backwards: the root at @size, if the proof shows that it extends @old_root."""
    left = list(proof)

    def take():
        _check(left, "the proof is too short")
        return left.pop(0)

    def roots(m, n, is_old_root):
        """Of the subtree of @n leaves, of which the old tree has @m: its hash in the old tree and in the new one."""
        if m == n:
            node = old_root if is_old_root else take()
            return node, node
        k = 1 << (n - 1).bit_length() - 1
        if m <= k:
            old, new = roots(m, k, is_old_root)
            return old, hashlib.sha256(b"\1" + new + take()).digest()
        old, new = roots(m - k, n - k, False)
        beside = take()
        return tuple(hashlib.sha256(b"\1" + beside + node).digest() for node in (old, new))

    _check(0 < old_size <= size, "there is no such proof")
    old, new = roots(old_size, size, True)
    _check(not left, "the proof is too long")
    _check(old == old_root, "the proof is not of the old tree")
    return new


def open_checkpoint(note, history, epoch, log_key):
    """Check a checkpoint's signature and origin. Returns (size, root)."""
    text, separator, signatures = note.decode().partition("\n\n")
    _check(separator, "the checkpoint has no signatures")
    text += "\n"
    origin = f"comity/{history.hex()}/{epoch}"
    lines = text.split("\n")
    _check(lines[0] == origin, "the checkpoint is of another history or epoch")
    key_id = hashlib.sha256(origin.encode() + b"\n\x01" + log_key).digest()[:4]
    for line in signatures.splitlines():
        dash, name, blob = line.split(" ")
        raw = base64.b64decode(blob, validate=True)
        if dash == "\u2014" and name == origin and raw[:4] == key_id:
            nacl.signing.VerifyKey(log_key).verify(text.encode(), raw[4:])
            return int(lines[1]), base64.b64decode(lines[2], validate=True)
    raise BadReceipt("the checkpoint is not signed by the worker's log key")


def cosigned_text(history, epoch, size, root, time_s):
    """What a witness signs: C2SP tlog-cosignature, cosignature/v1."""
    return (f"cosignature/v1\ntime {time_s}\ncomity/{history.hex()}/{epoch}\n{size}\n"
            f"{base64.b64encode(root).decode()}\n").encode()


def cosign(key, history, epoch, size, root, time_s):
    """A witness's Cosignature."""
    return pb.Cosignature(key=bytes(key.verify_key), epoch=epoch, size=size, time_s=time_s,
                          signature=key.sign(cosigned_text(history, epoch, size, root, time_s)).signature)


def check_cosignature(cosignature, history, root):
    """Raises nacl.exceptions.BadSignatureError unless it is over this root."""
    nacl.signing.VerifyKey(cosignature.key).verify(
        cosigned_text(history, cosignature.epoch, cosignature.size, root, cosignature.time_s), cosignature.signature)


def verify_receipt(receipt, signed_command, log_key):
    """Every check of section 6. Raises BadReceipt; returns the receipt's Event."""
    envelope = pb.SignedCommand.FromString(signed_command)
    full_hash = hashlib.sha256(envelope.command).digest()
    history = pb.Command.FromString(envelope.command).history or full_hash
    _check(receipt.command_id == full_hash[:16], "the receipt is of another command")
    _check(receipt.history == history, "the receipt is of another history")
    header = EventHeader(receipt.event.header)
    _check(header.history == history and header.sequence == receipt.first_sequence, "the event is another")
    _check(receipt.events >= 1, "the command caused no event")
    opened, commands = None, 0
    for part in receipt.event.parts:
        if part.kind == pb.PART_KIND_COMMAND:
            _check(part.hash == part_hash(part, signed_command), "the command is another")
            commands += 1
        elif part.kind == pb.PART_KIND_OPEN:
            _check(part.hash == part_hash(part, part.content), "the open part does not fit its hash")
            opened = pb.Event.FromString(part.content)
    _check(opened is not None and commands == 1, "a part is missing")
    _check(opened.command_id == full_hash[:16], "the event names another command")
    _check(header.commitment == commitment(receipt.event.parts), "the parts do not fit the commitment")
    size, root = open_checkpoint(receipt.checkpoint, history, header.epoch, log_key)
    leaf = hashlib.sha256(b"\0" + receipt.event.header).digest()
    _check(inclusion_root(leaf, receipt.first_sequence - 1, size, receipt.proof) == root,
           "the event is not in the tree")
    return opened


def check_record(record, history):
    """An event as it is shown: header, hashes of what is not withheld, commitment. Returns (header, Event)."""
    header = EventHeader(record.header)
    _check(header.history == history, "the event is of another history")
    for part in record.parts:
        if not part.is_withheld:
            _check(part.hash == part_hash(part, part.content), "a part does not fit its hash")
        else:
            _check(not part.salt and not part.content, "a withheld part shows something")
    _check(header.commitment == commitment(record.parts), "the parts do not fit the commitment")
    return header, pb.Event.FromString(record.parts[0].content)


# The client --------------------------------------------------------------------------------------------------

class Refused(Exception):
    """A sealed refusal: final, unless its code is one of PASSING."""

    def __init__(self, refusal, frame):
        self.code, self.field, self.latest, self.limit = refusal.code, refusal.field, refusal.latest, refusal.limit
        self.name, self.frame = ERROR_NAMES.get(refusal.code, str(refusal.code)), frame
        super().__init__(f"{self.name} {self.field} latest={self.latest} limit={self.limit}")


class Failed(Exception):
    """An ERROR frame: a hint to try again, not authenticated."""

    def __init__(self, frame):
        self.code, self.wait_ms, self.frame = frame.error, frame.budget, frame
        self.name = ERROR_NAMES.get(frame.error, str(frame.error))
        super().__init__(f"{self.name} wait={self.wait_ms} ms")


class NoAnswer(Exception):
    pass


class Wire:
    """One connection to one broker, and through it to one group.

    Not thread-safe. Use as a context manager, or close() it. Every wait has a deadline of `timeout_s`."""

    def __init__(self, endpoint, server_key, group_key, secret=None, timeout_s=20.0, context=None):
        self.secret = secret or secrets.token_bytes(32)
        self.key = public_half(self.secret)
        self.group_key, self.group = group_key, group_id(group_key)
        self.timeout_s = timeout_s
        self.seal = Seal(self.secret, group_key)
        self.log_key = None          # from WELCOME; receipts need it
        self.last_request = 0
        self.arrived = {}            # request -> Frame that nobody has taken yet
        self.news = []               # (history, sequence) as they came
        self.heartbeats = 0
        self.dropped = []            # frames that nobody waits for
        self.context = context or zmq.Context.instance()
        self.socket = self.context.socket(zmq.DEALER)
        for option, value in ((zmq.CURVE_SERVERKEY, server_key), (zmq.CURVE_PUBLICKEY, self.key),
                              (zmq.CURVE_SECRETKEY, self.secret), (zmq.IMMEDIATE, 1), (zmq.LINGER, 0),
                              (zmq.MAXMSGSIZE, 1 << 20), (zmq.HANDSHAKE_IVL, 3000), (zmq.RECONNECT_IVL, 100),
                              (zmq.RECONNECT_IVL_MAX, 10000), (zmq.SNDTIMEO, int(timeout_s * 1000))):
            self.socket.setsockopt(option, value)
        self.socket.connect(endpoint)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close(0)

    # Frames

    def send_raw(self, *parts):
        """Any message, of any number of parts: for tests of what must be refused."""
        self.socket.send_multipart(list(parts))

    def next_request(self):
        self.last_request += 1
        return self.last_request

    def start(self, plain, type=REQUEST, **fields):
        """Send one sealed frame; returns its request number. Fields of the header may be set by name."""
        fields.setdefault("request", self.next_request())
        fields.setdefault("group", self.group)
        fields.setdefault("attempt", 1)
        fields.setdefault("budget", int(self.timeout_s * 1000))
        self.send_raw(self.seal.close_up(Frame(type, **fields), plain))
        return fields["request"]

    def pump(self, timeout_s=0.0):
        """Take what has come, waiting at most so long for the first; True if anything did."""
        if not self.socket.poll(int(timeout_s * 1000)):
            return False
        while self.socket.poll(0):
            frame = Frame.unpack(b"".join(self.socket.recv_multipart()))
            if frame.type == NEWS:
                self.news.append((frame.history, frame.sequence))
            elif frame.type == HEARTBEAT:
                self.heartbeats += 1
            elif frame.request:
                self.arrived[frame.request] = frame
            else:
                self.dropped.append(frame)
        return True

    def wait_until(self, condition, timeout_s=None):
        """Pump until condition() is true; its value. NoAnswer after the deadline."""
        patience = Patience(self.timeout_s if timeout_s is None else timeout_s)
        while not (value := condition()):
            if patience.is_over():
                raise NoAnswer()
            self.pump(min(patience.left_s, 1.0))
        return value

    def finish(self, request, timeout_s=None):
        """The frame that answers @request."""
        self.wait_until(lambda: request in self.arrived, timeout_s)
        return self.arrived.pop(request)

    def open(self, frame):
        """What an answering frame says: Welcome, Receipt or Answer. Raises Refused or Failed."""
        if frame.type == ERROR:
            raise Failed(frame)
        plain = self.seal.open(frame)
        if frame.type == WELCOME:
            return pb.Welcome.FromString(plain)
        reply = pb.Reply.FromString(plain)
        if frame.error or frame.sequence or len(plain) % 1024:
            raise AssertionError(f"a broker can tell: error {frame.error}, sequence {frame.sequence}, {len(plain)} bytes")
        kind = reply.WhichOneof("kind")
        if kind == "refusal":
            raise Refused(reply.refusal, frame)
        return getattr(reply, kind)

    # What a client does

    def grant(self, history, signing_key, until_ms=None, reader=None):
        packed = pb.ReadGrant(history=history, key=bytes(signing_key.verify_key), reader=reader or self.key,
                              until_ms=now_ms() + 3600 * 1000 if until_ms is None else until_ms).SerializeToString()
        return pb.SignedGrant(grant=packed, signature=sign(signing_key, "comity/v1/grant", packed))

    def hello(self, grants=(), software="comity-wire 1", levels=None):
        hello = pb.Hello(software=software, format_levels=levels or LEVELS, grants=grants)
        welcome = self.open(self.finish(self.start(hello.SerializeToString(), HELLO)))
        self.log_key = welcome.log_key
        return welcome

    def submit_start(self, signed_command, texts=(), founding_token="", **fields):
        """Send a packed SignedCommand; returns the request number."""
        submit = pb.Submit(signed_command=signed_command, texts=texts, founding_token=founding_token)
        envelope = pb.SignedCommand.FromString(signed_command)
        fields.setdefault("command_id", hashlib.sha256(envelope.command).digest()[:16])
        fields.setdefault("history", pb.Command.FromString(envelope.command).history or bytes(32))
        return self.start(pad(pb.Request(submit=submit)), **fields)

    def submit_signed(self, signed_command, texts=(), founding_token="", retry_s=0.0):
        """Submit and wait; the receipt, verified. With @retry_s, the same bytes, patiently."""
        if self.log_key is None:
            self.patiently(self.hello, retry_s)
        receipt = self.patiently(lambda: self.open(self.finish(
            self.submit_start(signed_command, texts, founding_token))), retry_s)
        verify_receipt(receipt, signed_command, self.log_key)
        return receipt

    def submit(self, command, keys, prose=None, founding_token="", retry_s=0.0):
        signed_command, _ = seal_up(command, keys)
        return self.submit_signed(signed_command, prose.of(command) if prose else (), founding_token, retry_s)

    def patiently(self, call, retry_s=RETRY_S):
        """Again while ERROR frames come, or nothing (a broker or a worker that ends takes what it has in hand with it), or what passes."""
        patience = Patience(retry_s)
        while True:
            try:
                return call()
            except (Refused, Failed, NoAnswer, zmq.Again) as failed:
                if patience.is_over() or isinstance(failed, Refused) and failed.code not in PASSING:
                    raise
                self.pump(min(patience.left_s, max(getattr(failed, "wait_ms", 0), 20) / 1000))

    def query_start(self, history=b"", floor=0, limit=0, cursor=b"", header=None, **kind):
        """kind: status=pb.Status(), list=pb.List(...), events=pb.Events(...), ..."""
        query = pb.Query(history=history, floor=floor, limit=limit, cursor=cursor, **kind)
        fields = {"history": history or bytes(32), **(header or {})}
        return self.start(pb.Request(query=query).SerializeToString(), **fields)

    def query(self, history=b"", **arguments):
        return self.open(self.finish(self.query_start(history, **arguments)))

    def query_all(self, history, **arguments):
        """Every page; yields answers."""
        cursor = b""
        while True:
            answer = self.query(history, cursor=cursor, **arguments)
            yield answer
            cursor = answer.next_cursor
            if not cursor:
                return

    def cosign(self, history, cosignature):
        """A Cosigned, or Refused."""
        request = pb.Request(cosign=pb.Cosign(history=history, cosignature=cosignature))
        return self.open(self.finish(self.start(request.SerializeToString(), history=history)))

    def subscribe(self, history, on=True):
        self.send_raw(Frame(SUBSCRIBE, group=self.group, history=history, sequence=1 if on else 0).pack())

    def wait_news(self, history, sequence, timeout_s=None):
        """Wait for NEWS that @history has reached @sequence."""
        self.wait_until(lambda: any(h == history and s >= sequence for h, s in self.news), timeout_s)

    def heartbeat(self):
        self.send_raw(Frame(HEARTBEAT).pack())

    def bye(self):
        self.send_raw(Frame(BYE).pack())
