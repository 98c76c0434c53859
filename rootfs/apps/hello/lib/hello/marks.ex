# SPDX-License-Identifier: Apache-2.0
# The boot marks: when the emulator started and when the server listened, on the kernel's clock.
defmodule Hello.Marks do
  @moduledoc """
  Boot marks for whoever measures the boot from the console, one line each:

      hello: mark=beam boottime_ns=N age_ns=M
      hello: mark=listening boottime_ns=N

  `boottime_ns` is nanoseconds on the system's monotonic clock (the one /init's marks use; it and
  CLOCK_BOOTTIME agree on a machine that never suspends), `age_ns` how long before the line was
  written that was.
  """

  @compile {:no_warn_undefined, :pid1}

  @doc "It listens now. In a MicroBEAM image `:pid1` writes all marks; elsewhere this writes two."
  def listening do
    if :erlang.function_exported(:pid1, :mark, 1), do: :pid1.mark(:listening), else: print()
  end

  @doc "Writes the marks; \"listening\" is now."
  def print do
    # One write(2) from this very process: io's way through the group leader and the terminal
    # driver would add their time to the reader's. With this arity it takes a list in OTP 25 too.
    true = :erlang.display_string(:erlang.binary_to_list(lines()))
  end

  @doc "The lines `print/0` writes."
  def lines do
    # Erlang's own monotonic clock has an offset that differs from start to start, so the start
    # time is only good for an age; the system's clock is read here, at the same moment.
    source = :erlang.system_info(:os_monotonic_time_source)
    {:time, now} = :lists.keyfind(:time, 1, source)
    age = :erlang.monotonic_time() - :erlang.system_info(:start_time)

    "hello: mark=beam boottime_ns=#{ns(now - age)} age_ns=#{ns(age)}\n" <>
      "hello: mark=listening boottime_ns=#{ns(now)}\n"
  end

  defp ns(native) do
    Integer.to_string(:erlang.convert_time_unit(native, :native, :nanosecond))
  end
end
