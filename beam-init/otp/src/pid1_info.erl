%% SPDX-License-Identifier: Apache-2.0
%% What pid1:info/0 and pid1:timeline/0 tell; not loaded before somebody asks.
-module(pid1_info).
-export([info/0, timeline/1]).

info() ->
    {ok, Status} = file:read_file("/proc/self/status", [raw]),
    Age = erlang:monotonic_time() - erlang:system_info(start_time),
    #{os_pid => list_to_integer(os:getpid()),
      mode => atom("BEAM_INIT_MODE"),
      control => text("BEAM_INIT_CONTROL"),
      on_exit => atom("BEAM_INIT_ON_EXIT"),
      on_crash => atom("BEAM_INIT_ON_CRASH"),
      grace_ms => number("BEAM_INIT_GRACE_MS"),
      uid => field(Status, <<"Uid">>, 10),
      gid => field(Status, <<"Gid">>, 10),
      capabilities => field(Status, <<"CapEff">>, 16),
      no_new_privs => field(Status, <<"NoNewPrivs">>, 10) =:= 1,
      uptime_ms => erlang:convert_time_unit(Age, native, millisecond)}.

timeline(Marks) ->
    Of = [begin
              [Name, Ns | _] = string:split(Mark, ":", all),
              {list_to_atom(Name), list_to_integer(Ns)}
          end || Mark <- string:lexemes(os:getenv("BEAM_INIT_MARKS", ""), ",")],
    lists:keysort(2, [{kernel, 0} | Of ++ lists:reverse(Marks)]).

text(Name) ->
    case os:getenv(Name) of
        false -> undefined;
        Text -> Text
    end.

atom(Name) ->
    case os:getenv(Name) of
        false -> undefined;
        Text -> list_to_atom(Text)
    end.

number(Name) ->
    case os:getenv(Name) of
        false -> undefined;
        Text -> list_to_integer(Text)
    end.

%% The first number behind "NAME:\t".
field(Status, Name, Base) ->
    {At, Size} = binary:match(Status, <<"\n", Name/binary, ":\t">>),
    [Number | _] = binary:split(binary:part(Status, At + Size, 20), [<<"\t">>, <<"\n">>]),
    binary_to_integer(Number, Base).
