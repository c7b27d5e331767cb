"""The price table: which one holds, and loading another."""
