-- Bytes of the payloads that seen.sql would load, by read.
WITH digests AS (
    SELECT r AS read, (fermata_find(%(regions)s::uuid[], %(iterations)s::int[], substr(r, 6))).output_digest AS digest
    FROM unnest(%(reads)s::text[]) r WHERE r LIKE 'step:%%'
    UNION ALL
    SELECT 'previous:' || s.node_id, s.output_digest
    FROM unnest(%(regions)s::uuid[], %(iterations)s::int[]) AS f(region, iteration)
    JOIN fermata_step s ON s.region_id = f.region AND s.iteration = f.iteration - 1 AND s.kind = 'node'
    WHERE 'previous:' || s.node_id = ANY (%(reads)s::text[])
    UNION ALL
    SELECT 'var:' || v.name, v.value_digest
    FROM fermata_execution x CROSS JOIN LATERAL unnest(%(regions)s::uuid[] || x.id || x.workflow_id || x.workspace_id,
        %(iterations)s::int[] || 0 || 0 || 0) AS f(scope, iteration)
    JOIN fermata_variable v ON v.scope_id = f.scope AND v.iteration = f.iteration
    WHERE x.id = %(execution)s::uuid AND 'var:' || v.name = ANY (%(reads)s::text[])
    UNION ALL
    SELECT 'arrivals', a.output_digest
    FROM fermata_step s CROSS JOIN json_array_elements(s.data->'arrivals') AS e(pair)
    JOIN fermata_step a ON a.id = (e.pair->>1)::uuid
    WHERE s.id = %(step)s::uuid AND 'arrivals' = ANY (%(reads)s::text[])
    UNION ALL
    SELECT 'inputs', x.input_digest FROM fermata_execution x
    WHERE x.id = %(execution)s::uuid AND 'inputs' = ANY (%(reads)s::text[]))
SELECT d.read, sum(p.size) FROM digests d JOIN fermata_payload p USING (digest) GROUP BY d.read
