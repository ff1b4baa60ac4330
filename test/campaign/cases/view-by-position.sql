-- From 13 to 17: refused, E-REHEARSAL, view watch.sessions
-- A view over a function that returns rows of a system view is dumped with its columns by position, and 14 put one in.
CREATE SCHEMA watch;
CREATE FUNCTION watch.all_sessions() RETURNS SETOF pg_stat_activity LANGUAGE sql SECURITY DEFINER
  AS 'SELECT * FROM pg_stat_activity';
CREATE VIEW watch.sessions AS SELECT * FROM watch.all_sessions();
