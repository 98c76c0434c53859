# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The subcommands and options of scripts/microbeam: two tables, from which the parser, the checks and
# every --help are made.

shopt -s extglob

# Each line: name ; arguments ; what it does.
# shellcheck disable=SC2016 # backquotes for readers
options_subcommands=(
  'run    ;            ; build what is missing and boot it, with the console on this terminal'
  'build  ;            ; build what is missing, up to the image'
  'probe  ;            ; boot the image, time the way to the first HTTP answer, end the machine in order'
  'stop   ; NAME       ; end in order a machine that `run --background` left running'
  'test   ; [LABEL...] ; run the tests: all of them, or those with these labels'
  'size   ;            ; print what each component of the image weighs'
  'doctor ;            ; say what this machine lacks, and the command that mends it'
  'clean  ;            ; remove what was built'
  'bench  ; [IMAGE...] ; measure our images and their peers in turns and compare them (all of them, or those named)'
  'report ;            ; make a page with pictures of what was measured, and boot what was not measured yet'
)

# Each line: name ; value ; subcommands ; default ; what it says. The value is
#   (nothing)           for a switch
#   a|b                 one of these words
#   PLACEHOLDER KIND    KIND is directory, file, files (each time one or more, with commas), text, or the
#                       range of a number
# shellcheck disable=SC2016 # backquotes for readers
options_table=(
  'release ; DIR directory   ; run build probe size ;       ; the release, as Mix, relx or systools leaves it, or none: an ERTS alone (default: the sample, hello)'
  'vm      ; emu|jit         ; run build probe size ; emu   ; which BEAM: the interpreter (quick start) or the JIT'
  'memory  ; MIB 16-1048576  ; run probe            ; 64    ; memory of the machine'
  'cpus    ; N 1-64          ; run probe bench      ; 1     ; processors of the machine'
  'append  ; TEXT text       ; run probe            ;       ; more for the kernel command line, such as beam.KEY=VALUE'
  'disk    ; FILE files      ; run probe            ;       ; a raw disk image: /dev/vda, the next one /dev/vdb (again, or FILE,FILE)'
  'env-file ; FILE file      ; run probe            ;       ; environment for the release, NAME=VALUE lines, not in the image nor in a log'
  'accel   ; auto|kvm|tcg    ; run probe bench      ; auto  ; auto is KVM if a trial guest has really run under it, else TCG'
  'port    ; N 1-65535       ; run probe            ;       ; port of 127.0.0.1 that leads to the machine (default: any free one)'
  'profile ; standard|small|fast ; run build probe size ; standard ; small: the fewest bytes, without compilers; fast: the root is not compressed; both have a kernel for one processor, without IPv6 and ext4'
  'boot-profile ;            ; run build probe size ;       ; boot the image once, and make one that loads first just what that boot has loaded'
  'prune   ;                 ; run build probe size ;       ; leave out the modules that nothing reaches, and those that compile code'
  'keep    ; MODULE,... text ; run build probe size ;       ; modules that are not left out, with what they call'
  'root    ; initramfs|squashfs ; run build probe size ; initramfs ; the root: unpacked into memory, or a disk that is read as needed (less memory)'
  'locked  ;                 ; run build probe size test bench ;  ; fail if the archive has not got the versions of rootfs/sources.lock'
  'background ;              ; run                  ;       ; return when the machine answers, which goes on until `stop NAME`'
  'json    ;                 ; probe bench          ;       ; print one JSON object instead of a table'
  'csv     ;                 ; bench                ;       ; print comma-separated values instead of a table'
  'what    ; boot|memory|load|idle|native ; bench    ; boot  ; what is measured: the way to the first answer, how little memory is enough, requests a second, what it costs to wait, the way to the first answer without a machine (as root)'
  'rounds  ; N 1-1000        ; bench                ;       ; how often each image has its turn (default: 10; native 50, load 5, memory and idle 1)'
  'seconds ; N 1-3600        ; bench                ;       ; how long a turn of load is, with connections kept and with new ones (default: 5), or of idle (60)'
  'icount  ;                 ; probe bench          ;       ; count the instructions of the guest (repeatable, with TCG and one processor)'
  'again   ; N 1-1000        ; report               ;       ; boot each image N times anew, although there are figures of earlier boots'
  'pictures ; DIR directory  ; report               ;       ; put the main pictures there too, as SVG files'
  'cache   ;                 ; clean                ;       ; remove the downloads and the components in the cache too'
  'help    ;                 ; run build probe stop test bench report size doctor clean ; ; print this'
)

# What options_parse leaves: name -> value (1 for a switch), and what was no option.
declare -gA option=()
option_rest=()

# The tables by name, made from the lines above.
declare -gA command_arguments=() command_text=()
declare -gA option_value=() option_commands=() option_default=() option_text=()
command_names=() option_names=()

