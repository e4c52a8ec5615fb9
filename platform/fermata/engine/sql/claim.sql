-- Claim a step and load what it reads, in one round trip. The first dispatch of a pure step writes nothing
-- (engine.md §5.2); every other node step becomes RUNNING under a new fence. A step whose scope is closing ends here.
CREATE OR REPLACE FUNCTION fermata_claim(p_step uuid, p_worker text) RETURNS json LANGUAGE plpgsql
    SET plan_cache_mode = force_generic_plan  -- to plan anew for every list costs more than to look
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    s fermata_step;
    x fermata_execution;
    r fermata_region;
    v_regions uuid[] := '{}';
    v_iterations int[] := '{}';
    v_kinds text[] := '{}';
    v_frames json[] := '{}';
    v_region uuid;
    v_iteration int;
    v_closing boolean := false;
    v_now timestamptz := clock_timestamp();
    v_remembered json;
    v_resume json;
    v_result json;
BEGIN
    SELECT * INTO s FROM fermata_step WHERE id = p_step;
    IF NOT FOUND THEN
        RETURN '{"result": "absent"}'::json;
    END IF;
    IF s.state <> 'ready' THEN
        RETURN json_build_object('result', 'not_ready', 'state', s.state);
    END IF;
    SELECT * INTO x FROM fermata_execution WHERE id = s.execution_id;
    IF s.kind = 'node' AND x.status IN ('pausing', 'paused') THEN
        UPDATE fermata_step SET rung_at = NULL WHERE id = p_step AND state = 'ready';
        RETURN '{"result": "paused"}'::json;
    END IF;
    v_region := s.region_id;
    v_iteration := s.iteration;
    LOOP
        SELECT * INTO r FROM fermata_region WHERE id = v_region;
        v_regions := v_regions || r.id;
        v_iterations := v_iterations || v_iteration;
        v_kinds := v_kinds || r.kind;
        v_frames := v_frames || json_build_object('id', r.id, 'name', r.name, 'kind', r.kind, 'iteration', v_iteration,
            'state', r.state, 'step_id', r.step_id, 'path', r.path, 'cause', r.cause);
        IF NOT (s.kind = 'settle' AND v_region = s.region_id) THEN
            v_closing := v_closing OR r.state IN ('closing', 'closed')
                OR (r.kind IN ('loop', 'while') AND v_iteration < r.passage)
                OR (r.kind = 'foreach' AND EXISTS (
                    SELECT FROM fermata_iteration i WHERE i.region_id = r.id AND i.index = v_iteration));
        END IF;
        EXIT WHEN r.parent_id IS NULL;
        v_region := r.parent_id;
        v_iteration := r.parent_iteration;
    END LOOP;
    IF v_closing THEN
        UPDATE fermata_step SET state = 'cancelled', fence = fence + 1, finished_at = v_now, rev = rev + 1
        WHERE id = p_step AND state = 'ready' AND fence = s.fence RETURNING * INTO s;
        IF FOUND THEN
            PERFORM fermata_journal(s.execution_id, s.workspace_id, v_now, ARRAY[fermata_event('StepCancelled', s, NULL)]);
        END IF;
        RETURN '{"result": "cancelled"}'::json;
    END IF;
    IF s.kind = 'node' AND (s.effect <> 'pure' OR s.rings > 0 OR s.losses > 0 OR x.debug) THEN
        UPDATE fermata_step SET state = 'running', fence = fence + 1, started_at = v_now, worker = p_worker, rev = rev + 1
        WHERE id = p_step AND state = 'ready' AND fence = s.fence RETURNING * INTO s;
        IF NOT FOUND THEN
            RETURN '{"result": "not_ready", "state": "running"}'::json;
        END IF;
        PERFORM fermata_journal(s.execution_id, s.workspace_id, v_now, ARRAY[fermata_event('StepStarted', s,
            jsonb_build_object('worker', p_worker))]);
    END IF;
    IF s.kind <> 'node' THEN
        SELECT json_agg(json_build_array(edge, passage)) INTO v_remembered FROM fermata_arrival WHERE owner_id = s.region_id;
    END IF;
    v_resume := s.resume;
    IF v_resume->>'kind' = 'region' THEN
        v_result := fermata_region_result(fermata_id('container|' || s.id || '|' || s.attempt), v_resume->'result');
    ELSIF v_resume->>'kind' = 'children' THEN
        v_resume := json_build_object('kind', 'children', 'children', (
            SELECT json_agg(json_build_object('id', c.id, 'status', c.status, 'error', c.error,
                'version_id', c.version_id, 'has_output', c.output_digest IS NOT NULL,
                'output', (SELECT body FROM fermata_payload WHERE digest = c.output_digest)) ORDER BY c.parent_ordinal)
            FROM fermata_execution c WHERE c.parent_step_id = s.id AND c.parent_attempt = s.attempt));
    END IF;
    RETURN json_build_object('result', 'claimed', 'now', v_now,
        'step', json_build_object('id', s.id, 'node', s.node_id, 'kind', s.kind, 'run', s.run, 'attempt', s.attempt,
            'fence', s.fence, 'state', s.state, 'losses', s.losses, 'refusals', s.refusals, 'lane', s.lane,
            'priority', s.priority, 'rings', s.rings, 'data', s.data, 'resume', v_resume, 'error', s.error),
        'execution', json_build_object('id', x.id, 'workspace_id', x.workspace_id, 'workflow_id', x.workflow_id,
            'version_id', x.version_id, 'status', x.status, 'priority', x.priority, 'depth', x.depth,
            'version', x.version, 'started_by', x.started_by, 'created_at', x.created_at),
        'frames', v_frames, 'remembered', v_remembered, 'region_result', v_result,
        'context', fermata_context(s, x, v_regions, v_iterations, v_kinds));
END $$;

-- What a container's region came to: {"failure"} or {"output"} as recorded, else the foreach's counts and rows.
CREATE OR REPLACE FUNCTION fermata_region_result(p_region uuid, p_result json) RETURNS json LANGUAGE plpgsql STABLE AS $$
DECLARE
    r fermata_region;
    v_rows json;
BEGIN
    IF p_result->>'ended' IS NULL THEN
        RETURN json_build_object('result', p_result);
    END IF;
    SELECT * INTO r FROM fermata_region WHERE id = p_region;
    SELECT json_agg(json_build_object('index', i.index, 'state', i.state, 'error', i.error, 'output',
        CASE WHEN r.fan_out->>'collect' NOT IN ('none', 'count') THEN p.body ELSE 'true'::json END) ORDER BY i.index)
    INTO v_rows
    FROM fermata_iteration i LEFT JOIN fermata_payload p ON p.digest = i.output_digest
    WHERE i.region_id = p_region AND (i.state = 'succeeded' OR i.error IS NOT NULL);
    RETURN json_build_object('result', p_result, 'rows', v_rows, 'region', json_build_object('total', r.total,
        'succeeded', r.succeeded, 'failed', r.failed, 'fan_out', r.fan_out));
END $$;
