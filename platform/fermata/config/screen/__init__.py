"""The web UI as Django serves it: building it, its page, and the files of a build that came late.

What lives here: `build` (makes `webui/dist` when the sources changed, with Node from the PATH or from a
wheel), `page` (the HTML around the application, or what is in the way), `files` (what a build consists of).
What it may use: the standard library, Django, the interface's `me`. Where to start: `page.screen` for a
request, `build.Builder` for `make run`.

A common confusion: the web process never builds; it reads what `make run` left, and what it wrote about it.
"""
