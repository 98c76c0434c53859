# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Runs one recipe inside the sandbox that component.bash made, and holds the helpers for recipes.

# step TEXT   says in the log what comes next, and how many seconds the build has taken so far.
step() { printf '=== %4d s: %s\n' "$SECONDS" "$*"; }

# unpack NAME   unpacks the source NAME, with Debian's patches if it has any, into ./NAME; prints NAME.
unpack() {
  local -a dsc=(/src/"$1"/*.dsc)
  if [[ -e ${dsc[0]} ]]; then
    # The signature that counts is the archive's, on the index that gave this file's hash.
    dpkg-source --no-check -x "${dsc[0]}" "$1" >&2
    printf '%s\n' "$1"
  else
    unpack_part "$1"
  fi
}

# unpack_part NAME PATH...   unpacks only these paths (below the top folder; none: all) of upstream's
# archive, unpatched, or of the archive within a .deb, into ./NAME; prints NAME.
unpack_part() {
  local name=$1 path
  local -a paths=()
  shift
  for path in "$@"; do
    paths+=("*/$path")
  done
  mkdir "$name"
  unpack_stream /src/"$name"/*.orig.tar.?z /src/"$name"/*.deb |
    tar -x -C "$name" --strip-components=1 --no-same-owner \
      --wildcards --no-wildcards-match-slash "${paths[@]}"
  printf '%s\n' "$name"
}

# unpack_stream FILE...   writes the tar stream of the first of the files that exists.
unpack_stream() {
  local file
  for file in "$@"; do
    [[ -e $file ]] || continue
    case $file in
      *.xz) xz -dc -T0 "$file" ;;
      *.gz) gzip -dc "$file" ;;
      *.deb)
        dpkg-deb --fsys-tarfile "$file" |
          tar -x --to-stdout --wildcards './usr/src/*.tar.xz' | xz -dc -T0
        ;;
    esac
    return
  done
  printf 'unpack: no archive in %s\n' "${1%/*}" >&2
  return 1
}

shopt -s inherit_errexit
# shellcheck source=/dev/null
source /recipe.bash
recipe_build
step 'done'
