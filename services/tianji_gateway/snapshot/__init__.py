"""What this process knows: an immutable configuration, swapped whole, and keys looked up on use.

`feed.SnapshotFeed` puts the parts together; the rest of the gateway reads `feed.snapshots.current`
once per request and asks `feed.keys` who is calling.
"""
