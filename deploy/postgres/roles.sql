-- Roles of the bus in Postgres. Run once as an administrator, then give both a password (\password arqon_brain) and make
-- the database: CREATE DATABASE arqonbus OWNER arqon_owner;

-- Owns the tables and is used by `arqon migrate` alone.
CREATE ROLE arqon_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;

-- What Brains connect as: owns nothing, and sees the rows of one tenant at a time (BRN-2).
CREATE ROLE arqon_brain LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
