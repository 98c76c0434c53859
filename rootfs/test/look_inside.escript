#!/usr/bin/env escript
%% SPDX-License-Identifier: Apache-2.0
%% What rootfs/patches/otp changes, and what the assembly makes of files, looked at from inside the
%% OTP that has it: look_inside.escript CHECK [ARGUMENT]. Prints what it did and ends with status 0, or with what is wrong and 1.
-mode(compile).
-export([log/2]).

main(["unicode"]) -> unicode();
main(["environment"]) -> environment();
main(["loaded"]) -> [io:format("~ts~n", [M]) || {M, _} <- code:all_loaded()];
main(["checksum", Dir]) -> checksum(Dir);
main(["prepared", Dir]) -> prepared(Dir);
main(["stub", File]) -> stub(File);
main(["config", File]) ->
    {ok, Bin} = file:read_file(File),
    io:format("~w~n", [binary_to_term(Bin)]).

%% unicode_util answers as unicode_util_tables, which OTP generated under the other's name, whatever it is given.
unicode() ->
    Functions = [cp, gc, nfd, nfc, nfkd, nfkc, uppercase, lowercase, titlecase, casefold, is_whitespace, is_wide,
                 lookup, get_case],
    Points = [0, 1, 9, 10, 13, 32, $1, $A, $Z, $a, $z, 127, 128, 133, 173, 181, 223, 255, 256, 304, 768, 769, 4351,
              4352, 4449, 8205, 8206, 9200, 16#AC00, 16#D800, 16#FE0F, 16#1F1E6, 16#1F600, 16#10FFFF, 16#110000, -1,
              not_a_character],
    Lists = [[]] ++ [[A] || A <- Points] ++ [[A, B] || A <- Points, B <- Points] ++
        [[A, B, C] || A <- [13, 10, $a, $Z, 223, 769], B <- Points, C <- Points] ++
        [[[A, [B]], C] || A <- [13, $a, 223], B <- [10, $b, 769], C <- [[], <<"x">>, <<204, 129>>, 10]],
    Binaries = [<<>>, <<255>>, <<"a", 255>>, <<"\r">>, <<"\r\n">>, <<13, 255>>, <<97, 195>>] ++
        [Bin || L <- Lists, lists:all(fun is_integer/1, L), Bin <- [unicode:characters_to_binary(L)], is_binary(Bin)],
    Some = lists:sublist(Binaries, 100),
    Mixed = [T || A <- [13, $a, $Z, 223, 769, [], "q"], B <- Some, T <- [[A | B], [A, B], [B, A]]],
    All = Lists ++ Binaries ++ Mixed ++ Points,
    Different = [{F, Text} || F <- Functions, Text <- All,
                              result(unicode_util, F, Text) =/= result(unicode_util_tables, F, Text)],
    Exports = lists:sort(unicode_util:module_info(exports)) -- lists:sort(unicode_util_tables:module_info(exports)),
    verdict(Different =:= [] andalso Exports =:= []
            andalso unicode_util:whitespace() =:= unicode_util_tables:whitespace()
            andalso unicode_util:spec_version() =:= unicode_util_tables:spec_version(),
            "~b texts, ~b functions", [length(All), length(Functions)], {Different, Exports}).

result(Module, Function, Text) ->
    try {ok, Module:Function(Text)} catch Class:Reason -> {Class, Reason} end.

%% A program has the environment, with what is changed for it.
environment() ->
    os:putenv("GIVEN", "1"),
    Seen = [lists:sort([V || V <- printed(Name, Options), lists:member(V, [<<"GIVEN=1">>, <<"OTHER=2">>])])
            || Name <- [{spawn, "env"}, {spawn_executable, "/usr/bin/env"}],
               Options <- [[], [{env, [{"OTHER", "2"}]}], [{env, [{"GIVEN", false}]}]]],
    Wanted = [[<<"GIVEN=1">>], [<<"GIVEN=1">>, <<"OTHER=2">>], []],
    verdict(Seen =:= Wanted ++ Wanted, "~b programs", [length(Seen)], Seen).

