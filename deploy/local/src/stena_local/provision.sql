-- One database with its two roles, made or mended; run by psql as the superuser, again at every start.
-- Variables: database, owner, app; template, to begin with a copy of another.
-- Environment: OWNER_PASSWORD, APP_PASSWORD (never on a command line).
-- Used by the embedded deployment and by the containers alike.
\set ON_ERROR_STOP on
\if :{?template}
\else
\set template template1
\endif
-- Two may be started at once, and PostgreSQL refuses to change the same role or schema twice at a time.
SELECT pg_advisory_lock(7021) \gset

\getenv owner_password OWNER_PASSWORD
\getenv app_password APP_PASSWORD

SELECT format('CREATE ROLE %I LOGIN', name)
FROM unnest(ARRAY[:'owner', :'app']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec

ALTER ROLE :"owner" LOGIN PASSWORD :'owner_password';
ALTER ROLE :"app" LOGIN PASSWORD :'app_password';

SELECT format('CREATE DATABASE %I OWNER %I TEMPLATE %I', :'database', :'owner', :'template')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec

-- INVARIANT: a service's roles reach their own database and no other.
REVOKE ALL ON DATABASE postgres, template1, :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO :"app";

\connect :"database"
SELECT pg_advisory_lock(7021) \gset
ALTER SCHEMA public OWNER TO :"owner";
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO :"app";
