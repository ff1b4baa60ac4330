-- From 13 to 17: refused, E-REHEARSAL, materialized view public.per_shelf
-- A function that the view calls is inlined, and names another without its schema.
CREATE TABLE public.books (id int PRIMARY KEY, shelf int NOT NULL);
INSERT INTO public.books SELECT n, n % 5 FROM generate_series(1, 100) n;
CREATE FUNCTION public.all_books() RETURNS SETOF public.books LANGUAGE sql STABLE AS 'SELECT * FROM books';
CREATE FUNCTION public.shelf_counts() RETURNS TABLE (shelf int, n bigint) LANGUAGE sql STABLE
  AS 'SELECT b.shelf, count(*) FROM all_books() b GROUP BY b.shelf';
CREATE MATERIALIZED VIEW public.per_shelf AS SELECT * FROM public.shelf_counts();
