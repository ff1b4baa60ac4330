-- From 13 to 17: refused, E-REHEARSAL, lines_bill_fkey
-- Rows that were loaded with triggers off.
CREATE TABLE public.bills (id int PRIMARY KEY);
CREATE TABLE public.lines (id int PRIMARY KEY, bill int REFERENCES public.bills);
INSERT INTO public.bills VALUES (1), (2);
INSERT INTO public.lines VALUES (1, 1), (2, 2);
SET session_replication_role = replica;
INSERT INTO public.lines VALUES (3, 77);
