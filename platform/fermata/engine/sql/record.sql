-- Record one performed step: machine.commands.Decision in one transaction behind a compare-and-swap on
-- (step, fence, state). Locks: own step, joins by id, region, then one level up. Journal rows are written last.
CREATE OR REPLACE FUNCTION fermata_record(p jsonb) RETURNS jsonb LANGUAGE plpgsql
    SET plan_cache_mode = force_generic_plan  -- indexes always: a plan made when a table was small outlives that by far
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    o jsonb := p->'own';
    s fermata_step;
    x fermata_execution;
    v_now timestamptz := clock_timestamp();
    v_due timestamptz;
    v_paused boolean;
    v_signal fermata_signal;
    events jsonb[] := '{}';
    rings jsonb[] := '{}';
    finished text;
    applied record;
    v_done text;
    w jsonb;
BEGIN
    SELECT * INTO s FROM fermata_step WHERE id = (o->>'id')::uuid AND fence = (o->>'fence')::bigint
        AND state IN ('ready', 'running') FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        IF o->>'ahead' IS NOT NULL THEN
            -- Its ring may have come before the row did, or between these two statements.
            SELECT * INTO s FROM fermata_step WHERE id = (o->>'id')::uuid;
            IF NOT FOUND OR (s.fence = (o->>'fence')::bigint AND s.state IN ('ready', 'running')) THEN
                RETURN '{"result": "absent"}'::jsonb;
            END IF;
        END IF;
        RETURN '{"result": "stale"}'::jsonb;
    END IF;
    IF fermata_closing(s) THEN
        UPDATE fermata_step SET state = 'cancelled', fence = fence + 1, finished_at = v_now, rev = rev + 1
        WHERE id = s.id RETURNING * INTO s;
        PERFORM fermata_journal(s.execution_id, s.workspace_id, v_now, ARRAY[fermata_event('StepCancelled', s, NULL)]);
        RETURN '{"result": "cancelled"}'::jsonb;
    END IF;
    SELECT * INTO x FROM fermata_execution WHERE id = s.execution_id;
    v_paused := x.status IN ('pausing', 'paused');
    IF o->>'ahead' IS NOT NULL AND (v_paused OR x.debug OR s.token IS DISTINCT FROM o->>'ahead') THEN
        -- Performed before its gates were asked, or on what another record would have left: pure, so nothing happened.
        RETURN '{"result": "unclaimed"}'::jsonb;
    END IF;
    v_due := coalesce((o->>'due_at')::timestamptz, v_now + (o->>'due_seconds')::float8 * interval '1 second');
    IF v_paused AND o->>'due_at' IS NULL THEN
        v_due := v_due - (v_now - x.paused_at);  -- resuming shifts by the whole pause
    END IF;
    UPDATE fermata_step SET
        state = o->>'state', rev = rev + 1, port = o->>'port', handled_by = o->>'handled_by', reason = o->>'reason',
        output_digest = CASE WHEN (o->>'has_output')::boolean THEN fermata_store(workspace_id, o->>'output') ELSE output_digest END,
        input_digest = CASE WHEN (o->>'has_input')::boolean THEN fermata_store(workspace_id, o->>'input') ELSE input_digest END,
        error = nullif(o->'error', 'null'::jsonb)::json, refusals = refusals + (o->>'definite')::boolean::int,
        due_at = v_due, due_kind = CASE WHEN v_due IS NOT NULL THEN o->>'due_kind' END, due_absolute = o->>'due_at' IS NOT NULL,
        resume = NULL, worker = coalesce(worker, o->>'worker'), started_at = coalesce(started_at, least(greatest((o->>'started_at')::timestamptz, ready_at), v_now)),
        finished_at = CASE WHEN o->>'state' IN ('succeeded', 'failed', 'timed_out') THEN v_now END
    WHERE id = s.id RETURNING * INTO s;
    events := events || fermata_event('Step' || replace(initcap(replace(s.state, '_', ' ')), ' ', ''), s,
        jsonb_strip_nulls(jsonb_build_object('port', s.port, 'reason', s.reason,
            'output', encode(s.output_digest, 'hex'), 'worker', s.worker, 'started_at', s.started_at, 'due_at', s.due_at,
            'handled_by', s.handled_by))
        || CASE WHEN o->'error' <> 'null'::jsonb THEN jsonb_build_object('error', o->'error') ELSE '{}'::jsonb END);
    IF p->'writes' <> '[]'::jsonb THEN
        FOR w IN SELECT * FROM jsonb_array_elements(p->'writes') LOOP
            events := events || fermata_write_variable(s, x, w);
        END LOOP;
    END IF;
    IF p->'approval' <> 'null'::jsonb THEN
        INSERT INTO fermata_approval (id, workspace_id, execution_id, step_id, run, title, description, assignees, quorum,
            state, created_at, due_at, decisions)
        VALUES (fermata_id('approval|' || s.id || '|' || s.run || '|' || s.attempt), s.workspace_id, s.execution_id, s.id, s.run, p->'approval'->>'title',
            coalesce(p->'approval'->>'description', ''),
            ARRAY(SELECT jsonb_array_elements_text(coalesce(p->'approval'->'assignees', '[]'::jsonb))),
            coalesce((p->'approval'->>'quorum')::smallint, 1), 'pending', v_now, v_due, '[]')
        ON CONFLICT (step_id, run) DO UPDATE SET state = 'pending', decisions = '[]', due_at = excluded.due_at, decided_at = NULL;
        events := events || jsonb_build_object('type', 'ApprovalRequested', 'step_id', s.id, 'node_id', s.node_id,
            'data', p->'approval');
    END IF;
    IF p->>'signal' IS NOT NULL THEN
        PERFORM pg_advisory_xact_lock(hashtextextended(s.execution_id || ':' || (p->>'signal'), 0));
        SELECT * INTO v_signal FROM fermata_signal
        WHERE execution_id = s.execution_id AND name = p->>'signal' AND taken_by IS NULL ORDER BY sent_at, id LIMIT 1;
        IF FOUND THEN
            UPDATE fermata_signal SET taken_by = s.id WHERE id = v_signal.id;
            SELECT k.events, k.rings INTO events, rings FROM fermata_wake(s.id, fermata_signal_resume(v_signal), v_paused, v_now, events, rings) k;
        END IF;
    END IF;
    IF p->'spawn' <> '[]'::jsonb THEN
        FOR w IN SELECT * FROM jsonb_array_elements(p->'spawn') LOOP
            SELECT b.events, b.rings, b.finished INTO events, rings, finished FROM fermata_begin(w->'bundle'->'execution', v_now, events, rings) b;
        END LOOP;
    END IF;
    IF (p->>'wait_children')::boolean AND NOT EXISTS (
        SELECT FROM fermata_execution c WHERE c.parent_step_id = s.id AND c.finished_at IS NULL)
    THEN
        SELECT k.events, k.rings INTO events, rings FROM fermata_wake(s.id, '{"kind": "children"}', v_paused, v_now, events, rings) k;
    END IF;
    -- Calls that are assigned, here and below: a query around a call costs as much as what it calls.
    applied := fermata_apply(s.execution_id, s.workspace_id, v_paused, s.kind = 'settle', p->'stages', p->'room', v_now, events, rings, NULL);
    v_done := fermata_journal(s.execution_id, s.workspace_id, v_now, applied.events);
    -- Durable before visible (ADR 19): what comes of losing a pure step's record with the server is doing it again.
    -- Every later synchronous commit, an effect's claim or the numbering of events, makes this one durable first.
    IF s.effect = 'pure' AND applied.finished IS NULL THEN
        v_done := set_config('synchronous_commit', 'off', true);
    END IF;
    RETURN jsonb_build_object('result', 'recorded', 'rings', to_jsonb(applied.rings), 'finished', applied.finished, 'paused', v_paused);
