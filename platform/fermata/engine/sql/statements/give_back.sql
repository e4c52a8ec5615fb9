-- A step claimed by a process that cannot perform it is READY again; recovery rings it, with growing pauses.
WITH given AS (
    UPDATE fermata_step SET state = 'ready', fence = fence + 1, started_at = NULL, worker = NULL, rung_at = clock_timestamp(), rev = rev + 1
    WHERE id = %s AND fence = %s AND state = 'running'
    RETURNING *)
INSERT INTO fermata_event (execution_id, workspace_id, type, at, step_id, node_id, run, attempt, status, rev, data, format)
SELECT execution_id, workspace_id, 'StepReady', clock_timestamp(), id, node_id, run, attempt, state, rev,
       json_build_object('region', region_id, 'iteration', iteration, 'kind', kind, 'resume', 'given_back'), 1
FROM given
RETURNING step_id
