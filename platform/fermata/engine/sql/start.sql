-- Write an execution and its first steps (engine.ledger.NewExecution); also used for children, inside their parent's record.
CREATE OR REPLACE FUNCTION fermata_begin(e jsonb, p_now timestamptz, INOUT events jsonb[], INOUT rings jsonb[], OUT finished text)
LANGUAGE plpgsql AS $$
DECLARE
    v_id uuid := (e->>'id')::uuid;
    v_workspace uuid := (e->>'workspace_id')::uuid;
    v_mine jsonb[] := '{}';
    v_deadline timestamptz;
    v_paused boolean;
BEGIN
    SELECT least(p_now + (e->>'deadline_seconds')::float8 * interval '1 second', x.deadline_at),
           coalesce(x.status IN ('pausing', 'paused'), false) INTO v_deadline, v_paused
    FROM (SELECT 1) one LEFT JOIN fermata_step s ON s.id = (e->>'parent_step_id')::uuid
    LEFT JOIN fermata_execution x ON x.id = s.execution_id;
    INSERT INTO fermata_execution (id, workspace_id, workflow_id, version_id, version, status, input_digest, trigger,
        workflow_key, root_id, parent_step_id, parent_ordinal, parent_attempt, depth, tags, priority, debug, started_by, created_at,
        started_at, deadline_at, paused_at, rev)
    VALUES (v_id, v_workspace, (e->>'workflow_id')::uuid, (e->>'version_id')::uuid, (e->>'version')::int,
        CASE WHEN v_paused THEN 'paused' ELSE 'running' END,
        fermata_store(v_workspace, e->>'input'), nullif(e->'trigger', 'null'::jsonb)::json, e->>'workflow_key',
        coalesce((e->>'root_id')::uuid, v_id), (e->>'parent_step_id')::uuid, (e->>'parent_ordinal')::int, (e->>'parent_attempt')::int,
        (e->>'depth')::smallint, ARRAY(SELECT jsonb_array_elements_text(e->'tags')), (e->>'priority')::smallint,
        (e->>'debug')::boolean, e->>'started_by', p_now, p_now, v_deadline,
        CASE WHEN v_paused THEN p_now END, 0)
    ON CONFLICT (id) DO NOTHING;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    INSERT INTO fermata_variable (workspace_id, scope, scope_id, iteration, name, value_digest, version)
    SELECT v_workspace, 'execution', v_id, 0, v.key, fermata_store(v_workspace, v.value), 1
    FROM jsonb_each_text(e->'variables') v;
    v_mine := v_mine || jsonb_build_object('type', 'ExecutionStarted',
        'status', CASE WHEN v_paused THEN 'paused' ELSE 'running' END, 'data', jsonb_build_object(
        'version_id', e->'version_id', 'version', e->'version', 'started_by', e->'started_by', 'trigger', e->'trigger',
        'parent_step_id', e->'parent_step_id', 'scope_id', v_id, 'variables', (
            SELECT coalesce(jsonb_object_agg(v.key, encode(fermata_store(v_workspace, v.value), 'hex')), '{}'::jsonb)
            FROM jsonb_each_text(e->'variables') v)));
    SELECT o.events INTO v_mine FROM fermata_open_regions(v_id, v_workspace, jsonb_build_array(e->'beginning'->'region'), v_mine) o;
    SELECT a.events, a.rings INTO v_mine, rings
    FROM fermata_apply(v_id, v_workspace, v_paused, false, jsonb_build_array(e->'beginning'->'stage'), e->'room', p_now, v_mine, rings, NULL) a;
    IF jsonb_array_length(e->'beginning'->'stage'->'steps') = 0 THEN
        SELECT f.events, f.rings, f.finished INTO v_mine, rings, finished FROM fermata_finish(v_id, false,
            '{"status": "succeeded", "has_output": false, "error": null}'::jsonb, p_now, v_mine, rings) f;
    END IF;
    events := events || ARRAY(SELECT jsonb_build_object('execution_id', v_id) || m.row FROM unnest(v_mine) WITH ORDINALITY m(row, place) ORDER BY m.place);
