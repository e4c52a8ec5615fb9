"""The CEL library without its own command line, whose import costs every process a second and 25 MB."""

from __future__ import annotations

import sys
from types import ModuleType

sys.modules.setdefault("cel.cli", ModuleType("cel.cli"))

import cel  # noqa: E402 - after its command line was replaced

__all__ = ["cel"]
