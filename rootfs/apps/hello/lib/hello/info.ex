# SPDX-License-Identifier: Apache-2.0
# What /info tells: facts about the running system that are cheap to read.
defmodule Hello.Info do
  @moduledoc "The facts that `/info` answers with."

  @doc "A map that `:json.encode/1` takes; sizes are in bytes, null where the system has no answer."
  def collect do
    {:ok, hostname} = :inet.gethostname()

    %{
      os_pid: List.to_integer(:os.getpid()),
      otp: List.to_string(:erlang.system_info(:otp_release)),
      erts: List.to_string(:erlang.system_info(:version)),
      elixir: System.version(),
      emulator: :erlang.system_info(:emu_flavor),
      code_loading: :code.get_mode(),
      modules: length(:code.all_loaded()),
      memory: memory(),
      uptime_ms: uptime_ms(),
      schedulers: :erlang.system_info(:schedulers_online),
      processes: :erlang.system_info(:process_count),
      hostname: List.to_string(hostname)
    }
  end

  @doc "Milliseconds since the emulator started."
  def uptime_ms do
    age = :erlang.monotonic_time() - :erlang.system_info(:start_time)
    :erlang.convert_time_unit(age, :native, :millisecond)
  end

  # Of the BEAM by its own account, of its process, and what the machine has left.
  defp memory do
    %{
      beam: :erlang.memory(:total),
      rss: proc("/proc/self/status", "VmRSS:"),
      available: proc("/proc/meminfo", "MemAvailable:")
    }
  end

  # Files of /proc have no size to go by; :raw keeps the read in this process.
  defp proc(file, field) do
    with {:ok, text} <- :file.read_file(file, [:raw]),
         {at, length} <- :binary.match(text, field) do
      rest = :binary.part(text, at + length, byte_size(text) - at - length)
      {kib, " kB" <> _} = :string.to_integer(:string.trim(rest, :leading))
      kib * 1024
    else
      _ -> :null
    end
  end
end
