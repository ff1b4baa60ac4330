#!/bin/sh
# Reports the orders of the last minute, as a role that may only read.
set -eu

while :; do
  psql -qtAX -c "SELECT count(*) || ' orders in the last minute, ' || max(id) || ' is the newest'
    FROM orders WHERE placed_at > now() - interval '1 minute'" || echo "the database is away; trying again" >&2
  sleep 2
done
