#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # set in helper.bash, and by bats
# The page of what was measured: a real browser looks at one that is made of figures of the test's own. The
# program that boots machines is the test's own, too.

load helper

figures=$BATS_TEST_DIRNAME/report

setup() {
  own_folders
  results=$MICROBEAM_BUILD/bench
  page=$MICROBEAM_BUILD/report/index.html
  mkdir -p "$MICROBEAM_BUILD"/{host/bench,images/hello,bench}
  # As a build leaves it.
  printf 'MicroBEAM\n' >"$MICROBEAM_BUILD/CACHEDIR.TAG"
  unset MICROBEAM_RESULTS
  cp "$figures/manifest.json" "$MICROBEAM_BUILD/images/hello/"
  cat >"$BATS_TEST_TMPDIR/microbeam" <<COMMAND
source '$microbeam'
command_packages() { build_lock; }
build_bench() { :; }
main "\$@"
COMMAND
}

command() { bash "$BATS_TEST_TMPDIR/microbeam" "$@"; }

# measured NAME...   these runs have been made.
measured() {
  local name
  for name in "$@"; do
    cp "$figures/$name.json" "$results/"
  done
}

# runner   the program that boots machines saves the figures of the test instead, and notes its arguments.
runner() {
  # shellcheck disable=SC2016 # of the program
  fake microbeam-vm "printf '%s\n' \"\$*\" >>'$BATS_TEST_TMPDIR/arguments'" \
    'for word; do [[ $word != --save=* ]] || save=${word#--save=}; done' \
    "cp '$figures'/\"\${save##*/}\" \"\$save\"" 'echo a table'
  mv "$BATS_TEST_TMPDIR/bin/microbeam-vm" "$MICROBEAM_BUILD/host/bench/"
  fake qemu-system-x86_64 'exit 1'
  touch "$MICROBEAM_BUILD/images/hello/vmlinux"
}

# browser ARGS...   a browser without a window, which reaches nothing and nobody. It needs --no-sandbox of root.
browser() {
  timeout --kill-after=5 100 chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run \
    --disable-background-networking --disable-component-update --host-resolver-rules='MAP * ~NOTFOUND' \
    --user-data-dir="$BATS_TEST_TMPDIR/profile" "$@"
}

# complaints FILE   prints what the browser has on its console about FILE.
complaints() {
  browser --enable-logging=stderr --dump-dom "file://$1" 2>&1 >"$BATS_TEST_TMPDIR/dom" | sed -n 's/^.*:CONSOLE[^]]*\] *//p'
  grep -q '</html>' "$BATS_TEST_TMPDIR/dom"
}

# with_script FILE SCRIPT   prints the page FILE with SCRIPT at its end, which its policy would not let run.
with_script() {
  sed -e '/Content-Security-Policy/d' -e '/<\/body>/,$d' "$1"
  printf '<script>\n%s\n</script>\n</body>\n</html>\n' "$(<"$2")"
}

# inspected WIDTH ARGS...   prints what inspect.js has seen of the page on a screen as wide as that: in a frame,
# for a window cannot be as narrow as a phone.
inspected() {
  local width=$1
  shift
  {
    printf '<meta name="color-scheme" content="light dark"><pre id="seen"></pre>\n'
    printf '<script>onmessage = ({data}) => document.getElementById("seen").textContent = data</script>\n'
    printf '<iframe width="%s" height="1000" style="border: 0" src="data:text/html;base64,' "$width"
    with_script "$page" "$figures/inspect.js" | base64 -w 0
    printf '"></iframe>\n'
  } >"$BATS_TEST_TMPDIR/frame.html"
  said "$BATS_TEST_TMPDIR/frame.html" "$@"
}

# said FILE ARGS...   prints what the page FILE has written into its element `seen`.
said() {
  browser --window-size=1400,1000 --virtual-time-budget=20000 "${@:2}" --dump-dom "file://$1" 2>/dev/null |
    sed -n '/<pre id="seen">/,/<\/pre>/p' | sed -e 's/.*<pre id="seen">//' -e 's/<\/pre>.*//'
}

# painted ARGS...   prints of each picture the colour of its paper, and which blue of the kernel is in it.
painted() {
  local file
  for file in "$BATS_TEST_TMPDIR"/one/*.svg; do
    printf '<img title="%s" src="data:image/svg+xml;base64,%s">\n' "${file##*/}" "$(base64 -w 0 "$file")"
  done >"$BATS_TEST_TMPDIR/pictures.html"
  printf '<pre id="seen"></pre>\n<script>\n%s\n</script>\n' "$(<"$figures/paint.js")" >>"$BATS_TEST_TMPDIR/pictures.html"
  said "$BATS_TEST_TMPDIR/pictures.html" "$@"
}

