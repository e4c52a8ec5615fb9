-- Insert steps (a JSON array of machine.commands.NewStep). READY rows are rung within the room left on their queue;
-- beyond it they stay unrung until recovery finds room (the ring window, engine.md §4).
CREATE OR REPLACE FUNCTION fermata_insert_steps(p_execution uuid, p_workspace uuid, p_paused boolean, p_steps jsonb,
    p_room jsonb, p_now timestamptz, INOUT events jsonb[], INOUT rings jsonb[]) LANGUAGE plpgsql AS $$
DECLARE
    s fermata_step;
    n jsonb;
    v_kind text;
    v_queue text;
    v_reads text[];
    v_regions uuid[];
    v_iterations int[];
    v_ranks jsonb := '{}';
    v_rank int;
    v_ready timestamptz;
    v_rung timestamptz;
BEGIN
    FOR v_at IN 0 .. jsonb_array_length(p_steps) - 1 LOOP
        n := p_steps->v_at;
        v_kind := n->>'kind';
        v_queue := n->>'queue';
        v_ready := CASE WHEN n->>'state' = 'ready' THEN p_now END;
        v_rung := NULL;
        IF v_ready IS NOT NULL THEN
            v_rank := coalesce((v_ranks->>v_queue)::int, 0) + 1;
            v_ranks := v_ranks || jsonb_build_object(v_queue, v_rank);
            -- Without any word of rooms 200 are let through; a queue that is not named has no room.
            IF NOT (p_paused AND v_kind = 'node')
                AND (v_kind <> 'node' OR v_rank <= CASE WHEN coalesce(p_room, 'null'::jsonb) IN ('null'::jsonb, '{}'::jsonb) THEN 200
                                     ELSE coalesce((p_room->>v_queue)::int, 0) END)
            THEN
                v_rung := p_now;
            END IF;
        END IF;
        v_reads := NULL;
        IF n->>'reads' ~ '^\[[^][\\]+\]$' THEN  -- names without brackets and escapes: as an array is written
            v_reads := translate(n->>'reads', '[]', '{}')::text[];
        ELSIF n->'reads' <> '[]'::jsonb THEN
            v_reads := ARRAY(SELECT jsonb_array_elements_text(n->'reads'));
        END IF;
        INSERT INTO fermata_step (id, workspace_id, execution_id, node_id, kind, region_id, iteration, run, superseded,
            state, attempt, fence, losses, refusals, effect, queue, priority, lane, reads, timeout_seconds, data, token,
            ready_at, finished_at, rung_at, rings, due_absolute, rev)
        VALUES ((n->>'id')::uuid, p_workspace, p_execution, n->>'node', v_kind, (n->>'region')::uuid, (n->>'iteration')::int, 1,
            false, n->>'state', 1, 1, 0, 0, n->>'effect', v_queue, (n->>'priority')::smallint, (n->>'lane')::int, v_reads,
            (n->>'timeout')::float8, (n->>'data')::json, n->>'token', v_ready, CASE WHEN n->>'state' = 'skipped' THEN p_now END, v_rung, 0, false, 1)
        ON CONFLICT DO NOTHING RETURNING * INTO s;
        CONTINUE WHEN NOT FOUND;
        IF (n->>'freeze')::boolean THEN
            SELECT f.regions, f.iterations INTO v_regions, v_iterations FROM fermata_frames(s.region_id, s.iteration) f;
            UPDATE fermata_step SET sees = ARRAY(
                SELECT (q.found).id::text FROM (
                    SELECT fermata_find(v_regions, v_iterations, substr(r, 6)) AS found
                    FROM unnest(s.reads) r WHERE r LIKE 'step:%') q
                WHERE (q.found).id IS NOT NULL)
            WHERE id = s.id;
        END IF;
        events := events || fermata_event(CASE WHEN v_ready IS NOT NULL THEN 'StepReady' ELSE 'StepSkipped' END, s, NULL);
        IF v_ready IS NOT NULL THEN
            rings := rings || fermata_ring(s);
        END IF;
    END LOOP;
END $$;

CREATE OR REPLACE FUNCTION fermata_frames(p_region uuid, p_iteration int, OUT regions uuid[], OUT iterations int[])
LANGUAGE plpgsql STABLE AS $$
DECLARE
    r fermata_region;
BEGIN
    LOOP
        SELECT * INTO r FROM fermata_region WHERE id = p_region;
        regions := regions || p_region;
        iterations := iterations || p_iteration;
        EXIT WHEN r.parent_id IS NULL;
        p_region := r.parent_id;
        p_iteration := r.parent_iteration;
    END LOOP;
