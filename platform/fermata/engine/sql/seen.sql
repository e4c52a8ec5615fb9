-- The step behind one route (``node`` or ``@loop/…/node``) as seen from one passage of a region and its enclosing ones.
CREATE OR REPLACE FUNCTION fermata_find(p_regions uuid[], p_iterations int[], p_route text) RETURNS fermata_step
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_parts text[] := string_to_array(p_route, '/');
    v_node text := v_parts[array_length(v_parts, 1)];
    v_found fermata_step;
    v_region uuid;
    v_iteration int;
    v_loop fermata_region;
BEGIN
    FOR level IN 1 .. array_length(p_regions, 1) LOOP
        v_region := p_regions[level];
        v_iteration := p_iterations[level];
        IF array_length(v_parts, 1) = 1 THEN
            SELECT * INTO v_found FROM fermata_step
            WHERE region_id = v_region AND iteration = v_iteration AND node_id = v_node AND kind = 'node'
              AND NOT superseded AND state IN ('succeeded', 'failed', 'timed_out');
        ELSE
            FOR depth IN 1 .. array_length(v_parts, 1) - 1 LOOP
                -- Of a container's attempts the latest one counts.
                SELECT r.* INTO v_loop FROM fermata_region r LEFT JOIN fermata_step c ON c.id = r.step_id
                WHERE r.parent_id = v_region AND r.parent_iteration = v_iteration AND r.name = v_parts[depth]
                ORDER BY (c.id IS NULL OR r.id = fermata_id('container|' || c.id || '|' || c.attempt)) DESC LIMIT 1;
                EXIT WHEN NOT FOUND;
                v_region := v_loop.id;
                v_iteration := v_loop.passage;
            END LOOP;
            IF v_loop.id IS NOT NULL AND v_region = v_loop.id THEN
                SELECT * INTO v_found FROM fermata_step
                WHERE region_id = v_region AND node_id = v_node AND kind = 'node' AND NOT superseded AND state = 'succeeded'
                ORDER BY iteration DESC LIMIT 1;
            END IF;
        END IF;
        IF v_found.id IS NOT NULL THEN
            RETURN v_found;
        END IF;
    END LOOP;
    RETURN NULL;
END $$;

-- What an expression sees of a finished step.
CREATE OR REPLACE FUNCTION fermata_shown(p_step fermata_step) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN (p_step).state = 'succeeded'
        THEN json_build_object('output', (SELECT body FROM fermata_payload WHERE digest = (p_step).output_digest))
        ELSE json_build_object('error', (p_step).error) END
$$;

-- Everything a claim loads beside the step itself, by the step's ``reads`` (see graph/plan.py for their grammar).
CREATE OR REPLACE FUNCTION fermata_context(p_step fermata_step, p_execution fermata_execution, p_regions uuid[],
    p_iterations int[], p_kinds text[]) RETURNS json LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_reads text[] := coalesce((p_step).reads, '{}');
    v_sees text[] := (p_step).sees;
    v_names text[];
    v_before text[];
    v_read text[];
    v_routed boolean;
    v_steps json;
    v_routes json;
    v_previous json;
    v_variables json;
    v_arrivals json;
    v_item json;
    v_has_item boolean := false;
    v_input json;
    v_region fermata_region;
    v_level int;
