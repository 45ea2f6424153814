"""`ixastate rules`: list the rules, search them, or explain one."""

from __future__ import annotations

from typing import Annotated

import typer

from ixastate.cli.common import OK, CommandPage, EditionOption
from ixastate.cli.pages import did_you_mean
from ixastate.cli.terminal import show, width
from ixastate.editions import DEFAULT_EDITION


def rules(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="ID or TEXT", help="a rule's id such as ANC-04; any other text is searched for"),
    ] = None,
    edition: EditionOption = DEFAULT_EDITION,
) -> int:
    """List the rules, search them, or explain one.

    Without an argument every rule is listed. A rule's id explains it: what it says, its numbers, and the transitions
    that rest on it. Any other text is searched for in ids, titles and sentences, upper and lower case alike.
    """
    from ixastate.chart.explain import find_rules, list_rules, one_rule
    from ixastate.errors import RulesError
    from ixastate.rules import load_edition

    text = " ".join(words or []).strip()
    chosen = load_edition(edition)
    if not text:
        show(list_rules(chosen, width=width()))
        return OK
    if text.upper() in chosen.rules:
        show(one_rule(chosen, text.upper(), width()))
        return OK
    found = find_rules(chosen, text)
    if not found:
        raise RulesError(
            f"no rule's id, title or sentence has {text!r}",
            where=f"edition {edition}",
            remedy=f"`ixastate rules` lists them all{did_you_mean(text, chosen.rules)}",
        )
    show(list_rules(chosen, found, width()))
    return OK


COMMAND = CommandPage(rules, ("ixastate rules ANC-04", "ixastate rules neutropenia --edition us-label"))
