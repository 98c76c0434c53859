# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Source packages: found by name with the machine's own apt sources, recorded in a lock, downloaded
# once into $MICROBEAM_CACHE/sources/NAME/. The system's apt configuration is read, never changed.
#
# rootfs/sources.list  what we want:  NAME SUITE KIND PACKAGE; KIND is source, orig (of a source
#                      package only upstream's archive, without Debian's patches), binary, or
#                      system: PACKAGE,... and all that apt would install with them where nothing is
# rootfs/sources.lock  what we got:   NAME SUITE VERSION FILE SHA256   (one line per file, sorted)
# build/sources.lock   the same, written only when the archive no longer has a locked version.
#
# MICROBEAM_LOCKED=1 (the command's --locked) makes such drift an error.

# shellcheck source=packages.bash
source "${BASH_SOURCE[0]%/*}/packages.bash"

sources_list=$MICROBEAM_ROOT/rootfs/sources.list
sources_lock=$MICROBEAM_ROOT/rootfs/sources.lock
sources_drift=$MICROBEAM_BUILD/sources.lock
sources_apt=$MICROBEAM_CACHE/apt

# sources_fetch NAME...
# Makes sure that every file of these sources is in the cache with the hash of the lock in force.
# Files that are there need no network. Dies naming the package if one cannot be had.
sources_fetch() {
  local name lock
  mkdir -p "$MICROBEAM_CACHE/sources" "$MICROBEAM_BUILD"
  exec {lock}>"$MICROBEAM_CACHE/sources/.lock"
  flock -w 3600 "$lock" || die "another download has held $MICROBEAM_CACHE/sources/.lock for an hour"
  for name in "$@"; do
    sources_have "$name" || sources_get "$name"
  done
  exec {lock}>&-
}

# sources_lines NAME   prints the lines of NAME in the lock in force: rootfs/sources.lock, or
# build/sources.lock where the archive had drifted from exactly this rootfs/sources.lock.
sources_lines() {
  local file=$sources_lock
  if [[ -z ${MICROBEAM_LOCKED:-} && -e $sources_drift ]] &&
    cmp -s "$sources_lock" "$sources_drift.base"; then
    file=$sources_drift
  fi
  [[ -e $file ]] || return 0
  awk -v name="$1" '$1 == name' "$file"
}

# sources_files NAME   prints the paths of the downloaded files of NAME.
sources_files() {
  sources_lines "$1" | awk -v dir="$MICROBEAM_CACHE/sources" '{ print dir "/" $1 "/" $4 }'
}

# sources_version NAME   prints the version that the lock in force has for NAME.
sources_version() { sources_lines "$1" | awk 'NR == 1 { print $3 }'; }

# sources_have NAME   true if every file of NAME is in the cache with its hash.
sources_have() {
  local lines
  lines=$(sources_lines "$1")
  [[ -n $lines ]] || return 1
  (cd "$MICROBEAM_CACHE/sources/$1" 2>/dev/null &&
    awk '{ print $5 "  " $4 }' <<<"$lines" | sha256sum --status --check 2>/dev/null)
}