options_load() {
  local line name a b c d
  for line in "${options_subcommands[@]}"; do
    IFS=';' read -r name a b <<<"${line//*( );*( )/;}"
    command_arguments[$name]=$a command_text[$name]=$b
    command_names+=("$name")
  done
  for line in "${options_table[@]}"; do
    IFS=';' read -r name a b c d <<<"${line//*( );*( )/;}"
    option_names+=("$name")
    option_value[$name]=$a option_commands[$name]=$b option_default[$name]=$c option_text[$name]=$d
  done
}
options_load

# options_command NAME   refuses what is no subcommand.
options_command() {
  [[ ! -v command_text[$1] ]] || return 0
  [[ $1 != -* ]] || options_refuse '' "the subcommand comes first, then $1"
  options_refuse '' "there is no subcommand $1; the nearest is $(options_nearest "$1" "${command_names[@]}")"
}

# options_parse COMMAND ARGS...   fills option and option_rest, or says what is wrong: status 2.
options_parse() {
  local command=$1 name
  shift
  while [[ $# -gt 0 ]]; do
    name=${1%%=*}
    name=${name#--}
    if [[ $1 == -h ]]; then
      name=help
    elif [[ $1 != -* ]]; then
      option_rest+=("$1")
      shift
      continue
    fi
    options_belongs "$command" "$name" "$1"
    if [[ -z ${option_value[$name]} ]]; then
      [[ $1 != *=* ]] || options_refuse "$command" "--$name takes no value"
      option[$name]=1
    elif [[ $1 == *=* ]]; then
      options_take "$name" "${1#*=}"
    else
      # The name of an option is hardly meant as a value; --append=--json says so where it is.
      if [[ $# -eq 1 || ($2 == --* && -v option_value[${2#--}]) ]]; then
        options_refuse "$command" "--$name needs a value: --$name $(options_placeholder "$name")"
      fi
      options_take "$name" "$2"
      shift
    fi
    options_value "$command" "$name" "${option[$name]}"
    shift
  done
  for name in "${option_names[@]}"; do
    if [[ " ${option_commands[$name]} " == *" $command "* && -n ${option_default[$name]} ]]; then
      option[$name]=${option[$name]-${option_default[$name]}}
    fi
  done
}

# options_take NAME VALUE   sets the option; one of files gets one more.
options_take() {
  option[$1]=${option[$1]:+${option[$1]},}$2
}

# options_belongs COMMAND NAME WORD   refuses the option NAME, written as WORD, where it has no
# meaning, or has been given already.
options_belongs() {
  local name own=()
  if [[ $3 != -h && ($3 != --?* || ! -v option_value[$2]) ]]; then
    for name in "${option_names[@]}"; do
      [[ " ${option_commands[$name]} " != *" $1 "* ]] || own+=("$name")
    done
    options_refuse "$1" "there is no option ${3%%=*}; the nearest is --$(options_nearest "${2##*(-)}" "${own[@]}")"
  fi
  [[ " ${option_commands[$2]} " == *" $1 "* ]] ||
    options_refuse "$1" "--$2 has no meaning for $1, only for: ${option_commands[$2]}"
  [[ ! -v option[$2] || ${option_value[$2]} == *' files' ]] || options_refuse "$1" "--$2 is given twice"
}

# options_value COMMAND NAME VALUE   refuses a value that is not what the option takes.
options_value() {
  local command=$1 name=$2 value=$3 kind=${option_value[$2]##* } words file files
  case $kind in
    '') ;;
    text)
      [[ -n $value && $value != *$'\n'* ]] || options_refuse "$command" "--$name takes one line of text"
      ;;
    directory)
      [[ -d $value || $name:$value == release:none ]] || options_refuse "$command" "--$name $value: there is no such directory"
      ;;
    file | files)
      files=("$value")
      [[ $kind == file ]] || IFS=',' read -r -d '' -a files < <(printf '%s,\0' "$value") || true
      for file in "${files[@]}"; do
        [[ -e $file && ! -d $file ]] || options_refuse "$command" "--$name $file: there is no such file"
        [[ -r $file ]] || options_refuse "$command" "--$name $file cannot be read"
      done
      ;;
    *\|*)
      words=$(options_placeholder "$name")
      [[ "|$words|" == *"|$value|"* && $value != *\|* ]] ||
        options_refuse "$command" "--$name $value is not known; give --$name $words"
      ;;
    *-*)
      # Ten digits at most: more would overflow the comparison. No leading zeros: octal to some.
      if [[ ! $value =~ ^[1-9][0-9]{0,9}$ ]] || ((value < ${kind%-*} || value > ${kind#*-})); then
        options_refuse "$command" "--$name $value: not a whole number from ${kind%-*} to ${kind#*-}"
      fi
      ;;
  esac
}

# options_check COMMAND   refuses what can be seen to be wrong before half an hour of building.
options_check() {
  local word
  if [[ -z ${command_arguments[$1]} && ${#option_rest[@]} -gt 0 ]]; then
    options_refuse "$1" "$1 takes options only, not ${option_rest[0]}"
  fi
  if [[ $1 == stop && ! -v option[help] && ${#option_rest[@]} -ne 1 ]]; then
    options_refuse stop "stop takes the name of one machine; in the background $(machine_names)"
  fi
  if [[ $1 == test ]]; then
    # shellcheck disable=SC2154 # set in tests.bash
    for word in "${option_rest[@]}"; do
      [[ " ${tests_labels[*]} " == *" $word "* ]] || options_refuse test \
        "no test has the label $word; the nearest is $(options_nearest "$word" "${tests_labels[@]}")"
    done
  fi
  if [[ -v option[icount] ]]; then
    [[ ${option[accel]} != kvm ]] || options_refuse "$1" "--icount counts instructions, which KVM cannot"
    ((option[cpus] == 1)) || options_refuse "$1" "--icount is repeatable with one processor only"
    [[ ${option[what]:-boot} == boot ]] || options_refuse "$1" "--icount counts what a boot executes, not --what ${option[what]}"
  fi
  if [[ ${option[profile]:-standard} != standard && ${option[cpus]:-1} -gt 1 ]]; then
    options_refuse "$1" "--profile ${option[profile]} has a kernel for one processor; with --cpus ${option[cpus]} leave it out"
  fi
  if [[ -v option[keep] && ! -v option[prune] && ${option[profile]:-} != small ]]; then
    options_refuse "$1" "--keep has a meaning only where modules are left out: with --prune or --profile small"
  fi
  if [[ ${option[release]:-none} != none && ! -d ${option[release]}/releases ]]; then
    options_refuse "$1" "--release ${option[release]} is not a release: it has no folder releases." \
      "MIX_ENV=prod mix release makes one in _build/prod/rel/NAME"
  fi
}

# options_refuse COMMAND TEXT...   says what is wrong and where to look; ends with status 2.
options_refuse() {
  local command=$1
  shift
  printf 'error: %s\nType: scripts/microbeam %s--help\n' "$*" "${command:+$command }" >&2
  exit 2
}

# options_help [COMMAND]   prints the help, of everything or of one subcommand.
options_help() {
  local name
  if [[ $# -gt 0 ]]; then
    options_command "$1"
    options_help_command "$1"
    return
  fi
  printf 'usage: scripts/microbeam SUBCOMMAND [OPTION...]\n\n'
  for name in "${command_names[@]}"; do
    printf '  %-8s %s\n' "$name" "${command_text[$name]}"
  done
  cat <<TEXT

scripts/microbeam SUBCOMMAND --help lists its options; scripts/microbeam --version says which it is.
Set MICROBEAM_CACHE to where downloads and components are to be kept (now $MICROBEAM_CACHE)
and MICROBEAM_BUILD to where images and logs are to go (now $MICROBEAM_BUILD).
TEXT
}

options_help_command() {
  local name value
  printf 'usage: scripts/microbeam %s%s [OPTION...]\n\n%s.\n' "$1" \
    "${command_arguments[$1]:+ ${command_arguments[$1]}}" "${command_text[$1]^}"
  [[ $1 != test ]] || printf 'Labels: %s.\n' "${tests_labels[*]}"
  printf '\n'
  for name in "${option_names[@]}"; do
    [[ " ${option_commands[$name]} " == *" $1 "* ]] || continue
    value=$(options_placeholder "$name")
    printf '  %-22s %s%s\n' "--$name${value:+ $value}" "${option_text[$name]}" \
      "${option_default[$name]:+ (default: ${option_default[$name]})}"
  done
}

# options_placeholder NAME   prints what stands for the option's value in a help.
options_placeholder() {
  printf '%s\n' "${option_value[$1]%% *}"
}

# options_nearest WORD NAME...   prints the name that takes the fewest edits to reach from WORD.
options_nearest() {
  printf '%s\n' "$@" | awk '
    function min(a, b) { return a < b ? a : b }
    function distance(a, b,    i, j, row, diagonal, above) {
      for (j = 0; j <= length(b); j++) row[j] = j
      for (i = 1; i <= length(a); i++) {
        diagonal = row[0]
        row[0] = i
        for (j = 1; j <= length(b); j++) {
          above = row[j]
          row[j] = min(min(above, row[j - 1]) + 1, diagonal + (substr(a, i, 1) != substr(b, j, 1)))
          diagonal = above
        }
      }
      return row[length(b)]
    }
    NR == 1 { word = $0; next }
    { d = distance(word, $0) }
    NR == 2 || d < best { best = d; nearest = $0 }
    END { print nearest }'
}
