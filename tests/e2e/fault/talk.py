#!/usr/bin/python3
"""Two ends of one connection, for tests of a network: each sends a numbered line every 10 ms and writes down the last that came.

usage: talk.py listen ADDRESS PORT-FILE HEARD-FILE | talk.py connect ADDRESS:PORT HEARD-FILE
"""

import pathlib
import select
import socket
import sys
import time


def write(path, text):
    beside = path.with_suffix(".new")
    beside.write_text(text)
    beside.rename(path)


def talk(connection, heard):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setblocking(False)
    number, rest, due = 0, b"", time.monotonic()
    while True:
        if select.select([connection], [], [], max(0, due - time.monotonic()))[0]:
            piece = connection.recv(4096)
            if not piece:
                return
            *lines, rest = (rest + piece).split(b"\n")
            if lines:
                write(heard, lines[-1].decode())
        if time.monotonic() >= due:
            due += 0.01
            number += 1
            try:
                connection.send(b"%08d\n" % number)
            except BlockingIOError:
                pass


def main():
    way, where, *paths = sys.argv[1:]
    paths = [pathlib.Path(path) for path in paths]
    if way == "listen":
        listener = socket.create_server((where, 0))
        write(paths[0], str(listener.getsockname()[1]))
        connection, _ = listener.accept()
    else:
        address, _, port = where.partition(":")
        connection = socket.create_connection((address, int(port)))
    talk(connection, paths[-1])


if __name__ == "__main__":
    main()
