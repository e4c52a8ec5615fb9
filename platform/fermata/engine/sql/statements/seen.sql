-- What a claim would see of an execution from one passage, for reads of the asker's choice.
SELECT json_build_object('result', 'claimed', 'now', clock_timestamp(), 'remembered', NULL, 'region_result', NULL,
    'step', json_build_object('id', s.id, 'node', s.node_id, 'kind', 'node', 'run', 1, 'attempt', 1, 'fence', 0,
        'state', coalesce(s.state, 'ready')),
    'execution', json_build_object('id', x.id, 'workspace_id', x.workspace_id, 'workflow_id', x.workflow_id,
        'version_id', x.version_id, 'status', x.status, 'priority', x.priority, 'depth', x.depth,
        'version', x.version, 'started_by', x.started_by, 'created_at', x.created_at),
    'context', fermata_context(jsonb_populate_record(s, jsonb_build_object('reads', to_jsonb(%(reads)s::text[]))), x,
        %(regions)s::uuid[], %(iterations)s::int[], %(kinds)s::text[]))::text
FROM fermata_execution x LEFT JOIN fermata_step s ON s.id = %(step)s::uuid
WHERE x.id = %(execution)s::uuid
