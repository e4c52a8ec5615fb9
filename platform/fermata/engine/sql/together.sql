-- dispatch: together (engine.md §4): pure steps claimed and recorded in batches, each still a row, a journal and a
-- compare-and-swap of its own. machine/together.py says what may be in a batch. Their plans are made for tables of any
-- size: a scan of a whole table that was small when the plan was made would stay in it.

-- What a passage of a region lets one see: the reads asked for, as a claim loads them, and the frames.
CREATE OR REPLACE FUNCTION fermata_sight(x fermata_execution, p_region uuid, p_iteration int, p_reads text[],
    OUT frames json, OUT closing boolean, OUT context json) LANGUAGE plpgsql STABLE AS $$
DECLARE
    r fermata_region;
    s fermata_step;
    v_region uuid := p_region;
    v_iteration int := p_iteration;
    v_regions uuid[] := '{}';
    v_iterations int[] := '{}';
    v_kinds text[] := '{}';
    v_frames json[] := '{}';
BEGIN
    closing := false;
    LOOP
        SELECT * INTO r FROM fermata_region WHERE id = v_region;
        v_regions := v_regions || r.id;
        v_iterations := v_iterations || v_iteration;
        v_kinds := v_kinds || r.kind;
        v_frames := v_frames || json_build_object('id', r.id, 'name', r.name, 'kind', r.kind, 'iteration', v_iteration,
            'state', r.state, 'step_id', r.step_id, 'path', r.path, 'cause', r.cause);
        closing := closing OR r.state IN ('closing', 'closed')
            OR (r.kind IN ('loop', 'while') AND v_iteration < r.passage)
            OR (r.kind = 'foreach' AND EXISTS (
                SELECT FROM fermata_iteration i WHERE i.region_id = r.id AND i.index = v_iteration));
        EXIT WHEN r.parent_id IS NULL;
        v_region := r.parent_id;
        v_iteration := r.parent_iteration;
    END LOOP;
    frames := array_to_json(v_frames);
    IF NOT closing AND cardinality(p_reads) > 0 THEN
        s.reads := p_reads;
        context := fermata_context(s, x, v_regions, v_iterations, v_kinds);
    END IF;
END $$;

-- What followers read beside what their session knows already, for each of several passages of a region.
CREATE OR REPLACE FUNCTION fermata_look(p_region uuid, p_iterations int[], p_reads text[]) RETURNS json
LANGUAGE plpgsql STABLE AS $$
DECLARE
    x fermata_execution;
BEGIN
    SELECT t.* INTO x FROM fermata_execution t JOIN fermata_region r ON r.execution_id = t.id WHERE r.id = p_region;
    RETURN (SELECT json_agg(coalesce(q.context, '{}'::json) ORDER BY i.place)
            FROM unnest(p_iterations) WITH ORDINALITY AS i(iteration, place)
            CROSS JOIN LATERAL fermata_sight(x, p_region, i.iteration, p_reads) q);
END $$;

-- Claim pure steps of one execution at their first dispatch, which writes nothing. What must be claimed like any other
-- (rung again, resumed, debugged, frozen sight, a scope that closes) is answered as ``alone``.
CREATE OR REPLACE FUNCTION fermata_claim_many(p_steps uuid[]) RETURNS json LANGUAGE plpgsql
    SET plan_cache_mode = force_generic_plan
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    x fermata_execution;
    c record;
    q record;
    v_ready uuid[];
    v_alone uuid[];
    v_now timestamptz := clock_timestamp();
    v_steps json[] := '{}';
    v_scopes json[] := '{}';
    v_found json;
