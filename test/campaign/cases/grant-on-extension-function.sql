-- From 15 to 17: refused, E-REHEARSAL, pg_stat_statements_reset
-- The function has one argument more in the new version's extension, so the grant finds none.
CREATE EXTENSION pg_stat_statements;
CREATE ROLE meter LOGIN;
GRANT EXECUTE ON FUNCTION pg_stat_statements_reset(oid, oid, bigint) TO meter;
