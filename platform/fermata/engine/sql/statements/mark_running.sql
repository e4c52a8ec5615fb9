-- A pure step that lives longer than a heartbeat becomes visible as RUNNING; its fence stays.
WITH marked AS (
    UPDATE fermata_step SET state = 'running', started_at = clock_timestamp(), worker = %s, rev = rev + 1
    WHERE id = %s AND fence = %s AND state = 'ready'
    RETURNING *)
INSERT INTO fermata_event (execution_id, workspace_id, type, at, step_id, node_id, run, attempt, status, rev, data, format)
SELECT execution_id, workspace_id, 'StepStarted', started_at, id, node_id, run, attempt, state, rev,
       json_build_object('region', region_id, 'iteration', iteration, 'kind', kind, 'worker', worker), 1
FROM marked
RETURNING step_id
