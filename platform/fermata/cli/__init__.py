"""The command line client: `fermata workflows list`, `fermata start NAME --watch` and so on.

What lives here: `main` (the commands and their options), `workflows`, `documents`, `executions`, `approvals`
(what each command does), `interface` (REST over HTTP), `stream` (the WebSocket, resumed by cursor),
`progress` (an execution as lines for a person), `terminal` (printing), `licence_audit` (the example run that
`make demo` shows). What it may use: the REST and WebSocket interface, and nothing else of the house: it works
just as well from a machine that has no database. Where to start: `main.main`.

A common confusion: the client decides nothing. What may be done, and why not, the service says, in problem
documents that are printed as they come.
"""
