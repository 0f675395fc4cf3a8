#!/bin/sh
# Run once by the image of Postgres, when the server is empty: the roles of the bus, their passwords, and its database.
psql -q -v ON_ERROR_STOP=1 -U postgres -d postgres -f /etc/arqonbus/roles.sql
psql -q -v ON_ERROR_STOP=1 -U postgres -d postgres <<SQL
ALTER ROLE arqon_owner PASSWORD '$(cat /keys/owner-password)';
ALTER ROLE arqon_brain PASSWORD '$(cat /keys/brain-password)';
CREATE DATABASE arqonbus OWNER arqon_owner;
SQL
