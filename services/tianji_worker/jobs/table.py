"""The table of jobs: what is done, how often, under which lock."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from tianji.store.locks import Lock
from tianji_worker.alerts.forget import forget
from tianji_worker.jobs.rotate_keys import rotate
from tianji_worker.jobs.schedule import Job
from tianji_worker.settings import WorkerSettings


def jobs_of(settings: WorkerSettings) -> list[Job]:
    """Return the jobs that a worker with these settings runs."""
    jobs = [Job("forget alerts", timedelta(days=1), Lock.ALERTS, forget)]
    if settings.key_rotation_enabled:
        every = timedelta(seconds=settings.key_rotation_check_interval_seconds)
        work = partial(rotate, grace=settings.key_rotation_grace_period)
        jobs.append(Job("rotate keys", every, Lock.KEY_ROTATION, work))
    return jobs
