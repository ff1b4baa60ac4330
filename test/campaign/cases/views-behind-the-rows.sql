-- From 15 to 17: upgraded
-- look: SELECT string_agg(n::text, ',' ORDER BY id) FROM public.per_item
-- A view that groups by a primary key is dumped in two parts, the second behind the rows.
CREATE TABLE public.items (id int PRIMARY KEY, kind text, n int);
INSERT INTO public.items SELECT n, 'kind ' || n % 3, n FROM generate_series(1, 50) n;
CREATE VIEW public.per_item AS SELECT i.id, i.kind, count(*) AS n FROM public.items i GROUP BY i.id;
CREATE MATERIALIZED VIEW public.kept AS SELECT i.id, i.kind FROM public.items i GROUP BY i.id;
CREATE FUNCTION public.put(i int) RETURNS void
  BEGIN ATOMIC INSERT INTO public.items VALUES (i, 'x', i) ON CONFLICT (id) DO UPDATE SET n = excluded.n; END;
