-- From 13 to 17: refused, E-REHEARSAL, public.titles
-- The same in PL/pgSQL, which looks for names when the first row comes.
CREATE FUNCTION public.plain(v text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT lower(v) $$;
CREATE FUNCTION public.short(v text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN left(plain(v), 4); END $$;
CREATE TABLE public.titles (title text PRIMARY KEY, short text GENERATED ALWAYS AS (public.short(title)) STORED);
INSERT INTO public.titles VALUES ('A Tale'), ('Another');
