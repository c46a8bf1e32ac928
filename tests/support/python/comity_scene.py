"""A partnership to try things on: founded, manned and in session, through a Wire.

    scene = Scene(wire, token)
    scene.found({"labour": "WORKER", "management": "EMPLOYER"}, sites=["north", "south"])
    members = scene.invite_many("labour", 20)
    scene.body("council", {"labour": 20, "management": 2})
    scene.seat_all("council")
    rule = scene.adopt(rule_message)
    session = scene.open_session("council")
    scene.check_in(session, key, "north")
    proposal, text_hash = scene.propose(session, "Title", "Text")
    number = scene.open_round(proposal, text_hash, rule)
    scene.vote(number, text_hash, key, answer)
    outcome = scene.close(number)

Every member is a nacl SigningKey. What came of a command is read from its receipt's open part, never guessed.
"""

import nacl.signing

from comity_wire import Prose, now_ms, pb, seal_up, verify_receipt

DAY_MS = 24 * 3600 * 1000


def event_of(receipt):
    return pb.Event.FromString(next(p.content for p in receipt.event.parts if p.kind == pb.PART_KIND_OPEN))


class Scene:
    def __init__(self, wire, token="", retry_s=0.0):
        self.wire, self.token, self.retry_s = wire, token, retry_s
        self.prose = Prose()
        self.history = b""
        self.epoch = 1             # what the signers know
        self.constituencies = {}   # name -> number
        self.sites = {}            # name -> number
        self.keys = {}             # member number -> SigningKey
        self.home = {}             # member number -> constituency name
        self.co_chairs = {}        # constituency name -> [SigningKey, SigningKey]
        self.bodies = {}           # name -> (number, {constituency: [seat numbers]})

    # One command

    def command(self, **body):
        epoch = 0 if {"found", "redeem"} & body.keys() else self.epoch
        return pb.Command(history=self.history, valid_until_ms=now_ms() + DAY_MS, epoch=epoch, **body)

    def do(self, keys, **body):
        """Submit one command, wait, and return its first Event. Raises Refused, Failed, NoAnswer or BadReceipt."""
        keys = keys if isinstance(keys, list) else [keys]
        return event_of(self.wire.submit(self.command(**body), keys, self.prose, retry_s=self.retry_s))

    def do_many(self, works, window=64):
        """Many commands at a time, [(keys, body dict)]; their Events in the same order. All have to be recorded."""
        wire, sent, events = self.wire, [], []
        for keys, body in works:
            command = self.command(**body)
            signed, _ = seal_up(command, keys if isinstance(keys, list) else [keys])
            sent.append((signed, self.prose.of(command)))
        started = []
        for index in range(len(sent)):
            while len(started) <= min(index + window, len(sent) - 1):
                started.append(wire.submit_start(*sent[len(started)]))
            signed, texts = sent[index]
            try:
                receipt = wire.open(wire.finish(started[index]))
                verify_receipt(receipt, signed, wire.log_key)
            except Exception as error:
                if type(error).__name__ not in ("Failed", "Refused") or not self.retry_s:
                    raise
                receipt = wire.submit_signed(signed, texts, retry_s=self.retry_s)
            events.append(event_of(receipt))
        return events

    # Founding and people

    def found(self, constituencies, sites=("north",), facilitators=True, neutral=()):
        """@constituencies: name -> kind without prefix. Two co-chairs each; the first is a facilitator as well."""
        self.wire.patiently(self.wire.hello, self.retry_s)
        news = []
        for name, kind in constituencies.items():
            keys = [nacl.signing.SigningKey.generate() for _ in range(2)]
            self.co_chairs[name] = keys
            founders = []
            for index, key in enumerate(keys):
                offices = [pb.OFFICE_CO_CHAIR] + ([pb.OFFICE_FACILITATOR] if facilitators and index == 0 else [])
                founders.append(pb.Founder(key=bytes(key.verify_key), offices=offices,
                                           name=self.prose.ref(f"{name} co-chair {index + 1}")))
            news.append(pb.NewConstituency(
                name=name, kind=getattr(pb, f"CONSTITUENCY_KIND_{kind}"), title=self.prose.ref(name.title()),
                standing=pb.STANDING_NEUTRAL if name in neutral else pb.STANDING_PARTY, founders=founders))
        found = pb.Found(name="trial", title=self.prose.ref("A trial partnership"), constituencies=news, sites=[
            pb.NewSite(name=site, title=self.prose.ref(site.title()), time_zone="America/Chicago") for site in sites])
        keys = [key for pair in self.co_chairs.values() for key in pair]
        receipt = self.wire.submit(self.command(found=found), keys, self.prose, founding_token=self.token,
                                   retry_s=self.retry_s)
        self.history = receipt.history
        founded = event_of(receipt).partnership_founded
        self.constituencies = {c.name: c.number for c in founded.constituencies}
        self.sites = {s.name: s.number for s in founded.sites}
        names = {number: name for name, number in self.constituencies.items()}
        by_key = {bytes(key.verify_key): key for key in keys}
        for row in founded.keys:
            self.keys[row.member] = by_key[row.key]
        for member in founded.members:
            self.home[member.number] = names[member.constituency]
        self.founder = keys[0]
        self.hello()
        return receipt

    def hello(self, key=None):
        """Leave to read, by the first founder's key or another."""
        return self.wire.patiently(lambda: self.wire.hello([self.wire.grant(self.history, key or self.founder)]), self.retry_s)

    @property
    def parties(self):
        """A co-chair of every constituency: who signs a joint act."""
        return [pair[0] for pair in self.co_chairs.values()]

    @property
    def facilitator(self):
        return self.founder

    def invite_many(self, constituency, count, offices=()):
        """@count new members; returns their numbers."""
        one_time = [nacl.signing.SigningKey.generate() for _ in range(count)]
        chair = self.co_chairs[constituency][0]
        known = len(self.keys)
        self.do_many([(chair, dict(invite=pb.Invite(
            key=bytes(key.verify_key), name=self.prose.ref(f"{constituency} member {known + index}"), offices=offices,
            expires_ms=now_ms() + DAY_MS))) for index, key in enumerate(one_time, 1)])
        own = [nacl.signing.SigningKey.generate() for _ in range(count)]
        events = self.do_many([([new, once], dict(redeem=pb.Redeem(invitation=bytes(once.verify_key))))
                               for new, once in zip(own, one_time)])
        numbers = [event.invitation_redeemed.member.number for event in events]
        for number, key in zip(numbers, own):
            self.keys[number], self.home[number] = key, constituency
        return numbers

    # Bodies, rules, sessions

    def body(self, name, seats):
        event = self.do(self.parties, create_body=pb.CreateBody(
            name=name, title=self.prose.ref(name.title()),
            seats=[pb.SeatGroup(constituency=c, count=n) for c, n in seats.items()])).body_created
        names = {number: constituency for constituency, number in self.constituencies.items()}
        places = {}
        for seat in event.seats:
            places.setdefault(names[seat.constituency], []).append(seat.number)
        self.bodies[name] = (event.body.number, places)
        return event.body.number

    def seat_all(self, name):
        """Members onto the seats of their constituency, in order of their numbers. Returns the members seated."""
        number, places = self.bodies[name]
        works, seated = [], []
        for constituency, seats in places.items():
            members = [m for m, home in sorted(self.home.items()) if home == constituency]
            for seat, member in zip(seats, members):
                works.append((self.co_chairs[constituency][0],
                              dict(assign_seat=pb.AssignSeat(body=number, seat=seat, member=member))))
                seated.append(member)
        self.do_many(works)
        return seated

    def adopt(self, rule, bodies=None):
        """For the bodies of these names; all that there are if none is named."""
        numbers = [self.bodies[name][0] for name in bodies or self.bodies]
        return self.do(self.parties, adopt_rule=pb.AdoptRule(rule=rule, bodies=numbers)).rule_adopted.rule.number

    def timed_proposal(self):
        """Of a council of two sides, under a rule whose rounds close at a time: the rule's number, the proposal, its text's hash."""
        self.body("council", {"labour": 2, "management": 2})
        self.seat_all("council")
        rule = simple_rule()
        rule.close.at_time = True
        number = self.adopt(rule)
        return number, *self.propose(self.open_session("council"), "Shifts", "Four days of ten hours.")

    def open_session(self, body):
        session = self.do(self.facilitator, convene_session=pb.ConveneSession(
            body=self.bodies[body][0], title=self.prose.ref("A session"), starts_ms=now_ms()))
        number = session.session_convened.session.number
        self.do(self.facilitator, open_session=pb.OpenSession(session=number))
        return number

    def check_in(self, session, member, site):
        return self.do(self.keys[member], check_in=pb.CheckIn(session=session, site=self.sites[site]))

    def propose(self, session, title, text):
        item = self.do(self.facilitator, add_item=pb.AddItem(session=session, title=self.prose.ref(title)))
        proposal = self.do(self.facilitator, make_proposal=pb.MakeProposal(
            item=item.item_added.item.number, title=self.prose.ref(title), text=self.prose.ref(text)))
        made = proposal.proposal_made.proposal
        return made.number, made.versions[0].text.hash

    # Rounds

    def open_round(self, proposal, text_hash, rule, closes_ms=0, options=()):
        return self.do(self.facilitator, open_round=pb.OpenRound(
            proposal=proposal, text_hash=text_hash, rule=rule, closes_ms=closes_ms, options=options)).round_opened.round.number

    def ballot(self, number, text_hash, answer, replaces=0, reason=None, alternative=None, ranks=()):
        """With a reason and another way, if only empty ones, as hidden ballots must have them; reason False: without any."""
        cast = pb.CastBallot(round=number, text_hash=text_hash, answer=answer, replaces=replaces, ranks=ranks)
        if reason is not False:
            cast.reason.CopyFrom(self.prose.ref(reason or ""))
            cast.alternative.CopyFrom(self.prose.ref(alternative or ""))
        return dict(cast_ballot=cast)

    def vote(self, number, text_hash, member, answer, **more):
        return self.do(self.keys[member], **self.ballot(number, text_hash, answer, **more))

    def close(self, number):
        return self.do(self.facilitator, close_round=pb.CloseRound(round=number)).round_closed.outcome

    def round(self, number):
        return self.wire.query(self.history, list=pb.List(kind=pb.LIST_KIND_ROUNDS, number=number)).rounds[0]

    def ballots(self, number):
        return [ballot for answer in self.wire.query_all(
            self.history, limit=1000, list=pb.List(kind=pb.LIST_KIND_BALLOTS, parent=number))
            for ballot in answer.ballots]


# Rules as the templates of core/rule have them -----------------------------------------------------------------

def simple_rule(name="trial-majority", **changes):
    """AGREE over CONCERN and BLOCK by more than half of ballots cast; answers are the stances' own numbers."""
    rule = pb.Rule(
        name=name, form=pb.FORM_STANCE, roll=pb.ROLL_KIND_SEATS, frozen=pb.FROZEN_ROUND, rounds=100,
        tests=[pb.Test(name="majority", bound=pb.BOUND_MORE_THAN, numerator=1, denominator=2,
                       scope=pb.Scope(kind=pb.SCOPE_KIND_WHOLE),
                       count=pb.Count(kind=pb.COUNT_KIND_STANCES, stances=[pb.STANCE_AGREE, pb.STANCE_RESERVED]),
                       **{"class": pb.TEST_CLASS_SUPPORT}, against=pb.Base(kind=pb.BASE_KIND_CAST))],
        scale=[pb.ScaleEntry(answer=number, label=label, stance=number) for number, label in
               enumerate(("agree", "reserved", "stand-aside", "abstain", "concern", "block"), start=1)])
    for field, value in changes.items():
        setattr(rule, field, value)
    return rule
