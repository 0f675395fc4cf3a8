-- Roles of the bus in Postgres. Run by an administrator, as often as you like; then give both a password and make the
-- database: CREATE DATABASE arqonbus OWNER arqon_owner;

DO $$
BEGIN
  -- Owns the tables and is used by `arqon migrate` alone.
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'arqon_owner') THEN
    CREATE ROLE arqon_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
  END IF;
  -- What Brains connect as: owns nothing, and sees the rows of one tenant at a time (BRN-2).
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'arqon_brain') THEN
    CREATE ROLE arqon_brain LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
  END IF;
END
$$;
