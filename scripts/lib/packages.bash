# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The Debian packages that this machine needs, by purpose, and their installation.

# shellcheck source=stage.bash
source "${BASH_SOURCE[0]%/*}/stage.bash"

# One line each: package, group. Groups: build (everything in an image), vm (booting it),
# host (the host's own tools and libraries), test (the test suites), bench (what libpid1 is measured
# against, and with; tests too), report (the page of what was measured; tests too).
packages_table=(
  'bubblewrap         build' # the sandbox that components are built in
  'dpkg-dev           build' # dpkg-source; brings make, patch, perl, xz, bzip2
  'make               build'
  'cmake              build'
  'ninja-build        build'
  'python3-minimal    build' # LLVM's CMake files ask for an interpreter
  'clang-19           build'
  'lld-19             build'
  'llvm-19            build' # ar, objcopy, strip
  'libclang-rt-19-dev build' # compiler-rt builtins and crtbegin/crtend
  'libc6-dev          build' # programs that run during a build
  'rsync              build' # the kernel's headers_install
  'gcc-12             build' # the kernel from here on
  'flex               build'
  'bison              build'
  'bc                 build'
  'cpio               build'
  'libelf-dev         build'
  'zstd               build'
  'squashfs-tools     build'
  'qemu-system-x86    vm'
  'g++                host'
  'ccache             host' # a clean checkout compiles nothing that was compiled before
  'libabsl-dev        host'
  'libgtest-dev       test'
  'libgmock-dev       test'
  'bats               test'
  'shellcheck         test'
  'e2fsprogs          test' # volumes, and what is left on them
  'procps             test' # pgrep
  'g++-12             test' # the oldest compiler that the headers of libpid1 are for
  'pkgconf            test'
  'clang-format-19    test'
  'clang-tidy-19      test'
  'chromium           test' # looks at the page of what was measured
  'tini               bench'
  'dumb-init          bench'
  'catatonit          bench'
  'libbenchmark-dev   bench'
  'nodejs             report'
  'node-d3-array      report' # d3 lays the pictures out
  'node-d3-format     report'
  'node-d3-hierarchy  report'
  'node-d3-scale      report'
  'wrk                bench' # asks an HTTP server as often as it can
)

# packages_of GROUP...   prints the packages of these groups, or of all groups if none is given.
packages_of() {
  local line package group
  for line in "${packages_table[@]}"; do
    read -r package group <<<"$line"
    if [[ $# -eq 0 || " $* " == *" $group "* ]]; then
      printf '%s\n' "$package"
    fi
  done
}

# packages_missing GROUP...   prints those of packages_of that are not installed.
packages_missing() {
  local package
  for package in $(packages_of "$@"); do
    if [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) != installed ]]; then
      printf '%s\n' "$package"
    fi
  done
}

# packages_install GROUP...   installs what is missing. Needs root, or dies with what to type.
packages_install() {
  local missing
  mapfile -t missing < <(packages_missing "$@")
  [[ ${#missing[@]} -gt 0 ]] || return 0
  if [[ $EUID -ne 0 ]]; then
    die "these Debian packages are missing, and only root can install them. Type:
  sudo apt-get update && sudo apt-get install --no-install-recommends ${missing[*]}"
  fi
  say "installing: ${missing[*]}"
  packages_lists
  # The lists may be older than the archive: one refresh, then it is an error.
  packages_apt_install "${missing[@]}" || {
    packages_apt update
    packages_apt_install "${missing[@]}"
  } || die "apt-get could not install ${missing[*]}. Its own message is above; when it is mended" \
    "(network, apt sources, disk space), run the same command again"
}

# packages_lists   makes sure that apt has the package lists of what it is configured with: a fresh
# container has none, and an entry that was added since has none yet.
packages_lists() {
  local known directory changed
  known=$(apt-get indextargets 'Created-By: Packages' 'Origin: Debian')
  directory=$(apt-config shell directory Dir::State::lists/d)
  directory=${directory#*=}
  changed=$(find /etc/apt/sources.list{,.d} -newer "${directory//\'/}" -print -quit 2>/dev/null) || true
  [[ -z $known || -n $changed ]] || return 0
  if [[ $EUID -ne 0 ]]; then
    [[ -z $known ]] || return 0
    die "apt has no package lists. Type: sudo apt-get update"
  fi
  say "apt has no lists yet of some of its sources: apt-get update"
  packages_apt update || die "apt-get update failed: see its message above (network? apt sources?)"
}

packages_apt_install() { packages_apt install -y --no-install-recommends "$@"; }

# packages_apt ARGS...   apt-get that asks nothing and gives up in the end.
packages_apt() {
  DEBIAN_FRONTEND=noninteractive timeout --foreground 1800 apt-get -q \
    -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 \
    -o Acquire::http::Timeout=30 -o Acquire::https::Timeout=30 "$@"
}
