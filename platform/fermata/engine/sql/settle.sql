-- The regions inside one scope (inside one item of it, unless p_item is null), at any depth.
CREATE OR REPLACE FUNCTION fermata_inside(p_region uuid, p_item int) RETURNS uuid[] LANGUAGE sql STABLE AS $$
    WITH RECURSIVE inside(id) AS (
        SELECT id FROM fermata_region WHERE parent_id = p_region AND (p_item IS NULL OR parent_iteration = p_item)
        UNION ALL
        SELECT r.id FROM fermata_region r JOIN inside i ON r.parent_id = i.id)
    SELECT coalesce(array_agg(id), '{}') FROM inside
$$;

-- For a settle row: cancel up to p_limit live steps of its scope (of one item of a foreach, unless p_item is null);
-- how many are live still. Steps that a record holds are passed over (a record locks inner steps before their
-- containers, so waiting for one while holding another could deadlock): they are live still, and the caller looks
-- again. What other records made is looked for in statements of their own. Steps that wait for children are cancelled
-- through them. Regions inside close last, when nothing can be on its way any more.
CREATE OR REPLACE FUNCTION fermata_cancel_live(p_settle uuid, p_item int, p_limit int) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    t fermata_step;
    s fermata_step;
    v_now timestamptz := clock_timestamp();
    v_regions uuid[];
    v_locked uuid[];
    events jsonb[] := '{}';
    v_children uuid[];
    v_cancelled int := 0;
    v_left int;
BEGIN
    SELECT * INTO t FROM fermata_step WHERE id = p_settle;
    -- Of two settle rows of one scope the one that comes first ends the other; never each the other.
    PERFORM FROM fermata_step WHERE region_id = t.region_id AND (p_item IS NULL OR iteration = p_item)
        AND kind = 'settle' AND state = 'ready'
    ORDER BY id FOR NO KEY UPDATE;
    IF NOT EXISTS (SELECT FROM fermata_step WHERE id = p_settle AND state = 'ready') THEN
        RETURN '{"left": 0, "cancelled": 0, "children": []}'::jsonb;
    END IF;
    v_regions := fermata_inside(t.region_id, p_item);
    SELECT coalesce(array_agg(q.id), '{}') INTO v_locked FROM (
        SELECT p.id FROM fermata_step p
        WHERE p.execution_id = t.execution_id AND p.id <> t.id AND p.state IN ('ready', 'running', 'waiting', 'held', 'retrying')
          AND (p.region_id = ANY (v_regions) OR (p.region_id = t.region_id AND (p_item IS NULL OR p.iteration = p_item)))
        ORDER BY p.id LIMIT p_limit FOR NO KEY UPDATE SKIP LOCKED) q;
    SELECT coalesce(array_agg(c.id), '{}') INTO v_children FROM fermata_step p
    JOIN fermata_execution c ON c.parent_step_id = p.id AND c.finished_at IS NULL
    WHERE p.id = ANY (v_locked) AND p.state = 'waiting' AND p.reason = 'children';
    FOR s IN
        UPDATE fermata_step p SET state = 'cancelled', fence = fence + 1, finished_at = v_now, rev = rev + 1, due_at = NULL
        WHERE p.id = ANY (v_locked) AND p.state IN ('ready', 'running', 'waiting', 'held', 'retrying')
          AND NOT (p.state = 'waiting' AND p.reason = 'children' AND EXISTS (
              SELECT FROM fermata_execution c WHERE c.parent_step_id = p.id AND c.finished_at IS NULL))
        RETURNING *
    LOOP
        v_cancelled := v_cancelled + 1;
        events := events || fermata_event('StepCancelled', s, jsonb_build_object('cause', t.data->>'why'));
        UPDATE fermata_approval SET state = 'cancelled', decided_at = v_now WHERE step_id = s.id AND state = 'pending';
    END LOOP;
    v_regions := fermata_inside(t.region_id, p_item);
    SELECT count(*) INTO v_left FROM (
        SELECT FROM fermata_step p WHERE p.execution_id = t.execution_id AND p.id <> t.id
          AND p.state IN ('ready', 'running', 'waiting', 'held', 'retrying')
          AND (p.region_id = ANY (v_regions) OR (p.region_id = t.region_id AND (p_item IS NULL OR p.iteration = p_item)))
        LIMIT p_limit) q;
    IF v_left = 0 THEN
        WITH closed AS (
            UPDATE fermata_region SET state = 'closed' WHERE id = ANY (v_regions) AND state <> 'closed' RETURNING id)
        SELECT events || coalesce(array_agg(jsonb_build_object('type', 'RegionClosed', 'data', jsonb_build_object('region', id))), '{}')
        INTO events FROM closed;
    END IF;
    PERFORM fermata_journal(t.execution_id, t.workspace_id, v_now, events);
    RETURN jsonb_build_object('left', v_left, 'cancelled', v_cancelled, 'children', to_jsonb(v_children));
END $$;

-- Begin to end an execution: why = cancel | timeout. Its root closes and a settle row does the rest. Answers the new
-- status, or the final one when it was over already.
CREATE OR REPLACE FUNCTION fermata_end(p_execution uuid, p_why text, p_by text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    x fermata_execution;
    v_now timestamptz := clock_timestamp();
    v_root uuid := fermata_id('root|' || p_execution);
    v_cause jsonb := jsonb_build_object('why', p_why, 'by', p_by);
    events jsonb[] := '{}';
    rings jsonb[] := '{}';
BEGIN
    SELECT * INTO x FROM fermata_execution WHERE id = p_execution FOR NO KEY UPDATE;
    IF x.finished_at IS NOT NULL OR x.status = 'cancelling' THEN
        RETURN jsonb_build_object('status', x.status, 'final', x.finished_at IS NOT NULL, 'rings', '[]'::jsonb);
    END IF;
    IF p_why = 'timeout' THEN
        v_cause := v_cause || '{"error": {"class": "timeout", "message": "The execution reached its deadline.", "data": {}}}'::jsonb;
    END IF;
    UPDATE fermata_execution SET status = 'cancelling', rev = rev + 1 WHERE id = p_execution;
    UPDATE fermata_region SET state = 'closing', cause = v_cause::json WHERE id = v_root AND state <> 'closed';
    events := events || jsonb_build_object('type', 'ExecutionCancelling', 'status', 'cancelling', 'data', v_cause);
    SELECT i.events, i.rings INTO events, rings FROM fermata_insert_steps(p_execution, x.workspace_id, false, jsonb_build_array(
        jsonb_build_object('id', fermata_id('settle|' || v_root || '|0|@settle:' || p_why || '|1'), 'node', '@settle:' || p_why,
            'kind', 'settle', 'region', v_root, 'iteration', 0, 'state', 'ready', 'effect', 'pure', 'queue', 'default',
            'priority', x.priority, 'reads', '[]'::jsonb, 'freeze', false, 'data', v_cause::text)), '{}'::jsonb, v_now, events, rings) i;
    PERFORM fermata_journal(p_execution, x.workspace_id, v_now, events);
    RETURN jsonb_build_object('status', 'cancelling', 'final', false, 'rings', to_jsonb(rings));
END $$;
