"""Sixty members of a partnership, their sides, offices and shifts: who they are, and how they come in."""

from concurrent.futures import ThreadPoolExecutor

from cli_case import FOUNDERS, World

# The twelve seats of a side are held by those of the day shift, the founders first; those of the night shift are their
# alternates. Offices are given jointly; the others come without one, or as advisers and observers.
DAY = {"union": ["Alma Reyes", "Bo Lindgren", "Cora Mills", "Dan Osei", "Edna Kovac", "Finn Harper", "Gina Lopez",
                 "Hal Brandt", "Ines Faber", "Jon Adeyemi"],
       "management": ["Karl Dietz", "Lena Ortiz", "Mark Sutter", "Nina Walsh", "Olaf Berg", "Petra Hahn", "Quinn Baker",
                      "Rosa Engel", "Sam Nakata", "Tess Moran"]}
NIGHT = {"union": ["Uli Becker", "Vera Sandoval", "Walt Pruitt", "Xenia Roth", "Yara Haddad", "Zeb Collins", "Amos Tran",
                   "Bea Fischer", "Cal Jensen", "Dora Nwosu", "Eric Salas", "Flo Meyer"],
         "management": ["Gus Keller", "Hanna Price", "Ivan Morris", "Jade Silva", "Kurt Evans", "Lola Stein",
                        "Milo Grant", "Nell Abbott", "Otto Perez", "Pia Schmid", "Ralf Dunn", "Sue Lambert"]}
OTHERS = {"union": [("Fay Lind", "facilitator"), ("Tom Vance", ""), ("Ute Kraus", "adviser")],
          "management": [("Gil Ames", "facilitator"), ("Vic Stone", ""), ("Wim Acker", "adviser")],
          "convener": [("Rita Sole", "recorder"), ("Max Boyle", "adviser"), ("Nan Perry", "observer"),
                       ("Abe Rowan", "observer")]}
CO_CHAIRS = {"union": ("ada", "ben"), "management": ("carla", "dev"), "convener": ("eli", "eve")}
NAMES = {who: name for who, _, name, _ in FOUNDERS}


def home_of(name):
    """`Alma Reyes` has the home `alma-reyes`; founders have theirs."""
    return {name: who for who, name in NAMES.items()}.get(name, name.lower().replace(" ", "-"))


def holders(side):
    """Who holds the seats of a side, in the order of seats."""
    return [NAMES[who] for who in CO_CHAIRS[side]] + DAY[side]


def together(*works):
    """Run them at once, each in a thread; what one raises is raised here."""
    with ThreadPoolExecutor(len(works)) as pool:
        for done in [pool.submit(work) for work in works]:
            done.result()


def for_each(work, list_of_things, at_once=4):
    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(work, list_of_things))


class Sixty(World):
    """Three sites, and sixty members of whom twenty-four hold seats of one body."""

    def come_in(self):
        invitations = [(side, name, office) for side in ("union", "management", "convener")
                       for name, office in [(name, "") for name in DAY.get(side, []) + NIGHT.get(side, [])] + OTHERS[side]]
        self.ask("ada", "site", "add", "clinic", "--title", "Lake Clinic", "--time-zone", "America/Chicago",
                 *self.with_key("carla"))
        together(*(lambda who=who, side=side, nth=nth: self.invite(who, [row for row in invitations if row[0] == side][nth::2])
                   for side, pair in CO_CHAIRS.items() for nth, who in enumerate(pair)))
        # One after another: numbers of members are given in this order, and lists are read in it.
        for _, name, _ in invitations:
            self.ask(home_of(name), "join", f"{home_of(name)}.invitation")
        return len(invitations) + len(FOUNDERS)

    def invite(self, who, invitations):
        for side, name, office in invitations:
            others = [CO_CHAIRS[other][0] for other in ("union", "management") if other != side]
            joint = [word for other in others for word in self.with_key(other)] if office in ("facilitator", "recorder") else []
            self.ask(who, "invite", name, "--out", f"{home_of(name)}.invitation",
                     *(["--office", office] if office else []), *joint)

    def seat_all(self):
        """Twelve seats a side, and the pool of alternates for each."""
        self.ask("ada", "body", "create", "steering", "--title", "Steering Committee", "--seats", "union=12,alternates=pool",
                 "--seats", "management=12,alternates=pool", *self.with_key("carla"))
        self.ask("ada", "rule", "adopt", "consensus", *self.with_key("carla"))

        def seat(who, side, first, nth):
            for at, name in list(enumerate(holders(side)))[nth::2]:
                self.ask(who, "seat", "assign", "steering", first + at, name)

        together(*(lambda who=who, side=side, first=first, nth=nth: seat(who, side, first, nth)
                   for side, first in (("union", 1), ("management", 13)) for nth, who in enumerate(CO_CHAIRS[side])))
        for side, first in (("union", 1), ("management", 13)):
            named = [word for name in NIGHT[side] for word in ("--member", name)]
            self.ask(CO_CHAIRS[side][0], "seat", "alternates", "steering", first, *named)