END $$;

-- Is the step's own or an enclosing region (or item) closing? A settle row is what closes its own region.
CREATE OR REPLACE FUNCTION fermata_closing(s fermata_step) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE
    r fermata_region;
    v_region uuid := (s).region_id;
    v_iteration int := (s).iteration;
BEGIN
    LOOP
        SELECT * INTO r FROM fermata_region WHERE id = v_region;
        IF NOT ((s).kind = 'settle' AND v_region = (s).region_id) THEN
            -- Closing, over, or gone on to a later passage without this one.
            IF r.state IN ('closing', 'closed') OR (r.kind IN ('loop', 'while') AND v_iteration < r.passage) THEN
                RETURN true;
            END IF;
            IF r.kind = 'foreach' AND EXISTS (SELECT FROM fermata_iteration i
                WHERE i.region_id = r.id AND i.index = v_iteration)
            THEN
                RETURN true;
            END IF;
        END IF;
        IF r.parent_id IS NULL THEN
            RETURN false;
        END IF;
        v_region := r.parent_id;
        v_iteration := r.parent_iteration;
    END LOOP;
END $$;

CREATE OR REPLACE FUNCTION fermata_signal_resume(g fermata_signal) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT json_build_object('kind', 'signal', 'payload', (SELECT body FROM fermata_payload WHERE digest = (g).payload_digest))::text
$$;

