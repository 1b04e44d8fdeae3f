#!/bin/sh
# tools/keep_ptxas.sh NVCC ARGS...: runs it, and keeps what ptxas says of each kernel in OBJECT.ptxas,
# for tools/cuda_report.py, so that a build's output has nothing in it but what is wrong.
object=
previous=
for word in "$@"; do
  [ "$previous" != -o ] || object=$word
  previous=$word
done
[ -n "$object" ] || exec "$@"

status=0
"$@" 2>"$object.ptxas.new" || status=$?
grep -vE '^ptxas info|^ +[0-9]+ bytes (stack frame|cumulative stack)' "$object.ptxas.new" >&2
if [ "$status" -eq 0 ]; then
  mv "$object.ptxas.new" "$object.ptxas"
else
  rm -f "$object.ptxas.new" "$object.ptxas"
fi
exit "$status"