BEGIN
    IF cardinality(v_reads) = 0 THEN
        RETURN '{}'::json;
    END IF;
    SELECT array_agg(substr(r, 6)) FILTER (WHERE r LIKE 'step:%' AND position('/' IN r) = 0),
           array_agg(substr(r, 10)) FILTER (WHERE r LIKE 'previous:%'), array_agg(substr(r, 5)) FILTER (WHERE r LIKE 'var:%'),
           coalesce(bool_or(r LIKE 'step:%/%'), false)
    INTO v_names, v_before, v_read, v_routed FROM unnest(v_reads) r;
    IF v_names IS NOT NULL THEN
        -- OFFSET 0, here and below: frame by frame, whatever the planner thinks of a table it knows little about.
        SELECT json_object_agg(q.node_id, q.shown) INTO v_steps
        FROM unnest(p_regions, p_iterations) AS f(region, iteration)
        CROSS JOIN LATERAL (
            SELECT s.node_id, fermata_shown(s) AS shown FROM fermata_step s
            WHERE s.region_id = f.region AND s.iteration = f.iteration AND s.node_id = ANY (v_names)
              AND s.kind = 'node' AND NOT s.superseded AND s.state IN ('succeeded', 'failed', 'timed_out')
              AND (v_sees IS NULL OR s.id::text = ANY (v_sees)) OFFSET 0) q;
    END IF;
    IF v_routed THEN
        SELECT json_object_agg(q.route, fermata_shown(q.found)) INTO v_routes
        FROM (SELECT substr(r, 6) AS route, fermata_find(p_regions, p_iterations, substr(r, 6)) AS found
              FROM unnest(v_reads) r WHERE r LIKE 'step:%/%') q
        WHERE (q.found).id IS NOT NULL AND (v_sees IS NULL OR (q.found).id::text = ANY (v_sees));
    END IF;
    IF v_before IS NOT NULL THEN
        SELECT json_object_agg(q.node_id, q.shown) INTO v_previous
        FROM unnest(p_regions, p_iterations, p_kinds) AS f(region, iteration, kind)
        CROSS JOIN LATERAL (
            SELECT s.node_id, fermata_shown(s) AS shown FROM fermata_step s
            WHERE s.region_id = f.region AND s.iteration = f.iteration - 1 AND s.node_id = ANY (v_before)
              AND s.kind = 'node' AND NOT s.superseded AND s.state IN ('succeeded', 'failed', 'timed_out') OFFSET 0) q
        WHERE f.kind IN ('loop', 'while');
    END IF;
    IF v_read IS NOT NULL THEN
        SELECT json_object_agg(q.name, q.body) INTO v_variables
        FROM (SELECT DISTINCT ON (v.name) v.name, p.body
              FROM unnest(p_regions || (p_execution).id || (p_execution).workflow_id || (p_execution).workspace_id,
                          p_iterations || 0 || 0 || 0) WITH ORDINALITY AS f(scope, iteration, place)
              CROSS JOIN LATERAL (
                  SELECT w.name, w.value_digest FROM fermata_variable w
                  WHERE w.scope_id = f.scope AND w.iteration = f.iteration AND w.name = ANY (v_read) OFFSET 0) v
              JOIN fermata_payload p ON p.digest = v.value_digest
              ORDER BY v.name, f.place) q;
    END IF;
    IF 'item' = ANY (v_reads) THEN
        v_level := array_position(p_kinds, 'foreach');
        IF v_level IS NOT NULL THEN
            SELECT * INTO v_region FROM fermata_region WHERE id = p_regions[v_level];
            v_has_item := true;
            IF (v_region.fan_out->>'range')::boolean THEN
                v_item := to_json(p_iterations[v_level]);
            ELSE
                SELECT body->(p_iterations[v_level] % 100) INTO v_item FROM fermata_item
                WHERE region_id = v_region.id AND chunk = p_iterations[v_level] / 100;
            END IF;
        END IF;
    END IF;
    IF 'inputs' = ANY (v_reads) THEN
        SELECT body INTO v_input FROM fermata_payload WHERE digest = (p_execution).input_digest;
    END IF;
    IF 'arrivals' = ANY (v_reads) AND (p_step).data IS NOT NULL THEN
        SELECT json_agg(json_build_object('edge', a.pair->0, 'node', s.node_id, 'shown', fermata_shown(s),
                        'path', CASE r.kind WHEN 'root' THEN r.path::jsonb
                            ELSE r.path::jsonb || jsonb_build_array(jsonb_build_array(r.name, s.iteration)) END) ORDER BY a.place) INTO v_arrivals
        FROM json_array_elements((p_step).data->'arrivals') WITH ORDINALITY AS a(pair, place)
        JOIN fermata_step s ON s.id = (a.pair->>1)::uuid
        JOIN fermata_region r ON r.id = s.region_id;
    END IF;
    RETURN json_build_object('steps', v_steps, 'routes', v_routes, 'previous', v_previous, 'variables', v_variables,
        'item', v_item, 'has_item', v_has_item, 'input', v_input, 'arrivals', v_arrivals,
        'trigger', CASE WHEN 'trigger' = ANY (v_reads) THEN (p_execution).trigger END);
END $$;