printed(Name, Options) ->
    Port = open_port(Name, [binary, {line, 4096}, exit_status | Options]),
    printed(Port).

printed(Port) ->
    receive
        {Port, {data, {eol, Line}}} -> [Line | printed(Port)];
        {Port, {exit_status, 0}} -> []
    after 10000 -> [timeout]
    end.

%% A module of OTP that was staged in Dir has the MD5 that the emulator computes of the one that was compiled.
checksum(Dir) ->
    Staged = [{list_to_atom(filename:basename(F, ".beam")), F} || F <- filelib:wildcard(Dir ++ "/**/*.beam")],
    Compared = [{M, code:module_md5(read(Of)) =:= code:module_md5(read(F))}
                || {M, F} <- Staged, Of <- [code:which(M)], is_list(Of)],
    Odd = [M || {M, false} <- Compared],
    Refused = [M || {M, F} <- Staged, lists:member(M, [httpd_util, public_key]),
                    code:load_binary(M, F, read(F)) =/= {module, M}
                        orelse M:module_info(md5) =/= code:module_md5(read(F))],
    verdict(length(Compared) > 300 andalso Odd =:= [] andalso Refused =:= [], "~b modules", [length(Compared)],
            {Odd, Refused, length(Compared)}).

%% Modules that were staged in Dir are loaded from prepared code, if that is of the same compilation: then their
%% .beam may as well have no code. They are loaded over each other, purged, and do what they do.
prepared(Dir) ->
    Files = #{list_to_atom(filename:basename(F, ".beam")) => F || F <- filelib:wildcard(Dir ++ "/**/*.beam")},
    Uses = #{filename => fun() -> filename:join(["/a", "b/", "c"]) end,
             file => fun() -> file:format_error({1, erl_scan, {illegal, character}}) end,
             ets => fun() -> ets:tab2list(ets:new(t, [])) end,
             lists => fun() -> lists:usort(fun(A, B) -> A >= B end, [3, 1, 2, 1]) end},
    Odd = [M || M <- maps:keys(Uses), Use <- [maps:get(M, Uses)], Before <- [Use()],
                Bin <- [read(maps:get(M, Files))],
                is_reference(erlang:prepare_loading(M, without_code(Bin))) =:= false
                    orelse erlang:prepare_loading(M, of_another(without_code(Bin))) =/= {error, badfile}
                    orelse [load(M, Bin, Use) || _ <- [1, 2, 3]] =/= [Before, Before, Before]
                    orelse M:module_info(md5) =/= code:module_md5(Bin)],
    verdict(Odd =:= [], "~b modules", [map_size(Uses)], Odd).

load(Module, Bin, Use) ->
    code:purge(Module),
    Loaded = erlang:prepare_loading(Module, Bin),
    ok = erlang:finish_loading([Loaded]),
    Use().

without_code(Bin) -> with("Code", fun(Code) -> binary:part(Code, 0, 8) end, Bin).
of_another(Bin) -> with("CkSm", fun(<<First, Rest/binary>>) -> <<(First bxor 1), Rest/binary>> end, Bin).

with(Name, Change, Bin) ->
    {ok, _, Chunks} = beam_lib:all_chunks(Bin),
    {ok, New} = beam_lib:build_module([case C of {Name, Data} -> {Name, Change(Data)}; _ -> C end || C <- Chunks]),
    New.

%% What the log says of a module that was left out.
stub(File) ->
    ok = logger:add_handler(kept, ?MODULE, #{config => self()}),
    ok = code:unstick_dir(filename:dirname(code:which(compile))),
    {error, on_load_failure} = code:load_binary(compile, File, read(File)),
    receive {log, Text} -> io:format("~ts~n", [Text]) after 5000 -> verdict(false, "", [], no_log) end.

log(#{msg := Message}, #{config := To}) -> To ! {log, io_lib:format("~0tp", [Message])}.

read(File) ->
    {ok, Bin} = file:read_file(File),
    Bin.

verdict(true, Format, Arguments, _) -> io:format("same: " ++ Format ++ "~n", Arguments);
verdict(false, _, _, Wrong) ->
    io:format("different: ~0tp~n", [Wrong]),
    halt(1).
