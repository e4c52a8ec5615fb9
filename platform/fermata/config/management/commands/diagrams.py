"""`manage.py diagrams`: draws the state diagrams of the docs from the tables that the ledgers obey."""

from __future__ import annotations

from fermata.config import env
from fermata.config.generated import GeneratedFile
from fermata.machine.states import EXECUTION_MOVES, STEP_MOVES, diagram

PAGE = """\
# States

*Drawn by `python manage.py diagrams` from the tables of `fermata.machine.states`: change those instead.*

A final state never changes within a run. Every move is written in one transaction with its journal row.

## An execution

```mermaid
{executions}```

`queued` is kept for limits on concurrency: an execution starts `running`. `pausing` lets running steps
finish, `cancelling` cancels what is live; the last state is set by the record that finds no live step.
Clients see `waiting` for a running execution whose live steps all wait.

## A step

```mermaid
{steps}```

`ready` is a row to perform: somebody will be rung for it. `waiting` needs time, a signal, a person, a child
or the inside of a container; `retrying` needs time; `held` needs a person. The first dispatch of a pure step
goes from `ready` to its outcome without `running` in between.
"""


class Command(GeneratedFile):
    """A reader of the docs sees what the code allows."""

    help = "Draws docs/architecture/states.md from the tables of legal moves."
    path = env.ROOT / "docs" / "architecture" / "states.md"

    def render(self) -> str:
        """Both diagrams in their page."""
        return PAGE.format(executions=diagram(EXECUTION_MOVES), steps=diagram(STEP_MOVES))
