-- Runs once, when the database is created.
CREATE TABLE orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    item text NOT NULL,
    placed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE ROLE reporter LOGIN PASSWORD 'reporter-dev';
GRANT SELECT ON orders TO reporter;
