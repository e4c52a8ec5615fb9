from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from celery.app.defaults import NAMESPACES, flatten

from fermata.errors import Misconfigured
from workers.app import app, broker_settings, refuse_diverting_variables, task_settings, worker_settings

SETTINGS = "DJANGO_SETTINGS_MODULE"
ROOT = Path(__file__).resolve().parents[3]

RECOMMENDED = {
    "task_acks_late": True,
    "task_reject_on_worker_lost": False,
    "task_retry_on_worker_lost": False,
    "worker_deduplicate_successful_tasks": False,
    "worker_cancel_long_running_tasks_on_connection_loss": False,
    "task_ignore_result": True,
    "task_track_started": False,
    "accept_content": ["json"],
    "result_accept_content": ["json"],
    "task_create_missing_queues": False,
    "worker_prefetch_multiplier": 1,
    "worker_disable_prefetch": True,
    "worker_enable_remote_control": False,
    "worker_send_task_events": False,
    "worker_soft_shutdown_timeout": 30,
    "worker_enable_soft_shutdown_on_idle": True,
    "worker_max_tasks_per_child": 1000,
    "broker_pool_acquire_timeout": 5,
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    "result_expires": 3600,
}
TRANSPORT = {
    "socket_timeout": 30,
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
    "health_check_interval": 10,
    "global_keyprefix": "wf:",
}


@pytest.mark.parametrize("name", RECOMMENDED)
def test_has_the_recommended_setting(name: str) -> None:
    assert app.conf[name] == RECOMMENDED[name]


def test_has_the_recommended_transport_options() -> None:
    assert app.conf.broker_transport_options == TRANSPORT
    assert app.conf.task_publish_retry_policy["max_retries"] == 2


def test_takes_messages_without_acknowledgement() -> None:
    assert {queue.no_ack for queue in app.amqp.queues.values()} == {True}


def test_knows_every_setting_it_makes() -> None:
    known = {name for name, _ in flatten(NAMESPACES)}
    made = broker_settings("redis://localhost") | task_settings() | worker_settings()
    assert sorted(set(made) - known) == ["redis_backend_health_check_interval"]  # read, but in no list


def test_refuses_an_environment_that_names_another_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELERY_BROKER_URL", "redis://elsewhere/1")
    with pytest.raises(Misconfigured, match="CELERY_BROKER_URL"):
        refuse_diverting_variables("redis://here/0")
    monkeypatch.setenv("CELERY_BROKER_URL", "redis://here/0")
    refuse_diverting_variables("redis://here/0")


def test_is_found_by_its_package_name_without_any_path_set() -> None:
    code = (
        "import platform; from celery.app.utils import find_app; app = find_app('workers');"
        "import os; assert platform.python_version(); print(app.main, os.environ['DJANGO_SETTINGS_MODULE'])"
    )
    plain = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", SETTINGS}}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=plain,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.split() == ["fermata", "fermata.config.settings"], done.stderr
