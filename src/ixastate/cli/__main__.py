"""`python -m ixastate.cli` is the command `ixastate` too."""

from __future__ import annotations

import sys

from ixastate.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
