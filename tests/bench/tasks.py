"""The team's task of W4, an ordinary Celery task: Fermata performs it in place, the raw side as it is."""

from __future__ import annotations

from celery import shared_task


def fibonacci(of: int) -> int:
    """The slow way: this is the work."""
    return of if of < 2 else fibonacci(of - 1) + fibonacci(of - 2)


@shared_task(name="bench.fib")
def fib(of: int) -> int:
    return fibonacci(of)
