"""The bodies of answers, as models.

They stand in the OpenAPI document, and tests check real answers against them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue

Can = Annotated[dict[str, Literal[True] | str], Field(description="action → true, or the reason why not")]
Next = Annotated[str | None, Field(description="cursor of the next page, or null")]
ExecutionStatus = Literal[
    "queued",
    "running",
    "waiting",
    "pausing",
    "paused",
    "cancelling",
    "succeeded",
    "failed",
    "cancelled",
    "timed_out",
]
StepStatus = Literal[
    "ready",
    "running",
    "waiting",
    "held",
    "retrying",
    "succeeded",
    "failed",
    "skipped",
    "cancelled",
    "timed_out",
]


class WorkspaceRow(BaseModel):
    """A workspace and the caller's role in it."""

    id: UUID
    slug: str
    name: str
    role: str


class Person(BaseModel):
    """The caller."""

    id: UUID
    username: str
    name: str
    email: str
    is_staff: bool
    is_superuser: bool


class Me(BaseModel):
    """Who is asking, and where they may work."""

    user: Person
    workspaces: list[WorkspaceRow]
    locale: str
    features: dict[str, bool]
    token: UUID | None = Field(description="id of the API token used, null for a session")


class WorkspacePage(BaseModel):
    """The caller's workspaces."""

    results: list[WorkspaceRow]
    next: Next


class Workspace(BaseModel):
    """One workspace; ``role`` is null for an administrator who is no member."""

    id: UUID
    slug: str
    name: str
    role: str | None
    created_at: datetime
    can: Can


class Member(BaseModel):
    """Somebody's role in a workspace."""

    user_id: UUID
    username: str
    name: str
    role: Literal["owner", "admin", "editor", "operator", "viewer"]
    is_active: bool
    created_at: datetime


class MemberPage(BaseModel):
    """The members of a workspace, by username."""

    results: list[Member]
    next: Next


class UserRow(BaseModel):
    """A user of the installation."""

    id: UUID
    username: str
    name: str
    email: str
    locale: str
    is_active: bool
    is_staff: bool
    is_superuser: bool
    created_at: datetime
    last_sign_in_at: datetime | None


class User(UserRow):
    """One user with their workspaces."""

    workspaces: list[WorkspaceRow]


class NewUser(User):
    """A new user; ``password`` is the generated one, shown this once, null when it was given."""

    password: str | None


class UserPage(BaseModel):
    """The users of the installation, by username."""

    results: list[UserRow]
    next: Next


class Waiting(BaseModel):
    """READY and running steps; ``unrung`` ones are beyond the window. ``capped``: at least these."""

    ready: int
    rung: int
    unrung: int
    oldest_ready_seconds: float | None
    running: int
    capped: bool


class Depth(Waiting):
    """The same for the whole installation, with the broker's messages; null while Redis does not answer."""

    queued: int | None


class QueueRow(Waiting):
    """A queue: the steps of the caller's workspaces; ``installation`` is for staff."""

    name: str
    workers: int | None = Field(description="that consume it; null while Redis does not answer")
    slots: int | None
    installation: Depth | None


class QueuePage(BaseModel):
    """The queues by name; ``window``: the messages a queue may hold."""

    results: list[QueueRow]
    next: Next
    window: int


class UnderWay(BaseModel):
    """A step that a worker performs."""

    step_id: UUID
    execution_id: UUID
    workspace_id: UUID
    node_id: str
    attempt: int
    started_at: datetime | None


class WorkerRow(BaseModel):
    """A living worker; at most 100 of its steps."""

    name: str
    host: str
    pid: int
    queues: list[str]
    concurrency: int
    version: str
    started_at: datetime
    last_seen_at: datetime
    running: int
    steps: list[UnderWay]


class WorkerPage(BaseModel):
    """The living workers by name; ``running_elsewhere``: steps of workers that are silent."""

    results: list[WorkerRow]
    next: Next
    running_elsewhere: int


