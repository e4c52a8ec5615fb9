"""The functions of the house as the evaluator calls them: their exceptions are kept, their results checked.

The CEL library reduces an exception to a text, and ``true || f(x)`` loses it altogether.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from functools import wraps
from typing import Any

from fermata.graph.functions import FUNCTIONS, WALKED, FunctionRefusedError
from fermata.graph.syntax import Path
from fermata.graph.values import INT_MAX, INT_MIN, check_data

logging.getLogger("cel").setLevel(logging.CRITICAL)  # it logs refused arguments; the author is told anyway
_raised = threading.local()


def forget_failure() -> None:
    """Before an evaluation in this thread."""
    _raised.error = None


def last_failure() -> BaseException | None:
    """What a function raised last in this thread since ``forget_failure``."""
    failure: BaseException | None = getattr(_raised, "error", None)
    return failure


def _kept(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    @wraps(function)
    def called(*values: Any) -> Any:
        try:
            return _fitting(function(*values), name)
        except FunctionRefusedError as error:
            _raised.error = error
            raise
        except TypeError:
            refused = f"{name}() does not take {len(values)} arguments of these types."
            _raised.error = FunctionRefusedError(refused)
            raise
        except (ArithmeticError, LookupError, RecursionError, ValueError) as error:
            _raised.error = FunctionRefusedError(f"{name}() cannot take these values: {error}.")
            raise
        except BaseException as error:
            _raised.error = error
            raise

    return called


def _fitting(result: Any, name: str) -> Any:
    """The result, unless the library would change it."""
    if type(result) is int and not INT_MIN <= result <= INT_MAX:
        raise FunctionRefusedError(f"{name}() gives a whole number beyond 64 bits.")
    if name == "parse_json":
        check_data(result, Path("the JSON", (), 0, 0))
    return result


CALLED = {name: _kept(function, name) for name, function in FUNCTIONS.items()}
WALKED_BY = {macro: _kept(function, macro) for macro, function in WALKED.items()}
