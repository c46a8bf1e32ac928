"""What is asked of the audit in tests that alter a copied record: the first thing that it names, by event and check."""

import json
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "e2e/cli"))

from cli_case import BUILD, CliCase, DIFFERS, DONE, UNCOUNTED  # noqa: E402
from comity_record import Record, seed_of  # noqa: E402

# Audits that lack one check each: CMakeLists.txt of the cases.
CONTROLS = Path(os.environ["COMITY_CONTROLS"])


class AuditCase(CliCase):
    def audit(self, file, *words, program=BUILD / "comity-audit", exit=DIFFERS):
        done = subprocess.run([program, file, *map(str, words), "--json"], capture_output=True, text=True, timeout=120)
        document = json.loads(done.stdout)
        self.assertIn(done.returncode, range(9) if exit is None else [exit], (document.get("error"), document.get("findings", [])[:3], done.stderr))
        return document

    def write(self, record, name="altered"):
        return record.write(self.world.directory / f"{name}.record")

    def told(self, record, sequence, check, *words, program=BUILD / "comity-audit"):
        """The first thing that does not fit is of this event, and found by this check."""
        document = self.audit(self.write(record), *words, program=program)
        first = document["findings"][0]
        self.assertEqual((first["sequence"], first["check"]), (sequence, check), document["findings"][:3])
        self.assertIn(first["sentence"], document["error"]["what"])
        return first["sentence"]

    def accepted(self, record, *words, exit=DONE, **options):
        """Nothing is told: but for what no audit of this file can know."""
        document = self.audit(self.write(record), *words, exit=exit, **options)
        self.assertEqual(document["wrong"], 0)
        self.assertEqual(document["unverified"] > 0, exit == UNCOUNTED)
        return document

    @classmethod
    def take_backup(cls):
        """A worker's export, and the key that signs it."""
        cls.backup = cls.world.directory / "backup.record"
        subprocess.run([BUILD / "comity-worker", "export", "--config", cls.world.data / "worker.ini", "--to", cls.backup], check=True,
                       capture_output=True, timeout=120)
        cls.log_key = seed_of(cls.world.data / "log.key")

    def sealed(self, alter, file=None):
        record = Record(file or self.backup)
        alter(record)
        return record.seal(self.log_key)