BEGIN
    SELECT * INTO x FROM fermata_execution
    WHERE id = (SELECT execution_id FROM fermata_step WHERE id = ANY (p_steps) LIMIT 1);
    SELECT array_agg(s.id) INTO v_ready FROM fermata_step s
    WHERE s.id = ANY (p_steps) AND s.state = 'ready' AND s.execution_id = x.id AND s.kind = 'node' AND s.effect = 'pure'
      AND s.rings = 0 AND s.losses = 0 AND s.resume IS NULL AND s.sees IS NULL AND NOT x.debug
      AND x.status NOT IN ('pausing', 'paused')
      AND NOT coalesce('arrivals' = ANY (s.reads), false);
    SELECT array_agg(s.id) INTO v_alone FROM fermata_step s
    WHERE s.id = ANY (p_steps) AND s.state = 'ready' AND NOT s.id = ANY (coalesce(v_ready, '{}'));
    FOR c IN
        SELECT s.region_id, s.iteration,
            json_agg(json_build_object('id', s.id, 'node', s.node_id, 'kind', s.kind, 'run', s.run, 'attempt', s.attempt,
                'fence', s.fence, 'state', s.state, 'refusals', s.refusals, 'lane', s.lane, 'priority', s.priority,
                'data', s.data, 'error', s.error, 'reads', s.reads) ORDER BY array_position(p_steps, s.id)) AS steps,
            array_agg(s.id) AS ids,
            ARRAY(SELECT DISTINCT r FROM fermata_step t CROSS JOIN LATERAL unnest(t.reads) r
                  WHERE t.id = ANY (array_agg(s.id))) AS reads
        FROM fermata_step s WHERE s.id = ANY (v_ready) GROUP BY s.region_id, s.iteration
        ORDER BY min(array_position(p_steps, s.id))
    LOOP
        SELECT * INTO q FROM fermata_sight(x, c.region_id, c.iteration, c.reads);
        IF q.closing THEN
            v_alone := v_alone || c.ids;
        ELSE
            v_scopes := v_scopes || json_build_object('frames', q.frames, 'steps', c.steps, 'reads', c.reads,
                'context', coalesce(q.context, '{}'::json));
        END IF;
    END LOOP;
    RETURN json_build_object('now', v_now, 'scopes', v_scopes, 'alone', coalesce(v_alone, '{}'),
        'execution', json_build_object('id', x.id, 'workspace_id', x.workspace_id, 'workflow_id', x.workflow_id,
            'version_id', x.version_id, 'status', x.status, 'priority', x.priority, 'depth', x.depth,
            'version', x.version, 'started_by', x.started_by, 'created_at', x.created_at));
END $$;

-- Record a batch (machine.together.Batch): all of it, or nothing and the answer ``alone`` when a step is no longer what
-- its session claimed, or its scope closes or the execution pauses; then each root is recorded by itself.
-- Locks as in fermata_record: own steps by id, joins by id, region, then one level up.
CREATE OR REPLACE FUNCTION fermata_record_many(p jsonb) RETURNS jsonb LANGUAGE plpgsql
    SET plan_cache_mode = force_generic_plan
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    x fermata_execution;
    s fermata_step;
    e jsonb;
    v_now timestamptz := clock_timestamp();
    v_owns uuid[];
    v_count int;
    v_freed int;
    v_more jsonb[];
    v_steps jsonb := p->'steps';
    v_waiting boolean := false;
    events jsonb[] := '{}';
    rings jsonb[] := '{}';
    finished text;
    v_ending text;
    v_filled jsonb;
