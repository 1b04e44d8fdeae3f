#!/usr/bin/env bash
# tools/demo.sh SLUICE EXAMPLE_DIR: starts examples/thirst on free ports, sends the first event, and shows
# each hop of it as it happens; then one tick of the example's own source. Ends with 0 when both have made
# the whole way, within a minute; ends only what it has started.
set -euo pipefail

sluice=$1 example=${2%/}
patience_s=20
work=$(mktemp -d)
pids=()
begin=$EPOCHREALTIME

cleanup() {
  local pid
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$work"
}
trap cleanup EXIT

seconds_since_begin() {
  local now=$EPOCHREALTIME
  printf '%6d ms' $(((${now/[.,]/} - ${begin/[.,]/}) / 1000))
}

# say WHO WORDS...
say() {
  local who=$1
  shift
  printf '%s  %-8s %s\n' "$(seconds_since_begin)" "$who" "$*" | tee -a "$work/hops"
}

fail() {
  echo "demo: $1" >&2
  tail -n 20 "$work"/*.log >&2
  exit 1
}

# wait_for FILE PATTERN WHAT: until a line of FILE matches.
wait_for() {
  local end=$((SECONDS + patience_s))
  until grep -q -- "$2" "$1" 2>/dev/null; do
    [ "$SECONDS" -lt "$end" ] || fail "$3 did not happen within $patience_s s"
    sleep 0.02
  done
}

# One member of a line of JSON; good enough for the events of the example.
member() { sed -n "s/.*\"$1\": *\"\{0,1\}\([^\",}]*\).*/\1/p" <<<"$2"; }

# field NAME LINE: what follows NAME= in a line of the log.
field() { sed -n "s/.* $1=\\(\"[^\"]*\"\\|[^ ]*\\).*/\\1/p" <<<"$2"; }

# Reads what the broker prints as it prints it: decisions, then what is done about each.
show_hops() {
  local line
  while IFS= read -r line; do
    case "$line" in
      *'"type"'*)
        say model "decides on an event of $(member causesource "$line"): $(member action "$line")" \
          "($(member tokensin "$line") tokens in, $(member tokensout "$line") out)"
        say broker "routes $(member type "$line")"
        ;;
      ACTION:*) say display "$line" ;;
    esac
  done
}

case "$(basename "$example")" in
  thirst) ;;
  *) echo "demo: tools/demo.sh knows how to show examples/thirst only" >&2 && exit 2 ;;
esac

echo "What runs (sluice graph -f $example/):"
"$sluice" graph -f "$example/" | sed -n 's/^/  /p'
echo
"$sluice" serve -f "$example/" --listen 127.0.0.1:0 --admin 127.0.0.1:0 \
  >"$work/display.out" 2>"$work/serve.log" &
pids+=($!)
wait_for "$work/serve.log" 'serve.ready' "the broker's start"
ready=$(grep 'serve.ready' "$work/serve.log")
listen=$(field listen "$ready")
say broker "ready: ingress $listen, admin $(field admin "$ready")"
wait_for "$work/serve.log" 'inference.loaded' "the model's load"
loaded=$(grep 'inference.loaded' "$work/serve.log")
say model "$(field model "$loaded") loaded in $(field load_ms "$loaded") ms: $(field weights_mib "$loaded") MiB on" \
  "$(field device "$loaded")"

# The EventDisplays print inside the broker, on its standard output.
(cd "$work" && exec tail -n +1 -F display.out 2>/dev/null) > >(show_hops) &
pids+=($!)

sent_at=$EPOCHREALTIME
say you "send \"I am thirsty\" to $listen/default/sequences/think"
"$sluice" send --to "$listen/default/sequences/think" --type com.example.said --source /demo --id first \
  --content-type text/plain --data 'I am thirsty' >"$work/send.log" 2>&1 || fail "sending the first event"
say you "answered: $(head -n 1 "$work/send.log")"
wait_for "$work/hops" 'event of /demo' "the decision on the first event"
wait_for "$work/hops" 'display *ACTION: drink water' "the action"
took=$(((${EPOCHREALTIME/[.,]/} - ${sent_at/[.,]/}) / 1000))

wait_for "$work/hops" 'event of .*pingsources/somebody' "the PingSource's event"
actions() { grep -c 'display *ACTION: drink water' "$work/hops"; }
end=$((SECONDS + patience_s))
until [ "$(actions)" -ge 2 ]; do
  [ "$SECONDS" -lt "$end" ] || fail "the action on the PingSource's 渴了"
  sleep 0.02
done
echo
echo "An event was a prompt, the decision an event, and a subscriber acted on it: $took ms, offline. Then the"
echo "PingSource said 渴了 by itself. By hand: $example/README.md"
