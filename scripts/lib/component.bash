# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Components: expensive artefacts, each built from a recipe in a sandbox and kept by content.
#
# The recipe of NAME is rootfs/recipes/NAME.bash (of the kernel: kernel/recipe.bash). It declares
#   recipe_sources=(NAME...)   names in rootfs/sources.list, seen at /src/NAME/
#   recipe_needs=(NAME...)     other components, seen at /deps/NAME
#   recipe_inputs=(PATH...)    files and folders of this repository, seen at /repo/PATH
#   recipe_tools=(PACKAGE...)  Debian packages whose version matters
#   recipe_build()             run by sandbox.bash: cwd /build, result in /out
# The key of a component is the hash of all of these; the result is kept in
# $MICROBEAM_CACHE/components/NAME-KEY/, with the text that was hashed beside it in NAME-KEY.key.
#
# The sandbox has no network, and shows everything at the same paths on every machine: no path of
# this machine can get into an artefact, and two machines make the same bytes.

# shellcheck source=stage.bash
source "${BASH_SOURCE[0]%/*}/stage.bash"
# shellcheck source=sources.bash
source "${BASH_SOURCE[0]%/*}/sources.bash"

# Raise it when the sandbox changes what it shows to recipes: every key changes with it.
component_contract=1

# component_build NAME   builds NAME and what it needs, where the cache has not got them yet.
# Dies, or returns the recipe's status, if that fails; nothing half-made is ever kept.
component_build() {
  local name=$1 path needs need sources lock
  needs=$(component_list "$name" needs)
  for need in $needs; do
    component_build "$need"
  done
  path=$(component_path "$name")
  [[ ! -d $path ]] || return 0
  mkdir -p "$MICROBEAM_CACHE/components"
  # Two commands at once must not build the same thing twice.
  exec {lock}>"$MICROBEAM_CACHE/components/.$name.lock"
  flock -w 7200 "$lock" || die "another build of $name has been running for two hours: end it first"
  if [[ ! -d $path ]]; then
    sources=$(component_list "$name" sources)
    # shellcheck disable=SC2086 # names without blanks
    sources_fetch $sources
    # That may have changed the lock in force, and with it the key.
    path=$(component_path "$name")
    [[ -d $path ]] || component_make "$name" "$path"
  fi
  exec {lock}>&-
}

# component_path NAME   prints the directory where NAME is, or will be, with the inputs of now.
component_path() {
  local text key
  text=$(component_key_text "$1")
  key=$(sha256sum <<<"$text")
  printf '%s/components/%s-%s\n' "$MICROBEAM_CACHE" "$1" "${key:0:16}"
}

# component_order NAME...   prints these components and all they need, each once, needs first.
component_order() {
  local name needs
  for name in "$@"; do
    needs=$(component_list "$name" needs)
    # shellcheck disable=SC2086 # names without blanks
    component_order $needs
    printf '%s\n' "$name"
  done | awk '!seen[$0]++'
}

# component_recipe NAME   prints the path of its recipe.
component_recipe() {
  local file
  for file in "$MICROBEAM_ROOT/rootfs/recipes/$1.bash" "$MICROBEAM_ROOT/$1/recipe.bash"; do
    if [[ -e $file ]]; then
      printf '%s\n' "$file"
      return 0
    fi
  done
  die "there is no component $1: no rootfs/recipes/$1.bash and no $1/recipe.bash"
}

# component_list NAME LIST   prints recipe_LIST of NAME (sources, needs, inputs or tools) in a line.
component_list() {
  local recipe
  recipe=$(component_recipe "$1")
  # shellcheck disable=SC2016 # expanded by the inner shell, which no recipe can outlive
  bash -euo pipefail -c 'source "$1"; list="recipe_$2[*]"; printf "%s\n" "${!list:-}"' \
    recipe "$recipe" "$2"
}

# component_key_text NAME   prints everything that decides what NAME's bytes will be.
component_key_text() {
  local name=$1 recipe sources needs inputs tools item
  recipe=$(component_recipe "$name")
  sources=$(component_list "$name" sources)
  needs=$(component_list "$name" needs)
  inputs=$(component_list "$name" inputs)
  tools=$(component_list "$name" tools)
  printf 'contract %s\n' "$component_contract"
  printf 'recipe %s\n' "$(sha256sum <"$recipe")"
  for item in $sources; do
    sources_lines "$item" | sed 's/^/source /'
  done
  for item in $needs; do
    item=$(component_path "$item")
    printf 'need %s\n' "${item##*/}"
  done
  for item in $inputs; do
    component_input_hash "$item"
  done
  for item in $tools; do
    dpkg-query -W -f 'tool ${Package} ${Version}\n' "$item" 2>/dev/null ||
      die "$name needs the Debian package $item. Type: apt-get install --no-install-recommends $item"
  done
}

