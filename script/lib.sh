# What the scripts here share: where the project lies, how Debian and Python packages that are missing get in.
# Sourced, never run.
set -euo pipefail

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv=$project/.venv

say() { printf "%s\n" "$@"; }
die() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

need_root() { [[ $(id -u) == 0 ]] || die "needs root: network namespaces, raw sockets and packages are made here"; }

# debian PACKAGE…: install those that are missing. Their services are neither started now nor at the next boot;
# services of packages that were here before are left as they are.
debian() {
    local package missing=() policy=/usr/sbin/policy-rc.d
    for package in "$@"; do
        [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
    done
    [[ ${#missing[@]} == 0 ]] && return
    say "installing Debian packages: ${missing[*]}"
    local made_policy=
    if [[ ! -e $policy ]]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
        made_policy=yes
    fi
    local status=0
    { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install "${missing[@]}"; } \
        </dev/null >"$project/.apt.log" 2>&1 || status=$?
    [[ -z $made_policy ]] || rm -f "$policy"
    if [[ $status != 0 ]]; then
        tail -n 20 "$project/.apt.log" >&2
        die "apt-get failed (see .apt.log)"
    fi
    if command -v systemctl >/dev/null; then
        for package in "${missing[@]}"; do
            services_of "$package" | xargs -r systemctl disable --now --quiet 2>/dev/null || true
        done
    fi
}

# services_of PACKAGE: the units and init scripts it brought.
services_of() {
    dpkg-query -L "$1" | sed -nE 's:^(/usr)?/lib/systemd/system/([^/@]+\.service)$:\2:p; s:^/etc/init\.d/([^/]+)$:\1.service:p' | sort -u
}

# python_package [EXTRA]: make .venv and install kead into it, again only after pyproject.toml has changed.
# Debian's own python3 is preferred: it runs kead a quarter faster than most self-built ones.
python_package() {
    local extra=${1:+[$1]} stamp=$venv/.installed${1:+-$1} python=/usr/bin/python3
    [[ -x $python ]] || python=$(command -v python3) || die "no python3 here"
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || die "$python is older than 3.11"
    if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
        "$python" -c 'import ensurepip, venv' 2>/dev/null || debian python3-venv
        "$python" -m venv --clear "$venv"
    fi
    [[ $stamp -nt $project/pyproject.toml || $venv/.installed-dev -nt $project/pyproject.toml ]] && return
    say "installing kead$extra into .venv"
    "$venv/bin/python" -m pip --quiet --disable-pip-version-check install -e "$project$extra"
    touch "$stamp"
}