# show   fails, with what was seen.
show() {
  printf '%s\n' "$output${stderr-}" >&2
  return 1
}

# seen WIDTH LOOK   inspect.js has seen every picture on a screen like this, and nothing to complain of:
# boot, instructions, first byte, image, files, and two measures of memory.
seen() {
  [[ $output == "7 pictures, $1 wide, $2"$'\n'end ]] || show
}

@test "the page as a browser shows it: nothing overlaps, sticks out or is hard to read" {
  measured boot icount memory
  run --separate-stderr -0 command report
  says "open $page"
  [[ $output == "$page" && $stderr != *warning* ]] || show
  run -0 inspected 1200
  seen 1200 light
  run -0 inspected 390
  seen 390 light
  run -0 inspected 1200 --blink-settings=preferredColorScheme=0
  seen 1200 dark
  # Whoever looks, sees it.
  sed -i 's/>stock<\/text>/>stock, which is a name that is much too long<\/text>/' "$page"
  run -0 inspected 390
  says 'overlap' 'stock, which is'
}

@test "the page needs nothing: no script, no place elsewhere, and the browser has nothing to say" {
  measured boot icount memory
  run -0 command report
  run -0 complaints "$page"
  [[ -z $output ]] || show
  # What is in it for others: the name of SVG, which nobody fetches.
  sed 's|xmlns="http://www.w3.org/2000/svg"||g' "$page" >"$BATS_TEST_TMPDIR/rest"
  fails grep -nE '://|<script|@import|url\(|(src|href)="[^d]' "$BATS_TEST_TMPDIR/rest"
  # The page itself forbids it, so that the browser would have had something to say.
  sed -i 's|</main>|<img src="http://example.invalid/x.png" alt="x"><script>1</script></main>|' "$page"
  run -0 complaints "$page"
  says example.invalid 'Content Security Policy' script
}

@test "the figures are in it: every value, what nobody measured, and names with signs of HTML" {
  measured boot icount memory
  run -0 command report
  text=$(<"$page")
  for word in '1,521 ms' '4.6×' '<td>1,508</td><td>1,562</td>' '<td>7,090</td>' 'hello-fast: 1,448 ms' '807 M' \
    'writes no such mark' '9.52 MB' '16.4 MB' '8.28 MB' 'the &lt;least&gt; memory &amp; nothing less' \
    'swap: there is none.' 'stdlib' '1.2.5-3.1~deb13u1' 'under TCG' '128 MiB' '2.3× less' '2.0× more' 'QEMU 7.2, TCG, 256 MiB'; do
    [[ $text == *"$word"* ]] || { echo "not in the page: $word"; return 1; }
  done
  # Nobody is told apart who says nothing: one step from the start to listening.
  [[ $text == *'<th scope="row">stock</th><td colspan="5">6,850</td><td>76</td><td>6,926</td>'* ]]
}

@test "without the other runs, and with one boot of two images, it is a page too" {
  sed -e 's/"n":3,/"n":1,/' -e 's/"values":\[\([^,]*\)[^]]*\]/"values":[\1]/' "$figures/boot.json" >"$results/boot.json"
  measured icount
  run -0 command report
  run -0 inspected 1200
  [[ $output == $'6 pictures, 1200 wide, light\nend' ]] || show
}

@test "the pictures by themselves: the same from the same figures, and on paper of their own in both schemes" {
  measured boot icount
  mkdir "$BATS_TEST_TMPDIR"/{one,other}
  run -0 command report --pictures "$BATS_TEST_TMPDIR/one"
  run -0 command report --pictures "$BATS_TEST_TMPDIR/other"
  diff -r "$BATS_TEST_TMPDIR/one" "$BATS_TEST_TMPDIR/other"
  [[ $(cd "$BATS_TEST_TMPDIR/one" && echo *) == 'boot.svg first-byte.svg image.svg instructions.svg memory.svg' ]]
  run -0 painted
  [[ $output == $'boot.svg rgb(255,255,255) blue\nfirst-byte.svg rgb(255,255,255)\nimage.svg rgb(255,255,255) blue\ninstructions.svg rgb(255,255,255) blue\nmemory.svg rgb(255,255,255)' ]] || show
  run -0 painted --blink-settings=preferredColorScheme=0
  [[ $output == $'boot.svg rgb(13,17,23) sky\nfirst-byte.svg rgb(13,17,23)\nimage.svg rgb(13,17,23) sky\ninstructions.svg rgb(13,17,23) sky\nmemory.svg rgb(13,17,23)' ]] || show
}

