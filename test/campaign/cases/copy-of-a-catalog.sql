-- From 15 to 17: refused, E-REHEARSAL, public.kept_defaults
-- Values of pg_node_tree can be written, but not read.
CREATE TABLE public.kept_defaults AS SELECT * FROM pg_attrdef;
CREATE TABLE public.with_default (i int DEFAULT 7);
INSERT INTO public.kept_defaults SELECT * FROM pg_attrdef;
