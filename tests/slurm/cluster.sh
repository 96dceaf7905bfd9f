#!/usr/bin/env bash
# A real Slurm on this one machine, of four nodes, for as long as a command takes:
#
#   tests/slurm/cluster.sh FOLDER COMMAND [ARGUMENT...]      for example:  cluster.sh /tmp/slurm bash
#
# FOLDER, which must not exist yet, keeps the logs. It takes root and the packages of
# `scripts/install-deps.sh --slurm`, no systemd, and writes nothing outside FOLDER. All of it lives in namespaces
# of its own: ports cannot collide with those of another such cluster, and when COMMAND ends, or this
# script is killed, the kernel ends every process of it.
#
# Each node is a namespace within: a host name, processes, a network address, a /dev/shm of its own, as on a real
# one. What is one for all is the file system, as on most clusters.
#
# Sourced with $cluster set to FOLDER, this gives COMMAND the functions node_start and node_crash.

cluster_nodes=4
cluster_network=10.77.0 # .1 is node1, .254 the one on which the controller and COMMAND are
cluster_cpus=4 # of each; so many of the machine's it sees, if there are as many

# The machine's first CPUs, as taskset wants them
cluster_first_cpus() {
    local ranges range cpus=()
    IFS=, read -ra ranges <<<"$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status)"
    for range in "${ranges[@]}"; do
        mapfile -t -O "${#cpus[@]}" cpus < <(seq "${range%-*}" "${range#*-}")
    done
    echo "${cpus[@]:0:$1}" | tr ' ' ,
}

# node_start N: switch a node on
node_start() {
    # Its first process is a shell that picks up what others leave behind; when it dies, so do all of them. The
    # other end of its cable is plugged in below.
    local first cpus
    cpus=$(cluster_first_cpus $cluster_cpus)
    # shellcheck disable=SC2016
    SLURM_CONF=$cluster/slurm.conf taskset -c "$cpus" \
        unshare --pid --net --mount --uts --ipc --propagation private --fork --kill-child --mount-proc \
        bash -c 'hostname "$1" && mount -t tmpfs -o mode=1777,size=1g shm /dev/shm && ip link set lo up || exit
            until ip link set eth0 up 2>/dev/null; do sleep 0.02; done
            ip addr add "$2/24" dev eth0
            slurmd -D -f "$SLURM_CONF" -N "$1" & wait $!' node "node$1" "$cluster_network.$1" </dev/null >>"$cluster/log/node$1.out" 2>&1 &
    echo $! >"$cluster/node$1.pid"
    disown
    until first=$(pgrep -P "$(<"$cluster/node$1.pid")"); do
        sleep 0.02
    done
    ip link add "port$1" type veth peer name eth0 netns "$first"
    ip link set "port$1" master cluster up
}

# node_crash N: switch it off, with all that runs on it
node_crash() {
    kill -KILL "$(<"$cluster/node$1.pid")"
}

# ---- As a program ---------------------------------------------------------------------------------

write_configuration() {
    local i
    echo "127.0.0.1 localhost" >"$cluster/hosts"
    echo "$cluster_network.254 control" >>"$cluster/hosts"
    for ((i = 1; i <= cluster_nodes; i++)); do
        mkdir "$cluster/spool.node$i"
        mkdir -m 1777 "$cluster/tmp.node$i"
        echo "$cluster_network.$i node$i" >>"$cluster/hosts"
    done
    cat >"$cluster/slurm.conf" <<CONF
ClusterName=test
SlurmctldHost=control($cluster_network.254)
SlurmctldPort=6817
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
# A job that was requeued starts again only when its old credential has ended: 8 s, not 2 minutes; with
# less a busy machine launches nothing in time
AuthInfo=socket=$cluster/munge/socket,cred_expire=8
StateSaveLocation=$cluster/state
SlurmdSpoolDir=$cluster/spool.%n
TmpFS=$cluster/tmp.%n
SlurmctldPidFile=$cluster/log/slurmctld.pid
SlurmdPidFile=$cluster/log/slurmd.%n.pid
SlurmctldLogFile=$cluster/log/slurmctld.log
SlurmdLogFile=$cluster/log/slurmd.%n.log
MailProg=/bin/true
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
TaskProlog=$cluster/task-prolog
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=0
SwitchType=switch/none
MpiDefault=none
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/filetxt
JobCompLoc=$cluster/log/jobs
PropagateResourceLimits=NONE
# Nodes may have more CPUs than the machine
SlurmdParameters=config_overrides
ReturnToService=2
SlurmdTimeout=20
KillWait=10
JobRequeue=1
NodeName=node[1-$cluster_nodes] NodeAddr=$cluster_network.[1-$cluster_nodes] CPUs=$cluster_cpus RealMemory=4000 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES DefaultTime=5 MaxTime=60 State=UP
CONF
    # What this prints enters the environment of every task and every batch script.
    cat >"$cluster/task-prolog" <<PROLOG
#!/bin/sh
echo "export TMPDIR=$cluster/tmp.\$SLURMD_NODENAME"
PROLOG
    chmod 755 "$cluster/task-prolog"
}

start_daemons() {
    local i
    head -c 1024 /dev/urandom >"$cluster/munge/key"
    chmod 400 "$cluster/munge/key"
    munged --key-file="$cluster/munge/key" --socket="$cluster/munge/socket" --log-file="$cluster/munge/log" \
        --pid-file="$cluster/munge/pid" --seed-file="$cluster/munge/seed" </dev/null >"$cluster/log/munged.out" 2>&1 ||
        return
    slurmctld -D -f "$SLURM_CONF" </dev/null >"$cluster/log/slurmctld.out" 2>&1 &
    for ((i = 1; i <= cluster_nodes; i++)); do
        node_start "$i"
    done
}

nodes_ready() {
    local end=$((SECONDS + 30))
    while ((SECONDS < end)); do
        [[ $(timeout 5 sinfo -h -t idle -o %D 2>/dev/null) == "$cluster_nodes" ]] && return
        sleep 0.1
    done
    return 1
}

# In the namespaces, as their first process
inside() {
    trap 'exit 130' INT TERM
    set -e
    export PATH=$PATH:/usr/sbin:/sbin SLURM_CONF=$cluster/slurm.conf
    mkdir -p "$cluster"/{log,state,munge}
    chmod 755 "$cluster" "$cluster/munge"
    write_configuration
    hostname control
    mount --bind "$cluster/hosts" /etc/hosts
    ip link set lo up
    ip link add cluster type bridge
    ip addr add "$cluster_network.254/24" dev cluster
    ip link set cluster up
    if ! start_daemons || ! nodes_ready; then
        echo "cluster.sh: Slurm did not start" >&2
        tail -n 5 "$cluster"/log/*.out "$cluster"/log/*.log "$cluster/munge/log" >&2
        exit 1
    fi
    set +e
    "$@" # and with this process all others end
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
    set -uo pipefail
    if [[ ${1-} == --inside ]]; then
        cluster=$2
        inside "${@:3}"
        exit
    fi
    if [[ $# -lt 2 || $EUID -ne 0 ]]; then
        echo "usage, as root: ${0##*/} FOLDER COMMAND [ARGUMENT...]" >&2
        exit 2
    fi
    mkdir -- "$1" || exit
    cluster=$(readlink -f -- "$1")
    exec unshare --pid --net --mount --uts --ipc --propagation private --fork --kill-child --mount-proc \
        bash "$(readlink -f -- "$0")" --inside "$cluster" "${@:2}"
fi
