-- From 13 to 17: refused, E-REHEARSAL, secrets_hidden
-- OpenSSL 3 has no Blowfish.
CREATE EXTENSION pgcrypto;
CREATE TABLE public.secrets (id int PRIMARY KEY, word text NOT NULL);
INSERT INTO public.secrets SELECT n, 'word ' || n FROM generate_series(1, 20) n;
CREATE INDEX secrets_hidden ON public.secrets (public.encrypt(word::bytea, 'key'::bytea, 'bf'));
