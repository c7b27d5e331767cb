"""Fixtures for every test: real servers on free ports, and nobody's settings."""

from __future__ import annotations

import os

from tianji_testkit.system import clean_environ

pytest_plugins = ["tianji_testkit.servers"]

# What a developer has set for a system of their own must not reach the tests.
for _name in set(os.environ) - set(clean_environ()):
    del os.environ[_name]
