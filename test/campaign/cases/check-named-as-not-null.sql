-- From 15 to 18: refused, E-REHEARSAL, members_mail_not_null
-- A check that is not valid is restored last, and has the name that 18 gives to the column's NOT NULL.
CREATE TABLE public.members (id int PRIMARY KEY, mail text);
INSERT INTO public.members VALUES (1, 'a@example.org');
ALTER TABLE public.members ADD CONSTRAINT members_mail_not_null CHECK (mail IS NOT NULL) NOT VALID;
ALTER TABLE public.members ALTER COLUMN mail SET NOT NULL;
