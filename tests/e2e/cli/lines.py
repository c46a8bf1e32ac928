"""TCP lines between people and a broker that a test can spoil."""

import socket
import threading


class Line:
    """Passes TCP connections on to `target`. A kind of line overrides pass_there or pass_back."""

    def __init__(self, target):
        self.target, self.connections = target, 0
        self.sockets = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"tcp://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.create_connection(self.target)
            self.sockets += [near, far]
            self.connections += 1
            self.opened(near)
            for pass_on, ends in ((self.pass_there, (near, far)), (self.pass_back, (far, near))):
                threading.Thread(target=self.run, args=(pass_on, *ends, self.connections), daemon=True).start()

    def opened(self, near):
        """Before anything is passed on."""

    def run(self, pass_on, source, target, number):
        """An end that is not told by a return of True goes on to the other side."""
        try:
            stands_still = pass_on(source, target, number)
        except OSError:
            stands_still = False
        if not stands_still:
            self.end(source, target)

    def pass_there(self, near, far, number):
        """From the client, the number-th connection: until it ends."""
        while data := near.recv(65536):
            far.sendall(data)

    def pass_back(self, far, near, number):
        while data := far.recv(65536):
            near.sendall(data)

    @staticmethod
    def end(*sockets):
        for each in sockets:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.listener.close()
        self.end(*self.sockets)
        for each in self.sockets:
            each.close()
