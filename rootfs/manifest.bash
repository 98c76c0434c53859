# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # from: see below
# What an image is made of: manifest.json, and the size table that is read from it.
#
# Sourced by assemble.bash, whose associative array `from` names the image's inputs.

# image_parts DIR   prints a line for each component: the fields of image_components, and its bytes
# raw and compressed alone.
image_parts() {
  local dir=$1 work
  work=$(mktemp -d)
  image_components "$dir" >"$work/components"
  image_split "$work" <"$dir/root.list"
  image_measure "$dir" "$work" | paste "$work/components" -
  rm -rf "$work"
}

# image_manifest DIR   prints manifest.json: one line for each source and for each component.
image_manifest() {
  local dir=$1 name lines=()
  awk -F '\t' '$1 == "release" { printf "{\"release\":{\"name\":\"%s\",\"version\":\"%s\"},", $2, $3 }' \
    "$dir/apps"
  printf '"vm":"%s","profile":"%s",\n"sources":{\n' "${from[vm]}" "${from[profile]}"
  while read -r name; do
    lines+=("$(image_source "$name")")
  done < <(cut -f 3 "$dir/parts" | grep -vx -e - | LC_ALL=C sort -u)
  image_lines "${lines[@]}"
  printf '},\n"components":[\n'
  mapfile -t lines < <(image_component_lines <"$dir/parts")
  image_lines "${lines[@]}"
  printf '],"bytes":{"root":%s,%s}}\n' "$(image_bytes "$dir" <"$dir/root.list")" \
    "$(cd "$dir" && stat -c '"%n":%s' "$(image_root)" vmlinux bzImage | paste -s -d ,)"
}

# image_components DIR   prints what the image is made of, in fields separated by tabs:
# NAME VERSION SOURCE LICENCE PATH IN. PATH is what of the root belongs to it (the longest that fits
# decides), or - for what is linked into the component IN. SOURCE is its name in sources.lock, or -.
image_components() {
  local dir=$1 erts otp licence=NOASSERTION
  # A release is whoever's it is; the sample is ours.
  [[ ${from[release]##*/} != hello-* ]] || licence=Apache-2.0
  otp=$(awk -F '\t' '$1 == "otp" { print $2 }' "$dir/apps")
  erts=$(awk -F '\t' '$1 == "otp" { print $3 }' "$dir/apps")
  image_row linux "$(sources_version linux-source-6.12)" linux-source-6.12 GPL-2.0-only vmlinux
  image_row beam-init "${from[init]##*-}" - Apache-2.0 /init
  image_row musl "$(sources_version musl)" musl MIT /lib
  image_row erts "$erts" erlang Apache-2.0 "/usr/lib/erlang/erts-$erts"
  image_row pcre "OTP $otp" erlang BSD-3-Clause - erts
  image_row zlib "OTP $otp" erlang Zlib - erts
  image_row ryu "OTP $otp" erlang 'Apache-2.0 OR BSL-1.0' - erts
  if [[ ${from[vm]} == jit ]]; then
    image_row asmjit "OTP $otp" erlang Zlib - erts
    image_row libc++ "$(sources_version llvm)" llvm 'Apache-2.0 WITH LLVM-exception' - erts
  fi
  # Of modules of OTP's and of the release's.
  ! image_is_prepared || image_row prepared-code "OTP $otp" - "$licence" "$image_prepared"
  image_row openssl "$(sources_version openssl)" openssl Apache-2.0 - crypto
  image_app_rows "$licence" <"$dir/apps"
  # The release's own files outside its applications, and the rest of the root.
  awk -F '\t' -v OFS='\t' -v licence="$licence" \
    '$1 == "release" { print "release " $2, $3, "-", licence, "/app", "-" }' "$dir/apps"
  image_row base "${from[init]##*-}" - Apache-2.0 /
}

# image_row NAME VERSION SOURCE LICENCE PATH [IN]
image_row() {
  printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" "$5" "${6:--}"
}

# image_app_rows LICENCE <APPS   the rows of the applications; LICENCE is for those of the release
# that are not Elixir's.
image_app_rows() {
  local licence=$1 kind name version origin path elixir
  elixir=$(sources_version elixir)
  while IFS=$'\t' read -r kind name version origin path; do
    [[ $kind == app ]] || continue
    case $origin:$name in
      own:*) image_row "$name" "$version" - Apache-2.0 "/$path" ;;
      otp:*) image_row "$name" "$version" erlang Apache-2.0 "/$path" ;;
      release:elixir | release:eex | release:ex_unit | release:iex | release:logger | release:mix)
        if [[ $elixir == "$version"[.-]* ]]; then
          image_row "$name" "$version" elixir Apache-2.0 "/$path"
        else
          image_row "$name" "$version" - Apache-2.0 "/$path"
        fi
        ;;
      *) image_row "$name" "$version" - "$licence" "/$path" ;;
    esac
  done
}

