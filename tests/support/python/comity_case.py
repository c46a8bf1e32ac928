"""What tests have that need an installation for each of them: started, ended, a client, a partnership, and waiting for something."""

import os
import unittest
from pathlib import Path

from comity_installation import Installation
from comity_patience import until  # noqa: F401  for those who have no other need of it
from comity_scene import Scene
from comity_wire import pb

BUILD = Path(os.environ.get("COMITY_BUILD", ".")).resolve()
WAIT_S = 120


class InstallationCase(unittest.TestCase):
    """One installation a test. `kind` is the class that starts it, with `options`; `patience_s`: for how long what may pass
    (BUSY, a worker that is just starting) is asked again."""

    kind = Installation
    options = {}
    patience_s = 0

    def setUp(self):
        self.installation = self.enterContext(self.kind(BUILD, **self.options))
        self.wire = self.new_wire()

    def new_wire(self, **options):
        wire = self.installation.wire(**options)
        self.addCleanup(wire.close)
        return wire

    def found(self, **options):
        scene = Scene(self.wire, self.installation.token, retry_s=self.patience_s)
        scene.found({"labour": "WORKER", "management": "EMPLOYER"}, **options)
        return scene

    def head(self, scene):
        return self.wire.patiently(lambda: self.wire.query(scene.history, whoami=pb.Whoami()), self.patience_s).as_of