class TokenRow(BaseModel):
    """An API token without its secret."""

    id: UUID
    name: str
    workspace_id: UUID
    scopes: list[str] = Field(description="empty: everything its user may do")
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


class IssuedToken(TokenRow):
    """A new API token; ``token`` is shown this once."""

    token: str


class TokenPage(BaseModel):
    """The caller's tokens."""

    results: list[TokenRow]
    next: Next


class RecentExecution(BaseModel):
    """One of the last 20 executions of a workflow."""

    id: UUID
    status: str
    duration_seconds: float | None


class WorkflowRow(BaseModel):
    """A workflow in a list."""

    id: UUID
    workspace_id: UUID
    name: str
    description: str
    latest_version: int | None
    draft_rev: int
    draft_errors: int | None = Field(description="as of its last save; null: too large to be judged then")
    changed: bool = Field(description="the draft was saved since the newest version, or there is none")
    created_by: str | None
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None
    recent: list[RecentExecution]
    can: Can


class Workflow(WorkflowRow):
    """One workflow."""


class WorkflowPage(BaseModel):
    """A page of workflows."""

    results: list[WorkflowRow]
    next: Next


class Draft(BaseModel):
    """What is being edited."""

    rev: int
    definition: dict[str, Any]
    source: str | None = Field(None, description="the YAML text, while it parses to the definition")
    editor: dict[str, Any]


class DocumentProblem(BaseModel):
    """One problem of a document."""

    code: str
    severity: Literal["error", "warning"]
    pointer: str
    node_id: str | None = None
    message: str
    cure: str
    fix: list[dict[str, Any]] | None = None
    offset: int | None = Field(None, description="where in an expression, in characters")
    length: int | None = None


class Validation(BaseModel):
    """Every problem at once; ``valid`` means: no errors."""

    valid: bool
    problems: list[DocumentProblem]


class Published(BaseModel):
    """A new version."""

    id: UUID
    version: int
    digest: str
    created_at: datetime


class JustPublished(Published):
    """What publishing answers."""

    warnings: list[DocumentProblem] = Field(description="what did not stop it, such as missing secrets")


class VersionRow(Published):
    """A version in a list."""

    draft_rev: int | None
    created_by: str | None


class Version(VersionRow):
    """One version with its definition."""

    workflow_id: UUID
    definition: dict[str, Any]


class VersionPage(BaseModel):
    """A page of versions, newest first."""

    results: list[VersionRow]
    next: Next


class Started(BaseModel):
    """An accepted execution."""

    id: UUID
    status: ExecutionStatus
    workflow_id: UUID
    version: int | Literal["draft"]
    created_at: datetime | None


class ExecutionRow(BaseModel):
    """An execution in a list."""

    id: UUID
    workspace_id: UUID
    workflow_id: UUID
    workflow_name: str | None = None
    version_id: UUID
    version: int | Literal["draft"]
    status: ExecutionStatus
    error: JsonValue
    workflow_key: str | None
    root_id: UUID
    parent_step_id: UUID | None
    depth: int
    tags: list[str]
    priority: int
    debug: bool
    started_by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    deadline_at: datetime | None
    paused_at: datetime | None
    rev: int
    can: Can


class Execution(ExecutionRow):
    """One execution with its values."""

    input: JsonValue
    output: JsonValue
    variables: dict[str, JsonValue]
    trigger: JsonValue


class ExecutionPage(BaseModel):
    """A page of executions, newest first."""

    results: list[ExecutionRow]
    next: Next


class ExecutionCounts(BaseModel):
    """Executions by status; at most 10,000 are counted, with a filter by tags 2,000."""

    counts: dict[str, int]
    total: int
    capped: bool


class Status(BaseModel):
    """The status after a command."""

    id: UUID
    status: str


class PathSegment(BaseModel):
    """A region a step stands in, and which iteration of it."""

    region: str
    iteration: int


