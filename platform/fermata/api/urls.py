"""Every address below ``/api/v1/``. None has a slash at its end; with one they work too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, path, re_path, resolve
from django.urls.exceptions import Resolver404
from django.views.decorators.csrf import csrf_exempt

from fermata.api import (
    approvals,
    diffs,
    drafts,
    executions,
    exports,
    expressions,
    health,
    imports,
    members,
    node_types,
    problems,
    queues,
    reference,
    secrets,
    session,
    starts,
    steps,
    templates,
    tickets,
    tokens,
    users,
    validation,
    variables,
    versions,
    workspaces,
)
from fermata.api import workflows as flows

EXECUTION = "workflows/executions/<uuid:execution_id>"
WORKSPACE = "workspaces/<uuid:workspace_id>"
WORKFLOW = "workflows/<uuid:workflow_id>"


@csrf_exempt
def otherwise(request: HttpRequest, rest: str) -> HttpResponseBase:
    """An address with a slash at its end is served as the one without.

    Any other is a 404 problem document.
    """
    if request.path_info.endswith("/"):
        try:
            match = resolve(request.path_info[:-1])
        except Resolver404:
            return problems.no_such_address(request)
        view: Callable[..., Any] = match.func
        if view is not otherwise:
            return view(request, *match.args, **match.kwargs)  # type: ignore[no-any-return]
    return problems.no_such_address(request)


urlpatterns: list[URLPattern] = [
    path("healthz", health.HealthzView.as_view()),
    path("readyz", health.ReadyzView.as_view()),
    path("schema", reference.SchemaView.as_view()),
    path("schema/document", reference.DocumentSchemaView.as_view()),
    path("session", session.SessionView.as_view()),
    path("me", session.MeView.as_view()),
    path("me/password", session.PasswordView.as_view()),
    path("workspaces", workspaces.WorkspacesView.as_view()),
    path(WORKSPACE, workspaces.WorkspaceView.as_view()),
    path(f"{WORKSPACE}/leave", workspaces.LeaveView.as_view()),
    path(f"{WORKSPACE}/variables", variables.WorkspaceVariablesView.as_view()),
    path(f"{WORKSPACE}/variables/<str:name>", variables.WorkspaceVariableView.as_view()),
    path(f"{WORKSPACE}/variables/<str:name>/writes", variables.WorkspaceVariableWritesView.as_view()),
    path(f"{WORKSPACE}/members", members.MembersView.as_view()),
    path(f"{WORKSPACE}/members/<uuid:user_id>", members.MemberView.as_view()),
    path("queues", queues.QueuesView.as_view()),
    path("workers", queues.WorkersView.as_view()),
    path("users", users.UsersView.as_view()),
    path("users/<uuid:user_id>", users.UserView.as_view()),
    path("tokens", tokens.TokensView.as_view()),
    path("tokens/<uuid:token_id>", tokens.TokenView.as_view()),
    path("secrets", secrets.SecretsView.as_view()),
    path("secrets/<uuid:secret_id>", secrets.SecretView.as_view()),
    path("secrets/<uuid:secret_id>/value", secrets.SecretValueView.as_view()),
    path("node-types", node_types.NodeTypesView.as_view()),
    path("approvals", approvals.ApprovalsView.as_view()),
    path("approvals/counts", approvals.ApprovalCountsView.as_view()),
    path("approvals/<uuid:approval_id>", approvals.ApprovalView.as_view()),
    path("approvals/<uuid:approval_id>/decide", approvals.DecideView.as_view()),
    path("workflows", flows.WorkflowsView.as_view()),
    path("workflows/import", imports.ImportNewView.as_view()),
    path("workflows/templates", templates.TemplatesView.as_view()),
    path("workflows/validate", validation.ValidateAnyView.as_view()),
    path("workflows/executions", executions.ExecutionsView.as_view()),
    path("workflows/executions/counts", executions.ExecutionCountsView.as_view()),
    path(EXECUTION, executions.ExecutionView.as_view()),
    path(f"{EXECUTION}/events", executions.EventsView.as_view()),
    path(f"{EXECUTION}/snapshot", executions.SnapshotView.as_view()),
    path(f"{EXECUTION}/graph", executions.GraphView.as_view()),
    path(f"{EXECUTION}/why", executions.WhyView.as_view()),
    path(f"{EXECUTION}/cancel", executions.CancelView.as_view()),
    path(f"{EXECUTION}/pause", executions.PauseView.as_view()),
    path(f"{EXECUTION}/resume", executions.ResumeView.as_view()),
    path(f"{EXECUTION}/signal", executions.SignalView.as_view()),
    path("workflows/executions/ticket", tickets.ListTicketView.as_view()),
    path(f"{EXECUTION}/ticket", tickets.ExecutionTicketView.as_view()),
    path(f"{EXECUTION}/steps", steps.StepsView.as_view()),
    path(f"{EXECUTION}/steps/<uuid:step_id>", steps.StepView.as_view()),
    path(f"{EXECUTION}/steps/<uuid:step_id>/value", steps.ValueView.as_view()),
    path(f"{EXECUTION}/steps/<uuid:step_id>/resolve", steps.ResolveView.as_view()),
    path(WORKFLOW, flows.WorkflowView.as_view()),
    path(f"{WORKFLOW}/draft", drafts.DraftView.as_view()),
    path(f"{WORKFLOW}/validate", validation.ValidateView.as_view()),
    path(f"{WORKFLOW}/publish", versions.PublishView.as_view()),
    path(f"{WORKFLOW}/versions", versions.VersionsView.as_view()),
    path(f"{WORKFLOW}/versions/<int:number>", versions.VersionView.as_view()),
    path(f"{WORKFLOW}/diff", diffs.DiffView.as_view()),
    path(f"{WORKFLOW}/restore", drafts.RestoreView.as_view()),
    path(f"{WORKFLOW}/expressions/scope", expressions.ScopeView.as_view()),
    path(f"{WORKFLOW}/expressions/preview", expressions.PreviewView.as_view()),
    path(f"{WORKFLOW}/duplicate", flows.DuplicateView.as_view()),
    path(f"{WORKFLOW}/unarchive", flows.UnarchiveView.as_view()),
    path(f"{WORKFLOW}/import", imports.ImportView.as_view()),
    path(f"{WORKFLOW}/export", exports.ExportView.as_view()),
    path(f"{WORKFLOW}/variables", variables.WorkflowVariablesView.as_view()),
    path(f"{WORKFLOW}/variables/<str:name>", variables.WorkflowVariableView.as_view()),
    path(f"{WORKFLOW}/variables/<str:name>/writes", variables.WorkflowVariableWritesView.as_view()),
    path(f"{WORKFLOW}/executions", starts.StartsView.as_view()),
    re_path(r"^(?P<rest>.*)$", otherwise),
]
