-- Outputs of succeeded root nodes, by node id.
SELECT s.node_id, p.body::text
FROM fermata_step s JOIN fermata_payload p ON p.digest = s.output_digest
WHERE s.region_id = fermata_id('root|' || %s) AND s.iteration = 0 AND s.kind = 'node' AND NOT s.superseded
  AND s.state = 'succeeded' AND s.node_id = ANY (%s)
