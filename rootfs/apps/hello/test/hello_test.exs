# SPDX-License-Identifier: Apache-2.0
# The whole application over a real socket: pages, errors, restart, marks.
defmodule HelloTest do
  use ExUnit.Case

  test "/ says hello" do
    assert {200, "text/plain" <> _, body} = request("GET", "/")
    assert body =~ "Hello"
  end

  test "/health is 200 ok, with a query too" do
    assert {200, _, "ok"} = request("GET", "/health")
    assert {200, _, "ok"} = request("GET", "/health?from=probe")
  end

  test "/info is JSON about this very system" do
    assert {200, "application/json", body} = request("GET", "/info")
    info = :json.decode(body)
    assert info["os_pid"] == List.to_integer(:os.getpid())
    assert info["otp"] == List.to_string(:erlang.system_info(:otp_release))
    assert info["elixir"] == System.version()
    assert info["emulator"] in ["emu", "jit"]
    assert info["memory"]["beam"] > 1_000_000
    assert info["memory"]["rss"] > 1_000_000
    assert info["memory"]["available"] > 1_000_000
    assert is_integer(info["uptime_ms"]) and info["uptime_ms"] >= 0
  end

  test "an unknown path is 404, another method 405" do
    assert {404, _, _} = request("GET", "/nothing")
    assert {405, _, _} = request("POST", "/health")
  end

  test "HEAD has the length and no body" do
    assert {200, _, ""} = request("HEAD", "/health")
  end

  @tag :capture_log
  test "a server that dies comes back" do
    Supervisor.stop(server())
    assert eventually(fn -> match?({200, _, "ok"}, request("GET", "/health")) end)
  end

  @tag :capture_log
  test "a process of the server that dies comes back" do
    [{_, instance, _, _}] = Supervisor.which_children(server())
    [manager] = for {_, pid, :worker, _} <- Supervisor.which_children(instance), do: pid
    Process.exit(manager, :kill)
    assert eventually(fn -> match?({200, _, "ok"}, request("GET", "/health")) end)
  end

  @tag :capture_log
  test "a port in use is an error that says so" do
    Process.flag(:trap_exit, true)
    {:ok, socket} = :gen_tcp.listen(0, [])
    {:ok, port} = :inet.port(socket)
    assert {:error, _} = Hello.Server.start_link(port)
  end

  @tag :capture_log
  test "PORT must be a port" do
    assert Hello.Application.port(~c"8080") == {:ok, 8080}

    for text <- [~c"", ~c"x", ~c"80x", ~c"0", ~c"-1", ~c"65536"] do
      assert {:error, reason} = Hello.Application.port(text)
      assert reason =~ "PORT is \"#{text}\";"
    end
  end

  test "the marks are on the system's monotonic clock" do
    lines = Hello.Marks.lines()

    assert [_, beam, age, listening] =
             Regex.run(
               ~r/\Ahello: mark=beam boottime_ns=(\d+) age_ns=(\d+)\nhello: mark=listening boottime_ns=(\d+)\n\z/,
               lines
             )

    [beam, age, listening] = Enum.map([beam, age, listening], &String.to_integer/1)
    assert beam + age == listening

    [uptime, _idle] = "/proc/uptime" |> File.read!() |> String.split()
    assert_in_delta listening / 1.0e9, String.to_float(uptime), 1.0
  end

  defp server do
    [{Hello.Server, pid, :supervisor, _}] = Supervisor.which_children(Hello.Supervisor)
    pid
  end

  defp eventually(check, tries \\ 50) do
    cond do
      check.() -> true
      tries == 0 -> false
      true -> Process.sleep(20) && eventually(check, tries - 1)
    end
  end

  # The project has no dependency, and inets' own client is not started: a socket will do.
  defp request(method, path) do
    port = String.to_integer(System.get_env("PORT", "8080"))
    options = [:binary, active: false, packet: :http_bin]

    with {:ok, socket} <- :gen_tcp.connect(~c"127.0.0.1", port, options, 5_000) do
      head = "#{method} #{path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n"
      :ok = :gen_tcp.send(socket, head)
      response(socket)
    end
  end

  defp response(socket) do
    with {:ok, {:http_response, _version, status, _phrase}} <- :gen_tcp.recv(socket, 0, 5_000) do
      type = content_type(socket, nil)
      :ok = :inet.setopts(socket, packet: :raw)
      {status, type, body(socket, "")}
    end
  end

  defp content_type(socket, type) do
    case :gen_tcp.recv(socket, 0, 5_000) do
      {:ok, {:http_header, _, :"Content-Type", _, value}} -> content_type(socket, value)
      {:ok, {:http_header, _, _, _, _}} -> content_type(socket, type)
      {:ok, :http_eoh} -> type
    end
  end

  defp body(socket, seen) do
    case :gen_tcp.recv(socket, 0, 5_000) do
      {:ok, more} -> body(socket, seen <> more)
      {:error, :closed} -> seen
    end
  end
end
