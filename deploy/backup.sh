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
#
# Whoever went back to a moment went on from there: what was written meanwhile is another line of time, which stays in the
# archive. `restore` follows the line that was lived at TIME, or the newest, from a backup that lies on it.
set -euo pipefail
folder=${BACKUP:-/backup}
archive=$folder/wal bases=$folder/base
export PGHOST=${PGHOST:-127.0.0.1} PGUSER=postgres PGDATABASE=postgres PGCONNECT_TIMEOUT=5

die() {
  echo "backup: $*" >&2
  exit 1
}

all() { find "$bases" -mindepth 1 -maxdepth 1 -type d -name '*Z' | sort; }
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
  # Something is written first: where nothing was, nothing would be archived, and waited for in vain. It is a transaction, for
  # a restore to a moment ends at the first one behind it.
  psql -XAtqc "SELECT pg_create_restore_point('archive'), pg_current_xact_id()" >/dev/null
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
  # By their numbers: those of other lines of time begin with another one.
  pg_archivecleanup -x .gz "$archive" "$(all | sed 's:$:/first-segment:' | xargs cat | sort -k 1.9 | head -1)"
  ls "$bases"
}

# A dump holds no statistics. Until PostgreSQL looked by itself, within a minute or so, it would read and sort everybody for a page.
undump() {
  pg_restore --clean --if-exists --create --exit-on-error --no-password --dbname postgres
  vacuumdb --all --analyze-only --missing-stats-only --quiet --no-password
}

unmark() {
  local database
  for database in profile profile_keys; do
    psql -X --quiet --dbname "$database" --command "UPDATE journal_mark SET number = -1, mac = ''"
  done
}

lines() { find "$archive" -name '*.history.gz' | sort; }

# The line of time that was lived at a moment (seconds since 1970), as PostgreSQL numbers them.
line_at() {
  local file line=1
  for file in $(lines); do
    (($(stat -c %Y "$file") > $1)) || line=$((16#$(basename "$file" .history.gz)))
  done
  echo "$line"
}

# Whether a backup lies on a line of time: made on it, or on one before it left that one.
lies_on() { # BACKUP LINE
  local made end left
  read -r made end < <(sed -n 's:.*"Timeline"\: \([0-9]*\),.*"End-LSN"\: "\([0-9A-F/]*\)".*:\1 \2:p' "$1/backup_manifest" | tail -1)
  ((made != $2)) || return 0
  left=$(gunzip <"$archive/$(printf %08X "$2").history.gz" 2>/dev/null | awk -v made="$made" '$1 == made { print $2 }')
  [[ -n $left ]] && (($(position "$end") <= $(position "$left")))
}

position() { echo "$((16#${1%/*} * 2 ** 32 + 16#${1#*/}))"; }

restore() {
  local each from='' line time=${1:-} until
  until=$(date --utc -d "${time:-tomorrow}" +%s 2>/dev/null) || die "$time is no moment. Say it as in '2026-11-22 03:00:00+00'."
  line=$(line_at "$until")
  for each in $(all); do
    # What it needs of the archive is written down when it is whole.
    if (($(stat -c %Y "$each/first-segment") < until)) && lies_on "$each" "$line"; then from=$each; fi
  done
  [[ -n $from ]] || die "there is no backup in $bases${time:+ that was whole at $time}."
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
    echo "recovery_target_timeline = '$line'"
    [[ -z $time ]] || echo "recovery_target_time = '${time//\'/}'"
  } >>"$PGDATA/postgresql.auto.conf"
  touch "$PGDATA/recovery.signal"
  echo "Restored from $from. PostgreSQL reads the archive when it starts."
}

command=${1:-}
shift || true
case $command in
  base | archive | prune | dump | undump | unmark)
    PGPASSWORD=$(cat "${POSTGRES_PASSWORD_FILE:-/run/secrets/postgres}")
    export PGPASSWORD
    ;;
esac
case $command in
  base | archive | prune | undump | unmark | restore) "$command" "$@" ;;
  dump) pg_dump --format custom --no-password "${1:?which database}" ;;
  *) die "one of: base, archive, prune DAYS, dump DATABASE, undump, unmark, restore [TIME]" ;;
esac
