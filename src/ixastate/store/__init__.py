"""An event store: the courses of many patients as streams of events in a database (SQLite or PostgreSQL).

    Store                a store, opened by its URL: append, read, feed, snapshots
    observe, rehydrate   one patient's course in the store
    ingest, export       logs and cohorts in, logs out
    follow, worklist     what is known of every course now, kept up to date
    verify               every stream through the live machine, and the chain of digests

The order inside, each row importing only from those above:

    extra              what is installed
    tables             the tables, their schema number and its migrations
    database           an engine for a URL; what a database says in words
    store              streams of events, their order and their digests
    courses            the course of a stream
    transfer           logs and cohorts in and out
    projections        what is read off the courses, rebuilt or followed
    questions          the worklist, doses and rules, read off the projections
    verification       whether a store is as it was written

The names are imported when they are first used: they need the libraries of the extra `store`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ixastate.store.courses import observe as observe
    from ixastate.store.courses import rehydrate as rehydrate
    from ixastate.store.projections import follow as follow
    from ixastate.store.projections import rebuild as rebuild
    from ixastate.store.questions import worklist as worklist
    from ixastate.store.store import Store as Store
    from ixastate.store.transfer import export as export
    from ixastate.store.transfer import ingest as ingest
    from ixastate.store.verification import verify as verify

__all__ = ["Store", "export", "follow", "ingest", "observe", "rebuild", "rehydrate", "verify", "worklist"]


def __getattr__(name: str) -> Any:
    from ixastate.store.extra import require_libraries

    if name not in __all__:
        raise AttributeError(f"module 'ixastate.store' has no attribute {name!r}")
    require_libraries()
    from ixastate.store import courses, projections, questions, transfer, verification
    from ixastate.store.store import Store

    found = {
        "Store": Store,
        "observe": courses.observe,
        "rehydrate": courses.rehydrate,
        "ingest": transfer.ingest,
        "export": transfer.export,
        "follow": projections.follow,
        "rebuild": projections.rebuild,
        "worklist": questions.worklist,
        "verify": verification.verify,
    }
    return found[name]