@test "the pictures that README.md shows are there" {
  run -0 grep -o 'bench/pictures/[a-z-]*[.]svg' "$repository/README.md"
  for picture in $output; do
    grep -q '</svg>' "$repository/$picture"
  done
}

@test "what was not measured yet is booted, what was is not; --again boots it anew" {
  runner
  run --separate-stderr -0 command report
  says 'measuring: scripts/microbeam bench' 'measuring: scripts/microbeam bench --icount --rounds 1'
  [[ $output == "$page" && -s $page ]]
  [[ $(grep -c -e --mode=bench "$BATS_TEST_TMPDIR/arguments") == 2 ]]
  grep -q -e '--rounds=10 .*--icount=false' "$BATS_TEST_TMPDIR/arguments"
  grep -q -e '--rounds=1 .*--icount=true' "$BATS_TEST_TMPDIR/arguments"
  run --separate-stderr -0 command report
  [[ $(grep -c -e --mode=bench "$BATS_TEST_TMPDIR/arguments") == 2 ]]
  run --separate-stderr -0 command report --again 3
  grep -q -e '--rounds=3 .*--icount=false' "$BATS_TEST_TMPDIR/arguments"
  [[ $(grep -c -e --mode=bench "$BATS_TEST_TMPDIR/arguments") == 4 ]]
}

@test "without a boot there is no page" {
  runner
  fake microbeam-vm 'echo "hello: a kernel panic" >&2' 'exit 1'
  mv "$BATS_TEST_TMPDIR/bin/microbeam-vm" "$MICROBEAM_BUILD/host/bench/"
  run --separate-stderr -1 command report
  says 'kernel panic'
  [[ ! -e $page && -z $output ]]
}

@test "an image that is another one than was measured: a warning, and a sentence in the page" {
  measured boot icount
  sed -i 's/"bzImage":[0-9]*/"bzImage":2000000/' "$MICROBEAM_BUILD/images/hello/manifest.json"
  run --separate-stderr -0 command report
  says 'warning: The image hello has changed' --again
  grep -q 'The image hello has changed' "$page"
}

# refused FILE TEXT...   there is no page, and one sentence says why.
refused() {
  NODE_PATH=/usr/share/nodejs run --separate-stderr -1 node "$repository/bench/report/report.js" "$results" \
    "$MICROBEAM_BUILD/images/hello/manifest.json" "$page" here
  [[ ! -e $page && $stderr == error:*"$1"* && $stderr != *$'\n'*$'\n'* && $stderr != *' at '*'.js:'* ]] || show
  says "$@"
}

@test "figures that are none: a sentence with the name of the file, and no page" {
  mkdir "${page%/*}"
  refused boot.json 'is not there'
  : >"$results/boot.json"
  refused boot.json 'is not JSON' 'scripts/microbeam bench'
  head -c 2000 "$figures/boot.json" >"$results/boot.json"
  refused boot.json 'is not JSON'
  echo '[]' >"$results/boot.json"
  refused boot.json 'it has no measures'
  echo '{"machine":"m","baseline":"b","measures":[]}' >"$results/boot.json"
  refused boot.json 'no measure has a value'
  sed 's/"values":[^}]*}/"v":0}/' "$figures/boot.json" >"$results/boot.json"
  refused boot.json 'the measure kernel of hello has no values'
  sed 's/"values":\[6926,/"values":["6926",/' "$figures/boot.json" >"$results/boot.json"
  refused boot.json 'the measure first_byte of stock' 'no number'
  sed 's/"median":1521,//' "$figures/boot.json" >"$results/boot.json"
  refused boot.json 'the measure first_byte of hello has no median'
  sed 's/"name":"first_byte"/"name":"other"/; s/"name":"listening"/"name":"another"/' "$figures/boot.json" >"$results/boot.json"
  refused boot.json 'nothing to draw'
  sed 's/"guest":{[^}]*}/"guest":null/' "$figures/boot.json" >"$results/boot.json"
  refused boot.json 'which machine'
  measured boot icount
  echo '{' >"$results/memory.json"
  refused memory.json 'is not JSON' 'scripts/microbeam bench --what memory'
  rm "$results/memory.json"
  echo '{' >"$MICROBEAM_BUILD/images/hello/manifest.json"
  refused manifest.json 'is not JSON' 'scripts/microbeam build'
  echo '{"components":[{"name":"linux"}],"bytes":{"bzImage":1}}' >"$MICROBEAM_BUILD/images/hello/manifest.json"
  refused manifest.json 'a component without a name or version'
  rm "$MICROBEAM_BUILD/images/hello/manifest.json"
  refused manifest.json 'cannot be read' 'scripts/microbeam build'
  run --separate-stderr -1 command report
  [[ ! -e $page ]]
  says 'cannot be read'
}
