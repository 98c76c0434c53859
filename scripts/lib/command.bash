# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The subcommands run, build, probe, size and clean (stop is in machine.bash), and the stages of a build.

# The stages of this run and their seconds, for the table at the end of a build.
command_stages=()

command_version() {
  local version
  version=$(sed -n 's/^project(microbeam VERSION \([0-9.]*\).*/\1/p' "$MICROBEAM_ROOT/CMakeLists.txt")
  printf 'microbeam %s\n' "$version"
}

command_build() {
  command_packages build host
  build_all
  build_times
  say "next: scripts/microbeam run"
  printf '%s\n' "$(image_directory)"
}

command_run() {
  command_packages build host vm
  build_all
  build_times
  machine_run
}

command_probe() {
  command_packages build host vm
  build_all
  machine_probe
}

# What `bench` boots, the one first that the others are held against.
bench_images=(stock busybox-exec tini dumb-init debian hello-jit-fast hello hello-small hello-small-squashfs
  hello-fast hello-fast-profiled)

# What is not measured of which of them, and why.
declare -gA bench_refused=(
  [native:debian]='--what native takes roots that are folders; that of debian is a disk'
  [native:hello-small-squashfs]='--what native takes roots that are folders: that is hello-small'
  [icount:debian]='--icount cannot count a machine that waits for a disk: its clock jumps'
  [icount:hello-small-squashfs]='--icount cannot count a machine that waits for a disk: its clock jumps'
)

