#!/usr/bin/python3
"""A client for fault tests: a process on a host, that acts without end and writes down what it was told (comity_told).

usage: voter.py FILE      (JSON: see Voter; SIGTERM ends it, with 1 if it was told something that no fault explains)

It casts ballots, each in place of the one before, or adds items, and reads in between. Like any client it sends the same bytes again
until it is answered, to the next broker where one is of no use, and before long to its own again; now and then it loses patience, goes
on, and asks again later what became of it.
"""

import json
import pathlib
import random
import signal
import sys
import time

import nacl.signing
import zmq

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support" / "python"))

from comity_told import AS_OF, FRESH, Told  # noqa: E402
from comity_wire import (ERR, PASSING, BadReceipt, Failed, NoAnswer, Prose, Refused, Wire, check_record, now_ms, pb,  # noqa: E402
                         seal_up, verify_receipt)

ANSWER_S, SILENCE_S = 0.4, 1.5          # for an answer; without any, after which a connection is begun anew
AVOIDED_S, PASSING_S = 1.0, 0.03        # a broker that was of no use; after a refusal that passes
QUERY_MS = 300                          # a worker that asks others first has so long, and then answers as it can
PATIENCE_S = (0.3, 1.0, 4.0)            # with a command: one of these
DAY_MS = 24 * 3600 * 1000


class Line:
    """To one broker."""

    def __init__(self, voter, broker):
        self.given, self.broker, self.wire = voter.given, broker, None
        self.avoided = {"act": 0, "read": 0}   # for which purpose until when
        self.connect()

    def connect(self):
        if self.wire is not None:
            self.wire.close()
        endpoint, key = self.broker
        self.wire = Wire(endpoint, bytes.fromhex(key), bytes.fromhex(self.given["group_key"]), timeout_s=ANSWER_S)
        self.heard_at, self.has_leave = time.monotonic(), False

    def ask(self, purpose, send):
        """What came: an answer's content. Raises Refused, or NoAnswer where nothing is known."""
        try:
            frame = self.wire.finish(send(self.wire))
            self.heard_at = time.monotonic()
            return self.wire.open(frame)
        except Refused as refused:
            if refused.code in PASSING:
                self.wire.pump(PASSING_S)
            raise
        except Failed as failed:   # by the broker, or of a worker that has not read it
            self.wire.pump(min(max(failed.wait_ms, 1000 * PASSING_S) / 1000, ANSWER_S))
        except (zmq.Again, NoAnswer):
            if time.monotonic() - self.heard_at > SILENCE_S:
                self.connect()
        self.avoided[purpose] = time.monotonic() + AVOIDED_S
        raise NoAnswer()


class Work:
    """One command, until it is known what became of it."""

    def __init__(self, signed, command_id, texts, is_ballot):
        self.signed, self.command_id, self.texts, self.is_ballot = signed, command_id, texts, is_ballot
        self.sends = 0