END $$;

-- Open regions (machine.commands.NewRegion) with their items.
CREATE OR REPLACE FUNCTION fermata_open_regions(p_execution uuid, p_workspace uuid, p_regions jsonb,
    INOUT events jsonb[]) LANGUAGE plpgsql AS $$
DECLARE
    n jsonb;
BEGIN
    FOR n IN SELECT * FROM jsonb_array_elements(p_regions) LOOP
        INSERT INTO fermata_region (id, workspace_id, execution_id, name, kind, parent_id, parent_iteration, step_id,
            path, state, passage, total, next, active, succeeded, failed, failure_limit, mode, fan_out)
        VALUES ((n->>'id')::uuid, p_workspace, p_execution, n->>'name', n->>'kind', (n->>'parent')::uuid,
            (n->>'parent_iteration')::int, (n->>'step')::uuid, (n->'path')::json, 'open', 0, (n->>'total')::int,
            (n->>'next')::int, (n->>'active')::int, 0, 0, (n->>'failure_limit')::int, n->>'mode',
            nullif(n->'fan_out', 'null'::jsonb)::json)
        ON CONFLICT (id) DO NOTHING;
        CONTINUE WHEN NOT FOUND;
        INSERT INTO fermata_item (region_id, workspace_id, execution_id, chunk, body)
        SELECT (n->>'id')::uuid, p_workspace, p_execution, c.place - 1, c.body::json
        FROM jsonb_array_elements_text(nullif(n->'items', 'null'::jsonb)) WITH ORDINALITY AS c(body, place);
        events := events || jsonb_build_object('type', 'RegionOpened', 'data', jsonb_build_object('region', n->>'id',
            'name', n->>'name', 'kind', n->>'kind', 'parent', n->>'parent', 'iteration', n->'parent_iteration',
            'path', n->'path', 'step', n->'step', 'total', n->'total', 'next', n->'next', 'active', n->'active',
            'failure_limit', n->'failure_limit', 'mode', n->>'mode', 'fan_out', n->'fan_out'));
    END LOOP;
END $$;

-- One edge settles at a counter join; the arrival that settles it opens it (or hands its death to a skip row).
CREATE OR REPLACE FUNCTION fermata_arrive(p_execution uuid, p_workspace uuid, p_paused boolean, a jsonb, p_room jsonb,
    p_now timestamptz, INOUT events jsonb[], INOUT rings jsonb[]) LANGUAGE plpgsql AS $$
DECLARE
    j fermata_join;
    v_live boolean := (a->>'live')::boolean;
    v_need int := (a->>'need')::int;
    v_step jsonb := a->'step';
BEGIN
    INSERT INTO fermata_join (id, workspace_id, execution_id, region_id, iteration, node_id, total, need, eager, settled, live, state)
    VALUES ((a->>'join')::uuid, p_workspace, p_execution, (a->>'region')::uuid, (a->>'iteration')::int, a->>'node',
        (a->>'total')::int, v_need, (a->>'eager')::boolean, 0, 0, 'waiting')
    ON CONFLICT (id) DO NOTHING;
    INSERT INTO fermata_arrival (owner_id, workspace_id, execution_id, edge, live, passage, step_id)
    VALUES ((a->>'join')::uuid, p_workspace, p_execution, (a->>'edge')::int, v_live, 0, (a->>'source')::uuid)
    ON CONFLICT (owner_id, edge) DO NOTHING;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    UPDATE fermata_join SET settled = settled + 1, live = live + v_live::int WHERE id = (a->>'join')::uuid RETURNING * INTO j;
    IF j.state <> 'waiting' THEN
        RETURN;
    END IF;
    IF j.live >= j.need AND (j.eager OR j.settled = j.total) THEN
        UPDATE fermata_join SET state = 'open', opened_at = p_now WHERE id = j.id;
        events := events || jsonb_build_object('type', 'JoinOpened', 'node_id', j.node_id, 'data', jsonb_build_object(
            'join', j.id, 'region', j.region_id, 'iteration', j.iteration, 'live', j.live, 'settled', j.settled));
        IF a->'opens' <> 'null'::jsonb THEN
            SELECT * INTO events FROM fermata_open_regions(p_execution, p_workspace, jsonb_build_array(a->'opens'), events);
        END IF;
        IF v_step->'reads' ? 'arrivals' THEN
            v_step := jsonb_set(v_step, '{data}', to_jsonb(jsonb_build_object('arrivals', (
                SELECT jsonb_agg(jsonb_build_array(edge, step_id) ORDER BY id) FROM fermata_arrival
                WHERE owner_id = j.id AND live))::text));
        END IF;
        SELECT * INTO events, rings FROM fermata_insert_steps(p_execution, p_workspace, p_paused,
            jsonb_build_array(v_step), p_room, p_now, events, rings);
    ELSIF j.settled - j.live > j.total - j.need OR j.settled = j.total THEN
        UPDATE fermata_join SET state = 'skipped' WHERE id = j.id;
        events := events || jsonb_build_object('type', 'JoinSkipped', 'node_id', j.node_id, 'data', jsonb_build_object(
            'join', j.id, 'region', j.region_id, 'iteration', j.iteration, 'live', j.live, 'settled', j.settled));
        SELECT * INTO events, rings FROM fermata_insert_steps(p_execution, p_workspace, p_paused, jsonb_build_array(
            jsonb_build_object('id', fermata_id('skip|' || j.region_id || '|' || j.iteration || '|' || j.node_id || '|1'),
                'node', j.node_id, 'kind', 'skip', 'region', j.region_id, 'iteration', j.iteration, 'state', 'ready',
                'effect', 'pure', 'queue', 'default', 'priority', v_step->'priority', 'lane', v_step->'lane',
                'reads', '[]'::jsonb, 'freeze', false, 'data', jsonb_build_object('node', j.node_id)::text)),
            p_room, p_now, events, rings);
    END IF;
