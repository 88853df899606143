#!/usr/bin/env bash
# A batch as a SLURM job array. The sources and the results lie on a file system that all nodes see.
#
#   SOURCES=list.txt DEST=results sbatch --array=0-9 deploy/slurm-array.sh 10
#
# The argument is the number of shards, and the array counts from 0 to one less. Submit the same
# line again, with any number of shards, to process what is still missing. When all tasks have
# ended, write the manifest:
#
#   sbatch --dependency=afterany:JOBID --wrap "poselift batch --out results --manifest"
#
#SBATCH --job-name=poselift
#SBATCH --cpus-per-task=4
#SBATCH --mem=8G
#SBATCH --time=12:00:00
#SBATCH --output=poselift-%A_%a.log
# Ten minutes before the time is over: finish the videos that are running and begin no others.
#SBATCH --signal=B:INT@600
set -euo pipefail
shards=${1:?the number of shards, such as 10 for --array=0-9}

# Settings of the run follow the number of shards: sbatch ... deploy/slurm-array.sh 10 --save npz
# `exec`: the signal has to reach the command itself.
exec "${POSELIFT:-poselift}" batch "${SOURCES:?a folder, a pattern or a list}" \
    --out "${DEST:?the folder for the results}" \
    --shard "${SLURM_ARRAY_TASK_ID:?run this with sbatch --array}/$shards" \
    --jobs "${JOBS:-1}" "${@:2}"
