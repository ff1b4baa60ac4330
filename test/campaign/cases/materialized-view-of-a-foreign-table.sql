-- From 15 to 17: upgraded
-- look: SELECT count(*) FROM public.here
-- What reads another server cannot be computed while the new one is alone.
CREATE DATABASE depot;
\connect depot
CREATE TABLE public.boxes AS SELECT generate_series(1, 30) AS id;
\connect shop
CREATE EXTENSION postgres_fdw;
CREATE SERVER depot FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '/var/run/postgresql', dbname 'depot');
CREATE USER MAPPING FOR postgres SERVER depot OPTIONS (user 'postgres', password_required 'false');
CREATE FOREIGN TABLE public.boxes (id int) SERVER depot;
CREATE MATERIALIZED VIEW public.here AS SELECT * FROM public.boxes WHERE id < 20;
