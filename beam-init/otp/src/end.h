// SPDX-License-Identifier: Apache-2.0
// The end of a machine whose PID 1 is the BEAM: what the BEAM's NIF has to do with it.
#ifndef BEAM_INIT_OTP_END_H
#define BEAM_INIT_OTP_END_H

namespace beam_init {

/// The program that ends the machine, by BEAM_INIT in `environment`; nullptr where this process is
/// not PID 1 by its doing (BEAM_INIT_MODE is not "exec"), and just exits.
const char* ender(const char* const* environment);

/// Called where the BEAM would exit with `status`: the process becomes beam-init again, which is
/// told what to do: `verb` for status 0, if there is one, else what the settings say. All of the
/// BEAM is gone with that, threads, mapped and open files, so that nothing is busy or goes on.
/// Returns if that fails, having said so on standard error.
void end(const char* program, const char* verb, int status, char* const* environment);

}  // namespace beam_init

#endif  // BEAM_INIT_OTP_END_H
