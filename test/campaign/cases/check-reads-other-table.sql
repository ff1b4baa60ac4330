-- From 13 to 17: refused, E-REHEARSAL, public.animals
-- A check looks into another table, by the search_path, which a restore has not.
CREATE TABLE public.zoos (id int PRIMARY KEY, open boolean NOT NULL);
INSERT INTO public.zoos VALUES (1, true);
CREATE FUNCTION public.is_open(zoo int) RETURNS boolean LANGUAGE plpgsql STABLE
  AS $$ BEGIN RETURN (SELECT open FROM zoos WHERE id = zoo); END $$;
CREATE TABLE public.animals (id int PRIMARY KEY, zoo int CHECK (public.is_open(zoo)));
INSERT INTO public.animals VALUES (1, 1), (2, 1);
