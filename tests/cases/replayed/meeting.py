"""Ballot by ballot through a real broker and a real worker: a partnership of one constituency, in session."""

import contextlib

from comity_installation import Installation
from comity_scene import Scene
from comity_wire import pb


class Meeting:
    def __init__(self, scene, seats):
        self.scene = scene
        scene.found({"community": "OTHER"})
        scene.invite_many("community", max(0, seats - 2))
        scene.body("meeting", {"community": max(1, seats)})
        self.members = scene.seat_all("meeting")
        self.session = scene.open_session("meeting")

    def round(self, rule, title, ballots, options=()):
        """A round on a proposal of its own; each ballot, as fields of CastBallot, by a key of its own. (number, outcome)"""
        scene = self.scene
        proposal, text_hash = scene.propose(self.session, title[:120], title)
        number = scene.open_round(proposal, text_hash, rule, options=options)
        scene.do_many([(scene.keys[member], scene.ballot(number, text_hash, **{"answer": 0, **ballot}))
                       for member, ballot in zip(self.members, ballots)])
        closed = scene.round(number)   # by itself, where everybody has answered and the rule says so
        return number, closed.outcome if closed.state == pb.ROUND_STATE_CLOSED else scene.close(number)


@contextlib.contextmanager
def meeting_of(seats, build):
    with Installation(build) as installation, installation.wire() as wire:
        yield Meeting(Scene(wire, installation.token, retry_s=60), seats)
