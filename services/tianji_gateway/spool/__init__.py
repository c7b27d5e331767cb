"""The gateway's spool: every request is on disk before it is answered, then on its way to the ledger."""

from tianji_gateway.spool.settings import SpoolSettings
from tianji_gateway.spool.spool import Spool

__all__ = ["Spool", "SpoolSettings"]
