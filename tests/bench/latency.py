"""How long people wait on an idle system: from a start request to the first node, from node to node."""

from __future__ import annotations

import time
from statistics import median, quantiles

import httpx

from tests.bench.compare import with_dispatch
from tests.bench.costs import handovers
from tests.bench.ours import Ours
from tests.bench.shapes import Json, chain, document
from tests.bench.stack import Stack

STARTS = 60
NODES = 10
REST_SECONDS = 0.05
"""Between two starts, so that the system is idle."""


def measured(stack: Stack, variant: str) -> Json:
    """Start chains over HTTP, one after the other. Raises `Refused`."""
    ours = Ours.at(stack)
    version = ours.version(with_dispatch(document(*chain(NODES), output="steps.n0.output"), variant))
    address = f"http://127.0.0.1:{stack.port}/api/v1/workflows/{version.workflow_id}/executions"
    requests, firsts, ids = [], [], []
    with httpx.Client(headers={"Authorization": f"Bearer {ours.token()}"}, timeout=30) as client:
        for at in range(STARTS + 5):
            sent, began = time.time(), time.perf_counter()
            answer = client.post(address, json={})
            answered = time.perf_counter() - began
            answer.raise_for_status()
            execution_id = answer.json()["id"]
            ours.wait([execution_id])
            first = ours.one(
                "SELECT extract(epoch FROM min(started_at)) FROM fermata_step WHERE execution_id = %s",
                execution_id,
            )
            if at >= 5:  # the first ones open connections
                requests.append(answered * 1000)
                firsts.append((float(first) - sent) * 1000)
                ids.append(execution_id)
            time.sleep(REST_SECONDS)
    return {
        "variant": variant,
        "start_request_milliseconds": _percentiles(requests),
        "start_to_first_node_milliseconds": _percentiles(firsts),
        "handover_milliseconds": handovers(ours, ids),
    }


def _percentiles(values: list[float]) -> Json:
    return {
        "count": len(values),
        "p50": round(median(values), 2),
        "p95": round(quantiles(values, n=20)[-1], 2),
    }
