# Shared by every script of the local cluster: where things lie and how to talk to the person watching.
# Caches are keyed by content and shared by all clusters of the machine; the state folder belongs to one cluster.
CLUSTER_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
REPOSITORY=$(cd "$CLUSTER_DIR/../.." && pwd)
CACHE=${STUN_CACHE:-$HOME/.cache/stun-operator}
STATE=${STUN_CLUSTER_STATE:-$CACHE/cluster}

fail() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

# step TEXT COMMAND...: run a step quietly, print one line with the seconds it took, and show its output only if it fails.
# It runs in the background because `set -e` has no effect inside a command whose status is asked for.
step() {
  local text=$1 began=$SECONDS log rc=0
  shift
  log=$(mktemp)
  (
    set -e
    "$@"
  ) >"$log" 2>&1 &
  wait $! || rc=$?
  [ "$rc" = 0 ] || cat "$log" >&2
  rm -f "$log"
  [ "$rc" = 0 ] || fail "\"$text\" failed with exit status $rc; the lines above say why"
  printf '%-58s %4d s\n' "$text" $((SECONDS - began))
}

# content_key FILE...: 16 hex digits that change when any of the files does; names the folder of a cached build.
content_key() { cat -- "$@" | sha256sum | cut -c1-16; }

# Clusters share the caches, so one script at a time fills them. A script that holds the lock calls none that takes it.
lock_caches() {
  mkdir -p "$CACHE"
  exec 8>"$CACHE/.lock"
  flock 8
}

# Every cluster has a network namespace of its own, so two clusters use the same addresses without meeting.
NODE_ADDRESS=10.89.0.1
API_SERVICE_ADDRESS=10.96.0.1
PYTHON_ENVIRONMENT=$CACHE/python/current

# The host's PID of the cluster's init process; fails when the cluster is down.
init_pid() {
  local pid started
  read -r pid started 2>/dev/null <"$STATE/init.pid" || return 1
  [ "$(process_start "$pid")" = "$started" ] && echo "$pid"
}

# A process is known by its PID and its start time: a PID alone may since belong to somebody else.
process_start() {
  local fields
  read -r -a fields 2>/dev/null <"/proc/$1/stat" || return 1
  [ "${fields[2]}" != Z ] && echo "${fields[21]}"
}

# inside PID COMMAND...: run a command in the namespaces of that init process, in the present folder.
inside() {
  local pid=$1
  shift
  # shellcheck disable=SC2016
  nsenter -t "$pid" -n -m -p -- bash -c 'cd "$1" && shift && exec "$@"' inside "$PWD" "$@"
}

# The kernel ends every process of the cluster with its init process, and with the last of them its mounts and network.
end_namespaces() {
  kill -KILL "$1"
  while [ -e "/proc/$1" ]; do sleep 0.05; done
}