# sources_get NAME   downloads NAME: the locked version if the archive has it, else the newest.
sources_get() {
  local name=$1 suite kind package table version files
  read -r suite kind package < <(awk -v name="$name" '$1 == name { print $2, $3, $4 }' "$sources_list") ||
    die "$name is not in $sources_list"
  sources_apt_update "$package"
  if [[ $kind == system ]]; then
    sources_get_system "$name" "$suite" "$package"
    return
  fi
  table=$(sources_search "$suite" "$kind" "$package")
  [[ -n $table ]] || die "no $kind package $package in suite $suite of this machine's apt archive." \
    "Look at $sources_apt/sources.list: does that mirror carry the suite?"
  table+=$'\n'$(sources_pool "$name" <<<"$table")
  for version in $(sources_order "$(sources_version "$name")" <<<"$table"); do
    # A version may stand in several suites (a stable release and its updates): one is enough.
    files=$(awk -v version="$version" '
      $1 == version && (suite == "" || $2 == suite) { suite = $2; print }' <<<"$table")
    if sources_download_all "$name" "$package" "$files"; then
      sources_settle "$name" "$files"
      return 0
    fi
    warn "$package $version: its files are not in the archive (a mirror that is behind, or a newer" \
      "version just out)"
  done
  die "the archive has no complete version of package $package: try again later, or another mirror"
}

# sources_get_system NAME SUITE PACKAGES   downloads these and all that they need: the locked ones if the
# archive has every one of them, else those that apt would choose.
sources_get_system() {
  local name=$1 suite=$2 chosen names table files
  local -a packages
  IFS=',' read -r -a packages <<<"$3"
  # PACKAGE_ VERSION, a line each.
  chosen=$(sources_apt_get install --simulate --no-install-recommends \
    -o "APT::Default-Release=/^$suite(|-updates|-security)\$/" "${packages[@]}" |
    sed -n 's/^Inst \([^ :]*\)[^ ]* (\([^ ]*\) .*/\1_ \2/p') ||
    die "apt cannot tell what $3 of suite $suite need: see its message above"
  names=$({
    printf '%s\n' "$chosen"
    sources_lines "$name" | awk '{ print $4 }'
  } | sed 's/_.*//' | sort -u | paste -s -d ,)
  table=$(sources_search "$suite" binary "$names")
  table+=$'\n'$(sources_pool "$name" <<<"$table")
  for files in "$(sources_rows <(sources_lines "$name" | awk '{ print $4, $3 }') <<<"$table")" \
    "$(sources_rows <(printf '%s\n' "$chosen") <<<"$table")"; do
    [[ -n $files ]] || continue
    if sources_download_all "$name" "$name" "$files"; then
      sources_settle "$name" "$files"
      return 0
    fi
    warn "$name: not all of its packages are in the archive (a mirror that is behind, or newer ones just out)"
  done
  die "the archive has no complete set of what $name is made of: try again later, or another mirror"
}

# sources_rows WANTED <TABLE   prints a row for each line of WANTED (the beginning of the file's name up to
# its first '_', VERSION), or none at all if the table lacks one.
sources_rows() {
  awk '
    { name = FILENAME == "-" ? $3 : $1; sub("_.*", "", name) }
    FILENAME != "-" { wanted[name, $2]; count++; next }
    (name, $1) in wanted { if (!seen[name, $1]++) { rows = rows $0 "\n"; found++ } }
    END { if (found == count) printf "%s", rows }' "$1" -
}

# sources_pool NAME <TABLE   prints the files of NAME's lock as rows of the table, where TABLE has not got
# that version: the archive's pool may hold for a while yet what its index no longer names. The lock's
# hashes are those of a signed index.
sources_pool() {
  awk '
    function package(file) { sub("_.*", "", file); return file }
    NR == FNR {
      known[package($3), $1]
      if (!((package($3), $2) in pool)) { pool[package($3), $2] = $5; sub("[^/]*$", "", pool[package($3), $2]) }
      next
    }
    !((package($4), $3) in known) && (package($4), $2) in pool { print $3, $2, $4, $5, pool[package($4), $2] $4 }
  ' - <(sources_lines "$1")
}

# sources_order LOCKED <TABLE   prints the versions to try: the locked one, then the newest first.
sources_order() {
  local locked=$1 version other newer
  local -a versions
  mapfile -t versions < <(awk '{ print $1 }' | sort -u)
  for version in "${versions[@]}"; do
    newer=0
    for other in "${versions[@]}"; do
      ! dpkg --compare-versions "$other" gt "$version" || newer=$((newer + 1))
    done
    [[ $version != "$locked" ]] || newer=-1
    printf '%s %s\n' "$newer" "$version"
  done | sort -n | awk '{ print $2 }'
}

# sources_settle NAME FILES
# Nothing to do if FILES are those of the lock in force. Otherwise writes build/sources.lock, and
# warns of the drift, or dies if the sources are to be as locked.
sources_settle() {
  local name=$1 before lines package version locked accept
  before=$(sources_lines "$name")
  lines=$(awk -v name="$name" '{ print name, $2, $1, $3, $4 }' <<<"$2" | LC_ALL=C sort)
  # Files may move from one suite to another, as security updates do with a point release.
  [[ $(awk '{ print $4, $5 }' <<<"$before") != "$(awk '{ print $4, $5 }' <<<"$lines")" ]] || return 0
  # Of several packages one that differs is named; a system may also need one less than before.
  read -r package version locked < <(awk '
    { package = $4; sub("_.*", "", package) }
    FILENAME == ARGV[1] { had[$4, $5] = package " none " $3; locked[package] = $3; next }
    !(($4, $5) in had) { print package, $3, locked[package] }
    { delete had[$4, $5] }
    END { for (file in had) print had[file] }' <(printf '%s\n' "$before") <(printf '%s\n' "$lines"))
  accept="accept it with: cp ${sources_drift#"$PWD"/} ${sources_lock#"$PWD"/}"
  if [[ -n ${MICROBEAM_LOCKED:-} ]]; then
    die "the archive has $package $version, not the locked ${locked:-(nothing is locked)}." \
      "Run without --locked to build with what it has, or put the files of the locked version" \
      "into $MICROBEAM_CACHE/sources/$name/"
  elif [[ -n $locked ]]; then
    warn "$package: locked is $locked, the archive has only $version. Going on with that; $accept"
  else
    warn "$package: $version is not locked yet; $accept"
  fi
  sources_merge "$name" "$lines"
}

# sources_merge NAME LINES   puts LINES into build/sources.lock in place of the lines of NAME.
sources_merge() {
  local old=$sources_lock
  if cmp -s "$sources_lock" "$sources_drift.base"; then
    old=$sources_drift
  fi
  [[ -e $sources_lock ]] || : >"$sources_lock"
  cp "$sources_lock" "$sources_drift.base"
  {
    awk -v name="$1" '$1 != name' "$old"
    printf '%s\n' "$2"
  } | LC_ALL=C sort >"$sources_drift.new"
  mv "$sources_drift.new" "$sources_drift"
}

# sources_download_all NAME PACKAGE FILES   status 1 if the archive does not have one of FILES.
sources_download_all() {
  local file hash uri
  while read -r _ _ file hash uri; do
    sources_download "$1" "$2" "$file" "$hash" "$uri" || return 1
  done <<<"$3"
}

# sources_download NAME PACKAGE FILE SHA256 URI
# Into a partial/ folder first, where apt resumes an interrupted transfer; moved when its hash fits.
# Status 1 if the archive does not have the file; dies of everything else.
sources_download() {
  local name=$1 package=$2 file=$3 hash=$4 uri=$5 dir=$MICROBEAM_CACHE/sources/$1 output
  if [[ -e $dir/$file ]] && sha256sum --status --check <<<"$hash  $dir/$file"; then
    return 0
  fi
  say "downloading $file"
  mkdir -p "$dir/partial"
  if ! output=$(timeout --foreground 3600 /usr/lib/apt/apt-helper -c "$sources_apt/apt.conf" \
    download-file "$uri" "$dir/partial/$file" "SHA256:$hash" 2>&1); then
    say "$output"
    [[ $output != *' 404 '* ]] || return 1
    die "could not download $file of package $package: apt's message is above. Is the network up," \
      "is there room in $MICROBEAM_CACHE? Run the same command again: it goes on where it stopped"
  fi
  if ! sha256sum --status --check <<<"$hash  $dir/partial/$file"; then
    rm -f "$dir/partial/$file"
    die "$file of package $package arrived damaged (its SHA-256 is not $hash) and was deleted." \
      "Run the same command again; if it persists, the mirror or a proxy alters files"
  fi
  mv "$dir/partial/$file" "$dir/$file"
}

# sources_search SUITE KIND PACKAGE,...
# Prints what SUITE, its updates and its security archive offer, a line per file:
# VERSION SUITE FILE SHA256 URI
sources_search() {
  local created=Sources wanted=. name uri index
  case $2 in
    orig) wanted='\.orig\.tar\.[a-z0-9]+$' ;;
    binary) created=Packages ;;
  esac
  # shellcheck disable=SC2016 # apt fills these in
  sources_apt_get indextargets --format '$(CODENAME) $(REPO_URI) $(FILENAME)' \
    "Created-By: $created" | while read -r name uri index; do
    case $name in
      "$1" | "$1-updates" | "$1-security")
        # awk reads to the end of a paragraph file; the fields' names are those of Debian policy.
        /usr/lib/apt/apt-helper -c "$sources_apt/apt.conf" cat-file "$index" |
          awk -v packages="$3" -v suite="$name" -v uri="${uri%/}" \
            -f "${BASH_SOURCE[0]%/*}/index.awk" | awk -v wanted="$wanted" '$3 ~ wanted'
        ;;
    esac
  done
}

