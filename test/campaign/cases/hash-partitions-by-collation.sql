-- From 13 to 17: refused, E-REHEARSAL, public.people
-- The new version's ICU hashes these texts otherwise, so rows belong into other partitions.
CREATE COLLATION public.whatever_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE public.people (mail text COLLATE public.whatever_case NOT NULL) PARTITION BY HASH (mail);
CREATE TABLE public.people_0 PARTITION OF public.people FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE public.people_1 PARTITION OF public.people FOR VALUES WITH (MODULUS 3, REMAINDER 1);
CREATE TABLE public.people_2 PARTITION OF public.people FOR VALUES WITH (MODULUS 3, REMAINDER 2);
INSERT INTO public.people SELECT 'Größe' || n || '@Example.org' FROM generate_series(1, 1000) n;