# component_input_hash PATH   prints a line for each file below PATH: mode (executable?), hash, path.
component_input_hash() {
  local file
  [[ -e $MICROBEAM_ROOT/$1 ]] || die "a recipe asks for $1, which is not in $MICROBEAM_ROOT"
  (cd "$MICROBEAM_ROOT" && find "$1" -type f -o -type l | LC_ALL=C sort) | while read -r file; do
    printf 'input %s %s %s\n' "$([[ -x $MICROBEAM_ROOT/$file ]] && echo x || echo -)" \
      "$(sha256sum <"$MICROBEAM_ROOT/$file")" "$file"
  done
}

# component_make NAME PATH   builds NAME in a temporary place and moves the result to PATH.
component_make() {
  local name=$1 path=$2 work
  # The lock is ours: what lies here was left by a build that failed or was stopped.
  component_discard "$MICROBEAM_CACHE/components/.$name-"??????
  work=$(mktemp -d "$MICROBEAM_CACHE/components/.$name-XXXXXX")
  mkdir "$work/build" "$work/out"
  component_key_text "$name" >"$work/key"
  component_sandbox "$name" "$work"
  mv "$work/key" "$path.key"
  mv "$work/out" "$path"
  component_discard "$work"
}

# component_discard DIRECTORY...   removes them in the background: a kernel tree can take a minute.
component_discard() {
  # It must not inherit the lock of component_build, nor that of the command.
  {
    exec {lock}>&-
    [[ -z ${build_lock_held:-} ]] || exec {build_lock_held}>&-
    rm -rf "$@"
  } &>/dev/null &
}

# component_sandbox NAME WORK   runs NAME's recipe on WORK/build and WORK/out.
component_sandbox() {
  local name=$1 work=$2 item file recipe sources needs inputs
  local -a options=(
    --unshare-all --die-with-parent --new-session --hostname microbeam --uid 1000 --gid 1000
    --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/sbin /sbin --symlink usr/lib64 /lib64
    --dir /lib --symlink /usr/lib/x86_64-linux-gnu /lib/x86_64-linux-gnu
    # Debian's awk, cc, c++ and others are links into it.
    --ro-bind /etc/alternatives /etc/alternatives
    --proc /proc --dev /dev --tmpfs /tmp
    --bind "$work/build" /build --bind "$work/out" /out --chdir /build
    --ro-bind "${BASH_SOURCE[0]%/*}/sandbox.bash" /sandbox.bash
    # Each start of an emulator asks for the name of the host, and waits for five seconds if no file has it.
    --ro-bind "$work/hosts" /etc/hosts
    --clearenv --setenv PATH /usr/bin:/usr/sbin --setenv HOME /build --setenv LC_ALL C
    --setenv TZ UTC --setenv SOURCE_DATE_EPOCH 1735689600 --setenv JOBS "$(nproc)"
  )
  printf '127.0.0.1 localhost microbeam\n' >"$work/hosts"
  recipe=$(component_recipe "$name")
  options+=(--ro-bind "$recipe" /recipe.bash)
  sources=$(component_list "$name" sources)
  for item in $sources; do
    while read -r file; do
      options+=(--ro-bind "$file" "/src/$item/${file##*/}")
    done < <(sources_files "$item")
  done
  needs=$(component_list "$name" needs)
  for item in $needs; do
    options+=(--ro-bind "$(component_path "$item")" "/deps/$item")
    if [[ $item == toolchain ]]; then
      # With the C library at the place that programs are linked for, what is built runs right here.
      options+=(--symlink /deps/toolchain/sysroot/lib/ld-musl-x86_64.so.1 /lib/ld-musl-x86_64.so.1)
    fi
  done
  inputs=$(component_list "$name" inputs)
  for item in $inputs; do
    options+=(--ro-bind "$MICROBEAM_ROOT/$item" "/repo/$item")
  done
  bwrap "${options[@]}" true || die "bubblewrap could not make a sandbox: see its message above." \
    "A container must be allowed to make namespaces and mount /proc (docker run --privileged); a" \
    "hardened kernel needs: sysctl kernel.unprivileged_userns_clone=1"
  # --foreground: Ctrl-C must reach the sandbox. With its first process all of it ends.
  timeout --foreground --kill-after=10 7200 bwrap "${options[@]}" bash -euo pipefail /sandbox.bash || {
    say "what the failed build left is in $work/build, until the next attempt"
    return 1
  }
}
