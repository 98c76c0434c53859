# SPDX-License-Identifier: Apache-2.0
# The sample application's project: what it needs at run time and how it is released.
defmodule Hello.MixProject do
  use Mix.Project

  def project do
    [
      app: :hello,
      version: "0.1.0",
      elixir: "~> 1.18",
      start_permanent: Mix.env() == :prod,
      releases: [hello: release()]
    ]
  end

  # inets is *included*: its modules and its environment are there, but its own supervision tree
  # (which would start an HTTP client as well) is not; Hello.Server runs the one server we want
  # under our supervisor. Elixir's Logger is left out: Erlang's default handler reports errors on
  # the console just as well, and costs no boot time.
  def application do
    [mod: {Hello.Application, []}, included_applications: [:inets]]
  end

  defp release do
    [
      include_erts: false,
      include_executables_for: [:unix],
      strip_beams: true,
      quiet: true,
      # ssl (and crypto, public_key and asn1 with it) can be used but is not started at boot:
      # `Application.ensure_all_started(:ssl)` does that when TLS is first wanted.
      applications: [ssl: :none],
      steps: [&without_tools/1, :assemble]
    ]
  end

  # Mix puts an interactive shell and the release handler in every release; nothing here can reach
  # either, and sasl would be started at each boot.
  defp without_tools(release) do
    drop = [:iex, :sasl]
    boot_scripts = Map.new(release.boot_scripts, fn {k, v} -> {k, Keyword.drop(v, drop)} end)
    %{release | applications: Map.drop(release.applications, drop), boot_scripts: boot_scripts}
  end
end
