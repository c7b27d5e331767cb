"""Fixtures for every test: real servers on free ports, nobody's settings, and examples that never change."""

from __future__ import annotations

import os

from tianji_testkit import properties
from tianji_testkit.system import clean_environ

pytest_plugins = ["tianji_testkit.servers"]

# What a developer has set for a system of their own must not reach the tests.
for _name in set(os.environ) - set(clean_environ()):
    del os.environ[_name]

properties.register()