BEGIN
    SELECT array_agg(o.id) INTO v_owns FROM jsonb_to_recordset(p->'owns') AS o(id uuid);
    SELECT count(*), count(t.rung_at) INTO v_count, v_freed
    FROM (SELECT t.id, t.fence, t.state, t.rung_at FROM fermata_step t WHERE t.id = ANY (v_owns) ORDER BY t.id FOR NO KEY UPDATE) t
    JOIN jsonb_to_recordset(p->'owns') AS o(id uuid, fence bigint) ON o.id = t.id AND o.fence = t.fence
    WHERE t.state IN ('ready', 'running');
    SELECT * INTO x FROM fermata_execution WHERE id = (p->>'execution')::uuid;
    IF v_count < cardinality(v_owns) OR x.status IN ('pausing', 'paused') THEN
        RETURN '{"result": "alone"}'::jsonb;
    END IF;
    FOR s IN SELECT DISTINCT ON (t.region_id, t.iteration) t.* FROM fermata_step t WHERE t.id = ANY (v_owns) LOOP
        IF fermata_closing(s) THEN
            RETURN '{"result": "alone"}'::jsonb;
        END IF;
    END LOOP;
    INSERT INTO fermata_payload (digest, workspace_id, size, body)
    SELECT decode(b.digest, 'hex'), x.workspace_id, octet_length(b.body), b.body::json
    FROM jsonb_to_recordset(p->'bodies') AS b(digest text, body text)
    WHERE NOT EXISTS (SELECT FROM fermata_payload f WHERE f.digest = decode(b.digest, 'hex'))
    ORDER BY b.digest
    ON CONFLICT (digest) DO NOTHING;
    WITH own AS (
        SELECT * FROM jsonb_to_recordset(p->'owns') AS o(place int, id uuid, port text, digest text, started_at timestamptz)),
    done AS (
        UPDATE fermata_step t SET state = 'succeeded', rev = rev + 1, port = own.port, handled_by = NULL, reason = NULL,
            output_digest = decode(own.digest, 'hex'), error = NULL, due_at = NULL, due_kind = NULL, due_absolute = false,
            resume = NULL, worker = coalesce(t.worker, p->>'worker'), started_at = coalesce(t.started_at, own.started_at),
            finished_at = v_now
        FROM own WHERE t.id = own.id RETURNING t AS row, own.place)
    SELECT array_agg(fermata_event('StepSucceeded', d.row, jsonb_build_object('port', (d.row).port,
        'output', encode((d.row).output_digest, 'hex'), 'worker', (d.row).worker, 'started_at', (d.row).started_at)) ORDER BY d.place)
    INTO events FROM done d;
    IF jsonb_array_length(p->'born') > 0 THEN
        WITH born AS (
            SELECT * FROM jsonb_to_recordset(p->'born') AS b(place int, id uuid, node text, region uuid, iteration int,
                effect text, queue text, priority smallint, lane int, reads jsonb, timeout float8, port text, digest text,
                started_at timestamptz)),
        made AS (
            INSERT INTO fermata_step (id, workspace_id, execution_id, node_id, kind, region_id, iteration, run, superseded,
                state, attempt, fence, losses, refusals, effect, queue, priority, lane, reads, timeout_seconds,
                output_digest, port, worker, ready_at, started_at, finished_at, rung_at, rings, due_absolute, rev)
            SELECT b.id, x.workspace_id, x.id, b.node, 'node', b.region, b.iteration, 1, false, 'succeeded', 1, 1, 0, 0,
                b.effect, b.queue, b.priority, b.lane,
                CASE WHEN jsonb_array_length(b.reads) > 0 THEN ARRAY(SELECT jsonb_array_elements_text(b.reads)) END,
                b.timeout, decode(b.digest, 'hex'), b.port, p->>'worker', v_now, b.started_at, v_now, v_now, 0, false, 2
            FROM born b ORDER BY b.place)
        SELECT events || array_agg(e.row ORDER BY b.place, e.place) INTO events
        FROM born b CROSS JOIN LATERAL (VALUES
            (1, jsonb_build_object('type', 'StepReady', 'step_id', b.id, 'node_id', b.node, 'run', 1, 'attempt', 1,
                'status', 'ready', 'rev', 1, 'data', jsonb_build_object('region', b.region, 'iteration', b.iteration, 'kind', 'node'))),
            (2, jsonb_build_object('type', 'StepSucceeded', 'step_id', b.id, 'node_id', b.node, 'run', 1, 'attempt', 1,
                'status', 'succeeded', 'rev', 2, 'data', jsonb_build_object('region', b.region, 'iteration', b.iteration,
                'kind', 'node', 'port', b.port, 'output', b.digest, 'worker', p->>'worker', 'started_at', b.started_at)))
        ) AS e(place, row);
    END IF;
    IF jsonb_array_length(p->'arrivals') > 0 THEN
        IF (p->>'eager')::boolean THEN
            -- A join that opens at its first arrival sees that one alone: one after the other.
            FOR e IN SELECT * FROM jsonb_array_elements(p->'arrivals') LOOP
                SELECT a.events, a.rings INTO events, rings FROM fermata_arrive(x.id, x.workspace_id, false,
                    (p->'joins'->(e->>'join')) || e, p->'room', v_now, events, rings) a;
            END LOOP;
        ELSE
            SELECT a.events, a.made INTO events, v_more FROM fermata_arrive_many(x, p->'joins', p->'arrivals', v_now, events) a;
            v_steps := v_steps || to_jsonb(v_more);
        END IF;
    END IF;
    FOR e IN SELECT * FROM jsonb_array_elements(p->'remember') LOOP
        INSERT INTO fermata_arrival (owner_id, workspace_id, execution_id, edge, live, passage, step_id)
        VALUES ((e->>'region')::uuid, x.workspace_id, x.id, (e->>'edge')::int, true, (e->>'passage')::int, (e->>'source')::uuid)
        ON CONFLICT (owner_id, edge) DO UPDATE SET passage = excluded.passage, step_id = excluded.step_id;
    END LOOP;
    IF jsonb_array_length(p->'regions') > 0 THEN
        SELECT o.events INTO events FROM fermata_open_regions(x.id, x.workspace_id, p->'regions', events) o;
    END IF;
    IF jsonb_array_length(v_steps) > 0 THEN
        SELECT i.events, i.rings INTO events, rings FROM fermata_insert_many(x, v_steps, p->'room', v_now, events, rings) i;
    END IF;
    FOR e IN SELECT * FROM jsonb_array_elements(p->'endings') LOOP
        -- As fermata_apply: a join that waits, or a step just made, and the scope is not over; nobody need lock it for that.
        CONTINUE WHEN EXISTS (
            SELECT FROM fermata_join j WHERE j.state = 'waiting' AND j.region_id = (e->>'region')::uuid
              AND j.iteration = (e->>'iteration')::int
              AND j.id IN (SELECT (a.row->>'join')::uuid FROM jsonb_array_elements(p->'arrivals') a(row)))
            OR EXISTS (SELECT FROM unnest(rings) r(row) WHERE r.row->>'region_id' = e->>'region' AND r.row->'iteration' = e->'iteration');
        SELECT a.events, a.rings, a.finished INTO events, rings, v_ending
        FROM fermata_apply(x.id, x.workspace_id, false, false, e->'stages', p->'room', v_now, events, rings, NULL) a;
        finished := coalesce(finished, v_ending);
    END LOOP;
    -- As many places of the window as this batch frees are taken by rows that wait for one.
    IF v_freed > 0 THEN
        v_filled := fermata_fill(p->>'queue', v_freed);
    END IF;
    PERFORM fermata_journal(x.id, x.workspace_id, v_now, events);
    IF finished IS NULL THEN
        PERFORM set_config('synchronous_commit', 'off', true);  -- as fermata_record (ADR 19)
    END IF;
    RETURN jsonb_build_object('result', 'recorded', 'rings', to_jsonb(rings), 'finished', finished, 'paused', false,
        'filled', v_filled);