# sources_apt_get ARGS...   apt-get on the private apt directory.
sources_apt_get() { timeout --foreground 1800 apt-get -q -c "$sources_apt/apt.conf" "$@"; }

# sources_apt_update PACKAGE   makes the private apt directory and reads the archive's indexes, once;
# PACKAGE is what it is for.
sources_apt_update() {
  [[ -z ${sources_apt_updated:-} ]] || return 0
  sources_apt_directory
  say "reading the archive's package indexes"
  sources_apt_get update -o APT::Update::Error-Mode=any ||
    die "cannot look up package $1: apt-get update on $sources_apt/sources.list failed, its message" \
      "is above. Is the network up, does the mirror carry these suites? Then run this again"
  sources_apt_updated=1
}

# sources_apt_directory   writes the private apt.conf, sources.list and keys.
sources_apt_directory() {
  local entries
  packages_lists
  entries=$(sources_machine_entries)
  [[ -n $entries ]] || die "this machine's apt has no lists of a Debian archive." \
    "Configure one in /etc/apt/sources.list.d and type: apt-get update (as root)"
  mkdir -p "$sources_apt"/{state/lists/partial,cache/archives/partial,keys}
  sources_apt_entries <<<"$entries" >"$sources_apt/sources.list"
  sources_apt_keys <<<"$entries"
  cat >"$sources_apt/apt.conf" <<CONF
Dir::State "$sources_apt/state";
Dir::State::status "/dev/null";
Dir::Cache "$sources_apt/cache";
Dir::Etc::SourceList "$sources_apt/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::Etc::Trusted "/dev/null";
Dir::Etc::TrustedParts "$sources_apt/keys";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::http::Timeout "30";
Acquire::https::Timeout "30";
// The cache may be in a home that the user _apt cannot enter.
APT::Sandbox::User "root";
// Hooks of the system's desktop tools are about the system's lists.
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
CONF
}

