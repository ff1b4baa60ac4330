-- From 13 to 17: upgraded
-- look: SELECT sum(price::numeric) FROM public.wares
-- lc_monetary decides what a text of money means, and is the server's.
ALTER SYSTEM SET lc_monetary = 'de_DE.UTF-8';
SELECT pg_reload_conf();
SELECT pg_sleep(0.5);
\connect
CREATE TABLE public.wares (id int PRIMARY KEY, price money NOT NULL);
INSERT INTO public.wares SELECT n, (n * 1234.5)::numeric::money FROM generate_series(1, 50) n;
