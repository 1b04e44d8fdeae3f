#!/usr/bin/env bash
# tools/demo.sh SLUICE EXAMPLE_DIR: starts the example on free ports, sends the first event, and shows each
# hop of it as it happens; then one tick of the example's own source. Ends with 0 when both have made the
# whole way, within a minute; ends only what it has started.
set -euo pipefail

sluice=$1 example=${2%/}
name=$(basename "$example")
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

say() { printf '%s  %-8s %s\n' "$(seconds_since_begin)" "$1" "$2" | tee -a "$work/hops"; }

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
member() { sed -n "s/.*\"$1\": *\"\\([^\"]*\\)\".*/\\1/p" <<<"$2"; }

# start_step NAME REPLY_FILE: a subscriber in a process of its own; its URL is then in url_of_step.
start_step() {
  local step=$1 reply=$2
  "$sluice" display --listen 127.0.0.1:0 -o json --reply "$reply" \
    >"$work/$step.out" 2>"$work/$step.log" &
  pids+=($!)
  wait_for "$work/$step.log" 'listening on' "$step's start"
  url_of_step=$(sed -n 's/.*listening on \(http[^ ]*\).*/\1/p' "$work/$step.log")
}

# Reads what the subscribers print as they print it, in that order, from one `tail` over all of them.
show_hops() {
  local line who="" replies
  while IFS= read -r line; do
    case "$who:$line" in
      *:"==> "*) who=$(basename "${line//[=<> ]/}" .out) ;;
      step-*:*'"type"'*)
        replies=$(member type "$(tr -d '\n' <"$example/$who.json")")
        say "$who" "received $(member type "$line"), replies $replies"
        ;;
      display:*'"text"'*) say display "${line#"${line%%[! ]*}"}" ;;
      display:*" type: "*) say display "prints ${line##* }" ;;
    esac
  done
}

case "$name" in
  hello) ;;
  *) echo "demo: tools/demo.sh does not know how to show $name" >&2 && exit 2 ;;
esac

echo "What runs (sluice graph -f $example/):"
"$sluice" graph -f "$example/" | sed -n 's/^/  /p'
echo
start_step step-1 "$example/step-1.json"
export STEP_1_URL=$url_of_step
start_step step-2 "$example/step-2.json"
export STEP_2_URL=$url_of_step

"$sluice" serve -f "$example/" --listen 127.0.0.1:0 --admin 127.0.0.1:0 \
  >"$work/display.out" 2>"$work/serve.log" &
pids+=($!)
wait_for "$work/serve.log" 'serve.ready' "the broker's start"
listen=$(sed -n 's/.*serve.ready listen=\([^ ]*\).*/\1/p' "$work/serve.log")
admin=$(sed -n 's/.*serve.ready .*admin=\([^ ]*\).*/\1/p' "$work/serve.log")
say broker "ready: ingress $listen, admin $admin"

# The EventDisplay prints inside the broker, on its standard output.
(cd "$work" && exec tail -n +1 -F step-1.out step-2.out display.out 2>/dev/null) > >(show_hops) &
pids+=($!)

say you "send com.example.hello to $listen/default/default"
"$sluice" send --to "$listen/default/default" --type com.example.hello --source /demo --id first \
  --data '{"text": "hello"}' >"$work/send.log" 2>&1 || fail "sending the first event"
say you "answered: $(head -n 1 "$work/send.log")"
wait_for "$work/hops" 'display *prints com.example.greeting' "the greeting's arrival at the display"

wait_for "$work/hops" 'step-1 *received dev.knative.sources.ping' "a tick of the PingSource"
ticks() { grep -c 'display *prints com.example.greeting' "$work/hops"; }
end=$((SECONDS + patience_s))
until [ "$(ticks)" -ge 2 ]; do
  [ "$SECONDS" -lt "$end" ] || fail "the tick's greeting did not arrive"
  sleep 0.02
done
echo
echo "An event went in, through two steps, back into the broker as another event, and was printed."
echo "By hand: $example/README.md"
