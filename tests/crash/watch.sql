-- The auditor's own eyes in the fleet's database: what must never happen is written down when it happens.
CREATE TABLE crash_violation (id bigserial PRIMARY KEY, what text NOT NULL, subject uuid, details text);

CREATE FUNCTION crash_watch_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF new.fence < old.fence THEN
        INSERT INTO crash_violation (what, subject, details) VALUES ('a fence fell', old.id, format('%s to %s', old.fence, new.fence));
    END IF;
    IF new.state = 'ready' AND old.state <> 'ready' AND new.fence <= old.fence THEN
        INSERT INTO crash_violation (what, subject, details) VALUES ('READY without a new fence', old.id, old.state);
    END IF;
    IF old.state IN ('succeeded', 'failed', 'skipped', 'cancelled', 'timed_out') AND new.state <> old.state THEN
        INSERT INTO crash_violation (what, subject, details) VALUES ('a terminal state changed', old.id, format('%s to %s', old.state, new.state));
    END IF;
    IF old.output_digest IS NOT NULL AND new.output_digest IS DISTINCT FROM old.output_digest AND new.run = old.run THEN
        INSERT INTO crash_violation (what, subject, details) VALUES ('a recorded output changed', old.id, old.state);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER crash_watch_step AFTER UPDATE ON fermata_step FOR EACH ROW EXECUTE FUNCTION crash_watch_step();

CREATE FUNCTION crash_watch_join() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF new.settled > new.total THEN
        INSERT INTO crash_violation (what, subject, details) VALUES ('more arrivals than edges', old.id, format('%s of %s', new.settled, new.total));
    END IF;
    IF old.state <> 'waiting' AND new.state <> old.state THEN
        INSERT INTO crash_violation (what, subject, details) VALUES ('a join was decided twice', old.id, format('%s to %s', old.state, new.state));
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER crash_watch_join AFTER UPDATE ON fermata_join FOR EACH ROW EXECUTE FUNCTION crash_watch_join();

CREATE FUNCTION crash_watch_execution() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF old.finished_at IS NOT NULL AND (new.status <> old.status OR new.finished_at <> old.finished_at) THEN
        INSERT INTO crash_violation (what, subject, details) VALUES ('a final status changed', old.id, format('%s to %s', old.status, new.status));
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER crash_watch_execution AFTER UPDATE ON fermata_execution FOR EACH ROW EXECUTE FUNCTION crash_watch_execution();
