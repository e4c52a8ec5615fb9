-- See million.py. Doubled percent signs are single ones: the driver binds %(count)s and the like.

-- The versions by workspace (team) and place in it.
CREATE TEMPORARY TABLE million_version AS
SELECT v.id, v.workflow_id, v.workspace_id, t.team, t.place
FROM unnest(%(ids)s::uuid[], %(teams)s::int[], %(places)s::int[]) AS t(id, team, place)
JOIN fermata_version v ON v.id = t.id;

-- Executions. draw_a and draw_b are the row's own draws from 0 to 99,999: n times a prime, so that they do not follow each other.
INSERT INTO fermata_execution (id, workspace_id, workflow_id, version_id, version, status, error, trigger, workflow_key,
    root_id, parent_step_id, parent_ordinal, parent_attempt, depth, tags, priority, debug, started_by, created_at,
    started_at, finished_at, paused_at, rev)
SELECT r.id, v.workspace_id, v.workflow_id, v.id, 1, r.status,
    CASE WHEN r.status = 'failed' THEN json_build_object('class', CASE WHEN draw_b < 20 THEN 'rare' ELSE 'class_' || draw_b %% 10 END,
        'message', 'It did not work.') END,
    '{"kind": "api"}', CASE WHEN draw_b < 5000 THEN 'order-' || n END,
    r.id, NULL, 0, 1, 0, CASE WHEN draw_b < 10000 THEN ARRAY['nightly'] WHEN draw_b < 10020 THEN ARRAY['nightly', 'audit'] ELSE '{}' END,
    CASE WHEN draw_b < 3000 THEN 1 ELSE 5 END, draw_b < 50, 'user:person' || draw_b %% 7, r.created_at, r.created_at,
    CASE WHEN r.status IN ('succeeded', 'failed', 'cancelled', 'timed_out') THEN r.created_at + (1 + draw_a %% 600) * interval '1 second' END,
    CASE WHEN r.status = 'paused' THEN r.created_at END, 3
FROM (
    SELECT n, n * 7919 %% 100003 * 31 %% 100000 AS draw_a, n * 104729 %% 99991 AS draw_b,
        date_trunc('second', now()) - (%(count)s - n) * (interval '180 days' / %(count)s) AS created_at
    FROM generate_series(1::bigint, %(count)s) n) d
CROSS JOIN LATERAL (SELECT
    (lpad(to_hex((extract(epoch FROM d.created_at) * 1000)::bigint), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '8'
        || substr(md5(n::text), 4, 15))::uuid AS id, d.created_at,
    CASE WHEN n > %(count)s - %(count)s / 200 THEN CASE WHEN draw_a %% 50 = 0 THEN 'paused' ELSE 'running' END
         WHEN draw_a < 1500 THEN 'running'
         WHEN draw_a < 9500 THEN 'failed' WHEN draw_a < 10500 THEN 'cancelled' WHEN draw_a < 11500 THEN 'timed_out'
         ELSE 'succeeded' END AS status) r
JOIN million_version v ON v.team = CASE WHEN draw_b < 90000 THEN 0 WHEN draw_b < 97000 THEN 1 ELSE 2 END
    AND v.place = CASE WHEN draw_a %% 3 = 0 THEN 1
        ELSE 1 + draw_a %% CASE WHEN draw_b < 90000 THEN 40 WHEN draw_b < 97000 THEN 6 ELSE 2 END END;

-- The root regions of the live ones.
INSERT INTO fermata_region (id, workspace_id, execution_id, name, kind, parent_iteration, path, state, passage, total, next,
    active, succeeded, failed, mode)
SELECT fermata_id('root|' || id), workspace_id, id, '@root', 'root', 0, '[]', 'open', 0, 0, 0, 0, 0, 0, 'stop'
FROM fermata_execution WHERE finished_at IS NULL;

-- Steps: the newest half a percent moves (every second one); whatever else is live waits.
INSERT INTO fermata_step (id, workspace_id, execution_id, node_id, kind, region_id, iteration, run, superseded, state, attempt,
    fence, losses, refusals, effect, queue, priority, reason, ready_at, started_at, finished_at, rings, rev, due_absolute)
SELECT fermata_id('step|' || x.id || s.node), x.workspace_id, x.id, s.node, 'node', fermata_id('root|' || x.id), 0, 1, false, s.state,
    1, 1, 0, 0, 'pure', 'default', 5, CASE WHEN s.state = 'waiting' THEN 'signal:go' END, x.created_at, x.created_at,
    CASE WHEN s.state IN ('succeeded', 'failed') THEN coalesce(x.finished_at, x.created_at) END, 0, 2, false
FROM fermata_execution x
CROSS JOIN LATERAL (
    SELECT 'hello' AS node, CASE WHEN x.finished_at IS NULL THEN 'succeeded' WHEN x.status = 'failed' THEN 'failed' ELSE 'succeeded' END AS state
    UNION ALL SELECT 'wait', 'waiting' WHERE x.finished_at IS NULL
    UNION ALL SELECT 'work', CASE WHEN x.created_at > now() - interval '180 days' / 200 AND hashtext(x.id::text) %% 2 = 0
        THEN 'running' ELSE 'waiting' END WHERE x.finished_at IS NULL) s;

-- One execution with very many waiting steps.
INSERT INTO fermata_step (id, workspace_id, execution_id, node_id, kind, region_id, iteration, run, superseded, state, attempt,
    fence, losses, refusals, effect, queue, priority, reason, ready_at, rings, rev, due_absolute)
SELECT gen_random_uuid(), x.workspace_id, x.id, 'ask', 'node', fermata_id('each|' || x.id), n, 1, false, 'waiting', 1, 1, 0, 0, 'pure',
    'default', 5, 'signal:go', x.created_at, 0, 1, false
FROM (SELECT e.id, e.workspace_id, e.created_at FROM fermata_execution e WHERE e.status = 'running' ORDER BY e.created_at DESC LIMIT 1) x
CROSS JOIN generate_series(0, %(wide)s - 1) n;
