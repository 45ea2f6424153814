"""`python -m ixastate` is the command `ixastate`."""

from __future__ import annotations

import sys

from ixastate.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
