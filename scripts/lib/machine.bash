# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Booting an image: which accelerator, and the runner (bench/boot) with its arguments.

# machine_run   boots with the console on this terminal. Does not return: what ends the machine ends us.
machine_run() {
  local -a runner
  machine_runner run
  if [[ -v option[background] ]]; then
    machine_run_in_background
    return
  fi
  say "booting $(image_name); another terminal can type: scripts/microbeam probe"
  exec "${runner[@]}"
}

# machine_run_in_background   boots with the caller's runner; returns when the machine answers.
machine_run_in_background() {
  local name console
  name=$(image_directory)
  name=${name##*/}
  console=$MICROBEAM_BUILD/logs/machine-$name.log
  mkdir -p "$(machine_folder)"
  # The last one counts: the console of a probe goes elsewhere.
  runner+=(--background "--state=$(machine_folder)/$name" "--console_log=$console")
  say "booting $name in the background, its console: $console"
  job "${runner[@]}"
  say "it goes on; to end it type: scripts/microbeam stop $name"
}

# machine_folder   prints where the machines in the background are found again: a file each.
machine_folder() { printf '%s/machines\n' "$MICROBEAM_BUILD"; }

# machine_names   says which files there are.
machine_names() {
  local file names=()
  for file in "$(machine_folder)"/*; do
    [[ ! -f $file || $file == *.log ]] || names+=("${file##*/}")
  done
  if [[ ${#names[@]} -eq 0 ]]; then
    printf 'there is none\n'
  else
    printf 'there may be: %s\n' "${names[*]}"
  fi
}

# command_stop   ends a machine in the background in order. The runner finds out whether it is there.
command_stop() {
  # shellcheck disable=SC2154 # set in options.bash
  local name=${option_rest[0]} program=$MICROBEAM_BUILD/host/bench/microbeam-vm
  if [[ $name == */* || ! -e $(machine_folder)/$name ]]; then
    die "no machine $name runs in the background; $(machine_names)"
  fi
  [[ -x $program ]] || die "$program is gone; type: scripts/microbeam build"
  exec "$program" --mode=stop "--state=$(machine_folder)/$name"
}

# machine_probe   boots, times, ends; prints the JSON object or a table made of it.
machine_probe() {
  local json status=0 report=$MICROBEAM_BUILD/logs/probe.$$.json
  local -a runner
  machine_runner probe
  [[ ! -v option[icount] ]] || runner+=(--icount)
  [[ ! -v option[json] ]] || exec "${runner[@]}"
  job "${runner[@]}" >"$report" || status=$?
  json=$(<"$report")
  rm "$report"
  machine_table <<<"$json"
  if [[ $status -eq 0 && ! -v option[icount] ]]; then
    say "next: scripts/microbeam probe --icount, which counts instructions and repeats exactly"
  fi
  return "$status"
}

# How often each image has its turn, and how many seconds one is, unless told otherwise.
declare -A bench_rounds=([boot]=10 [memory]=1 [load]=5 [idle]=1 [native]=50)
declare -A bench_seconds=([load]=5 [idle]=60)

# machine_bench   measures our images of the sample and the peers in turns, and compares them. The figures are kept in
# build/bench/WHAT.json besides, or in the folder that MICROBEAM_RESULTS names.
machine_bench() {
  # 256 MiB for all: with 64, as ours have, stock is out of memory before it listens.
  local accel name images='' format=text memory=256 what=${option[what]}
  local results=${MICROBEAM_RESULTS:-$MICROBEAM_BUILD/bench} file=$what
  for name in "${option_rest[@]}"; do
    images+=,$MICROBEAM_BUILD/images/$name
  done
  accel=$(machine_accel "$MICROBEAM_BUILD/images/hello/vmlinux")
  [[ ! -v option[json] ]] || format=json
  [[ ! -v option[csv] ]] || format=csv
  [[ ! -v option[icount] ]] || file=icount
  mkdir -p "$results"
  job "$MICROBEAM_BUILD/host/bench/microbeam-vm" --mode=bench "--what=$what" "--images=${images#,}" \
    "--rounds=${option[rounds]:-${bench_rounds[$what]}}" "--seconds=${option[seconds]:-${bench_seconds[$what]:-1}}" \
    "--format=$format" "--accel=$accel" "--memory=$memory" "--cpus=${option[cpus]}" \
    "--icount=$([[ -v option[icount] ]] && echo true || echo false)" --timeout=300 \
    "--save=$results/$file.json" "--console_log=$MICROBEAM_BUILD/logs/console-bench.log"
}

# machine_runner MODE   sets the caller's runner to the command that boots the image.
machine_runner() {
  local image accel
  image=$(image_directory)
  accel=$(machine_accel "$image/vmlinux")
  runner=(
    "$MICROBEAM_BUILD/host/bench/microbeam-vm" "--mode=$1"
    "--kernel=$image/vmlinux" "$(machine_root "$image")" "--image=$(image_name)"
    "--vm=${option[vm]}" "--accel=$accel"
    "--memory=${option[memory]}" "--cpus=${option[cpus]}" "--port=${option[port]:-0}"
    "--append=${option[append]:-}" "--disk=${option[disk]:-}" "--env_file=${option[env-file]:-}"
    "--console_log=$MICROBEAM_BUILD/logs/console-${image##*/}.log"
  )
}

# machine_root IMAGE   prints the runner's argument for the root of an image.
machine_root() {
  if [[ -e $1/root.squashfs ]]; then
    printf -- '--root_disk=%s\n' "$1/root.squashfs"
  else
    printf -- '--initrd=%s\n' "$1"/root.cpio*
  fi
}

# machine_accel KERNEL   prints kvm or tcg, and says which and why where that was a choice.
machine_accel() {
  local why
  if [[ -v option[icount] ]]; then
    say "accelerator: tcg (--icount counts its instructions)"
    printf 'tcg\n'
  elif [[ ${option[accel]} == tcg ]]; then
    printf 'tcg\n'
  elif why=$(machine_kvm_works "$1"); then
    say "accelerator: kvm ($why)"
    printf 'kvm\n'
  elif [[ ${option[accel]} == kvm ]]; then
    die "--accel kvm: $why. Leave it out, or give --accel tcg, which is slower and works everywhere"
  else
    say "accelerator: tcg ($why)"
    printf 'tcg\n'
  fi
}

# machine_kvm_works KERNEL   true if a guest runs under KVM; prints what was seen. What was seen is
# remembered for this boot of the host, this kernel and this QEMU.
machine_kvm_works() {
  local memory=$MICROBEAM_BUILD/kvm-trial key status=0 seen=() line
  if [[ ! -e /dev/kvm ]]; then
    printf 'there is no /dev/kvm\n'
    return 1
  fi
  key="$(</proc/sys/kernel/random/boot_id) $EUID $(sha256sum <"$1") $(stat -c %Y "$(type -P qemu-system-x86_64)")"
  [[ ! -e $memory ]] || mapfile -t seen <"$memory"
  if [[ ${seen[0]:-} == "$key" ]]; then
    printf '%s\n' "${seen[2]}"
    return "${seen[1]}"
  fi
  line=$("$MICROBEAM_BUILD/host/bench/microbeam-vm" --mode=trial --accel=kvm "--kernel=$1") || status=$?
  # Only 0 and 1 are verdicts; anything else was a signal.
  ((status <= 1)) || exit "$status"
  [[ $status -eq 0 ]] || line="a trial guest did not run under KVM: $line"
  printf '%s\n' "$key" "$status" "$line" >"$memory.$BASHPID"
  mv "$memory.$BASHPID" "$memory"
  printf '%s\n' "$line"
  return "$status"
}

# machine_table <JSON   prints the object of a probe for people.
machine_table() {
  awk '
    # The number, the word or the object that follows a key.
    function value(text, key,    rest) {
      if (!match(text, "\"" key "\":")) return "-"
      rest = substr(text, RSTART + RLENGTH)
      if (rest ~ /^{/) { match(rest, /^{[^}]*}/) } else { match(rest, /^("[^"]*"|[^,}]*)/) }
      rest = substr(rest, 1, RLENGTH)
      gsub(/^"|"$/, "", rest)
      return rest == "null" ? "-" : rest
    }
    {
      printf "%s, %s, %s, %s MiB, %s processor(s): HTTP %s, the BEAM is process %s\n", \
        value($0, "image"), value($0, "vm"), value($0, "accel"), value($0, "memory_mib"), \
        value($0, "cpus"), value($0, "http_status"), value($0, "beam_os_pid")
      ms = value($0, "timeline_ms")
      instructions = value($0, "timeline_insns")
      n = split("kernel init exec beam listening application first_byte", mark, " ")
      printf "  %-12s%10s%s\n", "mark", "ms", instructions == "-" ? "" : "    instructions"
      for (i = 1; i <= n; i++) {
        at = value(ms, mark[i])
        printf "  %-12s%10s", mark[i], at == "-" ? at : sprintf("%.1f", at)
        printf "%s\n", instructions == "-" ? "" : sprintf("%16s", value(instructions, mark[i]))
      }
    }'
}
