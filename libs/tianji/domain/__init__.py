"""The nouns: records, events and the snapshot, as frozen Structs without behaviour of their own."""
