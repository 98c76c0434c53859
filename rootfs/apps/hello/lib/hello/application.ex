# SPDX-License-Identifier: Apache-2.0
# The OTP application: one supervised HTTP server, and the boot marks once it listens.
defmodule Hello.Application do
  @moduledoc """
  Starts the HTTP server under a supervisor and reports the boot marks.

  Erlang's `:supervisor` and `:os.getenv/2` are used directly. Elixir's `Supervisor` and
  `System.get_env/2` do the same, but bring `Keyword`, `Enum`, `String` and others into a boot that
  is mostly loading of code: 26 of 493 million instructions from exec to listening.
  """
  use Application
  @behaviour :supervisor

  @impl Application
  def start(_type, _args) do
    with {:ok, port} <- port(:os.getenv(~c"PORT", ~c"8080")),
         {:ok, supervisor} <- :supervisor.start_link({:local, Hello.Supervisor}, __MODULE__, port) do
      Hello.Marks.listening()
      {:ok, supervisor}
    end
  end

  @impl :supervisor
  def init(port) do
    flags = %{strategy: :one_for_one, intensity: 3, period: 5}
    {:ok, {flags, [Hello.Server.child_spec(port)]}}
  end

  @doc "The TCP port that `text`, the value of the environment variable PORT, asks for."
  def port(text) do
    case :string.to_integer(text) do
      {port, ~c""} when port in 1..65535 ->
        {:ok, port}

      _ ->
        reason = "hello: PORT is \"#{text}\"; set it to a TCP port from 1 to 65535"
        :logger.error(reason)
        {:error, reason}
    end
  end
end
