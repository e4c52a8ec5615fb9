-- The same ids as machine/identity.py: sha-256 of the identity's text, first 16 bytes.
CREATE OR REPLACE FUNCTION fermata_id(p_text text) RETURNS uuid LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT encode(substring(sha256(convert_to(p_text, 'UTF8')) FOR 16), 'hex')::uuid
$$;

-- Store a JSON text once per workspace; answers its digest.
CREATE OR REPLACE FUNCTION fermata_store(p_workspace uuid, p_body text) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
    v_digest bytea;
BEGIN
    IF p_body IS NULL THEN
        RETURN NULL;
    END IF;
    v_digest := sha256(uuid_send(p_workspace) || convert_to(p_body, 'UTF8'));
    INSERT INTO fermata_payload (digest, workspace_id, size, body)
    VALUES (v_digest, p_workspace, octet_length(p_body), p_body::json)
    ON CONFLICT (digest) DO NOTHING;
    RETURN v_digest;
END $$;

-- One journal row as the other functions collect them; fermata_journal writes them last, after every lock is taken,
-- so that the order of ids respects cause between transactions that met at a lock.
CREATE OR REPLACE FUNCTION fermata_event(p_type text, p_step fermata_step, p_data jsonb) RETURNS jsonb
LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object('type', p_type, 'step_id', (p_step).id, 'node_id', (p_step).node_id,
        'run', (p_step).run, 'attempt', (p_step).attempt, 'status', (p_step).state, 'rev', (p_step).rev,
        'data', jsonb_build_object('region', (p_step).region_id, 'iteration', (p_step).iteration,
                                   'kind', (p_step).kind) || coalesce(p_data, '{}'::jsonb))
$$;

CREATE OR REPLACE FUNCTION fermata_journal(p_execution uuid, p_workspace uuid, p_at timestamptz, p_events jsonb[])
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO fermata_event (execution_id, workspace_id, type, at, step_id, node_id, run, attempt, status, rev, data, format)
    SELECT coalesce((e.row->>'execution_id')::uuid, p_execution), p_workspace, e.row->>'type', p_at,
           (e.row->>'step_id')::uuid, e.row->>'node_id', (e.row->>'run')::smallint, (e.row->>'attempt')::int,
           e.row->>'status', (e.row->>'rev')::int, (e.row->'data')::json, 1
    FROM unnest(p_events) AS e(row);  -- read in its order
END $$;

-- A READY row as recorders and recovery hand it to the dispatcher.
CREATE OR REPLACE FUNCTION fermata_ring(p_step fermata_step) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object('execution_id', (p_step).execution_id, 'step_id', (p_step).id,
        'node_id', (p_step).node_id, 'kind', (p_step).kind, 'queue', (p_step).queue,
        'priority', (p_step).priority, 'rung', (p_step).rung_at IS NOT NULL, 'lane', (p_step).lane,
        'region_id', (p_step).region_id, 'iteration', (p_step).iteration)
$$;
