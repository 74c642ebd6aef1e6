# Sourced by Scripts/run, Scripts/test and Scripts/bench: Debian packages and the Swift tools.

say() { printf '%s\n' "$*" >&2; }

# What building Millrace needs from Debian.
build_packages=(liblua5.4-dev libpcre2-dev libsqlite3-dev libssl-dev liburing-dev pkg-config)

# need_packages PACKAGE… installs those that are missing: as root or through sudo, else it names the command and fails.
need_packages() {
    local missing=() package
    for package in "$@"; do
        [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
    done
    [[ ${#missing[@]} -eq 0 ]] && return 0

    local install="apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
    local as_root=()
    if [[ $EUID -ne 0 ]]; then
        if ! command -v sudo >/dev/null || ! sudo_works; then
            say "Some Debian packages are missing, and installing them takes root. Run this once, then try again:"
            say "    su -c '$install'"
            return 1
        fi
        as_root=(sudo)
    fi
    say "Installing ${missing[*]} …"
    "${as_root[@]}" apt-get update -q >&2 || say "apt-get update failed; going on with the lists that are there."
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -q --no-install-recommends "${missing[@]}" >&2 && return 0
    say "Installing the packages failed (apt's message is above). The command was:"
    say "    $install"
    return 1
}

# Whether sudo can be used: without a password, or by asking for it on a terminal.
sudo_works() { sudo -n true 2>/dev/null || [[ -t 0 && -t 2 ]]; }

# need_swift finds Swift 6.3 or newer and puts it in PATH.
need_swift() {
    local folder
    if ! command -v swift >/dev/null; then
        for folder in "$HOME/.local/share/swiftly/bin" /opt/swift/usr/bin /usr/share/swift/usr/bin /usr/local/swift/usr/bin; do
            [[ -x $folder/swift ]] && PATH="$folder:$PATH" && break
        done
    fi
    if ! command -v swift >/dev/null; then
        say "Millrace is built with Swift 6.3 or newer, and there is no 'swift' in PATH."
        say "Install it from https://www.swift.org/install/linux/ (swiftly does it in one command), then try again."
        return 1
    fi
    local version
    version=$(swift --version 2>/dev/null | sed -nE 's/.*Swift version ([0-9]+\.[0-9]+).*/\1/p' | head -1)
    if [[ $(printf '%s\n' 6.3 "${version:-0}" | sort -V | head -1) != 6.3 ]]; then
        say "Millrace is built with Swift 6.3 or newer; $(command -v swift) is ${version:-of an unknown version}."
        say "Update it from https://www.swift.org/install/linux/, for instance by: swiftly install latest"
        return 1
    fi
}

# build_release builds the millrace binary for production; it is quiet when there was a build before.
build_release() {
    local quiet=()
    if [[ -x .build/release/millrace ]]; then
        quiet=(--quiet)
    else
        say "Building Millrace for the first time; this takes a few minutes."
    fi
    swift build "${quiet[@]}" -c release --product millrace >&2
}

# need_python_packages FOLDER PACKAGE… makes the virtual environment FOLDER and installs those that it lacks.
need_python_packages() {
    local venv=$1
    shift
    [[ -x $venv/bin/pip ]] || /usr/bin/python3 -m venv --clear "$venv" >&2 || return 1
    [[ -f $venv/installed && $(cat "$venv/installed") == "$*" ]] && return 0
    "$venv/bin/pip" install -q --disable-pip-version-check "$@" >&2 && echo "$*" >"$venv/installed"
}
