from gateway import tables
from stena.migrations import run

run(tables.metadata)
