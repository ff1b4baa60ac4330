-- From 15 to 17: refused, E-REHEARSAL, public.chapters
-- A check looks for the row before, which one COPY does not see.
CREATE TABLE public.chapters (n int PRIMARY KEY);
CREATE FUNCTION public.has_one_before(number int) RETURNS boolean LANGUAGE plpgsql
  AS $$ BEGIN RETURN number = 1 OR EXISTS (SELECT FROM public.chapters WHERE n = number - 1); END $$;
ALTER TABLE public.chapters ADD CONSTRAINT in_order CHECK (public.has_one_before(n));
INSERT INTO public.chapters VALUES (1);
INSERT INTO public.chapters VALUES (2);
