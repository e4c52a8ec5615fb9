"""Regular expressions of strangers: searched for in linear time, by the engine that expressions use too.

Python's own engine tries every way to match; ``^(a+)+$`` on thirty characters stops a process for minutes.
"""

from __future__ import annotations

from functools import lru_cache

from fermata.graph.library import cel

LONGEST = 1_000
_SEARCH = cel.compile("text.matches(pattern)")


@lru_cache(maxsize=1024)
def fault_of(pattern: str) -> str | None:
    """Why the pattern cannot be used, or None. A pattern has at most 1,000 characters."""
    if len(pattern) > LONGEST:
        return f"it is longer than {LONGEST} characters"
    try:
        _SEARCH.execute({"text": "", "pattern": pattern})
    except Exception as error:  # noqa: BLE001 - the library does not say what it raises
        lines = [line for line in str(error).splitlines() if line.strip()]
        return lines[-1].removeprefix("error: ").rstrip(".")[:200] if lines else "it is not valid"
    return None


def found(pattern: str, text: str) -> bool:
    """Whether the pattern matches somewhere in the text. Raises ValueError for an unusable pattern."""
    fault = fault_of(pattern)
    if fault is not None:
        raise ValueError(f"The pattern cannot be used: {fault}.")
    return bool(_SEARCH.execute({"text": text, "pattern": pattern}))
