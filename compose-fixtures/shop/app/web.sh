#!/bin/sh
# Takes an order several times a second. An order is acknowledged, in a log that outlives this container,
# only after the database has committed it: an acknowledged order that is not in the table has been lost.
set -eu

while :; do
  if id=$(psql "$DATABASE_URL" -qtAX -v ON_ERROR_STOP=1 -c \
    "INSERT INTO orders (item) VALUES ('tea, ' || clock_timestamp()::time(0)) RETURNING id"); then
    echo "$id" >>/log/acknowledged
    echo "order $id"
    sleep 0.2
  else
    echo "the database is away; trying again" >&2
    sleep 1
  fi
done
