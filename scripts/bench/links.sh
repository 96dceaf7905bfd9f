# Sourced by bench-scaling.sh: hosts that are network namespaces of this machine, each with a core, a name and
# a /dev/shm of its own, joined by a bridge, behind links that send at a given rate. Needs root.
# shellcheck shell=bash

links_name=dtb$$ # the bridge and, with a number, the namespaces
links_net=10.213.77

# links_open HOSTS
links_open() {
    links_hosts=$1
    ip link add "$links_name" type bridge
    ip addr add "$links_net.254/24" dev "$links_name"
    ip link set "$links_name" up
    for ((h = 1; h <= links_hosts; h++)); do
        ip netns add "$links_name-$h"
        ip link add "$links_name.$h" type veth peer name eth0 netns "$links_name-$h"
        ip link set "$links_name.$h" master "$links_name" up
        ip -n "$links_name-$h" addr add "$links_net.$h/24" dev eth0
        ip -n "$links_name-$h" link set eth0 up
        ip -n "$links_name-$h" link set lo up
    done
    # What mpirun calls for ssh: HOST COMMAND...
    cat >"$folder/agent" <<EOF
#!/bin/sh
host=\${1##*.}
shift
exec taskset -c \$(((host - 1) % $(cores))) ip netns exec $links_name-\$host unshare --uts --mount sh -c \
    "hostname $links_name-\$host; mount -t tmpfs tmpfs /dev/shm; \$*"
EOF
    chmod +x "$folder/agent"
}

# links_rate GBIT: what each host may send; 0: no limit
links_rate() {
    for ((h = 1; h <= links_hosts; h++)); do
        ip netns exec "$links_name-$h" tc qdisc del dev eth0 root 2>/dev/null || true
        if [[ $1 != 0 ]]; then
            ip netns exec "$links_name-$h" tc qdisc add dev eth0 root tbf rate "$(awk -v g="$1" 'BEGIN { print 1000 * g }')mbit" \
                burst 256kb limit 32mb
        fi
    done
}

# The command that starts so many ranks, one a host; for MPIRUN.
links_launcher() {
    local hosts=$links_net.1
    for ((h = 2; h <= $1; h++)); do
        hosts+=,$links_net.$h
    done
    echo "timeout -k 5 300 mpirun --host $hosts --map-by node --bind-to none --mca plm_rsh_agent $folder/agent --mca btl self,tcp" \
        "--mca btl_tcp_if_include $links_net.0/24 --mca oob_tcp_if_include $links_net.0/24"
}

links_close() {
    for ((h = 1; h <= ${links_hosts:-0}; h++)); do
        ip netns del "$links_name-$h" 2>/dev/null || true
    done
    ip link del "$links_name" 2>/dev/null || true
}
