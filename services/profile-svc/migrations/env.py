from profile_svc.tables import metadata
from stena.migrations import run

run(metadata)
