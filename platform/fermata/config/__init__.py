"""The composition root: the one place that knows every part and puts them together.

What lives here: `env` (every environment variable, typed), `settings`, `urls`, `asgi`, `logs`, and `stack`
(the embedded PostgreSQL and Valkey and the supervisor behind `make run`). What it may use: everything below.
What may use it: `workers` and `manage.py`, nobody else. Where to start: `env.FIELDS` is the list of what an
operator can set; `settings` says what each one does.

A common confusion: parts of the engine never read the environment; they read `django.conf.settings.FERMATA`.
"""
