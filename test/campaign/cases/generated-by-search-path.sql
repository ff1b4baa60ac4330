-- From 13 to 17: refused, E-REHEARSAL, public.codes
-- A generated column calls a function whose body names another one without its schema: a restore finds none.
CREATE FUNCTION public.code_of(v bytea) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT left(encode(v, 'hex'), 6) $$;
CREATE FUNCTION public.code_of(v text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT code_of(convert_to(v, 'UTF8')) $$;
CREATE TABLE public.codes (name text PRIMARY KEY, code text GENERATED ALWAYS AS (public.code_of(name)) STORED);
INSERT INTO public.codes VALUES ('one'), ('two');
