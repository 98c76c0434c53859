# SPDX-License-Identifier: Apache-2.0
# Reads a Sources or Packages index; prints the files of some packages: VERSION SUITE FILE SHA256 URI.
# Set with -v: packages (their names, with commas), suite, uri (of the archive).
BEGIN {
  RS = ""; FS = "\n"
  count = split(packages, name, ",")
  for (i = 1; i <= count; i++) wanted["Package: " name[i]]
}
$1 in wanted {
  directory = ""; in_sums = 0
  for (i = 2; i <= NF; i++) {
    split($i, word, " ")
    if ($i ~ /^[^ ]/) in_sums = 0
    if ($i ~ /^Version:/) version = word[2]
    if ($i ~ /^Directory:/) directory = word[2]
    if ($i ~ /^Filename:/) filename = word[2]
    if ($i ~ /^SHA256:/) sha256 = word[2]
    if (in_sums) { sum[word[3]] = word[1] }
    if ($i ~ /^Checksums-Sha256:/) in_sums = 1
  }
  if (directory == "") {
    file = filename
    sub(/.*\//, "", file)
    print version, suite, file, sha256, uri "/" filename
  }
  for (file in sum) print version, suite, file, sum[file], uri "/" directory "/" file
  delete sum
}