END $$;

-- fermata_insert_steps for many rows: one statement, but for those whose sight is frozen.
CREATE OR REPLACE FUNCTION fermata_insert_many(x fermata_execution, p_steps jsonb, p_room jsonb, p_now timestamptz,
    INOUT events jsonb[], INOUT rings jsonb[]) LANGUAGE plpgsql AS $$
DECLARE
    v_said jsonb[];
    v_rings jsonb[];
BEGIN
    IF jsonb_path_exists(p_steps, '$[*] ? (@.freeze == true)') THEN
        SELECT i.events, i.rings INTO events, rings
        FROM fermata_insert_steps(x.id, x.workspace_id, false, p_steps, p_room, p_now, events, rings) i;
        RETURN;
    END IF;
    WITH wanted AS (
        SELECT n.*, row_number() OVER () AS place,
            row_number() OVER (PARTITION BY n.queue, n.state ORDER BY n.kind <> 'node') AS rank
        FROM jsonb_to_recordset(p_steps) AS n(id uuid, node text, kind text, region uuid, iteration int, state text,
            effect text, queue text, priority smallint, lane int, reads jsonb, timeout float8, data text)),
    made AS (
        INSERT INTO fermata_step (id, workspace_id, execution_id, node_id, kind, region_id, iteration, run, superseded,
            state, attempt, fence, losses, refusals, effect, queue, priority, lane, reads, timeout_seconds, data,
            ready_at, finished_at, rung_at, rings, due_absolute, rev)
        SELECT w.id, x.workspace_id, x.id, w.node, w.kind, w.region, w.iteration, 1, false, w.state, 1, 1, 0, 0,
            w.effect, w.queue, w.priority, w.lane,
            CASE WHEN jsonb_array_length(w.reads) > 0 THEN ARRAY(SELECT jsonb_array_elements_text(w.reads)) END,
            w.timeout, w.data::json, CASE WHEN w.state = 'ready' THEN p_now END, CASE WHEN w.state = 'skipped' THEN p_now END,
            CASE WHEN w.state = 'ready' AND (w.kind <> 'node' OR w.rank <=
                CASE WHEN coalesce(p_room, 'null'::jsonb) IN ('null'::jsonb, '{}'::jsonb) THEN 200
                ELSE coalesce((p_room->>w.queue)::int, 0) END) THEN p_now END, 0, false, 1
        FROM wanted w ORDER BY w.place
        ON CONFLICT DO NOTHING RETURNING fermata_step AS row)
    SELECT array_agg(fermata_event(CASE (m.row).state WHEN 'ready' THEN 'StepReady' ELSE 'StepSkipped' END, m.row, NULL)),
        array_agg(fermata_ring(m.row)) FILTER (WHERE (m.row).state = 'ready')
    INTO v_said, v_rings FROM made m;
    events := events || coalesce(v_said, '{}');
    rings := rings || coalesce(v_rings, '{}');
END $$;

-- Edges settle at counter joins, all of a batch at once; ``made``: the steps that opened joins want, and skip rows.
-- A join is made or counted in one statement, in the order of ids, so that batches never wait for each other in a ring.
CREATE OR REPLACE FUNCTION fermata_arrive_many(x fermata_execution, p_joins jsonb, p_arrivals jsonb, p_now timestamptz,
    INOUT events jsonb[], OUT made jsonb[]) LANGUAGE plpgsql AS $$
