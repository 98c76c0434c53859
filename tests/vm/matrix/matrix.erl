%% SPDX-License-Identifier: Apache-2.0
%% Ends the system it runs in, in one of the ways that there are: `-s matrix run WAY`. Before that it
%% writes to a volume on /data, if there is one, and leaves a program running.
-module(matrix).
-export([run/1, crash/0]).

run([Way]) ->
    spawn(fun() -> wait_until_started(), prepare(Way), act(Way) end).

wait_until_started() ->
    case init:get_status() of
        {started, _} -> ok;
        _ -> receive after 20 -> wait_until_started() end
    end.

prepare(Way) ->
    _ = file:write_file("/data/written", atom_to_binary(Way)),
    open_port({spawn_executable, os:getenv("BINDIR") ++ "/inet_gethost"}, []),
    io:put_chars(["matrix: ", atom_to_list(Way), $\n]).

act(stop) -> init:stop();
act(exit0) -> halt(0);
act(exit3) -> halt(3);
act(abort) -> halt(abort);
act(segv) -> ok = erlang:load_nif("/matrix/crash", 0), ?MODULE:crash();
act(oom) -> eat([]);
act(orphans) -> orphans(10);
act(connect) -> connect(list_to_atom(os:getenv("PEER")), 100);
act(host) -> receive after infinity -> ok end.

%% As an Elixir release would; then both machines end.
connect(Peer, Times) when Times > 0 ->
    case 'Elixir.Node':connect(Peer) of
        true ->
            io:put_chars(["matrix: connected to ", atom_to_list(erpc:call(Peer, erlang, node, [])), $\n]),
            erpc:cast(Peer, init, stop, []),
            init:stop();
        _ -> receive after 200 -> connect(Peer, Times - 1) end
    end.

crash() -> erlang:nif_error(not_loaded).

%% Filled, or the kernel would give no page.
eat(Eaten) -> eat([binary:copy(<<1>>, 1 bsl 20) | Eaten]).

%% Programs that leave a thousand orphans each; then whoever is dead and still there.
orphans(0) ->
    receive after 1000 -> ok end,
    io:put_chars(["matrix: zombies ", integer_to_list(zombies()), $\n]),
    init:stop();
orphans(N) ->
    Port = open_port({spawn_executable, "/matrix/orphans"}, [exit_status]),
    receive {Port, {exit_status, 0}} -> orphans(N - 1) end.

zombies() ->
    {ok, Names} = file:list_dir("/proc"),
    length([Name || [C | _] = Name <- Names, C >= $0, C =< $9,
                    {ok, Stat} <- [file:read_file("/proc/" ++ Name ++ "/stat", [raw])],
                    binary:match(Stat, <<") Z ">>) =/= nomatch]).
