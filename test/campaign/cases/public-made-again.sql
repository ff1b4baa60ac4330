-- From 13 to 15: upgraded
-- look: SELECT nspowner::regrole || coalesce(array_to_string(nspacl, ','), '') FROM pg_namespace WHERE nspname = 'public'
-- The schema public belongs to an application, which dropped it and made it again.
CREATE ROLE app LOGIN;
DROP SCHEMA public CASCADE;
CREATE SCHEMA public AUTHORIZATION app;
CREATE TABLE public.t AS SELECT generate_series(1, 10) AS i;
CREATE DATABASE bare;
\connect bare
DROP SCHEMA public;