END $$;

CREATE OR REPLACE FUNCTION fermata_start(e jsonb) RETURNS jsonb LANGUAGE plpgsql
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    v_now timestamptz := clock_timestamp();
    k fermata_idempotency_key;
    i jsonb := e->'idempotency';
    events jsonb[] := '{}';
    rings jsonb[] := '{}';
    finished text;
    v_workflow uuid := (e->>'workflow_id')::uuid;
    v_live fermata_execution;
    v_policy text := e->>'on_conflict';
    v_ended jsonb := '{}';
BEGIN
    IF EXISTS (SELECT FROM fermata_execution WHERE id = (e->>'id')::uuid) THEN
        -- The same start again, after a connection was lost in its COMMIT.
        RETURN jsonb_build_object('result', 'recorded', 'finished', NULL, 'paused', false, 'rings', (
            SELECT coalesce(jsonb_agg(fermata_ring(s)), '[]'::jsonb) FROM fermata_step s
            WHERE s.execution_id = (e->>'id')::uuid AND s.state = 'ready'));
    END IF;
    IF e->>'workflow_key' IS NOT NULL THEN
        PERFORM pg_advisory_xact_lock(hashtextextended('key:' || v_workflow || ':' || (e->>'workflow_key'), 0));
        SELECT * INTO v_live FROM fermata_execution WHERE workflow_id = v_workflow AND workflow_key = e->>'workflow_key'
            AND finished_at IS NULL AND (status <> 'cancelling' OR v_policy = 'reject') LIMIT 1;
    END IF;
    IF i <> 'null'::jsonb THEN
        INSERT INTO fermata_idempotency_key (workspace_id, route, key, request_digest, execution_id, created_at)
        VALUES ((e->>'workspace_id')::uuid, i->>'route', i->>'key', decode(i->>'digest', 'hex'), (e->>'id')::uuid, v_now)
        ON CONFLICT (workspace_id, route, key) DO NOTHING;
        IF NOT FOUND THEN
            SELECT * INTO k FROM fermata_idempotency_key
            WHERE workspace_id = (e->>'workspace_id')::uuid AND route = i->>'route' AND key = i->>'key';
            RETURN jsonb_build_object('result', CASE WHEN k.request_digest = decode(i->>'digest', 'hex') THEN 'replayed' ELSE 'reused' END,
                'execution_id', k.execution_id);
        END IF;
    END IF;
    IF v_live.id IS NOT NULL AND v_policy <> 'cancel_old' THEN
        IF v_policy = 'use_existing' THEN
            UPDATE fermata_idempotency_key SET execution_id = v_live.id
            WHERE i <> 'null'::jsonb AND workspace_id = v_live.workspace_id AND route = i->>'route' AND key = i->>'key';
        ELSE
            DELETE FROM fermata_idempotency_key
            WHERE i <> 'null'::jsonb AND workspace_id = v_live.workspace_id AND route = i->>'route' AND key = i->>'key';
        END IF;
        RETURN jsonb_build_object('result', CASE v_policy WHEN 'use_existing' THEN 'replayed' ELSE 'conflict' END,
            'execution_id', v_live.id);
    END IF;
    IF v_live.id IS NOT NULL THEN
        v_ended := fermata_end(v_live.id, 'cancel', 'a newer execution with the same key');
    END IF;
    SELECT b.events, b.rings, b.finished INTO events, rings, finished FROM fermata_begin(e, v_now, events, rings) b;
    PERFORM fermata_journal((e->>'id')::uuid, (e->>'workspace_id')::uuid, v_now, events);
    RETURN jsonb_build_object('result', 'recorded', 'rings', to_jsonb(rings) || coalesce(v_ended->'rings', '[]'::jsonb),
        'finished', finished, 'paused', false);
END $$;
