from profile_svc.tables import key_metadata
from stena.migrations import run

run(key_metadata)
