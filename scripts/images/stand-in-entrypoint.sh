#!/bin/sh
# Of the stand-in for public images of servers: what docker-compose.yml expects of the image of Postgres, and for all others nothing.
set -e
if [ "$1" = postgres ] && [ ! -s "$PGDATA/PG_VERSION" ]; then
  initdb --pgdata "$PGDATA" --username postgres --encoding UTF8 --locale C.UTF-8 --auth-local peer --auth-host scram-sha-256 \
    --pwfile "$POSTGRES_PASSWORD_FILE"
  pg_ctl --pgdata "$PGDATA" --wait --log /tmp/first-start.log --options "-c listen_addresses=''" start
  for script in /docker-entrypoint-initdb.d/*.sh; do . "$script"; done
  pg_ctl --pgdata "$PGDATA" --wait --mode fast stop
fi
exec "$@"
