"""The product's worker, telling what it was given: `celery -A recording_worker worker`.

Every delivery of a step goes to the list ``deliveries``: its step, how many links follow in its chain, its
group and place in it, and who published it (Celery names a parent, the dispatcher does not).
"""

from __future__ import annotations

import json
from typing import Any

from celery import signals

from fermata.coordination.client import client
from workers.app import app


@signals.task_prerun.connect(weak=False)
def tell(task: Any, **_: Any) -> None:
    """Write the delivery down before it is worked on."""
    request = task.request
    told = {
        "step": request.id,
        "links": len(request.chain or ()),
        "group": request.group,
        "index": request.group_index,
        "body": request.chord and request.chord["options"]["task_id"],
        "by_celery": request.parent_id is not None,
    }
    client().rpush("deliveries", json.dumps(told))


__all__ = ["app"]
