"""``/workflows/{workflow_id}/expressions``: what one would give, and what it may read."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import Field
from rest_framework.request import Request
from rest_framework.response import Response

from fermata.api.expression_shapes import ExpressionScope, Preview
from fermata.api.parsing import loads
from fermata.api.problems import InvalidRequest
from fermata.api.resource import Input, Query, checked
from fermata.api.schema import described
from fermata.api.shapes import PathSegment
from fermata.api.workflows import OneWorkflow
from fermata.engine import queries as engine
from fermata.engine.previews import drafts
from fermata.engine.previews.names import names
from fermata.engine.previews.preview import Asked, preview
from fermata.errors import InvalidInput, NotFound
from fermata.graph.scope import Reader
from fermata.graph.signatures import SIGNATURES
from fermata.graph.sketch import Place, Sketch

LONGEST_TEXT = 16_000
FUNCTIONS = [
    {
        "name": each.name,
        "signature": each.signature,
        "description": each.sentence,
        "example": each.example,
        "gives": each.gives,
    }
    for each in SIGNATURES
]


class Segment(Input, PathSegment):
    """A region and which iteration of it, as in the ``path`` of a step."""

    region: str = Field(max_length=200)
    iteration: int = Field(ge=0, le=2**31 - 1)


class PreviewRequest(Input):
    """A text with ``{{ }}``, or one expression without braces, at a field of the draft.

    ``pointer`` leads from the document's top or from the node (``/config/url``). Values come from what
    ``execution_id`` recorded there, or from ``sample`` (root name → value), or are made up.
    """

    draft_rev: int = Field(ge=1, le=2**31 - 1)
    node_id: str | None = Field(None, max_length=200, description="None for the workflow's own fields")
    pointer: str = Field(max_length=2000)
    expression: str = Field(max_length=LONGEST_TEXT)
    execution_id: UUID | None = Field(None, strict=False)
    path: list[Segment] | None = Field(None, max_length=50, description="as a step shows it")
    sample: dict[str, Any] | None = None


class ScopeQuery(Query):
    """Without ``pointer`` the node's own config; without ``node_id`` the workflow's output.

    ``path``: the ``path`` of a step, as JSON. Without ``execution_id`` the last execution gives examples.
    """

    node_id: str | None = Field(None, max_length=200)
    pointer: str | None = Field(None, max_length=2000)
    execution_id: UUID | None = None
    path: str | None = Field(None, max_length=4000, description="as a step shows it, as JSON")


class ScopePath(Input):
    """The parsed ``path``."""

    path: list[Segment] = Field(max_length=50)


def _path(text: str) -> list[Segment]:
    """The path of a query string. Raises InvalidInput for what is none."""
    try:
        return checked(ScopePath, {"path": loads(text.encode())}).path
    except InvalidRequest as error:
        raise InvalidInput("`path` is no path of a step, as JSON.", problems=error.problems) from error


class OneExpression(OneWorkflow):
    """Base of what looks at one place of a draft."""

    def _execution(self, execution_id: UUID) -> Any:
        """An execution of this workflow that the caller may read."""
        try:
            row = engine.workspace_of(execution_id)
        except NotFound:
            row = None
        if row is None or row.workspace_id != self.subject.workspace_id:
            raise NotFound("There is no such execution.")
        self.require(row.workspace_id, "execution.read")
        if row.workflow_id != self.subject.id:
            problem = {
                "code": "other_workflow",
                "pointer": "/execution_id",
                "message": "This is an execution of another workflow.",
                "cure": "Name an execution of this workflow.",
            }
            raise InvalidInput(problem["message"], problems=[problem])
        return row


class ScopeView(OneExpression):
    """What may be read."""

    actions = {"get": "workflow.validate"}

    @described(
        "List the names an expression may use", answer=ExpressionScope, query=ScopeQuery, errors=(422,)
    )
    def get(self, request: Request, workflow_id: UUID) -> Response:
        """Names with schemas and examples, and all functions."""
        asked = self.query(ScopeQuery)
        if asked.path is not None and asked.execution_id is None:
            raise InvalidInput("`path` goes with an execution only.", cure="Add `execution_id`.")
        path = None if asked.path is None else _path(asked.path)
        execution = self._execution(asked.execution_id) if asked.execution_id else self._last()
        sketch, rev = drafts.sketch(workflow_id)
        if asked.pointer is not None:
            place = sketch.place(asked.node_id, asked.pointer)
        else:
            place = sketch.at(sketch.node(asked.node_id)) if asked.node_id else Place(None, Reader())
        at = None if execution is None else _stand(execution, sketch, place, path)
        return Response(
            {
                "draft_rev": rev,
                "from": None if at is None else at.origin,
                "names": names(sketch, place, at),
                "functions": FUNCTIONS,
            }
        )

    def _last(self) -> Any:
        """The newest execution, if the caller may read executions."""
        refused = self.principal.refusal(self.subject.workspace_id, "execution.read")
        return engine.last_of(self.subject.id) if refused is None else None


class PreviewView(OneExpression):
    """Preview an expression."""

    actions = {"post": "workflow.validate"}

    @described("Preview an expression", body=PreviewRequest, answer=Preview, errors=(412, 422))
    def post(self, request: Request, workflow_id: UUID) -> Response:
        """Its value at that place, worked out apart from this process and from executions."""
        given = self.body(PreviewRequest)
        if given.execution_id is not None and given.sample is not None:
            raise InvalidInput("Values come from an execution or from a sample.", cure="Send one of the two.")
        if given.path is not None and given.execution_id is None:
            raise InvalidInput("`path` goes with an execution only.", cure="Add `execution_id`.")
        execution = self._execution(given.execution_id) if given.execution_id else None
        sketch, _ = drafts.sketch(workflow_id, rev=given.draft_rev)
        place = sketch.place(given.node_id, given.pointer)
        at = None if execution is None else _stand(execution, sketch, place, given.path)
        return Response(preview(Asked(sketch, place, given.expression, at, given.sample)))


def _stand(execution: Any, sketch: Sketch, place: Place, path: list[Segment] | None) -> engine.Stand:
    pairs = None if path is None else [(each.region, each.iteration) for each in path]
    chain = sketch.chain(place.reader.region)
    return engine.stand(execution, node=place.reader.node, chain=chain, path=pairs)
