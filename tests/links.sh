#!/usr/bin/env bash
# Measures one classification on emulated links: two network namespaces joined by a veth pair, shaped with tc netem at both
# ends. Needs root, iproute2 and the release build of the programs (cargo build --release -p client -p server).
#   tests/links.sh [FOLDER OF THE PROGRAMS]
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${1:-target/release}
server_pid=

clean() {
    [ -z "$server_pid" ] || kill "$server_pid" 2>/dev/null || true
    ip netns del pp-gateway 2>/dev/null || true
    ip netns del pp-cloud 2>/dev/null || true
}
trap clean EXIT
clean
ip netns add pp-gateway
ip netns add pp-cloud
ip link add pp0 netns pp-gateway type veth peer name pp1 netns pp-cloud
ip -n pp-gateway addr add 10.77.0.1/24 dev pp0
ip -n pp-cloud addr add 10.77.0.2/24 dev pp1
for end in "pp-gateway pp0" "pp-cloud pp1"; do
    set -- $end
    ip -n "$1" link set lo up
    ip -n "$1" link set "$2" up
done

ip netns exec pp-cloud "$bin/pp-server" --model models/deepcardio.bin --listen 10.77.0.2:7464 --insecure 2>/dev/null &
server_pid=$!
sleep 3

run() { # rate, one-way delay, backend, comparison
    ip netns exec pp-gateway "$bin/pp-client" infer samples/synthetic-af.csv --server 10.77.0.2:7464 --insecure --timeout 600 \
        --nonlinear "$3" --comparison "$4" --json | python3 -c "
import json, sys
r = json.load(sys.stdin); s, t = r['seconds'], r['traffic']
print(f'| $1, $2 each way | $3 $4 | {s[\"setup\"]:.2f} | {s[\"offline\"]:.2f} | {s[\"online\"]:.2f} | {s[\"total\"]:.2f} | {(t[\"up\"] + t[\"down\"]) / 1e6:.1f} |')"
}

echo "| link | backend | set-up s | offline s | online s | total s | MB |"
echo "|---|---|---|---|---|---|---|"
for link in "10mbit 15ms" "100mbit 10ms" "1gbit 0.5ms"; do
    set -- $link
    rate=$1 delay=$2
    ip netns exec pp-gateway tc qdisc replace dev pp0 root netem rate "$rate" delay "$delay" limit 100000
    ip netns exec pp-cloud tc qdisc replace dev pp1 root netem rate "$rate" delay "$delay" limit 100000
    for way in "ot auto" "ot tree" "ot ripple" "gc auto"; do
        set -- $way
        run "$rate" "$delay" "$1" "$2"
    done
done
