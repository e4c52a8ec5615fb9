"""The whole platform on one machine: embedded PostgreSQL and Valkey, and the supervisor behind `make run`.

What lives here: `binaries` (where the servers' programs are, and how to run them as root), `processes`
(children that end with their parent), `embedded` (the two servers), `home` (the state folder and its lock),
`probes` (is a given server usable?), `guard` (ends what a killed supervisor left), `supervisor` (starts,
watches and stops all). What it may use: the standard library, psycopg, redis for a ping, and Django for
migrations. Where to start: `supervisor.Supervisor.run`; tests use `embedded.EmbeddedPostgres` and
`embedded.EmbeddedValkey`.

A common confusion: nothing here runs in production with containers; there each part is started by itself.
"""
