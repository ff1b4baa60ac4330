-- From 15 to 17: upgraded
-- look: SELECT string_agg(town, ',' ORDER BY town) FROM public.towns
-- Locales of ICU in old spellings, which become language tags.
CREATE DATABASE guide TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'de@collation=phonebook' LC_COLLATE 'C'
  LC_CTYPE 'C' ENCODING 'UTF8';
CREATE COLLATION public.by_phonebook (provider = icu, locale = 'de@collation=phonebook');
CREATE TABLE public.towns (town text COLLATE public.by_phonebook PRIMARY KEY);
INSERT INTO public.towns VALUES ('Öhringen'), ('Oehna'), ('Ohrdruf'), ('Zossen');