command_bench() {
  local name what=${option[what]}
  [[ ! -v option[icount] ]] || what=icount
  # shellcheck disable=SC2154 # set in options.bash
  for name in "${option_rest[@]}"; do
    [[ " ${bench_images[*]} " == *" $name "* ]] ||
      options_refuse bench "there is no image $name to measure; there are: ${bench_images[*]}"
    [[ ! -v bench_refused[$what:$name] ]] || options_refuse bench "${bench_refused[$what:$name]}"
  done
  if [[ ${#option_rest[@]} -eq 0 ]]; then
    for name in "${bench_images[@]}"; do
      [[ -v bench_refused[$what:$name] ]] || option_rest+=("$name")
    done
  fi
  command_packages build host vm
  [[ ${option[what]} != load ]] || command_packages bench
  build_bench
  machine_bench
}

# The kernel of each profile.
declare -gA profile_kernel=([standard]=kernel [small]=kernel-small [fast]=kernel-small)

# image_kernel   prints which kernel the image has.
image_kernel() { printf '%s\n' "${profile_kernel[${option[profile]:-standard}]}"; }

# build_bench   builds our images of the sample, and the peers, which have the kernel that ours are quickest with.
build_bench() {
  local name
  build_components init kernel kernel-small hello otp pid1 toolchain busybox inits
  # shellcheck disable=SC2154 # a key
  option[profile]=fast option[boot-profile]=1
  # With a boot profile, and before that without.
  build_image emu
  unset 'option[boot-profile]'
  build_image jit
  # shellcheck disable=SC2154 # a key
  option[profile]=small option[root]=squashfs
  build_image emu
  unset 'option[root]'
  # The last is what the peers have their root from.
  for name in small standard; do
    option[profile]=$name
    build_image emu
  done
  # shellcheck disable=SC2154 # set in bench/peers.bash
  for name in "${peers[@]}"; do
    build_peer "$name"
  done
  # This one takes minutes, and is built for nobody who does not measure it.
  if [[ " ${option_rest[*]} " == *' debian '* ]]; then
    build_components debian kernel-debian
    build_peer debian "debian=${component_at[debian]}" "kernel=${component_at[kernel-debian]}"
  fi
  build_host_tools
  build_unlock
}

# build_peer NAME KEY=VALUE...   assembles the peer's image, of these components in place of the usual ones.
build_peer() {
  step "image $1" peer_assemble "$1" "$MICROBEAM_BUILD/images/$1" "$MICROBEAM_BUILD/images/hello" \
    "release=${component_at[hello]}" "busybox=${component_at[busybox]}" "inits=${component_at[inits]}" \
    "otp=${component_at[otp]}" "pid1=${component_at[pid1]}" "toolchain=${component_at[toolchain]}" \
    "kernel=${component_at[kernel-small]}" "init=${component_at[init]}" "${@:2}"
}

command_size() {
  command_packages build host
  build_all
  image_sizes "$(image_directory)"
}

# command_clean   removes build/, and with --cache what is in the cache; never anything else.
command_clean() {
  local part
  [[ ! -v option[cache] ]] || folder_ours "$MICROBEAM_CACHE" "$HOME/.cache/microbeam" MICROBEAM_CACHE
  build_lock
  clean_machines
  say "removing $MICROBEAM_BUILD ($(clean_weight "$MICROBEAM_BUILD"))"
  rm -rf "$MICROBEAM_BUILD"
  [[ -v option[cache] ]] || return 0
  rm -f "$MICROBEAM_CACHE/CACHEDIR.TAG"
  for part in components sources apt tidy ccache; do
    [[ -d $MICROBEAM_CACHE/$part ]] || continue
    say "removing $MICROBEAM_CACHE/$part ($(clean_weight "$MICROBEAM_CACHE/$part"))"
    rm -rf "${MICROBEAM_CACHE:?}/$part"
  done
  # Only if nobody has put anything else there.
  rmdir "$MICROBEAM_CACHE" 2>/dev/null || true
}

# clean_machines   dies if a machine runs in the background: its disk and its console would go on
# without the file by which it is found.
clean_machines() {
  local file word pid
  for file in "$(machine_folder)"/*; do
    [[ -f $file && $file != *.log ]] || continue
    read -r word pid <"$file" || continue
    # Somebody else's process by now, perhaps: stop finds out, and removes what is stale.
    [[ $word != pid || ! -d /proc/$pid ]] ||
      die "${file##*/} runs in the background. Type first: scripts/microbeam stop ${file##*/}"
  done
}

# clean_weight DIR   prints how much room it takes.
clean_weight() {
  if [[ -d $1 ]]; then
    du -sh "$1" | cut -f 1
  else
    printf 'not there\n'
  fi
}

# step NAME FUNCTION ARGS...   a stage whose seconds are kept in build/logs/stages.tsv.
step() {
  local start=$EPOCHREALTIME seconds
  stage "$@"
  seconds=$(awk -v from="$start" -v to="$EPOCHREALTIME" 'BEGIN { printf "%.1f", to - from }')
  printf '%s\t%s\n' "$1" "$seconds" >>"$MICROBEAM_BUILD/logs/stages.tsv"
  command_stages+=("$1"$'\t'"$seconds")
}

# command_packages GROUP...   installs the Debian packages of these groups that are missing.
command_packages() {
  local missing
  build_lock
  [[ -d $MICROBEAM_CACHE ]] || folder_ours "$MICROBEAM_CACHE" '' MICROBEAM_CACHE
  missing=$(packages_missing "$@")
  if [[ -n $missing ]]; then
    # Without root it only says what to type; that needs no log.
    [[ $EUID -eq 0 ]] || packages_install "$@"
    step packages packages_install "$@"
  fi
}

# folder_ours DIR DEFAULT VARIABLE   makes DIR, with the tag that marks folders that can be made anew, or
# dies if somebody else's things are in it: only what is ours may be written to, and removed.
folder_ours() {
  if [[ ! -d $1 || -z $(ls -A "$1") ]]; then
    mkdir -p "$1"
    # The form of this file is that of bford.info/cachedir: backup programs leave such a folder out.
    printf '%s\n' 'Signature: 8a477f597d28d172789f06886806bc55' \
      '# Made by scripts/microbeam of MicroBEAM; all of it can be removed and made anew.' >"$1/CACHEDIR.TAG"
  fi
  [[ $1 == "$2" ]] || grep -qs MicroBEAM "$1/CACHEDIR.TAG" ||
    die "$1 is not empty and was not made by this command: it is left alone. Set $3 to another folder"
}

# build_lock   makes sure that no other command builds into the same folder, until build_unlock or the
# end of this shell.
build_lock() {
  [[ -z ${build_lock_held:-} ]] || return 0
  folder_ours "$MICROBEAM_BUILD" "$MICROBEAM_ROOT/build" MICROBEAM_BUILD
  mkdir -p "$MICROBEAM_BUILD/logs"
  exec {build_lock_held}>"$MICROBEAM_BUILD/logs/lock"
  if ! flock -n "$build_lock_held"; then
    say "another microbeam is at work in $MICROBEAM_BUILD: waiting for it"
    flock -w 7200 "$build_lock_held" || die "it has been at work for two hours: end it first"
  fi
}

build_unlock() {
  exec {build_lock_held}>&-
  build_lock_held=
}

# Where each component is. Finding out reads all that a component is made from, and what it needs is
# made from, so it is done once.
declare -gA component_at=()

# build_all   everything between the sources and something that boots, as the options ask.
build_all() {
  local kernel
  local -a components=(init otp pid1 toolchain)
  kernel=$(image_kernel)
  components+=("$kernel")
  [[ -v option[release] ]] || components+=(hello)
  build_components "${components[@]}"
  build_image "${option[vm]}"
  build_host_tools
  build_unlock
}

# build_components NAME...   builds these and what they need, where the cache has not got them.
build_components() {
  local name order sources=
  export MICROBEAM_LOCKED=${option[locked]:-}
  order=$(component_order "$@")
  for name in $order; do
    component_at[$name]=$(component_path "$name")
    [[ -d ${component_at[$name]} ]] || sources+=" $(component_list "$name" sources)"
  done
  if [[ -n ${sources// /} ]]; then
    # shellcheck disable=SC2086 # names without blanks
    step sources sources_fetch $sources
    # That may have changed the lock in force, and with it where things are.
    for name in $order; do
      component_at[$name]=$(component_path "$name")
    done
  fi
  for name in $order; do
    [[ -d ${component_at[$name]} ]] || step "$name" component_build "$name"
  done
  # The CMake preset musl looks for the one there, the NIF of pid1 for a header of the other.
  ln -sfn "${component_at[toolchain]}" "$MICROBEAM_BUILD/toolchain"
  [[ ! -v component_at[otp] ]] || ln -sfn "${component_at[otp]}" "$MICROBEAM_BUILD/otp"
}

# build_image VM   assembles the image of the release with the emulator VM; with --boot-profile first the one
# that is booted for it.
build_image() {
  local directory modules=
  if [[ -v option[boot-profile] ]]; then
    modules=$(image_directory "$1").modules
    unset 'option[boot-profile]'
    build_image "$1"
    build_host_tools
    step 'boot profile' image_record "$(image_directory "$1")" "$modules"
    # shellcheck disable=SC2154 # a key
    option[boot-profile]=1
  fi
  directory=$(image_directory "$1")
  step "image ${directory##*/}" image_assemble "$directory" \
    "release=${option[release]:-${component_at[hello]}}" "vm=$1" "profile=${option[profile]:-standard}" \
    "root=${option[root]:-initramfs}" \
    "otp=${component_at[otp]}" "pid1=${component_at[pid1]}" "toolchain=${component_at[toolchain]}" \
    "kernel=${component_at[$(image_kernel)]}" "init=${component_at[init]}" "modules=$modules" \
    "prune=$(image_pruned)" "keep=${option[keep]:-}"
}

# image_record IMAGE OUT   boots it up to its first answer, if it is one that answers HTTP, and writes to OUT which
# modules it had loaded then, a line each; unless that was done since the image was made.
image_record() {
  local image=$1 out=$2 log=$MICROBEAM_BUILD/logs/console-boot-profile.log
  [[ ! $out -nt $image/inputs ]] || return 0
  # What it answers is of no interest, nor whether: then the line that comes when it listens is the last.
  "$MICROBEAM_BUILD/host/bench/microbeam-vm" --mode=probe --accel=tcg --memory=256 "--kernel=$image/vmlinux" \
    "$(machine_root "$image")" "--image=${image##*/}" "--console_log=$log" \
    "--append=beam.env.PID1_MODULES=1 ${option[append]:-}" "--env_file=${option[env-file]:-}" "--disk=${option[disk]:-}" || true
  sed -n 's/^pid1: modules=//p' "$log" | tail -n 1 | tr -d '\r' | tr ',' '\n' | LC_ALL=C sort >"$out.new"
  [[ -s $out.new ]] || die "the boot of ${image##*/} did not come to listen on any port; its console: $log"
  mv "$out.new" "$out"
}

# image_pruned   prints yes if modules are to be left out.
image_pruned() {
  [[ ! -v option[prune] && ${option[profile]:-standard} != small ]] || printf 'yes\n'
}

# image_name   prints the name of the image: that of the release.
image_name() {
  local release=${option[release]:-} version name
  local -a files
  if [[ -z $release ]]; then
    printf 'hello\n'
    return
  fi
  if [[ $release == none ]]; then
    printf 'erlang\n'
    return
  fi
  # shellcheck disable=SC2034 # the first word is the version of ERTS
  { read -r _ version <"$release/releases/start_erl.data"; } 2>/dev/null || version='*'
  # shellcheck disable=SC2206 # a pattern
  files=("$release"/releases/$version/*.rel)
  name=${files[0]##*/}
  name=${name%.rel}
  [[ -e ${files[0]} ]] || name=$(basename "$(readlink -f "$release")")
  [[ $name =~ ^[A-Za-z0-9_.][A-Za-z0-9_.-]*$ ]] ||
    die "the release is called $name: an image wants a name of letters, digits, '_', '-' and '.'"
  printf '%s\n' "$name"
}

# image_directory [VM]   prints where the image is. Each emulator, each profile and what is made after a boot has
# its own, so that going to and fro between them builds nothing again.
image_directory() {
  local name vm=${1:-${option[vm]}}
  name=$(image_name)
  [[ $vm == emu ]] || name+=-$vm
  [[ ${option[profile]:-standard} == standard ]] || name+=-${option[profile]}
  [[ ${option[root]:-initramfs} == initramfs ]] || name+=-${option[root]}
  [[ ! -v option[prune] ]] || name+=-pruned
  [[ ! -v option[boot-profile] ]] || name+=-profiled
  printf '%s/images/%s\n' "$MICROBEAM_BUILD" "$name"
}

# build_host_tools   builds microbeam-vm.
build_host_tools() {
  step 'host tools' build_host host microbeam-vm
}

# build_host PRESET [TARGET...]   configures and builds a CMake preset. What was compiled in another checkout
# comes from the cache, but for what counts the lines of a file, by the file's path.
build_host() {
  local preset=$1 base=$MICROBEAM_ROOT
  shift
  build_configure "$preset"
  [[ $preset != *-coverage ]] || base=
  CCACHE_BASEDIR=$base CCACHE_NOHASHDIR=1 CCACHE_DIR=$MICROBEAM_CACHE/ccache CCACHE_MAXSIZE=2G cmake --build "$MICROBEAM_BUILD/$preset" --target "${@:-all}"
}

# build_configure PRESET   configures it, or again where it has changed.
build_configure() {
  local dir=$MICROBEAM_BUILD/$1
  # Ninja runs CMake again by itself when its files change, but not for the presets.
  if [[ ! -e $dir/build.ninja || $MICROBEAM_ROOT/CMakePresets.json -nt $dir/build.ninja ]]; then
    (cd "$MICROBEAM_ROOT" && CMAKE_CXX_COMPILER_LAUNCHER=ccache cmake --preset "$1" -B "$dir")
  fi
}

# build_times   prints what each stage took, if this was more than a look whether all is up to date.
build_times() {
  printf '%s\n' "${command_stages[@]}" | awk -F '\t' '
    { row[NR] = sprintf("  %-24s %8.1f", $1, $2); sum += $2 }
    END {
      if (sum < 10) exit
      printf "  %-24s %8s\n", "STAGE", "SECONDS"
      for (i = 1; i <= NR; i++) print row[i]
      printf "  %-24s %8.1f\n", "= all", sum
    }' >&2
}