class Voter:
    """told, who, seed, brokers ([[endpoint, key], ...], the own one first), group_key, log_key, history, key (its member's seed), round,
    text_hash, session, pause_s; those that are bytes in hexadecimal. With a round it votes, without it adds items to the session."""

    def __init__(self, given):
        self.given, self.chance = given, random.Random(given["seed"])
        self.history, self.key = bytes.fromhex(given["history"]), nacl.signing.SigningKey(bytes.fromhex(given["key"]))
        self.told, self.prose = Told(given["told"], given["who"]), Prose()
        self.latest, self.floor = 0, 0       # its last ballot; the highest place it knows
        self.open, self.is_over = [], False
        self.lines = [Line(self, broker) for broker in given["brokers"]]

    def line(self, purpose):
        """The first one that is of use, as far as is known."""
        now = time.monotonic()
        return min(self.lines, key=lambda line: max(now, line.avoided[purpose]))

    # Commands

    def new_work(self):
        given = self.given
        if given["round"]:
            body = dict(cast_ballot=pb.CastBallot(
                round=given["round"], text_hash=bytes.fromhex(given["text_hash"]), answer=self.chance.randint(1, 6),
                replaces=self.latest, reason=self.prose.ref(""), alternative=self.prose.ref("")))
        else:
            body = dict(add_item=pb.AddItem(session=given["session"], title=self.prose.ref("An item")))
        command = pb.Command(history=self.history, valid_until_ms=now_ms() + DAY_MS, epoch=1, **body)
        signed, command_id = seal_up(command, [self.key])
        self.told.started(self.history, command_id)
        return Work(signed, command_id, self.prose.of(command), bool(given["round"]))

    def act(self):
        work = self.open.pop(0) if self.open and self.chance.random() < 0.3 else self.new_work()
        deadline = time.monotonic() + self.chance.choice(PATIENCE_S)
        while not self.is_over and time.monotonic() < deadline:
            if self.is_done(work):
                return
            if self.chance.random() < 0.5:
                self.read()
        self.told.unknown(work.command_id)
        self.open.append(work)

    def is_done(self, work):
        work.sends += 1
        try:
            receipt = self.line("act").ask("act", lambda wire: wire.submit_start(work.signed, work.texts))
            verify_receipt(receipt, work.signed, bytes.fromhex(self.given["log_key"]))
        except NoAnswer:
            return False
        except Refused as refused:
            return self.is_refused(work, refused)
        self.told.recorded(work.command_id, receipt.first_sequence)
        self.floor = max(self.floor, receipt.first_sequence)
        if work.is_ballot:
            self.latest = max(self.latest, receipt.first_sequence)
        return True

    def is_refused(self, work, refused):
        """True: for good. What may pass is for good only where no other copy is under way."""
        if refused.code in PASSING and work.sends > 1:
            return False
        if refused.code not in PASSING and refused.code != ERR.STALE:
            raise AssertionError(f"a well-formed command was refused: {refused}")
        self.told.refused(work.command_id, refused.name)
        if refused.code == ERR.STALE:
            self.latest = refused.latest   # where an answer was late, the next one sets it right
        return True

    # Reads

    def read(self):
        line = self.line("read")
        try:
            if not line.has_leave:
                leave = line.wire.grant(self.history, self.key)
                hello = pb.Hello(software="voter", format_levels=[1], grants=[leave]).SerializeToString()
                line.ask("read", lambda wire: wire.start(hello, 1))
                line.has_leave = True
            self.read_events(line, self.chance.choice([FRESH, AS_OF]))
        except NoAnswer:
            pass
        except Refused as refused:
            if refused.code in (ERR.HELLO, ERR.GRANT):   # a worker that has just started, or another one
                line.has_leave = False
            elif refused.code == ERR.BEHIND:
                self.told.behind(self.told.reads)
            elif refused.code not in PASSING | {ERR.RANGE}:
                raise

    def read_events(self, line, kind):
        """FRESH asks without a floor: that it is not stale is the worker's to see to. The last places that are known, and what is new.
        From below the floor there is no answer where the worker says that it may be behind."""
        number = self.told.reading(self.history, kind)
        is_fresh = kind == FRESH
        answer = line.ask("read", lambda wire: wire.query_start(
            self.history, floor=0 if is_fresh else self.floor, limit=8, header={"budget": QUERY_MS}, fresh=is_fresh,
            events=pb.Events(**{"from": max(1, self.floor - 3)})))
        if is_fresh and not answer.is_fresh and answer.as_of < self.floor:
            self.told.behind(number)
            return
        seen = {}
        for record in answer.events:
            header, event = check_record(record, self.history)
            seen[header.sequence] = event.command_id
        self.told.saw(number, answer.as_of, seen, is_fresh=not is_fresh or answer.is_fresh)
        self.floor = max(self.floor, answer.as_of)

    def run(self):
        while not self.is_over:
            if self.chance.random() < 0.4:
                self.read()
            else:
                self.act()
            for line in self.lines:
                line.wire.arrived.clear()   # answers to what nobody waits for any more
            self.lines[0].wire.pump(self.chance.uniform(0, self.given.get("pause_s", 0.02)))


def main():
    voter = Voter(json.loads(pathlib.Path(sys.argv[1]).read_text()))

    def over(*_):
        voter.is_over = True
    signal.signal(signal.SIGTERM, over)
    try:
        voter.run()
    except (AssertionError, BadReceipt, Refused) as wrong:
        print(f"{voter.told.who}: {wrong!r}", flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
