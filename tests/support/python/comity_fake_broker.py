"""A broker that does as it is told: for tests of the worker alone.

It routes like a broker (front and back ROUTERs under CURVE, tickets in `route`), keeps what workers say of themselves,
and can be made to misbehave: fall silent, vanish, give the worker any bytes.

    with FakeInstallation(build) as installation, installation.wire() as wire: ...      # as comity_installation
    installation.fake.wait_for(DRAIN)
"""

import collections
import secrets
import threading
import time

import zmq

from comity_installation import Installation
from comity_wire import BYE, DRAIN, ERROR, HEARTBEAT, HELLO, NEWS, READY, REQUEST, SUBSCRIBE, ERR, Frame


class FakeBroker:
    def __init__(self, secret, front="tcp://127.0.0.1:*", back="tcp://127.0.0.1:*"):
        self.secret, self.endpoints = secret, {"front": front, "back": back}
        self.lock = threading.Condition()
        self.said = []              # frames of workers but answers and heartbeats, in order
        self.stray = []             # answers to tickets that the test gave itself
        self.heartbeats = 0         # of workers
        self.is_silent = False
        self.answers_heartbeats = True
        self.injected = collections.deque()
        self.worker = None          # routing id of the last that said READY
        self.is_stopped = True
        self.start()

    # Life

    def start(self):
        self.context = zmq.Context()
        self.sockets = {}
        for side, endpoint in self.endpoints.items():
            socket = self.context.socket(zmq.ROUTER)
            socket.setsockopt(zmq.LINGER, 0)
            socket.setsockopt(zmq.CURVE_SERVER, 1)
            socket.setsockopt(zmq.CURVE_SECRETKEY, self.secret)
            socket.setsockopt(zmq.ROUTER_MANDATORY, 1)
            self.bind(socket, endpoint)
            self.endpoints[side] = socket.getsockopt(zmq.LAST_ENDPOINT).rstrip(b"\0").decode()
            self.sockets[side] = socket
        self.tickets, self.next_ticket = {}, secrets.randbits(40)
        self.subscribers = set()
        self.is_stopped = False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    @staticmethod
    def bind(socket, endpoint):
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.bind(endpoint)
                return
            except zmq.ZMQError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)   # the port of the one before is being given back

    def stop(self):
        """Vanish like a process that is killed."""
        if self.is_stopped:
            return
        self.is_stopped = True
        self.thread.join()
        for socket in self.sockets.values():
            socket.close(0)
        self.context.term()

    # For the test

    def wait_until(self, condition, timeout_s=60):
        with self.lock:
            if not self.lock.wait_for(condition, timeout_s):
                raise TimeoutError(f"not within {timeout_s} s; workers said {self.said[-10:]}")
            return condition()

    def wait_for(self, type, after=0, timeout_s=60):
        """The first frame of this type that a worker sent, after as many others of it."""
        def find():
            frames = [frame for frame in self.said if frame.type == type]
            return frames[after] if len(frames) > after else None
        return self.wait_until(find, timeout_s)

    def count(self, type):
        with self.lock:
            return sum(frame.type == type for frame in self.said)

    def give(self, *parts):
        """Send the worker any message as it is; what it answers under tickets that are none comes to `stray`."""
        self.injected.append(parts)

    # The thread

    def run(self):
        poller = zmq.Poller()
        for socket in self.sockets.values():
            poller.register(socket, zmq.POLLIN)
        while not self.is_stopped:
            if self.is_silent:
                time.sleep(0.005)
                continue
            ready = dict(poller.poll(5))
            while self.injected and self.worker:
                self.send("back", self.worker, *self.injected.popleft())
            if self.sockets["front"] in ready:
                self.from_client(*self.sockets["front"].recv_multipart())
            if self.sockets["back"] in ready:
                self.from_worker(*self.sockets["back"].recv_multipart())

    def send(self, side, peer, *parts):
        try:
            self.sockets[side].send_multipart([peer, *parts], zmq.DONTWAIT)
            return True
        except zmq.ZMQError:
            return False

    def answer_heartbeat(self, worker, frame):
        self.send("back", worker, Frame(HEARTBEAT, request=frame.request, group=frame.group).pack())

    def from_client(self, client, data, *_):
        frame = Frame.unpack(data)
        if frame.type == HEARTBEAT:
            self.send("front", client, data)
        elif frame.type == SUBSCRIBE:
            self.subscribers.add((client, frame.history))
        elif frame.type in (REQUEST, HELLO):
            self.next_ticket += 1
            self.tickets[self.next_ticket] = client
            sent = self.worker and self.send("back", self.worker, data[:104] + self.next_ticket.to_bytes(8, "big")
                                             + data[112:])
            if not sent:
                self.send("front", client, Frame(ERROR, request=frame.request, group=frame.group,
                                                 error=ERR.NO_ROUTE, budget=50).pack())

    def from_worker(self, worker, data, *_):
        frame = Frame.unpack(data)
        if frame.type == READY:
            self.worker = worker
        if frame.type == DRAIN and worker == self.worker:
            self.worker = None
        if frame.type == HEARTBEAT and self.answers_heartbeats:
            self.answer_heartbeat(worker, frame)
        if frame.type == NEWS:
            for client, history in self.subscribers:
                if history == frame.history:
                    self.send("front", client, data)
        client = self.tickets.pop(frame.route, None) if frame.route else None
        if client:
            self.send("front", client, data[:104] + bytes(8) + data[112:])
        with self.lock:
            if frame.type == HEARTBEAT:
                self.heartbeats += 1
            elif frame.type in (READY, DRAIN, BYE, NEWS):
                self.said.append(frame)
            elif not client:
                self.stray.append(frame)
            self.lock.notify_all()


class FakeInstallation(Installation):
    """A real worker and the fake broker."""

    def __init__(self, build, **options):
        super().__init__(build, **options)
        text = (self.directory / "broker.key").read_text()
        self.fake = FakeBroker(bytes.fromhex(text.split("secret ")[1].strip()))
        self.ports = dict(self.fake.endpoints)

    def start(self, name, environment=None, arguments=()):
        if name == "worker":
            super().start(name, environment, arguments)

    def __exit__(self, *arguments):
        super().__exit__(*arguments)
        self.fake.stop()
