"""The only door to Redis: traffic control and doorbells, all of which may be lost (PostgreSQL has the truth).

What lives here: `lease` (who performs a step), `epoch` (whether an absent lease means anything), `pipeline`
(what follows a record, in one round trip), `stream` (the signal that wakes web processes), `broker` (what
Celery's queues hold), `fleet` (which workers live), `client` (the one connection pool of a process),
`scripts/*.lua` (the header of each documents its keys). What it may use: redis-py, `fermata.errors`,
`django.conf.settings.REDIS_URL`. Nobody else imports redis. Where to start: `lease.Leases`, then
`pipeline.Pipeline`.

Common confusions: a lease is no proof (the fence in PostgreSQL is); a signal carries no state (the journal
does); `held()` answering nothing may mean that Redis forgot (ask `Epoch.read` first).
"""