DECLARE
    v_judged jsonb[];
    v_opens jsonb;
BEGIN
    made := '{}';
    WITH arrived AS (
        INSERT INTO fermata_arrival (owner_id, workspace_id, execution_id, edge, live, passage, step_id)
        SELECT a."join", x.workspace_id, x.id, a.edge, a.live, 0, a.source
        FROM jsonb_to_recordset(p_arrivals) AS a("join" uuid, edge int, live boolean, source uuid) ORDER BY a."join", a.edge
        ON CONFLICT (owner_id, edge) DO NOTHING RETURNING owner_id, live),
    counted AS (
        SELECT owner_id, count(*) AS settled, count(*) FILTER (WHERE live) AS live FROM arrived GROUP BY owner_id),
    met AS (
        INSERT INTO fermata_join AS j (id, workspace_id, execution_id, region_id, iteration, node_id, total, need, eager, settled, live, state)
        SELECT c.owner_id, x.workspace_id, x.id, (n.row->>'region')::uuid, (n.row->>'iteration')::int, n.row->>'node',
            (n.row->>'total')::int, (n.row->>'need')::int, (n.row->>'eager')::boolean, c.settled, c.live, 'waiting'
        FROM counted c CROSS JOIN LATERAL (SELECT p_joins->(c.owner_id::text)) AS n(row) ORDER BY c.owner_id
        ON CONFLICT (id) DO UPDATE SET settled = j.settled + excluded.settled, live = j.live + excluded.live
        RETURNING *),
    judged AS (
        SELECT met.*, CASE WHEN live >= need AND (eager OR settled = total) THEN 'open'
            WHEN settled - live > total - need OR settled = total THEN 'skipped' END AS verdict
        FROM met WHERE state = 'waiting')
    SELECT array_agg(jsonb_build_object('id', id, 'verdict', verdict, 'node', node_id, 'region', region_id,
        'iteration', iteration, 'live', live, 'settled', settled) ORDER BY id)
    INTO v_judged FROM judged WHERE verdict IS NOT NULL;
    IF v_judged IS NULL THEN
        RETURN;
    END IF;
    UPDATE fermata_join SET state = v.row->>'verdict', opened_at = CASE WHEN v.row->>'verdict' = 'open' THEN p_now END
    FROM unnest(v_judged) v(row) WHERE id = (v.row->>'id')::uuid;
    SELECT events || array_agg(jsonb_build_object('type', CASE v.row->>'verdict' WHEN 'open' THEN 'JoinOpened' ELSE 'JoinSkipped' END,
        'node_id', v.row->'node', 'data', jsonb_build_object('join', v.row->'id', 'region', v.row->'region',
        'iteration', v.row->'iteration', 'live', v.row->'live', 'settled', v.row->'settled')) ORDER BY v.place)
    INTO events FROM unnest(v_judged) WITH ORDINALITY v(row, place);
    SELECT jsonb_agg(p_joins->(v.row->>'id')->'opens') INTO v_opens FROM unnest(v_judged) v(row)
    WHERE v.row->>'verdict' = 'open' AND p_joins->(v.row->>'id')->'opens' <> 'null'::jsonb;
    IF v_opens IS NOT NULL THEN
        SELECT o.events INTO events FROM fermata_open_regions(x.id, x.workspace_id, v_opens, events) o;
    END IF;
    SELECT array_agg(CASE WHEN v.row->>'verdict' = 'skipped' THEN jsonb_build_object(
            'id', fermata_id('skip|' || (v.row->>'region') || '|' || (v.row->>'iteration') || '|' || (v.row->>'node') || '|1'),
            'node', v.row->'node', 'kind', 'skip', 'region', v.row->'region', 'iteration', v.row->'iteration', 'state', 'ready',
            'effect', 'pure', 'queue', 'default', 'priority', n.step->'priority', 'lane', n.step->'lane', 'reads', '[]'::jsonb,
            'freeze', false, 'data', jsonb_build_object('node', v.row->'node')::text)
        WHEN n.step->'reads' ? 'arrivals' THEN jsonb_set(n.step, '{data}', to_jsonb(jsonb_build_object('arrivals', (
            SELECT jsonb_agg(jsonb_build_array(edge, step_id) ORDER BY id) FROM fermata_arrival
            WHERE owner_id = (v.row->>'id')::uuid AND live))::text))
        ELSE n.step END ORDER BY v.place)
    INTO made FROM unnest(v_judged) WITH ORDINALITY v(row, place)
    CROSS JOIN LATERAL (SELECT p_joins->(v.row->>'id')->'step') n(step);
END $$;