END $$;

-- A waiting step goes on.
CREATE OR REPLACE FUNCTION fermata_wake(p_step uuid, p_resume text, p_paused boolean, p_now timestamptz,
    INOUT events jsonb[], INOUT rings jsonb[]) LANGUAGE plpgsql AS $$
DECLARE
    s fermata_step;
BEGIN
    UPDATE fermata_step SET state = 'ready', fence = fence + 1, resume = p_resume::json, due_at = NULL, due_kind = NULL,
        reason = NULL, ready_at = p_now, rung_at = CASE WHEN p_paused THEN NULL ELSE p_now END, rev = rev + 1
    WHERE id = p_step AND state = 'waiting' RETURNING * INTO s;
    IF FOUND THEN
        events := events || (fermata_event('StepReady', s, jsonb_build_object('resume', p_resume::json->>'kind'))
            || jsonb_build_object('execution_id', s.execution_id));
        rings := rings || fermata_ring(s);
    END IF;
END $$;

-- An item of a foreach ended (machine.foreach.ended decides the same in memory): count it, then the next item, or a
-- settle row when too many failed, or the container goes on.
CREATE OR REPLACE FUNCTION fermata_end_item(p_execution uuid, p_workspace uuid, p_paused boolean, e jsonb, p_room jsonb,
    p_now timestamptz, INOUT events jsonb[], INOUT rings jsonb[]) LANGUAGE plpgsql AS $$
DECLARE
    r fermata_region;
    v_item int := (e->>'iteration')::int;
    v_won boolean := e->>'state' = 'succeeded';
    v_cause jsonb;
    v_state text;
    v_settle boolean := false;
    v_digest bytea := fermata_store(p_workspace, e->>'output');
    v_result jsonb;
    t jsonb;
    v_where uuid;
    v_at int;
    v_loop text;
