"""Bedrock's Converse: one form for the models of all its vendors, with their own parameters beside it."""