-- The sum of two JSON numbers: whole numbers stay whole, a double makes a double.
CREATE OR REPLACE FUNCTION fermata_sum(a text, b text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN (a || b) ~ '[.eE]' THEN to_json(a::float8 + b::float8)::text ELSE (a::numeric + b::numeric)::text END
$$;

-- One atomic variable write; answers its journal row with the old and new value's digests.
CREATE OR REPLACE FUNCTION fermata_write_variable(s fermata_step, x fermata_execution, w jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    v_scope uuid := CASE w->>'scope' WHEN 'iteration' THEN (s).region_id WHEN 'execution' THEN (s).execution_id
        WHEN 'workflow' THEN (x).workflow_id ELSE (s).workspace_id END;
    v_iteration int := CASE w->>'scope' WHEN 'iteration' THEN (s).iteration ELSE 0 END;
    v_row fermata_variable;
    v_old json;
    v_old_digest bytea;
    v_new text := w->>'value';
BEGIN
    LOOP
        INSERT INTO fermata_variable (workspace_id, scope, scope_id, iteration, name, value_digest, version)
        VALUES ((s).workspace_id, w->>'scope', v_scope, v_iteration, w->>'name',
            fermata_store((s).workspace_id, coalesce(w->>'default', 'null')), 0)
        ON CONFLICT (scope_id, iteration, name) DO NOTHING;
        SELECT * INTO v_row FROM fermata_variable
        WHERE scope_id = v_scope AND iteration = v_iteration AND name = w->>'name' FOR NO KEY UPDATE;
        EXIT WHEN FOUND;  -- else it was deleted in between
    END LOOP;
    v_old_digest := v_row.value_digest;
    -- As machine/variables.py: an old value of another type is replaced. Texts, not jsonb, where a value is kept whole.
    IF w->>'operation' <> 'set' THEN
        SELECT body INTO v_old FROM fermata_payload WHERE digest = v_old_digest;
        v_new := CASE w->>'operation'
            WHEN 'increment' THEN fermata_sum(CASE WHEN json_typeof(v_old) = 'number' THEN v_old::text ELSE '0' END, v_new)
            WHEN 'append' THEN CASE WHEN json_typeof(v_old) = 'array' AND json_array_length(v_old) > 0
                THEN rtrim(rtrim(v_old::text), ']') || ',' || v_new || ']' ELSE '[' || v_new || ']' END
            ELSE ((CASE WHEN json_typeof(v_old) = 'object' THEN replace(v_old::text, '\u0000', '\ufffd')::jsonb ELSE '{}'::jsonb END)
                  || replace(v_new, '\u0000', '\ufffd')::jsonb)::text END;
    END IF;
    UPDATE fermata_variable SET value_digest = fermata_store((s).workspace_id, v_new), version = version + 1
    WHERE id = v_row.id RETURNING * INTO v_row;
    -- What outlives the execution has a ledger of its own, beside the journal.
    IF v_row.scope IN ('workflow', 'workspace') THEN
        INSERT INTO fermata_variable_write (workspace_id, scope, scope_id, name, version, operation, old_digest, new_digest, by,
            execution_id, step_id, at)
        VALUES (v_row.workspace_id, v_row.scope, v_scope, v_row.name, v_row.version, w->>'operation', v_old_digest,
            v_row.value_digest, (x).started_by, (s).execution_id, (s).id, clock_timestamp());
    END IF;
    RETURN jsonb_build_object('type', 'VariableWritten', 'step_id', (s).id, 'node_id', (s).node_id, 'data', jsonb_build_object(
        'name', v_row.name, 'scope', v_row.scope, 'scope_id', v_scope, 'iteration', v_iteration, 'operation', w->>'operation', 'version', v_row.version,
        'old', encode(v_old_digest, 'hex'), 'new', encode(v_row.value_digest, 'hex')));
END $$;
