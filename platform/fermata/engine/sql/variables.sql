-- Write one variable of a workflow or workspace from outside of any execution. p_expected: the version it must have,
-- 0 for none at all, -1 for any, null for whatever is there. A name that was deleted goes on counting where it stopped,
-- so that a version never means two values.
CREATE OR REPLACE FUNCTION fermata_put_variable(p_workspace uuid, p_scope text, p_scope_id uuid, p_name text, p_value text,
    p_expected int, p_by text, p_most int) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    v_row fermata_variable;
    v_old bytea;
BEGIN
    LOOP
        SELECT * INTO v_row FROM fermata_variable
        WHERE scope_id = p_scope_id AND iteration = 0 AND name = p_name FOR NO KEY UPDATE;
        IF (p_expected = -1 AND NOT FOUND) OR (p_expected = 0 AND FOUND) OR (p_expected > 0 AND v_row.version IS DISTINCT FROM p_expected) THEN
            RETURN jsonb_build_object('result', 'refused', 'version', v_row.version);
        END IF;
        IF FOUND THEN
            v_old := v_row.value_digest;
            UPDATE fermata_variable SET value_digest = fermata_store(p_workspace, p_value), version = version + 1
            WHERE id = v_row.id RETURNING * INTO v_row;
            EXIT;
        END IF;
        IF (SELECT count(*) FROM fermata_variable WHERE scope_id = p_scope_id AND iteration = 0) >= p_most THEN
            RETURN jsonb_build_object('result', 'full');
        END IF;
        INSERT INTO fermata_variable (workspace_id, scope, scope_id, iteration, name, value_digest, version)
        VALUES (p_workspace, p_scope, p_scope_id, 0, p_name, fermata_store(p_workspace, p_value), 1 + coalesce(
            (SELECT version FROM fermata_variable_write WHERE scope_id = p_scope_id AND name = p_name ORDER BY id DESC LIMIT 1), 0))
        ON CONFLICT (scope_id, iteration, name) DO NOTHING RETURNING * INTO v_row;
        EXIT WHEN FOUND;
    END LOOP;
    INSERT INTO fermata_variable_write (workspace_id, scope, scope_id, name, version, operation, old_digest, new_digest, by, at)
    VALUES (p_workspace, p_scope, p_scope_id, p_name, v_row.version, 'set', v_old, v_row.value_digest, p_by, clock_timestamp());
    RETURN jsonb_build_object('result', CASE WHEN v_old IS NULL THEN 'created' ELSE 'changed' END, 'version', v_row.version);
END $$;

-- Delete one; p_expected as above.
CREATE OR REPLACE FUNCTION fermata_drop_variable(p_scope_id uuid, p_name text, p_expected int, p_by text) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    v_row fermata_variable;
BEGIN
    SELECT * INTO v_row FROM fermata_variable WHERE scope_id = p_scope_id AND iteration = 0 AND name = p_name FOR UPDATE;
    IF NOT FOUND THEN
        RETURN jsonb_build_object('result', 'absent');
    END IF;
    IF p_expected > 0 AND v_row.version <> p_expected THEN
        RETURN jsonb_build_object('result', 'refused', 'version', v_row.version);
    END IF;
    DELETE FROM fermata_variable WHERE id = v_row.id;
    INSERT INTO fermata_variable_write (workspace_id, scope, scope_id, name, version, operation, old_digest, by, at)
    VALUES (v_row.workspace_id, v_row.scope, p_scope_id, p_name, v_row.version + 1, 'delete', v_row.value_digest, p_by, clock_timestamp());
    RETURN jsonb_build_object('result', 'deleted', 'version', v_row.version + 1);
END $$;
