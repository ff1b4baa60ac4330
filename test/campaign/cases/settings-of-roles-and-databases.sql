-- From 13 to 17: refused, E-REHEARSAL, operator_precedence_warning
-- Roles and databases keep settings that the new version does not know.
CREATE ROLE analyst LOGIN;
ALTER ROLE analyst SET operator_precedence_warning = on;
ALTER ROLE analyst IN DATABASE shop SET vacuum_cleanup_index_scale_factor = 0.3;
ALTER DATABASE shop SET force_parallel_mode = off;
ALTER ROLE ALL SET operator_precedence_warning = off;
