"""The database itself refuses to change or delete a version, whoever asks."""

from __future__ import annotations

from django.db import migrations

REFUSE = """
CREATE FUNCTION fermata_version_is_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'version % is immutable; publish a new one', OLD.id USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER fermata_version_immutable BEFORE UPDATE OR DELETE ON fermata_version
    FOR EACH ROW EXECUTE FUNCTION fermata_version_is_immutable();
"""

ALLOW = """
DROP TRIGGER fermata_version_immutable ON fermata_version;
DROP FUNCTION fermata_version_is_immutable();
"""


class Migration(migrations.Migration):
    """A trigger on the versions table."""

    dependencies = [("workflows", "0001_initial")]

    operations = [migrations.RunSQL(REFUSE, reverse_sql=ALLOW)]