# image_split WORK <LIST   deals LIST out into WORK/LINE.list, one for each line of WORK/components
# that has a path in the root.
image_split() {
  awk -F '\t' -v work="$1" '
    NR == FNR { if ($5 ~ "^/") path[FNR] = $5; next }
    {
      split($0, field, " ")
      best = 0
      for (n in path)
        if ((path[n] == "/" || index(field[2] "/", path[n] "/") == 1) &&
            (!best || length(path[n]) > length(path[best]))) best = n
      print >(work "/" best ".list")
    }' "$1/components" -
}

# image_measure DIR WORK   prints for each line of WORK/components its bytes, raw and compressed
# alone; of the kernel the two files that it is; "null null" for what is linked into another.
image_measure() {
  local dir=$1 work=$2 number=0 path
  while IFS=$'\t' read -r _ _ _ _ path _; do
    number=$((number + 1))
    if [[ $path == vmlinux ]]; then
      printf '%s\t%s\n' "$(stat -c %s "$dir/vmlinux")" "$(stat -c %s "$dir/bzImage")"
    elif [[ -e $work/$number.list ]]; then
      printf '%s\t%s\n' "$(image_bytes "$dir" <"$work/$number.list")" \
        "$(image_pack "$dir" <"$work/$number.list" | wc -c)"
    else
      printf 'null\tnull\n'
    fi
  done <"$work/components"
}

# image_bytes DIR <LIST   prints how many bytes the files of LIST hold.
image_bytes() {
  (cd "$1" && awk '$1 == "file" { printf "%s%c", $3, 0 }' | xargs -0r stat -c %s --) |
    awk '{ sum += $1 } END { print sum + 0 }'
}

# image_source NAME   prints the JSON member for a source: its version, and its files with their
# SHA-256, as locked.
image_source() {
  sources_lines "$1" | awk '
    { files = files (NR > 1 ? "," : "") "\"" $4 "\":\"" $5 "\""; name = $1; version = $3 }
    END { printf "\"%s\":{\"version\":\"%s\",\"sha256\":{%s}}\n", name, version, files }'
}

# image_component_lines <ROWS   prints the JSON object of each row, one a line.
image_component_lines() {
  awk -F '\t' '
    function text(s) {
      if (s == "-") return "null"
      gsub(/\\/, "\\\\", s)
      gsub(/"/, "\\\"", s)
      return "\"" s "\""
    }
    {
      printf "{\"name\":%s,\"version\":%s,\"source\":%s,\"licence\":%s,", \
        text($1), text($2), text($3), text($4)
      printf "\"path\":%s,\"in\":%s,\"bytes\":%s,\"compressed\":%s}\n", text($5), text($6), $7, $8
    }'
}

# image_lines LINE...   prints the lines with commas between them.
image_lines() {
  local IFS=$'\n' text
  text=$*
  printf '%s\n' "${text//$'\n'/,$'\n'}"
}

# image_sizes DIR   prints the size table of an image from its manifest: each component, raw and
# compressed alone, then the two files that boot and their total.
image_sizes() {
  [[ -e $1/manifest.json ]] || die "no image in $1: build it first"
  # The manifest has a component on each line; what is linked into another has no bytes of its own.
  sed -nE \
    -e 's/^\{"name":"([^"]*)","version":"([^"]*)",.*"bytes":([0-9]+),"compressed":([0-9]+)\},?$/\1\t\2\t\3\t\4/p' \
    -e 's/^\],"bytes":\{"root":(.*),"(root[^"]*)":(.*),"vmlinux":(.*),"bzImage":(.*)\}\}$/=\t\1\t\3\t\4\t\5\t\2/p' \
    "$1/manifest.json" |
    awk -F '\t' '
      function row(a, b, c, d) { printf "%-24s %-24s %12s %12s\n", a, b, c, d }
      NR == 1 { row("COMPONENT", "VERSION", "BYTES", "COMPRESSED") }
      $1 != "=" { row($1, $2, $3, $4) }
      $1 == "=" {
        row("= root", $6, $2, $3)
        row("= linux", "vmlinux, bzImage", $4, $5)
        row("= image", "", $2 + $4, $3 + $5)
      }'
}