BEGIN
    SELECT * INTO r FROM fermata_region WHERE id = (e->>'region')::uuid FOR NO KEY UPDATE;
    IF r.state IN ('closing', 'closed') THEN
        RETURN;
    END IF;
    INSERT INTO fermata_iteration (region_id, workspace_id, execution_id, index, state, output_digest, error)
    VALUES (r.id, p_workspace, p_execution, v_item, e->>'state', v_digest,
        nullif(e->'error', 'null'::jsonb)::json)
    ON CONFLICT (region_id, index) DO UPDATE SET state = excluded.state, output_digest = excluded.output_digest,
        error = excluded.error, cause = NULL WHERE fermata_iteration.state = 'closing';
    IF NOT FOUND THEN
        RETURN;
    END IF;
    r.active := r.active - 1;
    r.succeeded := r.succeeded + v_won::int;
    r.failed := r.failed + (NOT v_won)::int;
    v_cause := r.cause::jsonb;
    v_state := r.state;
    IF r.failure_limit IS NOT NULL AND r.failed > r.failure_limit AND NOT coalesce(v_cause->'result' ? 'failure', false) THEN
        v_cause := jsonb_build_object('why', 'threshold', 'result', jsonb_build_object('failure', jsonb_build_object(
            'class', 'foreach_failed', 'message', format('%s of %s items failed; %s are tolerated.', r.failed, r.total, r.failure_limit),
            'data', jsonb_build_object('failed', r.failed, 'total', r.total), 'node', r.name) ||
            CASE WHEN e->'error' <> 'null'::jsonb THEN jsonb_build_object('cause', e->'error') ELSE '{}'::jsonb END));
        v_state := CASE WHEN r.mode = 'continue' THEN v_state ELSE 'draining' END;
        v_settle := r.mode = 'stop' AND r.active > 0;
    ELSIF (e->>'drain')::boolean OR (e->>'cancel')::boolean THEN
        v_cause := coalesce(v_cause, '{"why": "threshold", "result": {"ended": true}}'::jsonb);
        v_state := 'draining';
        v_settle := (e->>'cancel')::boolean AND r.active > 0;
    END IF;
    IF v_settle THEN
        v_state := 'closing';
    ELSIF r.active = 0 AND NOT (v_state = 'open' AND r.next < r.total) THEN
        v_state := 'closed';
    END IF;
    events := events || jsonb_build_object('type', 'ItemEnded', 'data', jsonb_build_object('region', r.id, 'item', v_item,
        'state', e->>'state', 'output', encode(v_digest, 'hex'), 'error', e->'error', 'succeeded', r.succeeded,
        'failed', r.failed, 'region_state', v_state) || CASE WHEN v_cause IS DISTINCT FROM r.cause::jsonb
            THEN jsonb_build_object('cause', v_cause) ELSE '{}'::jsonb END);
    IF v_settle THEN
        SELECT * INTO events, rings FROM fermata_insert_steps(p_execution, p_workspace, p_paused, jsonb_build_array(
            jsonb_build_object('id', fermata_id('settle|' || r.id || '|0|@settle:threshold|1'), 'node', '@settle:threshold',
                'kind', 'settle', 'region', r.id, 'iteration', 0, 'state', 'ready', 'effect', 'pure', 'queue', 'default',
                'priority', 5, 'reads', '[]'::jsonb, 'freeze', false, 'data', v_cause::text)),
            p_room, p_now, events, rings);
    ELSIF v_state = 'open' AND r.next < r.total THEN
        FOR t IN SELECT * FROM jsonb_array_elements(e->'starts') LOOP
            v_where := r.id;
            v_at := r.next;
            v_loop := e->'loops'->>(t->>'node');
            IF v_loop IS NOT NULL THEN
                v_where := fermata_id('loop|' || r.id || '|' || r.next || '|' || v_loop);
                v_at := 0;
                SELECT * INTO events FROM fermata_open_regions(p_execution, p_workspace, jsonb_build_array(
                    jsonb_build_object('id', v_where, 'name', v_loop, 'kind', 'loop', 'parent', r.id,
                        'parent_iteration', r.next, 'total', 0, 'next', 0, 'active', 0, 'mode', 'stop',
                        'path', r.path::jsonb || jsonb_build_array(jsonb_build_array(r.name, r.next)))), events);
            END IF;
            SELECT * INTO events, rings FROM fermata_insert_steps(p_execution, p_workspace, p_paused, jsonb_build_array(
                t || jsonb_build_object('region', v_where, 'iteration', v_at,
                    'id', fermata_id('node|' || v_where || '|' || v_at || '|' || (t->>'node') || '|1'))),
                p_room, p_now, events, rings);
        END LOOP;
        r.next := r.next + 1;
        r.active := r.active + 1;
    ELSIF v_state = 'closed' THEN
        v_result := coalesce(v_cause->'result', '{"ended": true}'::jsonb);
        events := events || jsonb_build_object('type', 'RegionClosed', 'data', jsonb_build_object('region', r.id));
        SELECT * INTO events, rings FROM fermata_wake(r.step_id,
            jsonb_build_object('kind', 'region', 'result', v_result)::text, p_paused, p_now, events, rings);
    END IF;
    UPDATE fermata_region SET active = r.active, succeeded = r.succeeded, failed = r.failed, next = r.next,
        state = v_state, cause = v_cause::json
    WHERE id = r.id;
END $$;

-- The execution reaches its final state; a parent step that waits for its last child goes on.
CREATE OR REPLACE FUNCTION fermata_finish(p_execution uuid, p_settled boolean, f jsonb, p_now timestamptz,
    INOUT events jsonb[], INOUT rings jsonb[], OUT finished text) LANGUAGE plpgsql AS $$