# sources_machine_entries   prints the machine's Debian entries: CODENAME LABEL URI FILE:NUMBER
sources_machine_entries() {
  # shellcheck disable=SC2016 # apt fills these in
  apt-get indextargets --format '$(CODENAME) $(LABEL) $(REPO_URI) $(SOURCESENTRY)' \
    'Created-By: Packages' 'Origin: Debian' 'Component: main' \
    "Architecture: $(dpkg --print-architecture)"
}

# sources_apt_entries <ENTRIES
# An entry for each suite and kind in sources.list, its updates and its security archive: the
# machine's own where it has one, else the same archive with the other suite's name.
sources_apt_entries() {
  local entries main security suite kind name uri
  entries=$(cat)
  main=$(awk '$2 == "Debian" { print $3; exit }' <<<"$entries")
  security=$(awk '$2 == "Debian-Security" { print $3; exit }' <<<"$entries")
  awk '/^[^#]/ { print $2, ($3 ~ /^(binary|system)$/ ? "binaries" : "sources") }' "$sources_list" | sort -u | while read -r suite kind; do
    for name in "$suite" "$suite-updates" "$suite-security"; do
      uri=$(awk -v name="$name" '$1 == name { print $3; exit }' <<<"$entries")
      case $name in
        *-security) uri=${uri:-$security} ;;
        "$suite") uri=${uri:-$main} ;;
      esac
      [[ -n $uri ]] || continue
      # Only the indexes that are read here are downloaded.
      if [[ $kind == sources ]]; then
        printf 'deb-src [target=Sources pdiffs=no] %s %s main\n' "$uri" "$name"
      else
        printf 'deb [target=Packages pdiffs=no] %s %s main\n' "$uri" "$name"
      fi
    done
  done
}

# sources_apt_keys <ENTRIES   links the keys that the machine's entries are signed by.
sources_apt_keys() {
  local entry key number=0
  rm -f "$sources_apt"/keys/*
  {
    printf '%s\n' /etc/apt/trusted.gpg /etc/apt/trusted.gpg.d/*
    while read -r _ _ _ entry; do
      sed -nE -e 's/^Signed-By: *(\/.*)/\1/p' -e 's/^deb .*signed-by=([^] ]*).*/\1/p' "${entry%:*}"
    done
  } | tr -s ', ' '\n' | sort -u | while read -r key; do
    [[ -s $key ]] || continue
    # apt tells armoured keys from binary ones by their suffix.
    if grep -q 'BEGIN PGP' "$key"; then
      ln -s "$key" "$sources_apt/keys/$((number += 1)).asc"
    else
      ln -s "$key" "$sources_apt/keys/$((number += 1)).gpg"
    fi
  done
}
