"""The Celery application.

Every setting that differs from Celery's default answers a trap; the comment names it.
"""

from __future__ import annotations

import os
from typing import Any

import django
from celery import Celery
from django.apps import apps
from django.conf import settings
from kombu import Exchange, Queue

from fermata.coordination.keys import BROKER_PREFIX
from fermata.errors import Misconfigured
from workers.acknowledging import Acknowledging

DEFAULT_QUEUE = "default"

TASK_TIME_LIMIT_SECONDS = 24 * 3600
"""A backstop against a child that hangs beyond reach; a node's own timeout is the engine's business."""

CHORD_SECONDS = 600
"""How long a chord waits for its next part; then it is forgotten, and recovery rings its join."""

DIVERTING = (
    "CELERY_BROKER_URL",
    "CELERY_BROKER_READ_URL",
    "CELERY_BROKER_WRITE_URL",
    "CELERY_RESULT_BACKEND",
)
"""Celery prefers these to its settings: one left in the environment would send rings to another broker."""


def queue_names() -> tuple[str, ...]:
    """The queues a worker may consume: ``default`` and those of ``settings.FERMATA_QUEUES``."""
    return tuple(dict.fromkeys((DEFAULT_QUEUE, *getattr(settings, "FERMATA_QUEUES", ()))))


def broker_settings(redis_url: str) -> dict[str, Any]:
    """How to reach the broker and how long to wait for it."""
    link = {
        "socket_timeout": 30,
        "socket_connect_timeout": 5,
        "socket_keepalive": True,
        "health_check_interval": 10,  # a half-open connection is found within a minute
        "global_keyprefix": BROKER_PREFIX,
    }
    return {
        "broker_url": redis_url,
        "broker_pool_acquire_timeout": 5,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,  # Redis back means work back, without a restart
        "broker_transport_options": link,
        # Only a chord's counter lives in the result backend, and not for long.
        "result_backend": redis_url,
        "result_backend_transport_options": {"global_keyprefix": BROKER_PREFIX},
        "redis_socket_timeout": 30,
        "redis_socket_connect_timeout": 5,
        "redis_socket_keepalive": True,
        "redis_backend_health_check_interval": 10,
        "result_expires": 3600,
        "result_chord_expires": CHORD_SECONDS,
    }


def task_settings() -> dict[str, Any]:
    """What becomes of a task and its message."""
    return {
        "task_serializer": "json",
        "result_serializer": "json",
        "accept_content": ["json"],
        "result_accept_content": ["json"],
        "task_acks_late": True,
        "task_reject_on_worker_lost": False,  # a step that kills its worker would come back for ever
        "task_retry_on_worker_lost": False,  # the engine counts lost workers
        "task_acks_on_failure_or_timeout": True,
        "task_ignore_result": True,
        "task_store_errors_even_if_ignored": False,
        "task_track_started": False,
        "task_time_limit": TASK_TIME_LIMIT_SECONDS,
        "task_publish_retry": True,
        "task_publish_retry_policy": {
            "max_retries": 2,
            "interval_start": 0.05,
            "interval_step": 0.2,
            "interval_max": 0.5,
        },
        "task_default_queue": DEFAULT_QUEUE,
        "task_queues": [
            # Taken without acknowledgement: a message lost with its worker is rung again from its row, and
            # to remember every delivery in Redis costs as much as to perform it (ADR 28).
            Queue(name, Exchange(name, type="direct"), routing_key=name, no_ack=True)
            for name in queue_names()
        ],
        "task_create_missing_queues": False,  # work for a misspelt queue would wait for ever
    }


def worker_settings() -> dict[str, Any]:
    """How a worker behaves."""
    return {
        "worker_prefetch_multiplier": 1,
        "worker_disable_prefetch": True,
        "worker_deduplicate_successful_tasks": False,  # loses chord bodies, and the claim refuses duplicates
        "worker_cancel_long_running_tasks_on_connection_loss": False,  # loses tasks when Redis restarts
        "worker_enable_prefetch_count_reduction": False,  # a reconnected worker asks for work as before
        "worker_enable_remote_control": False,
        "worker_send_task_events": False,
        "worker_soft_shutdown_timeout": 30,
        "worker_enable_soft_shutdown_on_idle": True,
        "worker_max_tasks_per_child": 1000,
        "worker_hijack_root_logger": False,  # Django's logging has one line per record already
        "worker_redirect_stdouts": False,
        "enable_utc": True,
        "timezone": "UTC",
    }


def refuse_diverting_variables(redis_url: str) -> None:
    """Raise `Misconfigured` when the environment would make Celery use another broker than Fermata."""
    others = [name for name in DIVERTING if os.environ.get(name, redis_url) != redis_url]
    if others:
        raise Misconfigured(
            f"{' and '.join(others)} would send Celery to another server than REDIS_URL.",
            cure="Unset it for Fermata's processes; REDIS_URL names the broker.",
        )


def create_app() -> Celery:
    """The configured application. Sets Django up when nobody has yet."""
    if not apps.ready:
        django.setup()
    redis_url = str(settings.REDIS_URL)
    refuse_diverting_variables(redis_url)
    # No fixups: Celery's for Django checks every connection before and after each task, which costs as much
    # as the step; `lifecycle` does what is needed at a fork and `tasks` renews a broken connection.
    application = Celery(
        "fermata",
        include=[
            "workers.lifecycle",
            "workers.tasks",
            "workers.examples",
            *getattr(settings, "FERMATA_TASK_MODULES", ()),
        ],
        fixups=(),
        task_cls="celery.contrib.django.task:DjangoTask",
    )
    application.conf.update(broker_settings(redis_url) | task_settings() | worker_settings())
    application.steps["consumer"].add(Acknowledging)
    application.autodiscover_tasks(lambda: [config.name for config in apps.get_app_configs()])
    return application


app = create_app()
