#!/usr/bin/env bash
# Installs from Debian 12 what is missing, and says what it installs.
#
#   tools/setup.sh [build|test|bench|lint|all]...     default: build
#
# Works as root or with sudo. Does nothing, in well under a second, when nothing is missing. Packages
# in the `wanted` lists serve single tests or benchmarks: where one cannot be had, those are skipped
# and say so, and the setup goes on. No service that comes with a package is left running.
set -euo pipefail

declare -A needed=(
  [build]="g++ make cmake ninja-build ccache pkg-config libboost1.81-dev libfyaml-dev
           nlohmann-json3-dev libsimdjson-dev libspdlog-dev libfmt-dev libcli11-dev
           libhowardhinnant-date-dev tzdata librdkafka-dev libhiredis-dev libjemalloc-dev libutf8proc-dev"
  [test]="libgtest-dev libgmock-dev librapidcheck-dev python3"
  [bench]="libbenchmark-dev python3"
  [lint]="clang-format-14 clang-tidy-14 libgtest-dev libgmock-dev librapidcheck-dev libbenchmark-dev"
)
declare -A wanted=(
  [build]=""
  [test]="curl prometheus clang-14 libclang-rt-14-dev python3-venv redis-server kcat
          openjdk-17-jre-headless maven"
  [bench]="nginx-light valgrind"
  [lint]="clang-14"
)
node_version_min=18  # The oldest that the npm clients under test run on; any node on PATH will do.

groups=("$@")
[ ${#groups[@]} -gt 0 ] || groups=(build)
for group in "${groups[@]}"; do
  case "$group" in
    build | test | bench | lint) ;;
    all) groups=(build test bench lint) && break ;;
    *)
      echo "setup: unknown group '$group': give build, test, bench, lint or all" >&2
      exit 2
      ;;
  esac
done

has_node() {
  command -v npm >/dev/null || return 1
  local major
  major=$(node --version 2>/dev/null | sed -n 's/^v\([0-9]*\).*/\1/p')
  [ "${major:-0}" -ge "$node_version_min" ]
}

# missing NAME...: those that dpkg does not know as installed, each once. Programs on PATH count as
# installed wherever they came from.
missing() {
  local installed name
  installed=" $(dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2>/dev/null |
    sed -n 's/^installed //p' | tr '\n' ' ') "
  for name in $(printf '%s\n' "$@" | sort -u); do
    case "$installed" in *" $name "*) continue ;; esac
    case "$name" in
      g++ | make | cmake | ccache | python3 | curl | valgrind | prometheus | \
        clang-14 | clang-format-14 | clang-tidy-14) command -v "$name" >/dev/null && continue ;;
      ninja-build) command -v ninja >/dev/null && continue ;;
      python3-venv) python3 -c 'import ensurepip' 2>/dev/null && continue ;;
      redis-server | kcat) command -v "$name" >/dev/null && continue ;;
      openjdk-17-jre-headless) command -v java >/dev/null && continue ;;
      maven) command -v mvn >/dev/null && continue ;;
      nginx-light) PATH=$PATH:/usr/sbin command -v nginx >/dev/null && continue ;;
    esac
    echo "$name"
  done
}

if ! command -v dpkg-query >/dev/null; then
  echo "setup: this is not Debian: install the equivalents of these yourself:" >&2
  for group in "${groups[@]}"; do echo ${needed[$group]} ${wanted[$group]} >&2; done
  exit 1
fi

need="" want=""
for group in "${groups[@]}"; do
  need+=" ${needed[$group]}"
  want+=" ${wanted[$group]}"
  if [ "$group" = test ] && ! has_node; then want+=" nodejs npm"; fi
done
need=$(missing $need)
want=$(missing $want)
if [ -z "$need$want" ]; then exit 0; fi

if [ "$(id -u)" = 0 ]; then
  as_root=""
elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
  as_root=sudo
elif [ -z "$need" ]; then
  echo "setup: neither root nor sudo here, so what needs these is skipped:" $want >&2
  exit 0
else
  echo "setup: these packages are missing, and neither root nor sudo is here to install them:" >&2
  echo "  apt-get install" $need $want >&2
  exit 1
fi

# Packages must not start their services (prometheus, nginx): Debian asks policy-rc.d.
policy=/usr/sbin/policy-rc.d
work=$(mktemp -d)
cleanup() {
  rm -rf "$work"
  if [ -n "${made_policy:-}" ]; then $as_root rm -f "$policy"; fi
}
trap cleanup EXIT
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$work/policy-rc.d"
  made_policy=yes
  $as_root install -m 755 "$work/policy-rc.d" "$policy"
fi

install_packages() {
  $as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends -o Dpkg::Use-Pty=0 "$@" >"$work/apt.log" 2>&1
}

echo "setup: installing from Debian:" $need $want
if ! $as_root apt-get update >"$work/update.log" 2>&1; then
  echo "setup: apt-get update failed, trying with the package lists that are here:" >&2
  tail -n 3 "$work/update.log" >&2
fi
if [ -n "$need" ] && ! install_packages $need; then
  echo "setup: apt-get install failed for:" $need >&2
  tail -n 15 "$work/apt.log" >&2
  echo "setup: Sluice is built on Debian 12; libboost1.81-dev or newer is a must" >&2
  exit 1
fi
for name in $want; do
  if ! install_packages "$name"; then
    echo "setup: no $name here; what needs it is skipped" >&2
    continue
  fi
  case "$name" in  # Not at the next boot either.
    prometheus | nginx-light)
      if [ -d /run/systemd/system ]; then
        $as_root systemctl disable "${name%-light}" >/dev/null 2>&1 || true
      fi
      ;;
  esac
done
echo "setup: done"
