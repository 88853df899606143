#!/usr/bin/env bash
# A batch on several machines over ssh with GNU parallel, one shard at a time on each.
#
#   deploy/gnu-parallel.sh hosts.txt 32 list.txt results [SETTINGS ...]
#
# hosts.txt has one machine per line (`:` is this one). All of them see the sources, the results
# and this folder under the same paths. Give more shards than machines: a machine that is done
# early takes the next one. Run it again to process what is still missing.
set -euo pipefail
hosts=${1:?a file with one host per line} shards=${2:?the number of shards}
sources=${3:?a folder, a pattern or a list} dest=${4:?the folder for the results}
command=${POSELIFT:-poselift}

status=0
seq 0 $((shards - 1)) | parallel --sshloginfile "$hosts" --jobs "${PER_HOST:-1}" --workdir . \
    --line-buffer --quote "$command" batch "$sources" --out "$dest" --shard "{}/$shards" "${@:5}" ||
    status=$?
"$command" batch --out "$dest" --manifest
exit "$status"
