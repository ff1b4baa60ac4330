-- From 13 to 17: refused, E-REHEARSAL, pg_start_backup
-- Guides of backup programs grant these to a role of their own; 15 has no such functions.
CREATE ROLE archivist LOGIN REPLICATION;
GRANT EXECUTE ON FUNCTION pg_start_backup(text, boolean, boolean) TO archivist;
GRANT EXECUTE ON FUNCTION pg_switch_wal() TO archivist;
