#!/bin/bash
# Trains one model on several nodes: sbatch slurm_train.sh config.toml /shared/runs/ko_en
# Slurm's variables tell each task who it is. A job that is preempted, or loses a node, is put into the
# queue again and goes on from its last checkpoint, with as many nodes as it then has.
#SBATCH --job-name=keras-seq2seq
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=8
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --signal=TERM@120
# With GPUs: #SBATCH --gpus-per-node=4
set -eu
config=$1
run=$2  # on a disk that all nodes share, as config and corpus are

# Once for all tasks: begin, or go on.
if [ -e "$run/config.toml" ]; then
    arguments=(--resume "$run")
else
    arguments=("$config" --run-dir "$run")
fi
# One task that fails ends all; the job is then queued again, at most ten times. Not after exit code
# 2, which says that something has to be mended first.
code=0
srun --kill-on-bad-exit=1 keras-seq2seq train "${arguments[@]}" \
    --set training.distribute=multiworker || code=$?
if [ "$code" -ne 0 ]; then
    [ "$code" -eq 2 ] || [ -e "$run/training_summary.json" ] ||
        [ "${SLURM_RESTART_COUNT:-0}" -ge 10 ] || scontrol requeue "$SLURM_JOB_ID"
fi
exit "$code"
