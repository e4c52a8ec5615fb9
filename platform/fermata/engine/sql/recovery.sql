-- Everything recovery does in sets; any number of processes may run it (SKIP LOCKED). Each function is one pass.

-- Due timers, timeouts and retries of executions that are not paused: the steps become READY, not yet rung.
CREATE OR REPLACE FUNCTION fermata_due(p_limit int) RETURNS int LANGUAGE plpgsql
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    v_now timestamptz := clock_timestamp();
    v_ids uuid[];
BEGIN
    SELECT array_agg(q.id) INTO v_ids FROM (
        SELECT t.id FROM fermata_step t JOIN fermata_execution x ON x.id = t.execution_id
        WHERE t.state IN ('waiting', 'retrying') AND t.due_at IS NOT NULL AND t.due_at <= v_now
          AND (x.status NOT IN ('pausing', 'paused') OR t.kind <> 'node')
        ORDER BY t.due_at LIMIT p_limit FOR NO KEY UPDATE OF t SKIP LOCKED) q;
    IF v_ids IS NULL THEN
        RETURN 0;
    END IF;
    UPDATE fermata_approval SET state = 'expired', decided_at = v_now
    WHERE step_id = ANY (v_ids) AND state = 'pending';
    WITH woken AS (
        UPDATE fermata_step SET state = 'ready', fence = fence + 1, attempt = attempt + (due_kind = 'retry')::int,
            resume = CASE WHEN due_kind = 'retry' THEN NULL ELSE json_build_object('kind', due_kind) END,
            due_at = NULL, due_kind = NULL, reason = NULL, ready_at = v_now, rung_at = NULL, rev = rev + 1
        WHERE id = ANY (v_ids) RETURNING *)
    INSERT INTO fermata_event (execution_id, workspace_id, type, at, step_id, node_id, run, attempt, status, rev, data, format)
    SELECT execution_id, workspace_id, 'StepReady', v_now, id, node_id, run, attempt, state, rev, json_build_object(
        'region', region_id, 'iteration', iteration, 'kind', kind, 'resume', coalesce(resume->>'kind', 'retry')), 1
    FROM woken;
    RETURN cardinality(v_ids);
END $$;

-- Steps that look lost: RUNNING since before p_grace seconds ago. The caller asks Redis which of them hold a lease.
CREATE OR REPLACE FUNCTION fermata_suspects(p_grace float8, p_limit int) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object('id', q.id, 'fence', q.fence, 'effect', q.effect, 'losses', q.losses,
        'node', q.node_id, 'version_id', q.version_id)), '[]'::jsonb)
    FROM (SELECT s.id, s.fence, s.effect, s.losses, s.node_id, x.version_id
          FROM fermata_step s JOIN fermata_execution x ON x.id = s.execution_id
          WHERE s.state = 'running' AND s.started_at < clock_timestamp() - p_grace * interval '1 second'
          ORDER BY s.started_at LIMIT p_limit) q
$$;

