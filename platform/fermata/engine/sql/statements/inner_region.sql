-- A region inside one passage of another, by name; of a container's attempts the latest one counts.
SELECT r.id, r.kind, r.passage, r.total
FROM fermata_region r LEFT JOIN fermata_step c ON c.id = r.step_id
WHERE r.parent_id = %s AND r.parent_iteration = %s AND r.name = %s
ORDER BY (c.id IS NULL OR r.id = fermata_id('container|' || c.id || '|' || c.attempt)) DESC LIMIT 1
