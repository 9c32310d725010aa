# SPDX-License-Identifier: GPL-3.0-or-later
# Shell library of the scripts in this folder; sourced by bash.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
config_home=${XDG_CONFIG_HOME:-$HOME/.config}
config_dir=$config_home/gatehouse
config=$config_dir/gatehouse.json
bin=$top/build/release/bin

say() { printf '%s\n' "$*"; }
fail() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

# A script that asks for root itself, and for apt alone, is not run through sudo: its files would be root's in a user's home.
refuse_sudo() {
    if [ "$(id -u)" = 0 ] && [ "${SUDO_UID:-0}" != 0 ]; then
        fail "run this as yourself, not through sudo: it calls sudo itself, for apt alone"
    fi
}

# packages SECTION…: the packages of these sections that this machine should have from Debian, one a line.
packages() {
    local section line package option wanted=" $* " current=
    for section in "$@"; do
        grep -qx "\[$section\]" "$top/packaging/dependencies" || fail "packaging/dependencies has no section [$section]"
    done
    while IFS= read -r line; do
        line=${line%%#*}
        case $line in
        \[*\]*) current=${line#\[} current=${current%%\]*} && continue ;;
        esac
        read -r package option <<<"$line" || true
        [ -n "$package" ] || continue
        [[ $wanted == *" $current "* ]] || continue
        if [[ $option == unless=* ]] && command -v "${option#unless=}" >/dev/null; then
            continue
        fi
        say "$package"
    done <"$top/packaging/dependencies" | sort -u
}

installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

apt_get() {
    local options=(-o DPkg::Lock::Timeout=300 -y)
    if [ "$(id -u)" = 0 ]; then
        DEBIAN_FRONTEND=noninteractive apt-get "${options[@]}" "$@" </dev/null
    else
        sudo apt-get "${options[@]}" "$@" </dev/null
    fi
}

# need_packages SECTION…: installs what these sections of packaging/dependencies name and this machine lacks.
need_packages() {
    local package list missing=()
    command -v dpkg-query >/dev/null && command -v apt-get >/dev/null ||
        fail "this needs Debian's dpkg and apt-get; packaging/dependencies says what to install otherwise"
    list=$(packages "$@")
    for package in $list; do
        installed "$package" || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
        fail "missing packages, and no sudo to install them; as root: apt-get install --no-install-recommends ${missing[*]}"
    fi
    say "Installing ${missing[*]}"
    apt_get update -q || fail "apt-get update failed; see above"
    apt_get install -q --no-install-recommends "${missing[@]}" ||
        fail "could not install ${missing[*]}; see above"
}

# build_release [TARGET…]: configures and builds the preset; all of it where no target is named.
build_release() {
    local targets=()
    [ $# -eq 0 ] || targets=(--target "$@")
    (cd "$top" && cmake --preset release >/dev/null && cmake --build --preset release "${targets[@]}") ||
        fail "the build failed; see above"
}

# Node packages of the client tests, exactly as locked; again only when the lock changed.
need_node_packages() {
    local folder=$top/tests/clients stamp=$top/tests/clients/node_modules/.locked
    cmp -s "$folder/package-lock.json" "$stamp" && return 0
    (cd "$folder" && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error </dev/null) ||
        fail "npm ci failed in tests/clients; see above"
    cp "$folder/package-lock.json" "$stamp"
}

# promtool out of Debian's package, into build/tools: to install that would start a server.
need_promtool() {
    local tools=$top/build/tools scratch
    [ ! -x "$tools/promtool" ] && ! command -v promtool >/dev/null || return 0
    scratch=$(mktemp -d)
    (
        cd "$scratch"
        apt-get download -qq prometheus 2>/dev/null || { apt_get update -q && apt-get download -qq prometheus; }
        dpkg-deb --fsys-tarfile prometheus_*.deb | tar -x ./usr/bin/promtool
        mkdir -p "$tools"
        mv usr/bin/promtool "$tools/"
    ) || fail "could not fetch promtool, which is in Debian's package prometheus; see above"
    rm -rf "$scratch"
}

listener_port() { sed -n 's/.*"port": *\([0-9][0-9]*\).*/\1/p' "$config" | head -n 1; }
