// SPDX-License-Identifier: Apache-2.0
// What a program of this folder needs before it starts another.
#ifndef MICROBEAM_BENCH_COMMON_PROGRAM_H
#define MICROBEAM_BENCH_COMMON_PROGRAM_H

#include <optional>
#include <string>

namespace microbeam {

// `program` itself when it has a slash, or the first executable file of that name in PATH. Nothing
// when there is none.
std::optional<std::string> find_program(const std::string& program);

// Opens those of 0, 1 and 2 that are closed: a pipe that got the number of a closed standard stream
// would be overwritten in the child. Read-only, so that a result that is written to a closed stdout
// is an error still.
void open_standard_streams();

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_COMMON_PROGRAM_H
