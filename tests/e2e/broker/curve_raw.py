"""A CURVE connection of ZMTP 3.1 by hand, over a plain socket: for peers that libzmq would not let one be.

Follows RFC 23 (ZMTP 3.1) and RFC 26 (CurveZMQ); the boxes are NaCl's.
"""
import os
import socket
import struct

from nacl.bindings import crypto_box, crypto_box_afternm, crypto_box_beforenm, crypto_box_open, \
    crypto_box_open_afternm
from nacl.public import PrivateKey


def connect(endpoint):
    address, port = endpoint[len("tcp://"):].rsplit(":", 1)
    connection = socket.create_connection((address, int(port)), timeout=20)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def properties(*pairs):
    return b"".join(bytes([len(name)]) + name + struct.pack(">I", len(value)) + value for name, value in pairs)


class Curve:
    def __init__(self, endpoint, server_key, key, metadata=()):
        self.connection = connect(endpoint)
        self.server_key, self.key = server_key, key
        transient = PrivateKey.generate()
        self.secret, self.public = bytes(transient), bytes(transient.public_key)
        self.counter = 0
        self.shake_hands(metadata)

    def nonce(self):
        self.counter += 1
        return struct.pack(">Q", self.counter)

    def read(self, size):
        data = b""
        while len(data) < size:
            more = self.connection.recv(size - len(data))
            if not more:
                raise ConnectionError("closed")
            data += more
        return data

    def read_frame(self):
        flags = self.read(1)[0]
        size = struct.unpack(">Q", self.read(8))[0] if flags & 2 else self.read(1)[0]
        return flags, self.read(size)

    def command(self, body):
        if len(body) > 255:
            self.connection.sendall(b"\x06" + struct.pack(">Q", len(body)) + body)
        else:
            self.connection.sendall(b"\x04" + bytes([len(body)]) + body)

    def shake_hands(self, metadata):
        greeting = b"\xff" + bytes(8) + b"\x7f\x03\x01" + b"CURVE".ljust(20, b"\0") + b"\0" + bytes(31)
        self.connection.sendall(greeting)
        self.read(64)
        nonce = self.nonce()
        self.command(b"\x05HELLO\x01\x00" + bytes(72) + self.public + nonce +
                     crypto_box(bytes(64), b"CurveZMQHELLO---" + nonce, self.server_key, self.secret))
        _, welcome = self.read_frame()
        assert welcome[:8] == b"\x07WELCOME", welcome
        plain = crypto_box_open(welcome[24:], b"WELCOME-" + welcome[8:24], self.server_key, self.secret)
        server_transient, cookie = plain[:32], plain[32:]
        self.shared = crypto_box_beforenm(server_transient, self.secret)
        vouch_nonce = os.urandom(16)
        vouch = crypto_box(self.public + self.server_key, b"VOUCH---" + vouch_nonce, server_transient,
                           self.key.secret)
        nonce = self.nonce()
        plain = self.key.public + vouch_nonce + vouch + properties((b"Socket-Type", b"DEALER"), *metadata)
        self.command(b"\x08INITIATE" + cookie + nonce +
                     crypto_box_afternm(plain, b"CurveZMQINITIATE" + nonce, self.shared))
        _, ready = self.read_frame()
        if ready[:6] != b"\x05READY":
            raise ConnectionError(repr(ready[:20]))

    def box(self, payload, more=False):
        """One part of a message, ready to be sent."""
        nonce = self.nonce()
        body = b"\x07MESSAGE" + nonce + crypto_box_afternm(bytes([1 if more else 0]) + payload,
                                                           b"CurveZMQMESSAGEC" + nonce, self.shared)
        if len(body) > 255:
            return b"\x02" + struct.pack(">Q", len(body)) + body
        return b"\x00" + bytes([len(body)]) + body

    def send(self, payload, more=False):
        self.connection.sendall(self.box(payload, more))

    def receive(self):
        """The next message's payload; commands of ZMTP are passed over."""
        while True:
            flags, body = self.read_frame()
            if body[:8] != b"\x07MESSAGE":
                continue
            plain = crypto_box_open_afternm(body[16:], b"CurveZMQMESSAGES" + body[8:16], self.shared)
            if not plain[0] & 2 and not flags & 4:
                return plain[1:]

    def is_closed(self, seconds):
        self.connection.settimeout(seconds)
        try:
            while self.connection.recv(65536):
                pass
            return True
        except ConnectionError:
            return True
        except TimeoutError:
            return False

    def close(self):
        self.connection.close()
