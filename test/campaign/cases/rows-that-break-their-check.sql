-- From 13 to 17: refused, E-REHEARSAL, public.prices
-- The function of a check was replaced after the rows had been written.
CREATE FUNCTION public.is_fair(cents int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT cents > 0';
CREATE TABLE public.prices (id int PRIMARY KEY, cents int CHECK (public.is_fair(cents)));
INSERT INTO public.prices VALUES (1, 5), (2, 500);
CREATE OR REPLACE FUNCTION public.is_fair(cents int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT cents > 99';
