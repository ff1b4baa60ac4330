-- About 20,000 rows of everything that PostgreSQL can hold, the same ones each time. Loads into an empty or
-- used database of PostgreSQL 13 or later, whoever the superuser is:
--
--   psql -X -v ON_ERROR_STOP=1 -f sample.sql
--
-- It also creates the roles of sample.passwords and a second database, "Archiv 2019".
\set QUIET on
SET client_min_messages = error;   -- newer servers warn of md5 passwords, which are here on purpose
SET client_encoding = 'UTF8';
SET timezone = 'UTC';
SELECT current_database() AS db \gset

-- Roles ---------------------------------------------------------------------------------------------------

SET password_encryption = 'md5';
CREATE ROLE storefront LOGIN PASSWORD 'storefront-dev' CONNECTION LIMIT 20;
CREATE ROLE warehouse LOGIN PASSWORD 'ware house, 2nd floor' VALID UNTIL '2099-12-31 23:59:59+00';
CREATE ROLE "Night ""Shift"" $1 ö" LOGIN PASSWORD 'pässwörd ''42'' $';
SET password_encryption = 'scram-sha-256';
CREATE ROLE auditor LOGIN PASSWORD 'auditor-dev' BYPASSRLS;
RESET password_encryption;
CREATE ROLE staff NOLOGIN;
CREATE ROLE managers NOLOGIN CREATEROLE CREATEDB;
CREATE ROLE observers NOLOGIN NOINHERIT;
CREATE ROLE "back\slash, 'quote'" NOLOGIN;
COMMENT ON ROLE staff IS 'everyone who may see orders';

GRANT staff TO storefront, warehouse;
GRANT staff TO managers WITH ADMIN OPTION;
GRANT managers TO "Night ""Shift"" $1 ö" WITH ADMIN OPTION;
GRANT observers, pg_monitor TO auditor;

ALTER ROLE ALL SET log_min_duration_statement = '5s';
ALTER ROLE storefront SET statement_timeout = '30s';
ALTER ROLE storefront SET search_path = sales, catalogue, public;
ALTER ROLE warehouse SET bytea_output = 'escape';
ALTER ROLE warehouse IN DATABASE :"db" SET work_mem = '8MB';
ALTER ROLE "Night ""Shift"" $1 ö" SET application_name = 'night "shift", $1';
ALTER DATABASE :"db" SET datestyle = 'ISO, DMY';
ALTER DATABASE :"db" SET extra_float_digits = 0;
ALTER DATABASE :"db" SET sample.note = 'a setting of nobody''s, with a quote';
COMMENT ON DATABASE :"db" IS 'the sample; see compose-fixtures/sample.sql';
REVOKE TEMPORARY ON DATABASE :"db" FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE :"db" TO staff WITH GRANT OPTION;

-- Schemas and extensions ----------------------------------------------------------------------------------

CREATE SCHEMA sales;
CREATE SCHEMA catalogue AUTHORIZATION managers;
CREATE SCHEMA extensions;
CREATE SCHEMA "Odd Schema ""ä""";
COMMENT ON SCHEMA sales IS E'what is sold\nand to whom';
GRANT USAGE ON SCHEMA sales, catalogue, extensions TO staff;
GRANT USAGE, CREATE ON SCHEMA catalogue TO "back\slash, 'quote'";

CREATE EXTENSION pgcrypto SCHEMA extensions;
CREATE EXTENSION pg_trgm SCHEMA extensions;
CREATE EXTENSION hstore SCHEMA extensions;
CREATE EXTENSION citext SCHEMA extensions;
CREATE EXTENSION btree_gist SCHEMA extensions;

ALTER DEFAULT PRIVILEGES IN SCHEMA sales GRANT SELECT ON TABLES TO staff;
ALTER DEFAULT PRIVILEGES IN SCHEMA sales GRANT USAGE ON SEQUENCES TO storefront;
ALTER DEFAULT PRIVILEGES FOR ROLE managers REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

-- Types ---------------------------------------------------------------------------------------------------

