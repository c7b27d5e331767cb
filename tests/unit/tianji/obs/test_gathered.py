"""Metrics that gather before they are handed over."""

from __future__ import annotations

import asyncio

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from tianji.obs import gathered
from tianji.obs.gathered import Gathered

VALUES = (0.0, 0.1, 0.11, 1.0, 7.0)


def lines(registry):
    return {line for line in generate_latest(registry).decode().splitlines() if "_created" not in line}


def histogram(registry):
    return Histogram("seconds", "Seconds.", buckets=(0.1, 1.0), registry=registry)


def test_a_gathered_histogram_says_the_same_as_one_that_observed_each_value():
    one, other = CollectorRegistry(), CollectorRegistry()
    plain, all_gathered = histogram(one), Gathered()
    spread = all_gathered.spread(histogram(other))
    for value in VALUES:
        plain.observe(value)
        spread.observe(value)
    assert lines(one) != lines(other)
    all_gathered.flush()
    assert lines(one) == lines(other)
    all_gathered.flush()
    assert lines(one) == lines(other)


def test_sums_go_up_by_what_was_added_and_gauges_down_too():
    registry = CollectorRegistry()
    all_gathered = Gathered()
    counter = all_gathered.sum(Counter("calls", "Calls.", registry=registry))
    gauge = all_gathered.sum(Gauge("open", "Open.", registry=registry))
    counter.add(2)
    gauge.add(3)
    all_gathered.flush()
    counter.add(0.5)
    gauge.add(-2)
    all_gathered.flush()
    assert {"calls_total 2.5", "open 1.0"} <= lines(registry)


async def test_what_was_added_is_handed_over_without_being_asked_for(monkeypatch):
    monkeypatch.setattr(gathered, "FLUSH_S", 0.0)
    registry = CollectorRegistry()
    all_gathered = Gathered()
    counter = all_gathered.sum(Counter("calls", "Calls.", registry=registry))
    for _ in range(2):
        counter.add(1)
        all_gathered.touch()
        all_gathered.touch()
        await asyncio.sleep(0.01)
    assert "calls_total 2.0" in lines(registry)
