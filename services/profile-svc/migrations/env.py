from profile_svc import casework_tables
from stena.migrations import run

run(casework_tables.cases.metadata)  # that of all tables of people