CREATE TYPE sales.state AS ENUM ('new', 'paid', 'shipped', 'Zurück!');
ALTER TYPE sales.state ADD VALUE 'packed' BEFORE 'shipped';
CREATE DOMAIN sales.percentage AS numeric(5, 2) DEFAULT 0 NOT NULL CHECK (VALUE BETWEEN 0 AND 100);
CREATE TYPE sales.address AS (street text, town text, zip varchar(10));
CREATE TYPE sales.price_range AS RANGE (subtype = numeric);
COMMENT ON TYPE sales.state IS 'in the order in which an order goes through them';
CREATE COLLATION catalogue.phonebook (provider = icu, locale = 'de-u-co-phonebk');
CREATE COLLATION catalogue.ignore_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);

CREATE TABLE public.every_type (
    id integer PRIMARY KEY,
    small smallint, big bigint, exact numeric, scaled numeric(12, 4), single real, double_ double precision,
    cash money, flag boolean, fixed char(8), short varchar(20), long text, nocase extensions.citext, raw bytea,
    day date, clock time, clock_tz timetz, moment timestamp, moment_tz timestamptz(3), span interval,
    doc json, docb jsonb, ints integer[], matrix text[][], span_of_days daterange, numbers int4range,
    moments tstzrange, prices sales.price_range, uid uuid, host inet, net cidr, mac macaddr, mac8 macaddr8,
    bits bit(12), varbits bit varying, markup xml, state sales.state, states sales.state[],
    share sales.percentage, home sales.address, homes sales.address[], words tsvector, query tsquery,
    pairs extensions.hstore, spot point, line_ line, segment lseg, area box, way path, shape polygon,
    round circle, lsn pg_lsn, oid_ oid, class regclass, kind regtype, name_ name, jpath jsonpath
);
INSERT INTO public.every_type VALUES (
    1, 32767, 9223372036854775807, '123456789012345678901234567890.000000000000000000000000000001', 1.5,
    3.4028235e38, 1.7976931348623157e308, '$1,234.56', true, 'fixed', 'short', E'it''s a "text"\nin\ttwo lines \\ ü € 🐘',
    'CiTeXt', '\x00ff5c27220a', '2024-02-29', '23:59:59.999999', '12:00+05:30', '2024-02-29 12:34:56.789012',
    '2024-02-29 12:34:56.789+00', '1 year 2 mons 3 days 04:05:06.000007', '{"b" : 1, "a":[ null, "ü" ], "b": 2}',
    '{"b": 1, "a": [null, "ü", 1e400]}', '{1,NULL,3}', '{{"a","b,c"},{"d\"e",NULL}}', '[2024-01-01,2024-12-31)',
    '[1,10)', '[2024-01-01 00:00+00,)', '(0.5,99.95]', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '192.168.0.1/24',
    '2001:db8::/32', '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05', B'101010101010', B'1', '<a b="c">ü &amp; d</a>',
    'packed', '{new,"Zurück!"}', 99.99, ROW ('1, Main "St."', E'O\\Town', NULL),
    ARRAY [ROW ('a', 'b', 'c'), NULL]::sales.address[], 'a:1A fat:2B,4C ''quo''''te'':7',
    'fat & (rat | cat) & !dog:*AB', '"a b"=>"c\"d", e=>NULL', '(1.5,-2.5)', '{1,-1,0}', '[(0,0),(1,1)]',
    '(2,2),(1,1)', '[(0,0),(1,1),(2,0)]', '((0,0),(1,1),(2,0))', '<(1,2),3.5>', '16/B374D848', 4294967295,
    'pg_class', 'integer', 'a name', '$.a[*] ? (@ > 1)');
INSERT INTO public.every_type (id, exact, single, double_, moment, moment_tz, day, long, raw, ints, numbers, docb, span, share) VALUES
    (2, 'NaN', 'Infinity', '-Infinity', 'infinity', '-infinity', 'infinity', '', '', '{}', 'empty', 'null', '-1 days +00:00:00.5', 0),
    (3, -0.0, 'NaN', '-0', '4713-01-01 00:00 BC', '294276-12-31 23:59:59.999+00', '0044-03-15 BC', E'\\N', '\x5c4e', '[5:6]={7,8}', '(,)', '{}', '0', 100),
    (4, 1e-20, 1.17549435e-38, 5e-324, '2024-03-31 02:30', '2024-03-31 01:30+00', '2000-01-01', E'\\.\n', NULL, NULL, NULL, '"\u00e4"', '178000000 years', 12.5);
INSERT INTO public.every_type (id, big, exact, double_, long, moment_tz, uid, docb, words, pairs)
SELECT i, i * 1000003, i / 7.0, sqrt(i), repeat(chr(200 + i % 50), i % 40),
       '2020-01-01 00:00+00'::timestamptz + i * interval '7 hours', md5(i::text)::uuid,
       jsonb_build_object('i', i, 'half', i / 2.0, 'tags', ARRAY [i::text, 'x']),
       to_tsvector('simple', 'row ' || i), extensions.hstore('row', i::text)
FROM generate_series(10, 1009) AS i;
-- Values that are compressed, and stored out of line.
INSERT INTO public.every_type (id, long, raw)
SELECT 5000 + i, (SELECT string_agg(md5((i * n)::text), '') FROM generate_series(1, 2000) AS n),
       decode(repeat(md5(i::text), 4000), 'hex')
FROM generate_series(1, 10) AS i;
ALTER TABLE public.every_type ALTER COLUMN raw SET STORAGE EXTERNAL;
COMMENT ON COLUMN public.every_type.double_ IS 'has infinities, NaN, -0 and a denormal number';

-- Sequences, identity and generated columns ---------------------------------------------------------------

CREATE SEQUENCE sales.invoice_number START 1000 INCREMENT 10 CACHE 5;
CREATE SEQUENCE sales.countdown INCREMENT -1 START 100 MINVALUE -100 MAXVALUE 100;
CREATE SEQUENCE sales.shelf AS smallint MAXVALUE 5 CYCLE;
CREATE SEQUENCE sales.never_used START 42;
CREATE SEQUENCE sales.at_its_end MAXVALUE 3;
SELECT nextval('sales.invoice_number'), nextval('sales.countdown') \g /dev/null
SELECT nextval('sales.shelf') FROM generate_series(1, 7) \g /dev/null
SELECT nextval('sales.at_its_end') FROM generate_series(1, 3) \g /dev/null
GRANT USAGE ON SEQUENCE sales.countdown TO warehouse;

CREATE TABLE sales.customers (
    id bigint GENERATED BY DEFAULT AS IDENTITY (START 100 INCREMENT 3) PRIMARY KEY,
    legacy_id serial UNIQUE,
    name text NOT NULL COLLATE catalogue.phonebook,
    email extensions.citext NOT NULL UNIQUE,
    dropped_one text,
    home sales.address,
    initials text GENERATED ALWAYS AS (upper(left(name, 1))) STORED,
    CONSTRAINT "an email has an @" CHECK (email LIKE '%@%')
);
ALTER TABLE sales.customers DROP COLUMN dropped_one;
ALTER TABLE sales.customers ADD COLUMN since date NOT NULL DEFAULT '2020-01-01';
INSERT INTO sales.customers (name, email, home)
SELECT (ARRAY ['Müller', 'Mueller', 'Muller', 'Ödön', 'O''Neil', 'straße', 'Zoë'])[1 + i % 7] || ' ' || i,
       'Customer' || i || '@Example.org', ROW ('Street ' || i, 'Town', lpad(i::text, 5, '0'))::sales.address
FROM generate_series(1, 2000) AS i;
CREATE INDEX customers_name_idx ON sales.customers (name) INCLUDE (since);
CREATE INDEX customers_lower_idx ON sales.customers (lower(name) text_pattern_ops DESC NULLS LAST) WHERE id > 500;
CREATE INDEX customers_trgm_idx ON sales.customers USING gin ((name::text) extensions.gin_trgm_ops);
CREATE INDEX customers_hash_idx ON sales.customers USING hash (since);
ALTER TABLE sales.customers CLUSTER ON customers_name_idx;
ALTER TABLE sales.customers ALTER COLUMN name SET STATISTICS 200;

-- Partitions: by range, with a default; nested by list and by hash ----------------------------------------

CREATE TABLE sales.orders (
    id bigint GENERATED ALWAYS AS IDENTITY,
    placed_on date NOT NULL,
    customer_id bigint NOT NULL REFERENCES sales.customers ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED,
    state sales.state NOT NULL DEFAULT 'new',
    total numeric(12, 2) NOT NULL CHECK (total >= 0),
    discount sales.percentage,
    net numeric GENERATED ALWAYS AS (total * (100 - discount) / 100) STORED,
    PRIMARY KEY (id, placed_on)
) PARTITION BY RANGE (placed_on);
CREATE TABLE sales.orders_2022 PARTITION OF sales.orders FOR VALUES FROM ('2022-01-01') TO ('2023-01-01');
CREATE TABLE sales.orders_rest PARTITION OF sales.orders DEFAULT;
CREATE TABLE sales.orders_2023 (   -- attached later, with its columns in another order
    state sales.state NOT NULL DEFAULT 'new', customer_id bigint NOT NULL, discount sales.percentage,
    total numeric(12, 2) NOT NULL CONSTRAINT orders_total_check CHECK (total >= 0), placed_on date NOT NULL, id bigint NOT NULL,
    net numeric GENERATED ALWAYS AS (total * (100 - discount) / 100) STORED
);
ALTER TABLE sales.orders ATTACH PARTITION sales.orders_2023 FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE INDEX orders_customer_idx ON sales.orders (customer_id);
CREATE INDEX orders_2023_brin_idx ON sales.orders_2023 USING brin (placed_on) WITH (pages_per_range = 16);
INSERT INTO sales.orders (placed_on, customer_id, state, total, discount)
SELECT '2021-07-01'::date + i % 1200, 100 + 3 * (i % 2000), (enum_range(NULL::sales.state))[1 + i % 5],
       (i * 37 % 100000) / 100.0, i % 30
FROM generate_series(1, 8000) AS i;

CREATE TABLE sales.events (region text NOT NULL, customer bigint NOT NULL, what text, at timestamptz NOT NULL)
    PARTITION BY LIST (region);
CREATE TABLE sales.events_eu PARTITION OF sales.events FOR VALUES IN ('de', 'fr') PARTITION BY HASH (customer);
CREATE TABLE sales.events_eu_0 PARTITION OF sales.events_eu FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE sales.events_eu_1 PARTITION OF sales.events_eu FOR VALUES WITH (MODULUS 3, REMAINDER 1);
CREATE TABLE sales.events_eu_2 PARTITION OF sales.events_eu FOR VALUES WITH (MODULUS 3, REMAINDER 2);
CREATE TABLE sales."events of elsewhere" PARTITION OF sales.events DEFAULT;
INSERT INTO sales.events
SELECT (ARRAY ['de', 'fr', 'jp'])[1 + i % 3], i, 'event ' || i, '2023-01-01 00:00+00'::timestamptz + i * interval '1 minute'
FROM generate_series(1, 6000) AS i;

-- Inheritance, exclusion, foreign keys of each kind -------------------------------------------------------

CREATE TABLE catalogue.things (id serial PRIMARY KEY, label text NOT NULL, made date DEFAULT '2024-01-01');
CREATE TABLE catalogue.books (isbn text CHECK (length(isbn) = 13), label text NOT NULL) INHERITS (catalogue.things);
CREATE TABLE catalogue."Rare Books" (value_ money) INHERITS (catalogue.books);
INSERT INTO catalogue.things (label) SELECT 'thing ' || i FROM generate_series(1, 300) AS i;
INSERT INTO catalogue.books (label, isbn) SELECT 'book ' || i, lpad(i::text, 13, '9') FROM generate_series(1, 300) AS i;
INSERT INTO catalogue."Rare Books" (label, isbn, value_) SELECT 'rare ' || i, lpad(i::text, 13, '8'), i * 100 FROM generate_series(1, 50) AS i;

CREATE TABLE sales.bookings (
    room integer NOT NULL, during tstzrange NOT NULL, who bigint REFERENCES sales.customers ON DELETE SET NULL,
    parent integer,
    EXCLUDE USING gist (room WITH =, during WITH &&),
    CONSTRAINT bookings_during_check CHECK (NOT isempty(during)) NO INHERIT
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
INSERT INTO sales.bookings (room, during, who)
SELECT i % 10, tstzrange('2024-01-01 00:00+00'::timestamptz + i * interval '1 hour',
                         '2024-01-01 00:00+00'::timestamptz + (i + 1) * interval '1 hour'), 100 + 3 * i
FROM generate_series(1, 500) AS i;
-- Older rows break this one: it binds new rows only.
ALTER TABLE sales.bookings ADD CONSTRAINT bookings_room_check CHECK (room < 9) NOT VALID;
CREATE INDEX bookings_during_idx ON sales.bookings USING spgist (during);
ALTER TABLE sales.bookings REPLICA IDENTITY FULL;

CREATE TABLE sales.shelves (
    floor integer, number_ integer, under_floor integer, under_number integer,
    PRIMARY KEY (floor, number_),
    FOREIGN KEY (under_floor, under_number) REFERENCES sales.shelves MATCH FULL ON DELETE CASCADE
);
INSERT INTO sales.shelves SELECT f, n, CASE WHEN n > 1 THEN f END, CASE WHEN n > 1 THEN n - 1 END
FROM generate_series(1, 10) AS f, generate_series(1, 30) AS n;

CREATE UNLOGGED TABLE sales.baskets (id uuid PRIMARY KEY, content jsonb NOT NULL);
INSERT INTO sales.baskets SELECT md5('basket ' || i)::uuid, jsonb_build_object('items', i) FROM generate_series(1, 200) AS i;
CREATE INDEX baskets_content_idx ON sales.baskets USING gin (content jsonb_path_ops);

CREATE TABLE "Odd Schema ""ä"""."Tab.le 'ü' $x\" ("Col umn ""1""" integer PRIMARY KEY, "select" text);
INSERT INTO "Odd Schema ""ä"""."Tab.le 'ü' $x\" SELECT i, 'odd ' || i FROM generate_series(1, 100) AS i;

-- Text search ---------------------------------------------------------------------------------------------

CREATE TEXT SEARCH DICTIONARY catalogue.plain_words (TEMPLATE = pg_catalog.simple, STOPWORDS = english);
CREATE TEXT SEARCH CONFIGURATION catalogue.plain (COPY = pg_catalog.simple);
ALTER TEXT SEARCH CONFIGURATION catalogue.plain ALTER MAPPING FOR asciiword, word WITH catalogue.plain_words;
CREATE TABLE catalogue.articles (
    id integer PRIMARY KEY, title text COLLATE catalogue.ignore_case, body text,
    search tsvector GENERATED ALWAYS AS (to_tsvector('catalogue.plain', coalesce(body, ''))) STORED
);
INSERT INTO catalogue.articles (id, title, body)
SELECT i, 'Title ' || i, 'The quick brown fox number ' || i || ' jumps over the lazy dog' FROM generate_series(1, 1000) AS i;
CREATE INDEX articles_search_idx ON catalogue.articles USING gin (search) WITH (fastupdate = off);
CREATE UNIQUE INDEX articles_title_idx ON catalogue.articles (title);

-- Functions, procedures, aggregates, operators, casts -----------------------------------------------------

CREATE FUNCTION sales.gross(net numeric, rate numeric DEFAULT 19) RETURNS numeric
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT round(net * (100 + rate) / 100, 2) $$;
CREATE FUNCTION sales.orders_of(customer bigint) RETURNS TABLE (id bigint, total numeric)
    LANGUAGE sql STABLE ROWS 10 AS $$ SELECT o.id, o.total FROM sales.orders AS o WHERE o.customer_id = customer $$;
CREATE FUNCTION sales.describe(VARIADIC words text[]) RETURNS text
    LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog AS $body$
BEGIN
    -- A body may hold anything: 'quotes', $$dollars$$, \. and ü.
    RETURN array_to_string(words, E'\n');
END
$body$;
CREATE FUNCTION sales.secret() RETURNS text LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$ SELECT 'only for auditors' $$;
REVOKE EXECUTE ON FUNCTION sales.secret() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sales.secret() TO auditor;
CREATE PROCEDURE sales.ship(order_id bigint, INOUT done boolean DEFAULT false) LANGUAGE plpgsql AS $$
BEGIN
    UPDATE sales.orders SET state = 'shipped' WHERE id = order_id;
    done := FOUND;
END
$$;
CREATE FUNCTION sales.product_step(state numeric, value numeric) RETURNS numeric
    LANGUAGE sql IMMUTABLE AS $$ SELECT coalesce(state * value, state, value) $$;
CREATE AGGREGATE sales.product(numeric) (SFUNC = sales.product_step, STYPE = numeric, INITCOND = '1');
CREATE FUNCTION sales.same_town(sales.address, sales.address) RETURNS boolean
    LANGUAGE sql IMMUTABLE AS $$ SELECT $1.town = $2.town $$;
CREATE OPERATOR sales.=== (LEFTARG = sales.address, RIGHTARG = sales.address, FUNCTION = sales.same_town, COMMUTATOR = OPERATOR(sales.===));
CREATE FUNCTION sales.address_text(sales.address) RETURNS text
    LANGUAGE sql IMMUTABLE AS $$ SELECT $1.street || ', ' || $1.town $$;
CREATE CAST (sales.address AS text) WITH FUNCTION sales.address_text(sales.address) AS ASSIGNMENT;
CREATE INDEX customers_address_idx ON sales.customers (sales.address_text(home));
COMMENT ON FUNCTION sales.gross(numeric, numeric) IS 'with value added tax';
ALTER FUNCTION sales.gross(numeric, numeric) OWNER TO managers;

-- Views, materialized views, rules ------------------------------------------------------------------------

CREATE VIEW sales.open_orders WITH (security_barrier) AS
    SELECT o.id, o.placed_on, c.name, sales.gross(o.net) AS gross
    FROM sales.orders AS o JOIN sales.customers AS c ON c.id = o.customer_id WHERE o.state <> 'shipped';
CREATE VIEW sales.new_orders AS SELECT id, placed_on, total, state FROM sales.orders WHERE state = 'new'
    WITH LOCAL CHECK OPTION;
CREATE RECURSIVE VIEW sales.stack (floor, number_, depth) AS
    SELECT floor, number_, 1 FROM sales.shelves WHERE under_floor IS NULL
    UNION ALL
    SELECT s.floor, s.number_, depth + 1 FROM sales.shelves AS s JOIN stack AS t ON (s.under_floor, s.under_number) = (t.floor, t.number_);
CREATE MATERIALIZED VIEW sales.turnover AS
    SELECT date_trunc('month', placed_on)::date AS month, count(*) AS orders, sum(net) AS net FROM sales.orders GROUP BY 1;
CREATE UNIQUE INDEX turnover_month_idx ON sales.turnover (month);
CREATE MATERIALIZED VIEW sales.turnover_by_year AS
    SELECT extract(year FROM month)::integer AS year, sum(net) AS net FROM sales.turnover GROUP BY 1;
CREATE MATERIALIZED VIEW sales.not_filled AS SELECT id FROM sales.customers WITH NO DATA;
CREATE RULE things_stay AS ON DELETE TO catalogue."Rare Books" DO INSTEAD NOTHING;
CREATE RULE open_orders_update AS ON UPDATE TO sales.open_orders
    DO INSTEAD UPDATE sales.orders SET placed_on = NEW.placed_on WHERE id = OLD.id;
COMMENT ON VIEW sales.open_orders IS 'paid or not';

-- Triggers, an event trigger ------------------------------------------------------------------------------

CREATE TABLE sales.journal (id bigserial PRIMARY KEY, what text NOT NULL, at timestamptz NOT NULL DEFAULT now());
CREATE FUNCTION sales.note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO sales.journal (what) VALUES (TG_OP || ' on ' || TG_TABLE_NAME || coalesce(', ' || TG_ARGV[0], ''));
    RETURN NULL;
END
$$;
CREATE TRIGGER customers_changed AFTER UPDATE OF name ON sales.customers
    FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION sales.note('it''s renamed');
CREATE TRIGGER orders_inserted AFTER INSERT ON sales.orders FOR EACH ROW EXECUTE FUNCTION sales.note();
CREATE CONSTRAINT TRIGGER orders_checked AFTER UPDATE ON sales.orders_2022 DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION sales.note('late');
CREATE TRIGGER things_disabled AFTER DELETE ON catalogue.things FOR EACH STATEMENT EXECUTE FUNCTION sales.note();
ALTER TABLE catalogue.things DISABLE TRIGGER things_disabled;
CREATE TRIGGER things_always AFTER TRUNCATE ON catalogue.things EXECUTE FUNCTION sales.note();
ALTER TABLE catalogue.things ENABLE ALWAYS TRIGGER things_always;
INSERT INTO sales.orders (placed_on, customer_id, total) SELECT '2022-05-01', 100, i FROM generate_series(1, 100) AS i;

CREATE FUNCTION sales.note_table() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO sales.journal (what) SELECT command_tag || ' ' || object_identity FROM pg_event_trigger_ddl_commands();
END
$$;
CREATE EVENT TRIGGER note_tables ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION sales.note_table();
CREATE TABLE sales.noted (id integer);

-- Row-level security and grants ---------------------------------------------------------------------------

ALTER TABLE sales.bookings ENABLE ROW LEVEL SECURITY;
ALTER TABLE sales.bookings FORCE ROW LEVEL SECURITY;
CREATE POLICY own_room ON sales.bookings FOR SELECT TO storefront, "Night ""Shift"" $1 ö" USING (room < 5);
CREATE POLICY early ON sales.bookings AS RESTRICTIVE USING (lower(during) < '2030-01-01') WITH CHECK (room > 0);
GRANT SELECT, INSERT ON sales.bookings TO storefront;
GRANT UPDATE (state, total) ON sales.orders TO warehouse;
GRANT SELECT ON sales.customers TO PUBLIC;
REVOKE SELECT ON sales.journal FROM staff;
GRANT ALL ON catalogue.articles TO managers WITH GRANT OPTION;
ALTER TABLE catalogue.books OWNER TO "Night ""Shift"" $1 ö";
SET SESSION AUTHORIZATION managers;
GRANT SELECT ON catalogue.articles TO warehouse WITH GRANT OPTION;
RESET SESSION AUTHORIZATION;
REVOKE USAGE ON TYPE sales.address FROM PUBLIC;
GRANT USAGE ON TYPE sales.address TO staff;

-- Publication, statistics, large objects ------------------------------------------------------------------

CREATE PUBLICATION orders_out FOR TABLE sales.customers, sales.orders WITH (publish = 'insert, update', publish_via_partition_root);
CREATE STATISTICS sales.customers_stats (ndistinct, dependencies, mcv) ON initials, since FROM sales.customers;
ALTER STATISTICS sales.customers_stats SET STATISTICS 500;

SELECT lo_from_bytea(16500001, decode(repeat('00ff5c', 10000), 'hex')), lo_from_bytea(16500002, ''), lo_create(16500003) \g /dev/null
-- A hole of 3 MB between its first and its last bytes.
SELECT lo_put(16500003, 0, 'first'), lo_put(16500003, 3000000, 'last') \g /dev/null
COMMENT ON LARGE OBJECT 16500001 IS 'a picture';
GRANT SELECT ON LARGE OBJECT 16500001 TO storefront;
ALTER LARGE OBJECT 16500003 OWNER TO warehouse;

-- A second database, of another locale where the server knows it ------------------------------------------

SELECT coalesce((SELECT 'de_DE.utf8' FROM pg_collation WHERE collname = 'de_DE.utf8' LIMIT 1), 'C') AS locale \gset
CREATE DATABASE "Archiv 2019" OWNER managers TEMPLATE template0 ENCODING 'UTF8'
    LC_COLLATE :'locale' LC_CTYPE :'locale' CONNECTION LIMIT 10;
ALTER DATABASE "Archiv 2019" SET timezone = 'Europe/Berlin';
ALTER ROLE auditor IN DATABASE "Archiv 2019" SET default_transaction_read_only = on;
REVOKE CONNECT ON DATABASE "Archiv 2019" FROM PUBLIC;
GRANT CONNECT ON DATABASE "Archiv 2019" TO auditor, warehouse;

ANALYZE;
\connect "Archiv 2019"
SET client_encoding = 'UTF8';
CREATE TABLE papers (id serial PRIMARY KEY, title text NOT NULL UNIQUE, filed timestamptz NOT NULL);
INSERT INTO papers (title, filed)
SELECT chr(65 + i % 26) || CASE i % 3 WHEN 0 THEN 'ä' WHEN 1 THEN 'a' ELSE 'Z' END || ' ' || i,
       '2019-01-01 00:00+00'::timestamptz + i * interval '5 hours'
FROM generate_series(1, 1000) AS i;
GRANT SELECT ON papers TO auditor;
