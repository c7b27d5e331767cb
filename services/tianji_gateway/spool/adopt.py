"""Orphans: spool folders of processes that are gone, shipped to their end by a living one."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import NamedTuple

from tianji_gateway.spool.claim import Claim
from tianji_gateway.spool.journal import Journal
from tianji_gateway.spool.segments import Segments
from tianji_gateway.spool.settings import SpoolSettings

log = logging.getLogger(__name__)


class Orphan(NamedTuple):
    """A folder that is ours now."""

    process_id: str
    claim: Claim
    journal: Journal

    def finish(self) -> bool:
        """Remove the folder when the bus has all of it, the process's end too; return whether that was so."""
        if self.claim.marked or not self.journal.finish():
            return False
        self.claim.remove()
        return True


def take_over(root: Path, own: str, settings: SpoolSettings) -> list[Orphan]:
    """Claim and read every folder below `root` that no living process holds. Blocks while it reads."""
    taken = []
    for folder in sorted(root.iterdir()):
        if folder.name == own or not folder.is_dir():
            continue
        orphan = _take(folder, settings)
        if orphan is not None:
            taken.append(orphan)
    return taken


def _take(folder: Path, settings: SpoolSettings) -> Orphan | None:
    claim = Claim.take(folder)
    if claim is None:
        return None
    try:
        journal = Journal(Segments(folder, settings))
        journal.recover()
        journal.seal()
    except OSError as fault:
        log.error(
            "a spool that was left behind cannot be read; it is tried again",
            extra={"folder": folder.name, "fault": str(fault)},
        )
        claim.release()
        return None
    return Orphan(folder.name, claim, journal)
