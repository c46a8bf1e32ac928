"""Whoever listens where a member of etcd is expected: with a certificate of choice, and a version of choice.

    with FakeEtcd(directory, "expired-member") as fake: fake.endpoint
    with FakeEtcd(directory, "member", version="4.0.1") as fake: ...; fake.asked
    with FakeEtcd(directory, "member", http=404) as fake: ...
    with FakeEtcd(directory, "expired-member", silent=2) as fake: ...

@directory has the certificates (etcd_certificates). HTTP/2 as far as one call at a time of gRPC needs it (RFC 9113): what is asked is not
read but for its path, and each call is answered with the version, as Maintenance/Status does. With @http it speaks HTTP/1.1 alone, as etcd 2
did, or a proxy, and answers each request with that status. The first @silent connections are not greeted, as by a member that is too slow.
`asked`: how many calls came.
"""

import socket
import ssl
import struct
import threading

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, SETTINGS, PING = 0, 1, 4, 6
END_STREAM, ACK, END_HEADERS = 1, 1, 4


def frame(kind, flags, stream, body=b""):
    return struct.pack(">I", len(body))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + body


def literal(name, value):
    """A header that is written out, and in no table (RFC 7541, 6.2.2)."""
    return b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value


def field(number, body):
    """Of a message of Protocol Buffers: bytes, fewer than 128."""
    return bytes([number << 3 | 2, len(body)]) + body


class FakeEtcd:
    def __init__(self, directory, certificate, version="3.5.0", http=None, silent=0):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(directory / f"{certificate}.pem", directory / f"{certificate}.key")
        self.context.load_verify_locations(directory / "ca.pem")
        self.context.verify_mode = ssl.CERT_REQUIRED
        self.context.set_alpn_protocols(["h2"] if http is None else ["http/1.1"])
        self.version, self.http, self.asked, self.silent = version.encode(), http, 0, silent
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"https://127.0.0.1:{self.listener.getsockname()[1]}"
        self.thread = threading.Thread(target=self.accept)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)   # ends accept()
        self.thread.join()
        self.listener.close()

    def accept(self):
        held = []
        while True:
            try:
                connection = self.listener.accept()[0]
            except OSError:
                return
            self.silent -= 1
            if self.silent >= 0:
                held.append(connection)
                continue
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            with connection, self.context.wrap_socket(connection, server_side=True) as tls:
                self.answer_calls(tls) if self.http is None else self.answer_plainly(tls)
        except (OSError, EOFError):
            pass   # whoever called does not trust this one, or has gone

    def answer_plainly(self, tls):
        file = tls.makefile("rb")
        while file.readline():
            size = 0
            while (line := file.readline().strip().lower()):
                size = int(line.split(b":")[1]) if line.startswith(b"content-length:") else size
            file.read(size)
            self.asked += 1
            tls.sendall(f"HTTP/1.1 {self.http} No\r\nContent-Length: 0\r\n\r\n".encode())

    def answer_calls(self, tls):
        file = tls.makefile("rb")
        if file.read(len(PREFACE)) != PREFACE:
            return
        tls.sendall(frame(SETTINGS, 0, 0))
        while len(head := file.read(9)) == 9:
            size, kind, flags, stream = int.from_bytes(head[:3]), head[3], head[4], int.from_bytes(head[5:])
            body = file.read(size)
            if kind in (SETTINGS, PING) and not flags & ACK:
                tls.sendall(frame(kind, ACK, 0, body if kind == PING else b""))
            if kind in (DATA, HEADERS) and flags & END_STREAM:
                self.asked += 1
                tls.sendall(self.answer(stream))

    def answer(self, stream):
        status = field(1, b"\x08\x01") + field(2, self.version)   # StatusResponse: header, with a cluster's id; version
        message = b"\0" + struct.pack(">I", len(status)) + status
        return (frame(HEADERS, END_HEADERS, stream, literal(b":status", b"200") + literal(b"content-type", b"application/grpc"))
                + frame(DATA, 0, stream, message)
                + frame(HEADERS, END_HEADERS | END_STREAM, stream, literal(b"grpc-status", b"0")))
