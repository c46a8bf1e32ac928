"""Published counts of a single transferable vote, stage by stage, as the program Droop prints them: a table (dump) or a report.

    counts = read(path)     # [{"quota", "non_transferable", "residual", "votes", "elected", "excluded"}], a stage each

Numbers are integers in units of the last decimal place; residual is None where the form does not have it. A stage in which Droop
transfers a surplus of nothing is left out: rule 48 transfers what exceeds the quota."""

import re


def units(text):
    whole, _, places = text.partition(".")
    return int(whole + places)


def plain(text):
    """Droop does not keep how many blanks a name has."""
    return " ".join(text.split())


class Stage(dict):
    """What stands after a stage."""

    def __init__(self):
        super().__init__(quota=None, non_transferable=None, residual=None, votes={}, elected=set(), excluded=set())
        self.is_empty_surplus = False


def read_table(lines):
    """Tab-separated: R, action, quota, non-transferable, then name, state and votes of each option."""
    stages = {}
    for line in lines[1:]:
        cells = line.split("\t")
        if cells[0] == "X" or len(cells) < 7:
            continue
        stage = stages.setdefault(int(cells[0]), Stage())
        options = [(plain(name), state, votes) for name, state, votes in zip(cells[4::3], cells[5::3], cells[6::3])]
        if cells[1] == "unpend":
            before = stages[int(cells[0]) - 1]["elected"]
            gone = [votes for name, state, votes in options if state == "E" and name in before]
            stage.is_empty_surplus = bool(gone) and all(votes == cells[2] for votes in gone)
        stage["quota"], stage["non_transferable"] = units(cells[2]), units(cells[3])
        stage["votes"] = {name: units(votes) for name, _, votes in options}
        stage["elected"] = {name for name, state, _ in options if state in "eE"}
        stage["excluded"] = {name for name, state, _ in options if state == "D"}
    return [stages[number] for number in sorted(stages)]


def read_report(lines):
    """Paragraphs "Action: ..." below "Round n:", each with every option in its state."""
    stages, quota, names = [Stage()], None, []
    for line in lines:
        text = plain(line)
        if re.fullmatch(r"Round \d+:", text):
            stages.append(Stage())
        elif text == "Action: Count Complete":
            break
        elif found := re.fullmatch(r"Quota: ([\d.]+)", text):
            quota = units(found.group(1))
        elif found := re.fullmatch(r"Add eligible: (.*)", text):
            names.append(found.group(1))
        elif found := re.fullmatch(r"Surplus transferred: .* \(([\d.]+)\)", text.replace("Action: ", "")):
            stages[-1].is_empty_surplus = units(found.group(1)) == 0
        elif found := re.fullmatch(r"(Nontransferable votes|Residual): ([\d.]+)", text):
            stages[-1]["non_transferable" if found.group(1)[0] == "N" else "residual"] = units(found.group(2))
        elif found := re.fullmatch(r"(Elected|Pending|Hopeful|Defeated): +(.*) \(([\d.]+)\)", text):
            state, who, votes = found.groups()
            for name in [who] if who in names else who.split(", "):
                stages[-1]["votes"][name] = units(votes)
                stages[-1]["elected" if state in ("Elected", "Pending") else "excluded"] |= \
                    {name} if state != "Hopeful" else set()
    for stage in stages:
        stage["quota"] = quota
    return stages


def read(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    stages = read_table(lines) if lines and lines[0].startswith("R\t") else read_report(lines)
    if not stages or not stages[0]["votes"]:
        raise ValueError(f"{path}: no stages")
    return [stage for stage in stages if not stage.is_empty_surplus]


def findings(expected, document):
    """What differs between a published count and the document of `comity count --json`: none is right."""
    options = [plain(option) for option in document["options"]]
    stages = document["outcome"]["ranking"]["stages"]
    fills = [stage for stage in stages if stage["act"] == "FILL"]
    counted = [stage for stage in stages if stage["act"] != "FILL"]
    if len(counted) != len(expected):
        yield f"{len(counted)} stages, published {len(expected)}"
    elected, excluded = set(), set()
    for number, (stage, published) in enumerate(zip(counted, expected)):
        is_last = number == len(expected) - 1
        votes = dict(zip(options, stage["votes"]))
        elected |= {options[n - 1] for n in stage["elected"]}
        if is_last:
            elected |= {options[n - 1] for fill in fills for n in fill["elected"]}
        if stage["act"] == "EXCLUDE":
            excluded |= {options[n - 1] for n in stage["options"]}
        for what, mine, theirs in (
                ("votes", {name: votes[name] for name in published["votes"]}, published["votes"]),
                ("quota", stage["quota"], published["quota"]),
                ("non-transferable", stage["non_transferable"], published["non_transferable"]),
                ("residual", stage["residual"], published["residual"]),
                ("elected", elected, published["elected"]),
                ("excluded", excluded, published["excluded"])):
            if theirs is None or mine == theirs:
                continue
            if what == "excluded" and is_last and mine <= theirs and not theirs & elected:
                continue  # those whom the end of the count leaves without a seat
            yield f"stage {number}, {what}: {mine}, published {theirs}"