DECLARE
    x fermata_execution;
    p fermata_step;
    v_root uuid := fermata_id('root|' || p_execution);
    v_digest bytea;
BEGIN
    SELECT * INTO x FROM fermata_execution WHERE id = p_execution FOR NO KEY UPDATE;
    IF x.finished_at IS NOT NULL THEN
        RETURN;
    END IF;
    IF NOT p_settled AND EXISTS (SELECT FROM fermata_region WHERE id = v_root AND state = 'closing') THEN
        RETURN;
    END IF;
    finished := f->>'status';
    v_digest := CASE WHEN (f->>'has_output')::boolean THEN fermata_store(x.workspace_id, f->>'output') END;
    UPDATE fermata_execution SET status = finished, finished_at = p_now, rev = rev + 1,
        error = nullif(f->'error', 'null'::jsonb)::json, output_digest = v_digest
    WHERE id = p_execution;
    UPDATE fermata_region SET state = 'closed' WHERE id = v_root;
    UPDATE fermata_approval SET state = 'cancelled', decided_at = p_now WHERE execution_id = p_execution AND state = 'pending';
    events := events || jsonb_build_object('type', 'ExecutionFinished', 'execution_id', p_execution, 'status', finished,
        'data', jsonb_build_object('error', f->'error', 'output', encode(v_digest, 'hex')));
    IF x.parent_step_id IS NOT NULL THEN
        SELECT * INTO p FROM fermata_step WHERE id = x.parent_step_id FOR NO KEY UPDATE;
        IF p.state = 'waiting' AND p.reason = 'children' AND NOT EXISTS (
            SELECT FROM fermata_execution c WHERE c.parent_step_id = p.id AND c.finished_at IS NULL)
        THEN
            SELECT w.events, w.rings INTO events, rings FROM fermata_wake(p.id, '{"kind": "children"}', false, p_now, events, rings) w;
        END IF;
    END IF;
END $$;

-- Apply the stages of a decision: each one only if the scope checked by the one before is over.
CREATE OR REPLACE FUNCTION fermata_apply(p_execution uuid, p_workspace uuid, p_paused boolean, p_settled boolean,
    p_stages jsonb, p_room jsonb, p_now timestamptz, INOUT events jsonb[], INOUT rings jsonb[], INOUT finished text)
LANGUAGE plpgsql AS $$
DECLARE
    st jsonb;
    n jsonb;
    c jsonb;
    v_refused boolean := false;
    v_steps jsonb;
    made record;
