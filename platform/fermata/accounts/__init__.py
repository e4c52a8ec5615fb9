"""Who may do what: users, workspaces, memberships with roles, API tokens.

May use: :mod:`fermata.errors` and Django. Knows nothing of workflows or executions.

Start at :mod:`~fermata.accounts.permissions` (the one table of roles and actions), then
:mod:`~fermata.accounts.operations` (writes) and :mod:`~fermata.accounts.queries` (reads).

``staff`` holds what the pages of Django's admin share.

Common confusions: an *action* is what a route asks for (``execution.cancel``); a *role* is what a
membership grants; a *scope* narrows what one API token may do of what its user may do — it never adds
anything. Django's own groups serve as
names of assignees, its permissions nothing.
"""
