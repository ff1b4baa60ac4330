-- From 13 to 17: refused, E-REHEARSAL, view public.orders_of
-- Postfix operators ended with 13, and factorials with them.
CREATE VIEW public.orders_of AS SELECT n, (n::bigint !) AS arrangements FROM generate_series(1, 6) n;
