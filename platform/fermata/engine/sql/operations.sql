-- Writes that people and programs ask for.

CREATE OR REPLACE FUNCTION fermata_pause(p_execution uuid, p_by text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    x fermata_execution;
    v_now timestamptz := clock_timestamp();
    v_children uuid[];
BEGIN
    SELECT * INTO x FROM fermata_execution WHERE id = p_execution FOR NO KEY UPDATE;
    IF x.status IN ('pausing', 'paused') OR x.status <> 'running' THEN
        RETURN jsonb_build_object('status', x.status, 'moved', false, 'children', '[]'::jsonb);
    END IF;
    UPDATE fermata_execution SET status = 'pausing', paused_at = v_now, rev = rev + 1 WHERE id = p_execution;
    PERFORM fermata_journal(x.id, x.workspace_id, v_now, ARRAY[jsonb_build_object('type', 'ExecutionPausing', 'status', 'pausing',
        'data', jsonb_build_object('by', p_by))]);
    SELECT coalesce(array_agg(c.id), '{}') INTO v_children FROM fermata_execution c JOIN fermata_step s ON s.id = c.parent_step_id
    WHERE s.execution_id = p_execution AND c.finished_at IS NULL;
    RETURN jsonb_build_object('status', 'pausing', 'moved', true, 'children', to_jsonb(v_children));
END $$;

-- Relative times shift by the held time; absolute instants do not and fire on resume if past. What is READY is rung anew.
CREATE OR REPLACE FUNCTION fermata_resume(p_execution uuid, p_by text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    x fermata_execution;
    v_now timestamptz := clock_timestamp();
    v_held interval;
    v_children uuid[];
BEGIN
    SELECT * INTO x FROM fermata_execution WHERE id = p_execution FOR NO KEY UPDATE;
    IF x.status NOT IN ('pausing', 'paused') THEN
        RETURN jsonb_build_object('status', x.status, 'moved', false, 'children', '[]'::jsonb);
    END IF;
    v_held := v_now - x.paused_at;
    UPDATE fermata_execution SET status = 'running', paused_at = NULL, deadline_at = deadline_at + v_held, rev = rev + 1
    WHERE id = p_execution;
    UPDATE fermata_step SET due_at = due_at + v_held
    WHERE execution_id = p_execution AND state IN ('waiting', 'retrying') AND due_at IS NOT NULL AND NOT due_absolute
      AND due_at > x.paused_at;
    UPDATE fermata_approval a SET due_at = s.due_at FROM fermata_step s
    WHERE a.execution_id = p_execution AND a.state = 'pending' AND s.id = a.step_id;
    -- What a record holds right now will be rung by it; waiting for it here could wait for ever.
    UPDATE fermata_step SET rung_at = NULL WHERE id IN (
        SELECT id FROM fermata_step WHERE execution_id = p_execution AND state = 'ready' AND rung_at IS NOT NULL
        FOR NO KEY UPDATE SKIP LOCKED);
    PERFORM fermata_journal(x.id, x.workspace_id, v_now, ARRAY[jsonb_build_object('type', 'ExecutionResumed', 'status', 'running',
        'data', jsonb_build_object('by', p_by, 'held_seconds', extract(epoch FROM v_held)))]);
    SELECT coalesce(array_agg(c.id), '{}') INTO v_children FROM fermata_execution c JOIN fermata_step s ON s.id = c.parent_step_id
    WHERE s.execution_id = p_execution AND c.finished_at IS NULL;
    RETURN jsonb_build_object('status', 'running', 'moved', true, 'children', to_jsonb(v_children));
END $$;

-- Send a signal: the oldest step waiting for it takes it, else it is kept (unless transient). Sending and starting to
-- wait lock the same (execution, name).
CREATE OR REPLACE FUNCTION fermata_send(p_execution uuid, p_id uuid, p_name text, p_payload text, p_by text, p_transient boolean)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    x fermata_execution;
    s fermata_step;
    g fermata_signal;
    v_now timestamptz := clock_timestamp();
    events jsonb[] := '{}';
    rings jsonb[] := '{}';
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(p_execution || ':' || p_name, 0));
    SELECT * INTO x FROM fermata_execution WHERE id = p_execution;
    IF x.finished_at IS NOT NULL THEN
        RETURN jsonb_build_object('result', 'final', 'status', x.status);
    END IF;
    IF EXISTS (SELECT FROM fermata_signal WHERE id = p_id) THEN
        RETURN jsonb_build_object('result', 'known', 'rings', '[]'::jsonb);
    END IF;
    SELECT * INTO s FROM fermata_step WHERE execution_id = p_execution AND state = 'waiting' AND reason = 'signal:' || p_name
    ORDER BY ready_at, id LIMIT 1 FOR NO KEY UPDATE;
    INSERT INTO fermata_signal (id, workspace_id, execution_id, name, payload_digest, sent_at, sent_by, taken_by)
    SELECT p_id, x.workspace_id, p_execution, p_name, fermata_store(x.workspace_id, p_payload), v_now, p_by, s.id
    WHERE s.id IS NOT NULL OR NOT p_transient RETURNING * INTO g;
    events := events || jsonb_build_object('type', 'SignalReceived', 'step_id', s.id, 'node_id', s.node_id,
        'data', jsonb_build_object('name', p_name, 'id', p_id, 'by', p_by, 'taken', s.id IS NOT NULL));
    IF s.id IS NOT NULL THEN
        SELECT w.events, w.rings INTO events, rings
        FROM fermata_wake(s.id, fermata_signal_resume(g), x.status IN ('pausing', 'paused'), v_now, events, rings) w;
    END IF;
    PERFORM fermata_journal(p_execution, x.workspace_id, v_now, events);
    RETURN jsonb_build_object('result', 'sent', 'rings', to_jsonb(rings));
END $$;

-- One person's decision. The quorum counts approvals by different people; one rejection decides.
CREATE OR REPLACE FUNCTION fermata_decide(p_approval uuid, p_decision text, p_by text, p_comment text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    a fermata_approval;
    x fermata_execution;
    v_now timestamptz := clock_timestamp();
    v_row jsonb := jsonb_build_object('decision', p_decision, 'by', p_by, 'comment', p_comment, 'at', v_now);
    v_all jsonb;
    v_state text;
    events jsonb[] := '{}';
    rings jsonb[] := '{}';
BEGIN
    SELECT * INTO a FROM fermata_approval WHERE id = p_approval;
    PERFORM FROM fermata_step WHERE id = a.step_id FOR NO KEY UPDATE;
    SELECT * INTO a FROM fermata_approval WHERE id = p_approval FOR NO KEY UPDATE;
    v_all := coalesce(a.decisions::jsonb, '[]'::jsonb);
    IF a.state <> 'pending' OR EXISTS (SELECT FROM jsonb_array_elements(v_all) d WHERE d->>'by' = p_by) THEN
        RETURN jsonb_build_object('result', CASE WHEN a.state = 'pending' THEN 'twice' ELSE 'decided' END, 'state', a.state, 'decisions', v_all);
    END IF;
    v_all := v_all || v_row;
    v_state := CASE WHEN p_decision = 'reject' THEN 'rejected'
        WHEN (SELECT count(*) FROM jsonb_array_elements(v_all) d WHERE d->>'decision' = 'approve') >= a.quorum THEN 'approved'
        ELSE 'pending' END;
    UPDATE fermata_approval SET decisions = v_all::json, state = v_state,
        decided_at = CASE WHEN v_state <> 'pending' THEN v_now END WHERE id = p_approval;
    SELECT * INTO x FROM fermata_execution WHERE id = a.execution_id;
    events := events || jsonb_build_object('type', 'ApprovalDecided', 'step_id', a.step_id, 'status', v_state, 'data', v_row);
    IF v_state <> 'pending' THEN
        SELECT w.events, w.rings INTO events, rings FROM fermata_wake(a.step_id, jsonb_build_object('kind', 'approval', 'payload',
            v_row || jsonb_build_object('decisions', v_all))::text, x.status IN ('pausing', 'paused'), v_now, events, rings) w;
    END IF;
    PERFORM fermata_journal(a.execution_id, a.workspace_id, v_now, events);
    RETURN jsonb_build_object('result', 'recorded', 'state', v_state, 'rings', to_jsonb(rings));
END $$;

-- A person says what became of a step whose outcome is unknown: retry | fail | succeed.
CREATE OR REPLACE FUNCTION fermata_resolve(p_step uuid, p_action text, p_output text, p_by text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    s fermata_step;
    v_now timestamptz := clock_timestamp();
BEGIN
    UPDATE fermata_step SET state = 'ready', fence = fence + 1, reason = NULL, ready_at = v_now, rung_at = v_now, rev = rev + 1,
        attempt = attempt + (p_action = 'retry')::int,
        resume = CASE p_action WHEN 'retry' THEN NULL
            WHEN 'fail' THEN json_build_object('kind', 'failure', 'failure', json_build_object('class', 'outcome_unknown',
                'message', format('%s decided that it failed.', p_by), 'data', json_build_object()))
            ELSE json_build_object('kind', 'output', 'output', coalesce(p_output, 'null')::json) END
    WHERE id = p_step AND state = 'held' RETURNING * INTO s;
    IF NOT FOUND THEN
        SELECT * INTO s FROM fermata_step WHERE id = p_step;
        RETURN jsonb_build_object('result', 'not_held', 'state', s.state);
    END IF;
    PERFORM fermata_journal(s.execution_id, s.workspace_id, v_now, ARRAY[fermata_event('StepReady', s,
        jsonb_build_object('resume', p_action, 'by', p_by))]);
    RETURN jsonb_build_object('result', 'resolved', 'rings', jsonb_build_array(fermata_ring(s)));
END $$;

-- Number the committed events of an execution, in id order: ids are drawn after every lock is held, so they respect
-- cause, and whatever an event depends on was committed (and so is numbered) before it. One at a time an execution.
CREATE OR REPLACE FUNCTION fermata_number(p_execution uuid) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v_last bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM fermata_event WHERE execution_id = p_execution AND seq IS NULL) THEN
        SELECT max(seq) INTO v_last FROM fermata_event WHERE execution_id = p_execution;
        RETURN coalesce(v_last, 0);
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('journal:' || p_execution, 0));
    SELECT coalesce(max(seq), 0) INTO v_last FROM fermata_event WHERE execution_id = p_execution;
    WITH numbered AS (
        SELECT id, v_last + row_number() OVER (ORDER BY id) AS seq FROM fermata_event
        WHERE execution_id = p_execution AND seq IS NULL)
    UPDATE fermata_event e SET seq = n.seq FROM numbered n WHERE e.id = n.id;
    SELECT coalesce(max(seq), 0) INTO v_last FROM fermata_event WHERE execution_id = p_execution;
    RETURN v_last;
END $$;
