# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# `doctor`: what this machine has of what is needed, and the command that mends the rest.

doctor_failures=0

# Room for the downloads and the components while they are built, and for images and logs.
doctor_cache_mib=6000
doctor_build_mib=1000

command_doctor() {
  doctor_row NEED STATE 'WHAT TO DO'
  doctor_system
  doctor_packages
  doctor_sandbox
  doctor_room cache "$MICROBEAM_CACHE" "$doctor_cache_mib"
  doctor_room build "$MICROBEAM_BUILD" "$doctor_build_mib"
  doctor_sources
  doctor_kvm
  if ((doctor_failures > 0)); then
    printf '\n%d of these must be mended first; then: scripts/microbeam doctor\n' "$doctor_failures"
    return 1
  fi
  printf '\nnext: scripts/microbeam run\n'
}

doctor_row() { printf '%-22s %-34s %s\n' "$1" "$2" "${3:-}"; }

# doctor_fail NEED STATE HOW   a row of something without which `run` cannot work.
doctor_fail() {
  doctor_failures=$((doctor_failures + 1))
  doctor_row "$@"
}

doctor_system() {
  local machine program
  machine=$(uname -m)
  if [[ $machine == x86_64 ]]; then
    doctor_row processor "ok, $machine"
  else
    doctor_fail processor "$machine" 'use an x86_64 machine: images are made for nothing else yet'
  fi
  for program in apt-get dpkg-query; do
    if ! type -P "$program" >/dev/null; then
      doctor_fail Debian "no $program" 'use Debian 12 or 13, or a container of it: docker run -it debian:12'
      return
    fi
  done
  doctor_row Debian ok
}

doctor_packages() {
  local group missing all
  for group in build host vm test bench report; do
    mapfile -t all < <(packages_of "$group")
    mapfile -t missing < <(packages_missing "$group")
    if [[ ${#missing[@]} -eq 0 ]]; then
      doctor_row "packages: $group" "ok, ${#all[@]}"
    elif [[ $EUID -eq 0 ]]; then
      doctor_row "packages: $group" "missing: ${#missing[@]} of ${#all[@]}" \
        "nothing, they are installed when needed: ${missing[*]}"
    elif [[ $group == test || $group == bench || $group == report ]]; then
      doctor_row "packages: $group" "missing: ${#missing[@]} of ${#all[@]}" "$(doctor_apt "${missing[@]}")"
    else
      doctor_fail "packages: $group" "missing: ${#missing[@]} of ${#all[@]}" "$(doctor_apt "${missing[@]}")"
    fi
  done
}

# doctor_apt PACKAGE...   prints the command that installs them.
doctor_apt() { printf 'sudo apt-get update && sudo apt-get install --no-install-recommends %s\n' "$*"; }

doctor_sandbox() {
  local message
  if ! type -P bwrap >/dev/null; then
    doctor_row sandbox 'not known yet' 'install the packages, then: scripts/microbeam doctor'
  elif message=$(timeout 10 bwrap --unshare-all --die-with-parent --uid 1000 --gid 1000 \
    --ro-bind / / --proc /proc --dev /dev true 2>&1); then
    doctor_row sandbox 'ok, bubblewrap makes one'
  else
    doctor_fail sandbox "bubblewrap: ${message##*$'\n'}" \
      'sudo sysctl kernel.unprivileged_userns_clone=1; in docker: --security-opt seccomp=unconfined --cap-add SYS_ADMIN'
  fi
}

# doctor_room WHAT DIR MIB   whether the disk that DIR is on, or will be, has room.
doctor_room() {
  local dir=$2 free used=0
  while [[ ! -d $dir ]]; do
    dir=$(dirname "$dir")
  done
  free=$(($(df --output=avail -k "$dir" | tail -n 1) / 1024))
  # What is there already needs no room any more.
  [[ ! -d $2 ]] || used=$(du -sm "$2" | cut -f 1)
  if [[ ! -w $dir ]]; then
    doctor_fail "disk: $1" "$dir: not writable" "export MICROBEAM_${1^^}=A_FOLDER_OF_YOURS"
  elif ((free + used >= $3)); then
    doctor_row "disk: $1" "ok, $free MiB free"
  else
    doctor_fail "disk: $1" "$free MiB free, $(($3 - used)) wanted" \
      "make room on the disk of $dir, or: export MICROBEAM_${1^^}=A_FOLDER_WITH_ROOM"
  fi
}

# The network matters only for what has not been downloaded yet.
doctor_sources() {
  local name missing=() uri reply
  # shellcheck disable=SC2154 # set in sources.bash
  while read -r name; do
    sources_have "$name" || missing+=("$name")
  done < <(awk '/^[^#]/ { print $1 }' "$sources_list")
  if [[ ${#missing[@]} -eq 0 ]]; then
    doctor_row sources 'ok, all downloaded'
    return
  fi
  uri=$(sources_machine_entries 2>/dev/null | awk 'NR == 1 { sub("/*$", "/dists/" $1 "/InRelease", $3); print $3 }') || uri=
  if [[ -z $uri ]]; then
    if [[ $EUID -eq 0 ]]; then
      doctor_row sources "to download: ${missing[*]}" 'nothing, apt-get update is run when needed'
    else
      doctor_fail sources "to download: ${missing[*]}" 'apt has no package lists: sudo apt-get update'
    fi
  elif reply=$(doctor_fetch "$uri"); then
    doctor_row sources "to download: ${missing[*]}" "nothing, the archive answers"
  else
    doctor_fail sources "to download: ${missing[*]}" \
      "the archive of this machine's apt does not answer (${reply##*$'\n'}): mend the network or /etc/apt"
  fi
}

# doctor_fetch URI   whether apt can fetch it; prints what it said.
doctor_fetch() {
  local work status=0
  work=$(mktemp -d)
  timeout 30 /usr/lib/apt/apt-helper -o Acquire::Retries=0 -o APT::Sandbox::User=root \
    download-file "$1" "$work/file" 2>&1 || status=$?
  rm -rf "$work"
  return "$status"
}

# Without KVM everything works, slower.
doctor_kvm() {
  local kernel why
  kernel=$(find "$MICROBEAM_BUILD/images" -name vmlinux -print -quit 2>/dev/null) || true
  if [[ ! -e /dev/kvm ]]; then
    doctor_row KVM 'no /dev/kvm: TCG is used' 'for speed: a machine, or a VM with nested virtualisation, that has it'
  elif [[ ! -r /dev/kvm || ! -w /dev/kvm ]]; then
    doctor_row KVM 'not accessible: TCG is used' "for speed: sudo adduser $(id -un) kvm, and log in again"
  elif [[ -z $kernel || ! -x $MICROBEAM_BUILD/host/bench/microbeam-vm ]] || ! type -P qemu-system-x86_64 >/dev/null; then
    doctor_row KVM '/dev/kvm is there, not tried yet' 'nothing, run tries it'
  elif why=$(machine_kvm_works "$kernel"); then
    doctor_row KVM "ok, $why"
  else
    doctor_row KVM 'does not work: TCG is used' "$why"
  fi
}
