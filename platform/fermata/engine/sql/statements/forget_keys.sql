-- Idempotency keys are kept for seven days (engine.md §6).
DELETE FROM fermata_idempotency_key WHERE id IN (
    SELECT id FROM fermata_idempotency_key WHERE created_at < now() - interval '7 days'
    ORDER BY id LIMIT 1000 FOR UPDATE SKIP LOCKED)