BEGIN
    FOR v_at IN 0 .. jsonb_array_length(p_stages) - 1 LOOP
        st := p_stages->v_at;
        -- Most lists are empty, and opening a loop's query costs more than asking.
        IF st->'arrivals' <> '[]'::jsonb THEN
            FOR n IN SELECT * FROM jsonb_array_elements(st->'arrivals') LOOP
                SELECT a.events, a.rings INTO events, rings
                FROM fermata_arrive(p_execution, p_workspace, p_paused, n, p_room, p_now, events, rings) a;
            END LOOP;
        END IF;
        IF st->'remember' <> '[]'::jsonb THEN
            FOR n IN SELECT * FROM jsonb_array_elements(st->'remember') LOOP
                INSERT INTO fermata_arrival (owner_id, workspace_id, execution_id, edge, live, passage, step_id)
                VALUES ((n->>'region')::uuid, p_workspace, p_execution, (n->>'edge')::int, true, (n->>'passage')::int, (n->>'source')::uuid)
                ON CONFLICT (owner_id, edge) DO UPDATE SET passage = excluded.passage, step_id = excluded.step_id;
            END LOOP;
        END IF;
        IF jsonb_array_length(st->'regions') > 0 THEN
            SELECT o.events INTO events FROM fermata_open_regions(p_execution, p_workspace, st->'regions', events) o;
        END IF;
        IF st->'close' <> '[]'::jsonb THEN
            FOR n IN SELECT * FROM jsonb_array_elements(st->'close') LOOP
                IF n->'iteration' = 'null'::jsonb THEN
                    UPDATE fermata_region SET state = n->>'state',
                        cause = CASE WHEN n->>'state' = 'closing' THEN (n->'cause')::json ELSE cause END
                    WHERE id = (n->>'region')::uuid AND (p_settled OR state NOT IN ('closing', 'closed'));
                    v_refused := v_refused OR NOT FOUND;
                    CONTINUE WHEN NOT FOUND;
                ELSE
                    INSERT INTO fermata_iteration (region_id, workspace_id, execution_id, index, state, cause)
                    VALUES ((n->>'region')::uuid, p_workspace, p_execution, (n->>'iteration')::int, n->>'state', (n->'cause')::json)
                    ON CONFLICT (region_id, index) DO NOTHING;
                    v_refused := v_refused OR NOT FOUND;
                    CONTINUE WHEN NOT FOUND;
                END IF;
                events := events || jsonb_build_object('type', CASE n->>'state' WHEN 'closing' THEN 'RegionClosing' ELSE 'RegionClosed' END,
                    'data', jsonb_build_object('region', n->>'region', 'item', n->'iteration', 'cause', n->'cause'));
            END LOOP;
        END IF;
        -- Whoever closes a scope settles it: the settle row of a refused close is not wanted.
        v_steps := st->'steps';
        IF v_refused THEN
            SELECT coalesce(jsonb_agg(q.row), '[]'::jsonb) INTO v_steps
            FROM jsonb_array_elements(v_steps) q(row) WHERE q.row->>'kind' <> 'settle';
        END IF;
        IF jsonb_array_length(v_steps) > 0 THEN
            made := fermata_insert_steps(p_execution, p_workspace, p_paused, v_steps, p_room, p_now, events, rings);
            events := made.events;
            rings := made.rings;
        END IF;
        IF st->'passes' <> '[]'::jsonb THEN
            FOR n IN SELECT * FROM jsonb_array_elements(st->'passes') LOOP
                UPDATE fermata_region SET passage = (n->>'to')::int, state = 'open', cause = NULL
                WHERE id = (n->>'region')::uuid AND (p_settled OR state = 'open');
                CONTINUE WHEN NOT FOUND;
                events := events || jsonb_build_object('type', 'PassageStarted', 'data',
                    jsonb_build_object('region', n->>'region', 'passage', n->'to'));
            END LOOP;
        END IF;
        IF st->'end_item' <> 'null'::jsonb THEN
            SELECT i.events, i.rings INTO events, rings
            FROM fermata_end_item(p_execution, p_workspace, p_paused, st->'end_item', p_room, p_now, events, rings) i;
        END IF;
        IF st->'wake' <> 'null'::jsonb THEN
            SELECT w.events, w.rings INTO events, rings
            FROM fermata_wake((st->'wake'->>'step')::uuid, st->'wake'->>'resume', p_paused, p_now, events, rings) w;
        END IF;
        IF st->'finish' <> 'null'::jsonb THEN
            SELECT f.events, f.rings, f.finished INTO events, rings, finished
            FROM fermata_finish(p_execution, p_settled, st->'finish', p_now, events, rings) f;
        END IF;
        c := st->'check';
        EXIT WHEN c = 'null'::jsonb;
        -- A join that still waits has live edges before it: the scope is not over, and nobody need lock it to see that.
        EXIT WHEN jsonb_array_length(st->'arrivals') > 0 AND EXISTS (
            SELECT FROM fermata_join j WHERE j.state = 'waiting' AND j.id IN (
                SELECT (a.row->>'join')::uuid FROM jsonb_array_elements(st->'arrivals') a(row)));
        EXIT WHEN NOT fermata_over((c->>'region')::uuid, (c->>'iteration')::int, (c->>'sure')::boolean);
    END LOOP;
END $$;

-- Is the scope over? Only the holder of the region's lock may say so, and it looks in a statement of its own.
CREATE OR REPLACE FUNCTION fermata_over(p_region uuid, p_iteration int, p_sure boolean) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    r fermata_region;
BEGIN
    IF p_sure THEN
        RETURN true;
    END IF;
    SELECT * INTO r FROM fermata_region WHERE id = p_region;
    IF r.kind = 'root' THEN
        PERFORM FROM fermata_execution WHERE id = r.execution_id FOR NO KEY UPDATE;  -- before the root, as fermata_end does
    END IF;
    PERFORM FROM fermata_region WHERE id = p_region FOR NO KEY UPDATE;
    RETURN NOT EXISTS (SELECT FROM fermata_step WHERE execution_id = r.execution_id AND region_id = p_region
                       AND iteration = p_iteration AND state IN ('ready', 'running', 'waiting', 'held', 'retrying'))
       AND NOT EXISTS (SELECT FROM fermata_region WHERE parent_id = p_region AND parent_iteration = p_iteration
                       AND kind = 'loop' AND state <> 'closed');
END $$;
