#!/bin/bash
# Backups of PostgreSQL, inside its container: docker compose exec -T postgres bash /backup.sh base
#
#   base           everything as it is now, into /backup/base; and then what `archive` does
#   archive        everything that was committed until now is in the archive when this returns
#   prune DAYS     removes backups that are older, but never the newest, and the archive that no other one needs
#   dump DATABASE  one database, on standard output
#   undump         what `dump` gave, from standard input, in the place of that database; nobody may be connected to it
#   unmark         the databases forget how far they have followed the journal of erasures: for one that is lost with every copy
#   restore [TIME] into an empty volume: the newest backup, file by file checked, and the archive behind it, up to TIME if given
set -euo pipefail
archive=/backup/wal bases=/backup/base
export PGHOST=127.0.0.1 PGUSER=postgres PGDATABASE=postgres PGCONNECT_TIMEOUT=5

die() {
  echo "backup: $*" >&2
  exit 1
}

all() { find "$bases" -mindepth 1 -maxdepth 1 -type d -name '*Z' | sort; }
oldest() { all | head -1; }
newest() { all | tail -1; }

base() {
  local name
  name=$bases/$(date --utc +%Y%m%dT%H%M%SZ)
  rm -rf "$bases"/*.part
  pg_basebackup --pgdata "$name.part" --format tar --gzip --manifest-checksums SHA256 --checkpoint fast --wal-method stream \
    --no-password
  gzip --test "$name.part"/*.gz
  # From here on the archive is needed to restore it.
  tar -xzOf "$name.part/base.tar.gz" backup_label | sed -n 's/^START WAL LOCATION.*(file \(.*\))$/\1/p' >"$name.part/first-segment"
  mv "$name.part" "$name"
  sync -f "$bases"
  echo "The backup is $name."
  archive
}

archive() {
  local until segment
  until=$(psql -XAtc "SELECT date_trunc('milliseconds', clock_timestamp()) AT TIME ZONE 'UTC'")
  # Something is written first: where nothing was, nothing would be archived, and waited for in vain.
  psql -XAtqc "SELECT pg_create_restore_point('archive')" >/dev/null
  segment=$(psql -XAtc "SELECT pg_walfile_name(pg_switch_wal())")
  for _ in $(seq 300); do
    if [[ -e $archive/$segment.gz ]]; then
      echo "Everything that was committed before $until UTC is in the archive."
      return
    fi
    sleep 0.2
  done
  die "$segment is not in the archive after a minute. Is the folder of backups full, or not there?"
}

prune() {
  local days=${1:?how many days} kept
  kept=$(newest)
  [[ -n $kept ]] || die "there is no backup in $bases: the archive alone restores nothing."
  find "$bases" -mindepth 1 -maxdepth 1 -type d -name '*Z' -mtime "+$((days - 1))" ! -path "$kept" -exec rm -r {} +
  pg_archivecleanup -x .gz "$archive" "$(cat "$(oldest)/first-segment")"
  ls "$bases"
}

unmark() {
  local database
  for database in profile profile_keys; do
    psql -X --quiet --dbname "$database" --command "UPDATE journal_mark SET number = -1, mac = ''"
  done
}

restore() {
  local from time=${1:-}
  from=$(newest)
  [[ -n $from ]] || die "there is no backup in $bases."
  [[ ! -e $PGDATA/PG_VERSION ]] || die "$PGDATA holds data. Move its volume out of the way, or remove it, and run this again."
  mkdir -p -m 0700 "$PGDATA"
  tar -xzf "$from/base.tar.gz" -C "$PGDATA"
  tar -xzf "$from/pg_wal.tar.gz" -C "$PGDATA/pg_wal"
  # Each file is the one that the server gave; what comes from the archive is checked when it is replayed.
  (cd "$PGDATA" && sed -n 's/^{ "Path": "\([^"]*\)".*"Checksum": "\([0-9a-f]*\)".*/\2  \1/p' "$from/backup_manifest" \
    | sha256sum --check --quiet --strict) || die "$from is damaged. Remove what was restored, and move this backup away."
  {
    echo "restore_command = 'gunzip <$archive/%f.gz >%p'"
    echo "recovery_target_action = 'promote'"
    [[ -z $time ]] || echo "recovery_target_time = '${time//\'/}'"
  } >>"$PGDATA/postgresql.auto.conf"
  touch "$PGDATA/recovery.signal"
  echo "Restored from $from. PostgreSQL reads the archive when it starts."
}

command=${1:-}
shift || true
case $command in
  base | archive | prune | dump | undump | unmark)
    PGPASSWORD=$(cat /run/secrets/postgres)
    export PGPASSWORD
    ;;
esac
case $command in
  base | archive | prune | unmark | restore) "$command" "$@" ;;
  dump) pg_dump --format custom --no-password "${1:?which database}" ;;
  undump) pg_restore --clean --if-exists --create --exit-on-error --no-password --dbname postgres ;;
  *) die "one of: base, archive, prune DAYS, dump DATABASE, undump, unmark, restore [TIME]" ;;
esac
