-- From 13 to 17: refused, E-REHEARSAL, view public.maintenance
-- Functions that tell of an exclusive backup ended with 14.
CREATE VIEW public.maintenance AS SELECT pg_is_in_backup() AS now, current_date AS day;