-- A RUNNING step without a lease: retried under a new fence, held for a person, or failed as worker_lost.
CREATE OR REPLACE FUNCTION fermata_lost(p_step uuid, p_fence bigint, p_policy text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    s fermata_step;
    v_now timestamptz := clock_timestamp();
BEGIN
    SELECT * INTO s FROM fermata_step WHERE id = p_step AND fence = p_fence AND state = 'running' FOR NO KEY UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF p_policy = 'hold' THEN
        UPDATE fermata_step SET state = 'held', reason = 'outcome_unknown', fence = fence + 1, losses = losses + 1, rev = rev + 1
        WHERE id = p_step RETURNING * INTO s;
        PERFORM fermata_journal(s.execution_id, s.workspace_id, v_now, ARRAY[fermata_event('StepHeld', s,
            jsonb_build_object('reason', s.reason, 'worker', s.worker))]);
        RETURN 'held';
    END IF;
    UPDATE fermata_step SET state = 'ready', fence = fence + 1, losses = losses + 1,
        -- A resumed step goes on with what its attempt opened (a region, children): the attempt stays.
        attempt = attempt + (p_policy = 'retry' AND resume IS NULL)::int,
        resume = CASE WHEN p_policy = 'fail' THEN json_build_object('kind', 'failure', 'failure', json_build_object(
            'class', 'worker_lost', 'message', format('The worker was lost %s times while it performed this step.', losses + 1),
            'data', json_build_object('losses', losses + 1))) ELSE resume END,
        ready_at = v_now, rung_at = NULL, rev = rev + 1
    WHERE id = p_step RETURNING * INTO s;
    PERFORM fermata_journal(s.execution_id, s.workspace_id, v_now, ARRAY[fermata_event('StepReady', s,
        jsonb_build_object('resume', 'worker_lost', 'worker', s.worker))]);
    RETURN p_policy;
END $$;

-- Fill the ring window of a queue: the unrung READY rows that come first by priority and age become rung.
-- Engine rows (skip, turn, settle) count as rings of their queue too.
CREATE OR REPLACE FUNCTION fermata_fill(p_queue text, p_room int) RETURNS jsonb LANGUAGE plpgsql
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    v_rings jsonb;
BEGIN
    WITH chosen AS (
        SELECT s.id FROM fermata_step s
        WHERE s.queue = p_queue AND s.state = 'ready' AND s.rung_at IS NULL
          AND (s.kind <> 'node' OR NOT EXISTS (SELECT FROM fermata_execution x
               WHERE x.id = s.execution_id AND x.status IN ('pausing', 'paused')))
        ORDER BY s.priority, s.ready_at LIMIT p_room FOR NO KEY UPDATE SKIP LOCKED),
    rung AS (
        UPDATE fermata_step s SET rung_at = clock_timestamp() FROM chosen WHERE s.id = chosen.id RETURNING s)
    SELECT coalesce(jsonb_agg(fermata_ring(s)), '[]'::jsonb) INTO v_rings FROM rung;
    RETURN v_rings;
END $$;

-- Queues with READY rows, each by itself (a queue nobody serves must not hide another): how many are unrung and rung
-- (counted up to a cap), and whether a rung one is older than p_age seconds. Loose index scans over the partial indexes.
CREATE OR REPLACE FUNCTION fermata_backlog(p_age float8, p_cap int) RETURNS jsonb LANGUAGE sql STABLE AS $$
    WITH RECURSIVE unrung(queue) AS (
        (SELECT queue FROM fermata_step WHERE state = 'ready' AND rung_at IS NULL ORDER BY queue LIMIT 1)
        UNION ALL
        SELECT (SELECT s.queue FROM fermata_step s WHERE s.state = 'ready' AND s.rung_at IS NULL AND s.queue > u.queue
                ORDER BY s.queue LIMIT 1) FROM unrung u WHERE u.queue IS NOT NULL),
    rung(queue) AS (
        (SELECT queue FROM fermata_step WHERE state = 'ready' AND rung_at IS NOT NULL ORDER BY queue LIMIT 1)
        UNION ALL
        SELECT (SELECT s.queue FROM fermata_step s WHERE s.state = 'ready' AND s.rung_at IS NOT NULL AND s.queue > u.queue
                ORDER BY s.queue LIMIT 1) FROM rung u WHERE u.queue IS NOT NULL),
    queues AS (SELECT queue FROM unrung UNION SELECT queue FROM rung)
    SELECT coalesce(jsonb_object_agg(q.queue, jsonb_build_object(
        'unrung', (SELECT count(*) FROM (SELECT FROM fermata_step s
                   WHERE s.queue = q.queue AND s.state = 'ready' AND s.rung_at IS NULL LIMIT p_cap) a),
        'rung', (SELECT count(*) FROM (SELECT FROM fermata_step s
                 WHERE s.queue = q.queue AND s.state = 'ready' AND s.rung_at IS NOT NULL LIMIT 20 * p_cap) b),
        'old', (SELECT count(*) FROM (SELECT FROM fermata_step s
                WHERE s.queue = q.queue AND s.state = 'ready' AND s.rung_at < clock_timestamp() - p_age * interval '1 second'
                LIMIT 1) c))), '{}'::jsonb)
    FROM queues q WHERE q.queue IS NOT NULL
$$;

-- Rung READY rows of a queue that waited longer than their back-off (p_age doubling with each ring, at most 300 s).
CREATE OR REPLACE FUNCTION fermata_overdue(p_queue text, p_age float8, p_limit int) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object('id', q.id, 'rings', q.rings,
        'age', extract(epoch FROM clock_timestamp() - q.rung_at)) ORDER BY q.rung_at), '[]'::jsonb)
    FROM (SELECT id, rings, rung_at FROM fermata_step
          WHERE queue = p_queue AND state = 'ready' AND rung_at IS NOT NULL
            AND rung_at < clock_timestamp() - least(p_age * 2 ^ least(rings, 10), 300) * interval '1 second'
          ORDER BY rung_at LIMIT p_limit) q
$$;