class StepState(BaseModel):
    """A step without its values."""

    id: UUID
    node_id: str
    path: list[PathSegment]
    run: int
    superseded: bool
    attempt: int
    status: StepStatus
    rev: int
    port: str | None
    error: JsonValue
    handled_by: str | None
    reason: str | None
    worker: str | None
    ready_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    due_at: datetime | None


class StepRow(StepState):
    """A step with values up to 16 KiB; ``truncated`` names the sides to fetch by slice."""

    input: JsonValue
    output: JsonValue
    truncated: list[Literal["input", "output"]] | None = None


class StepPage(BaseModel):
    """A page of steps."""

    results: list[StepRow]
    next: Next


class ValueSlice(BaseModel):
    """A part of a value; ``size`` counts elements, members or characters."""

    pointer: str
    type: Literal["null", "boolean", "integer", "number", "string", "array", "object"]
    size: int | None
    offset: int
    value: JsonValue
    next_offset: int | None
    truncated: bool


class StartedBelow(BaseModel):
    """An execution that a step started and waits for."""

    execution_id: UUID
    status: str


class WaitingStep(BaseModel):
    """A live step and what it waits for."""

    step_id: UUID
    node_id: str
    path: list[PathSegment]
    run: int
    attempt: int
    status: StepStatus
    reason: str
    sentence: str
    cure: str | None = None
    approval_id: UUID | None = None
    children: list[StartedBelow] | None = None
    worker: str | None
    ready_at: datetime | None
    started_at: datetime | None
    due_at: datetime | None


class MissingEdge(BaseModel):
    """An edge that has not arrived at a join; ``status``: of the step it comes from, null before it."""

    model_config = ConfigDict(populate_by_name=True)

    source: str = Field(alias="from")
    port: str
    status: StepStatus | None


class ClosingScope(BaseModel):
    """A scope that ends early and waits for its live steps."""

    region: str
    why: str | None
    sentence: str


class WaitingJoin(BaseModel):
    """A join at which something has arrived, waiting for the rest."""

    node_id: str
    iteration: int
    sentence: str
    settled: int
    live: int
    total: int
    need: int
    missing: list[MissingEdge]


class Why(BaseModel):
    """Why an execution does not move."""

    status: ExecutionStatus
    sentence: str
    waiting_for: list[WaitingStep]
    joins: list[WaitingJoin]
    closing: list[ClosingScope]
    more: int = Field(description="live steps beyond those explained")


class Approval(BaseModel):
    """A question put to people."""

    id: UUID
    workspace_id: UUID
    execution_id: UUID
    step_id: UUID
    node_id: str | None
    workflow_id: UUID | None
    workflow_name: str | None
    run: int
    title: str
    description: str
    assignees: list[str]
    quorum: int
    status: Literal["pending", "approved", "rejected", "expired", "cancelled"]
    decisions: list[dict[str, JsonValue]] = Field(description="decision, by, comment, at; in order")
    decided_by: str | None = Field(description="whose decision was the last that it needed")
    created_at: datetime
    due_at: datetime | None
    decided_at: datetime | None
    can: Can


class ApprovalPage(BaseModel):
    """A page of approvals."""

    results: list[Approval]
    next: Next


class ApprovalCounts(BaseModel):
    """Approvals by status; of each at most 10,000 are counted."""

    counts: dict[str, int]
    total: int
    capped: bool


class NodeTypes(BaseModel):
    """The catalogue of node types."""

    results: list[dict[str, Any]]
    next: Next


class Ticket(BaseModel):
    """A ticket for one WebSocket handshake."""

    ticket: str
    expires_at: datetime


class Health(BaseModel):
    """What works."""

    status: Literal["ok", "degraded", "unavailable"]
    database: Literal["ok", "unavailable"] | None = None
    redis: Literal["ok", "unavailable"] | None = None
