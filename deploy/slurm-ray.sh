#!/usr/bin/env bash
# A batch on a cluster of Ray inside one SLURM job of several nodes. Work goes to whoever is free,
# so no node waits for the slowest shard; where nodes come one by one, slurm-array.sh starts sooner.
#
#   SOURCES=list.txt DEST=results sbatch --nodes=4 deploy/slurm-ray.sh [SETTINGS ...]
#
# The sources and the results lie on a file system that all nodes see, or in an object store. Submit
# the same line again to process what is still missing.
#
#SBATCH --job-name=poselift-ray
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=16
#SBATCH --mem=0
#SBATCH --time=12:00:00
#SBATCH --output=poselift-ray-%j.log
# Ten minutes before the time is over: finish the videos that are running and begin no others.
#SBATCH --signal=B:INT@600
set -euo pipefail
sources=${SOURCES:?a folder, a pattern or a list} dest=${DEST:?where the results go}
ray=${RAY:-ray} poselift=${POSELIFT:-poselift}
port=$((20000 + SLURM_JOB_ID % 10000))
head=$(hostname)
cpus=${SLURM_CPUS_PER_TASK:-$(nproc)}
export RAY_USAGE_STATS_ENABLED=0
# Others on the network must not be able to use the cluster: whoever reaches it may run programs.
RAY_AUTH_TOKEN=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
export RAY_AUTH_MODE=token RAY_AUTH_TOKEN

# A job step for each node: they end with the job, whatever becomes of it.
srun --overlap --nodes=1 --ntasks=1 --nodelist="$head" \
    "$ray" start --head --block --port="$port" --num-cpus="$cpus" --include-dashboard=false &
if [ "$SLURM_JOB_NUM_NODES" -gt 1 ]; then
    srun --overlap --nodes=$((SLURM_JOB_NUM_NODES - 1)) --ntasks-per-node=1 --exclude="$head" \
        bash -c 'until "$@"; do sleep 5; done' _ \
        "$ray" start --block --address="$head:$port" --num-cpus="$cpus" &
fi
for _ in $(seq 60); do
    "$ray" status --address="$head:$port" >/dev/null 2>&1 && break
    sleep 2
done

# `exec`: the signal has to reach the command itself. The steps end when it has ended.
exec "$poselift" batch "$sources" --out "$dest" --engine ray --address "$head:$port" \
    --cpus-per-worker "${CPUS_PER_WORKER:-4}" "$@"
