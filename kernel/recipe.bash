# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # the recipe_* variables are read by component.bash
# Component "kernel": Linux for the microVM, from Debian's kernel source and the fragments beside
# this file: vmlinux (direct PVH boot), bzImage, their config, and gen_init_cpio for the root.

recipe_sources=(linux-source-6.12)
recipe_needs=()
recipe_inputs=(kernel/fragments kernel/patches)
# zstd compresses bzImage.
recipe_tools=(gcc-12 binutils zstd)

kernel_fragments=(/repo/kernel/fragments/*.config)

recipe_build() {
  unpack linux-source-6.12
  cd linux-source-6.12 || exit
  step 'patching'
  cat /repo/kernel/patches/*.patch | patch -p1 --fuzz=0
  step 'configuring'
  kernel_configure "${kernel_fragments[@]}"
  step 'compiling'
  kernel_make vmlinux bzImage
  kernel_install
}

# kernel_make TARGET...   make with what would differ between machines held fixed: the compiler is
# named, optional tools that Kconfig looks for are hidden, and date, user and host are not asked.
kernel_make() {
  local date
  date=$(date -u -d "@$SOURCE_DATE_EPOCH")
  make -j"$JOBS" ARCH=x86_64 CC=gcc-12 HOSTCC=gcc-12 RUSTC=/nonexistent PAHOLE=/nonexistent \
    KBUILD_BUILD_TIMESTAMP="$date" KBUILD_BUILD_VERSION=1 \
    KBUILD_BUILD_USER=microbeam KBUILD_BUILD_HOST=microbeam "$@"
}

# kernel_override FRAGMENT   for another kernel made by this recipe: what FRAGMENT names is no longer asked
# for by the others.
kernel_override() {
  local fragment names
  names=$(kernel_requests "$1" | cut -d ' ' -f 1 | paste -s -d '|')
  mkdir fragments
  for fragment in "${kernel_fragments[@]}"; do
    grep -vE "^(# )?($names)[= ]" "$fragment" >"fragments/${fragment##*/}"
  done
  kernel_fragments=("$PWD"/fragments/*.config "$1")
}

# kernel_configure FRAGMENT...   makes .config: tinyconfig, then every fragment on top of it.
kernel_configure() {
  kernel_make tinyconfig
  # Each later line overrides an earlier one, which olddefconfig mentions: not worth a log line.
  cat "$@" >>.config
  kernel_make olddefconfig 2> >(grep -v 'override: reassigning' >&2)
  kernel_verify .config . "$@"
}

# kernel_verify CONFIG TREE FRAGMENT...   fails unless CONFIG holds what every fragment asked for.
# olddefconfig drops an option whose dependency is missing, and one that TREE does not know any
# more, without a word.
kernel_verify() {
  local config=$1 tree=$2 requests symbol wanted fragment value failures=0
  local -A known=() final=() asked=()
  shift 2
  requests=$(kernel_requests "$@") || return
  while read -r symbol; do
    known[CONFIG_$symbol]=1
  done < <(find "$tree" -name 'Kconfig*' -type f -exec \
    sed -nE 's/^[[:space:]]*(menu)?config[[:space:]]+([A-Za-z0-9_]+).*/\2/p' {} +)
  while IFS='=' read -r symbol value; do
    final[$symbol]=$value
  done < <(grep -E '^CONFIG_[A-Za-z0-9_]+=' "$config")
  while read -r symbol fragment wanted; do
    value=${final[$symbol]:-n}
    if [[ -v asked[$symbol] ]]; then
      printf '%s: in %s and in %s: keep one\n' "$symbol" "${asked[$symbol]}" "$fragment"
    elif [[ ! -v known[$symbol] ]]; then
      printf '%s: asked for in %s, unknown to this kernel: renamed?\n' "$symbol" "$fragment"
    elif [[ $value != "$wanted" ]]; then
      printf '%s: wanted %s, got %s (%s): something it depends on is off, or selects it\n' \
        "$symbol" "$wanted" "$value" "$fragment"
    else
      asked[$symbol]=$fragment
      continue
    fi
    asked[$symbol]=$fragment
    failures=$((failures + 1))
  done <<<"$requests" >&2
  if ((failures > 0)); then
    printf 'kernel: %d of the options in kernel/fragments did not take\n' "$failures" >&2
    return 1
  fi
}

# kernel_requests FRAGMENT...   prints "SYMBOL FRAGMENT VALUE" for each option asked for; "is not
# set" is the value n. A line that is neither an option nor a comment is an error.
kernel_requests() {
  local fragment line name
  for fragment in "$@"; do
    name=${fragment##*/}
    while IFS= read -r line; do
      if [[ $line =~ ^(CONFIG_[A-Za-z0-9_]+)=(.+)$ ]]; then
        printf '%s %s %s\n' "${BASH_REMATCH[1]}" "$name" "${BASH_REMATCH[2]}"
      elif [[ $line =~ ^'# '(CONFIG_[A-Za-z0-9_]+)' is not set'$ ]]; then
        printf '%s %s n\n' "${BASH_REMATCH[1]}" "$name"
      elif [[ -n $line && ($line != '#'* || $line == *CONFIG_*) ]]; then
        printf 'kernel: %s: neither an option nor a comment: %s\n' "$name" "$line" >&2
        return 1
      fi
    done <"$fragment"
  done
}

# kernel_install   puts the results into /out.
kernel_install() {
  # All that stays is what gets loaded; the PVH note lies in a loaded segment.
  strip --strip-all -o /out/vmlinux vmlinux
  readelf --notes --wide /out/vmlinux | grep '^ *Xen ' >/dev/null || {
    printf 'kernel: vmlinux has no PVH note: QEMU could not boot it directly\n' >&2
    return 1
  }
  cp arch/x86/boot/bzImage usr/gen_init_cpio /out/
  cp .config /out/config
  chmod 644 /out/vmlinux /out/bzImage /out/config
}
