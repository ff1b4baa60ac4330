-- From 15 to 17: refused, E-REHEARSAL, public.letters
-- A value that lies outside of its row has lost a part: nobody notices until that row is read.
CREATE EXTENSION pg_surgery;
CREATE TABLE public.letters (id int PRIMARY KEY, body text);
ALTER TABLE public.letters ALTER COLUMN body SET STORAGE EXTERNAL;
INSERT INTO public.letters SELECT n, repeat(md5(n::text), 150) FROM generate_series(1, 10) n;
SELECT reltoastrelid::regclass AS toast FROM pg_class WHERE oid = 'public.letters'::regclass \gset
SELECT ctid AS place FROM :toast WHERE chunk_seq = 0 ORDER BY chunk_id LIMIT 1 \gset
SELECT heap_force_kill(:'toast'::regclass, ARRAY[:'place'::tid]);
DROP EXTENSION pg_surgery;
