"""The command `ixastate diagram`: a view to a file or to standard output, or the whole folder of pictures."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ixastate.diagrams import VIEWS, drawing, dot, mermaid
from ixastate.course import Record
from ixastate.diagrams.gallery import check, write_all
from ixastate.diagrams.render import FORMATS, render
from ixastate.errors import InputError
from ixastate.files import write_whole
from ixastate.rules import DEFAULT_EDITION

FOUND = 1
FOLDER = Path("diagrams")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
