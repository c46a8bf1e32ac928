"""Ask the rule engine about many cases: one process of comity-count-cases, one line of JSON a case.

    answers = Counter(build).ask([question(round, "check", "count"), ...])     # [{"check": "OK", "outcome": pb.Outcome, ...}]
"""

import json
import pathlib
import subprocess

from comity_wire import pb

MESSAGES = {"outcome": pb.Outcome, "no_quorum": pb.Outcome, "stage_rule": pb.Rule, "packed": pb.Rule}


def question(round, *asks, **more):
    """A case as comity-count-cases reads it. @round: naive_rule.Round."""
    return {
        "ask": asks, "rule": round.rule.SerializeToString(deterministic=True).hex(), "rounds_remain": round.rounds_remain,
        "lines": [[line.member, line.constituency, line.recused, line.present, line.notified, line.answered, line.sequence,
                   line.weight, line.site, line.offices, line.answer, line.choice, line.ranks, line.score]
                  for line in round.lines],
        "constituencies": [[c.number, c.name, c.side, c.is_party, c.vacant] for c in round.constituencies],
        "sites": round.sites, "options": round.options, "tie_order": round.tie_order, **more}


class Counter:
    def __init__(self, build):
        self.program = pathlib.Path(build) / "tests" / "cases" / "comity-count-cases"

    def read(self, path):
        """The rule that is in a file of YAML."""
        return self.ask([{"ask": ["rule"], "rule_file": str(path)}])[0]["packed"]

    def ask(self, questions):
        told = "".join(json.dumps(each) + "\n" for each in questions)
        run = subprocess.run([self.program], input=told, stdout=subprocess.PIPE, text=True, check=True)
        answers = [json.loads(line) for line in run.stdout.splitlines()]
        if len(answers) != len(questions):
            raise RuntimeError(f"{len(questions)} cases asked, {len(answers)} answered")
        for answer in answers:
            for name, kind in MESSAGES.items():
                if name in answer:
                    answer[name] = kind.FromString(bytes.fromhex(answer[name]))
        return answers
