-- From 13 to 17: refused, E-REHEARSAL, seats_number
-- As a change of collations leaves behind: rows that a unique index would not take.
CREATE TABLE public.seats (id serial PRIMARY KEY, number text NOT NULL);
INSERT INTO public.seats (number) SELECT 'seat ' || n FROM generate_series(1, 200) n;
INSERT INTO public.seats (number) VALUES ('seat 17');
CREATE INDEX seats_number ON public.seats (number);
UPDATE pg_index SET indisunique = true WHERE indexrelid = 'public.seats_number'::regclass;