-- Ring these rows again: a counted ring, so that a pure step claims from now on.
CREATE OR REPLACE FUNCTION fermata_ring_again(p_steps uuid[]) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    v_rings jsonb;
BEGIN
    WITH chosen AS (
        SELECT id FROM fermata_step WHERE id = ANY (p_steps) AND state = 'ready' ORDER BY id FOR NO KEY UPDATE SKIP LOCKED),
    rung AS (
        UPDATE fermata_step s SET rung_at = clock_timestamp(), rings = least(rings + 1, 1000) FROM chosen
        WHERE s.id = chosen.id RETURNING s)
    SELECT coalesce(jsonb_agg(fermata_ring(s)), '[]'::jsonb) INTO v_rings FROM rung;
    RETURN v_rings;
END $$;

-- Executions past their deadline.
CREATE OR REPLACE FUNCTION fermata_expired(p_limit int) RETURNS uuid[] LANGUAGE sql STABLE AS $$
    SELECT coalesce(array_agg(q.id), '{}') FROM (
        SELECT id FROM fermata_execution
        WHERE finished_at IS NULL AND deadline_at IS NOT NULL AND deadline_at <= clock_timestamp()
          AND status NOT IN ('cancelling', 'pausing', 'paused') LIMIT p_limit) q
$$;

-- Pausing executions in which nothing runs any more are paused.
CREATE OR REPLACE FUNCTION fermata_rest() RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    x fermata_execution;
    v_now timestamptz := clock_timestamp();
    v_count int := 0;
BEGIN
    FOR x IN
        SELECT * FROM fermata_execution e WHERE e.finished_at IS NULL AND e.status = 'pausing'
          AND NOT EXISTS (SELECT FROM fermata_step s WHERE s.execution_id = e.id AND s.state = 'running')
        LIMIT 100 FOR NO KEY UPDATE SKIP LOCKED
    LOOP
        UPDATE fermata_execution SET status = 'paused', rev = rev + 1 WHERE id = x.id;
        PERFORM fermata_journal(x.id, x.workspace_id, v_now, ARRAY[jsonb_build_object('type', 'ExecutionPaused', 'status', 'paused')]);
        v_count := v_count + 1;
    END LOOP;
    RETURN v_count;
END $$;

-- The safety net: live executions in which nothing is alive get their root looked at again. A repair that is ever
-- needed is a bug; it is counted.
CREATE OR REPLACE FUNCTION fermata_stuck(p_age float8, p_limit int) RETURNS uuid[] LANGUAGE sql STABLE AS $$
    SELECT coalesce(array_agg(q.id), '{}') FROM (
        SELECT x.id FROM fermata_execution x
        WHERE x.finished_at IS NULL AND x.status IN ('running', 'cancelling')
          AND x.created_at < clock_timestamp() - p_age * interval '1 second'
          AND NOT EXISTS (SELECT FROM fermata_step s WHERE s.execution_id = x.id
                          AND s.state IN ('ready', 'running', 'waiting', 'held', 'retrying'))
        LIMIT p_limit) q
$$;

-- Give an execution in which nothing lives a row that decides how it goes on.
CREATE OR REPLACE FUNCTION fermata_repair(p_execution uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    x fermata_execution;
    r fermata_region;
    v_now timestamptz := clock_timestamp();
    v_kind text;
    events jsonb[] := '{}';
    rings jsonb[] := '{}';
BEGIN
    SELECT * INTO x FROM fermata_execution WHERE id = p_execution AND finished_at IS NULL FOR NO KEY UPDATE;
    SELECT * INTO r FROM fermata_region WHERE id = fermata_id('root|' || p_execution) FOR NO KEY UPDATE;
    IF x.id IS NULL OR NOT fermata_over(r.id, 0, false) THEN
        RETURN;
    END IF;
    v_kind := CASE WHEN r.state = 'closing' THEN 'settle' ELSE 'turn' END;
    events := events || jsonb_build_object('type', 'ExecutionRepaired', 'status', x.status);
    SELECT i.events, i.rings INTO events, rings FROM fermata_insert_steps(p_execution, x.workspace_id, false, jsonb_build_array(
        jsonb_build_object('id', fermata_id(v_kind || '|' || r.id || '|0|@repair|1'), 'node', '@repair', 'kind', v_kind, 'region', r.id,
            'iteration', 0, 'state', 'ready', 'effect', 'pure', 'queue', 'default', 'priority', x.priority, 'reads', '[]'::jsonb,
            'freeze', false, 'data', r.cause::text)), '{}'::jsonb, v_now, events, rings) i;
    UPDATE fermata_step SET rung_at = NULL WHERE execution_id = p_execution AND node_id = '@repair' AND state = 'ready';
    PERFORM fermata_journal(p_execution, x.workspace_id, v_now, events);
END $$;
