# SPDX-License-Identifier: Apache-2.0
# The HTTP server: inets' httpd as a child of our own supervisor, answering with Hello.Handler.
defmodule Hello.Server do
  @moduledoc "inets' httpd as a child of a supervisor."

  @doc "A supervisor as child: httpd is a tree of its own, and is given the time to end it."
  def child_spec(port) do
    %{
      id: __MODULE__,
      start: {__MODULE__, :start_link, [port]},
      type: :supervisor,
      shutdown: :infinity
    }
  end

  @doc "Starts httpd on `port` of every IPv4 address, linked to the caller."
  def start_link(port) do
    with {:error, reason} <- :inets.start(:httpd, config(port), :stand_alone) do
      :logger.error("hello: cannot serve HTTP on port #{port}: #{explain(reason)}")
      {:error, reason}
    end
  end

  # server_name: without it httpd asks DNS for the host's name, 5 s where no server answers.
  # server_root and document_root are mandatory and must exist; nothing is ever read from them,
  # because the only module in `modules` is ours.
  defp config(port) do
    root = :code.lib_dir(:hello)

    [
      port: port,
      bind_address: :any,
      ipfamily: :inet,
      server_name: ~c"hello",
      server_tokens: :none,
      server_root: root,
      document_root: root,
      modules: [Hello.Handler]
    ]
  end

  # httpd reports a failure to listen some supervisors deep: {:shutdown, {:failed_to_start_child,
  # id, reason}} over and over, with {:listen, posix} at the bottom.
  defp explain({:shutdown, {:failed_to_start_child, _id, reason}}), do: explain(reason)
  defp explain({:error, reason}), do: explain(reason)

  defp explain({:listen, :eaddrinuse}),
    do: "the port is in use (eaddrinuse); stop what uses it or set PORT to another"

  defp explain({:listen, :eacces}),
    do: "not allowed (eacces); ports below 1024 want privilege, set PORT to a higher one"

  defp explain({:listen, posix}), do: "#{:inet.format_error(posix)} (#{posix})"
  defp explain(reason), do: inspect(reason)
end
