"""Fixtures for every test: real servers on free ports."""

pytest_plugins = ["tianji_testkit.servers"]
