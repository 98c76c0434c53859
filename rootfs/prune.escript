#!/usr/bin/env escript
%% SPDX-License-Identifier: Apache-2.0
%% Leaves modules out of a staged root: those that nothing reaches which the release starts or calls, and
%% those that compile code.
%%
%%   prune.escript ROOT [KEEP...]
%%
%% Each becomes a stub that cannot be loaded, and says why when somebody tries. KEEP are modules that stay,
%% with what they reach. Standard output has a line for each module left out: its name and its bytes.
-mode(compile).

%% OTP and Elixir refer to these everywhere, and only what compiles at run time needs them: half of what
%% there is to leave out. A release whose own modules call them keeps them.
-define(COMPILERS, [compile, erl_compile, erl_compile_server, asn1ct, qlc_pt, elixir_erl_compiler, elixir_module,
                    'Elixir.Kernel.ParallelCompiler', 'Elixir.Kernel.Typespec']).

%% Started by names that are put together when they are wanted.
-define(BY_NAME, [inet_tls_dist, inet6_tls_dist, inet6_tcp_dist, inet_tcp_dist, unicode_util_tables]).

-define(ELIXIR, ["eex", "elixir", "ex_unit", "iex", "logger", "mix"]).

-record(module, {files = [], root = false, edges = []}).

main([Root | Keep]) ->
    All = lists:foldl(fun add/2, #{}, filelib:wildcard(Root ++ "/**/*.beam")),
    Named = [list_to_atom(K) || K <- Keep],
    case [K || K <- Named, not is_map_key(K, All)] of
        [] -> ok;
        [Unknown | _] -> fail("--keep ~ts: there is no such module in this image", [Unknown])
    end,
    Boots = [{File, boot(File)} || File <- filelib:wildcard(Root ++ "/**/*.boot")],
    Roots = [M || M := #module{root = true} <- All] ++ Named ++ ?BY_NAME ++ callbacks(Root) ++
        lists:append([loaded_first(Script) || {_, Script} <- Boots]),
    Kept = with_implementations(reach(Roots, #{}, All), All),
    Out = [M || M <- maps:keys(All), not is_map_key(M, Kept)],
    [leave_out(M, maps:get(M, All)) || M <- lists:sort(Out)],
    [write(File, term_to_binary(without(Script, Out))) || {File, Script} <- Boots];
main(_) ->
    fail("usage: prune.escript ROOT [KEEP...]", []).

%%% Who refers to whom

%% A module refers to what it imports, and to what it names by an atom: as the callback of a behaviour, the
%% child of a supervisor, the argument of apply.
add(File, All) ->
    Name = list_to_atom(filename:basename(File, ".beam")),
    {ok, {_, [{imports, Imports}, {atoms, Atoms}, {"LitT", Literals}]}} =
        beam_lib:chunks(File, [imports, atoms, "LitT"], [allow_missing_chunks]),
    Origin = origin(File),
    Imported = lists:usort([M || {M, _, _} <- Imports]),
    Words = lists:usort([A || {_, A} <- Atoms] ++ literal_atoms(Literals)),
    Edges = case Origin of
                release -> Imported ++ (Words -- ?COMPILERS);
                _ -> lists:usort(Imported ++ Words) -- ?COMPILERS
            end,
    Old = maps:get(Name, All, #module{}),
    All#{Name => #module{files = [File | Old#module.files], root = Origin =/= library orelse Old#module.root,
                         edges = lists:usort(Edges ++ Old#module.edges)}}.

%% The release's own applications, those that the system starts with, and what is there to be called.
origin(File) ->
    [App | _] = string:split(filename:basename(filename:dirname(filename:dirname(File))), "-"),
    case lists:member(App, ["kernel", "pid1"]) of
        true -> system;
        false ->
            case string:find(File, "/app/lib/") =/= nomatch andalso not lists:member(App, ?ELIXIR) of
                true -> release;
                false -> library
            end
    end.

%% As OTP has them, or as they were staged: not compressed.
literal_atoms(missing_chunk) -> [];
literal_atoms(<<0:32, Terms/binary>>) -> literal_atoms(Terms, []);
literal_atoms(<<_:32, Packed/binary>>) -> literal_atoms(zlib:uncompress(Packed), []).

literal_atoms(<<_:32, Terms/binary>>, []) -> lists:usort([A || <<S:32, T:S/binary>> <= Terms, A <- in(binary_to_term(T))]).

in(Atom) when is_atom(Atom) -> [Atom];
in([Head | Tail]) -> in(Head) ++ in(Tail);
in(Tuple) when is_tuple(Tuple) -> lists:append([in(T) || T <- tuple_to_list(Tuple)]);
in(Map) when is_map(Map) -> lists:append([in(T) || T <- maps:to_list(Map)]);
in(_) -> [].

reach([], Have, _) -> Have;
reach([M | Ms], Have, All) when is_map_key(M, All), not is_map_key(M, Have) ->
    reach((maps:get(M, All))#module.edges ++ Ms, Have#{M => true}, All);
reach([_ | Ms], Have, All) -> reach(Ms, Have, All).

%% An implementation of one of Elixir's protocols is found by its name, which begins with the protocol's.
with_implementations(Kept, All) ->
    New = [M || M <- maps:keys(All), not is_map_key(M, Kept), "Elixir." ++ _ <- [atom_to_list(M)],
                is_of_protocol(string:split(atom_to_list(M), ".", all), Kept, All)],
    case New of
        [] -> Kept;
        _ -> with_implementations(reach(New, Kept, All), All)
    end.

is_of_protocol(Parts, Kept, All) ->
    lists:any(fun(N) ->
                      Protocol = list_to_atom(lists:flatten(lists:join(".", lists:sublist(Parts, N)))),
                      is_map_key(Protocol, Kept)
                          andalso lists:member('__protocol__', (maps:get(Protocol, All))#module.edges)
              end, lists:seq(2, length(Parts) - 1)).

%% What starts each application.
callbacks(Root) ->
    [M || File <- filelib:wildcard(Root ++ "/**/*.app"),
          {ok, [{application, _, Properties}]} <- [file:consult(File)],
          {mod, {M, _}} <- Properties].

%%% Boot scripts

boot(File) ->
    {ok, Bin} = file:read_file(File),
    binary_to_term(Bin).

loaded_first({script, _, Instructions}) ->
    lists:append([Ms || {primLoad, Ms} <- lists:takewhile(fun(I) -> I =/= {kernel_load_completed} end, Instructions)]).

without({script, Id, Instructions}, Out) ->
    {script, Id, [case I of {primLoad, Ms} -> {primLoad, Ms -- Out}; _ -> I end || I <- Instructions]}.

%%% Stubs

leave_out(Name, #module{files = Files}) ->
    io:format("~ts\t~b~n", [Name, lists:sum([filelib:file_size(F) || F <- Files])]),
    Stub = stub(Name),
    [write(F, Stub) || F <- Files].

%% The code server refuses a module whose on_load function returns anything but ok, and logs what it
%% returned.
stub(Name) ->
    Text = lists:flatten(io_lib:format("build the image again with --keep ~ts", [Name])),
    Forms = [{attribute, 1, module, Name}, {attribute, 1, on_load, {left_out, 0}},
             {function, 1, left_out, 0,
              [{clause, 1, [], [], [erl_parse:abstract({left_out_of_this_image, Text})]}]}],
    {ok, Name, Bin} = compile:forms(Forms, [deterministic, no_docs, no_line_info]),
    {ok, {Name, Chunks}} = beam_lib:chunks(Bin, ["AtU8", "Code", "ImpT", "ExpT", "LocT", "FunT", "LitT", "StrT", "Attr"],
                                           [allow_missing_chunks]),
    {ok, Stub} = beam_lib:build_module([C || {_, Data} = C <- Chunks, is_binary(Data)]),
    Stub.

write(File, Content) ->
    ok = file:write_file(File, Content).

-spec fail(string(), [term()]) -> no_return().
fail(Format, Arguments) ->
    io:format(standard_error, "error: " ++ Format ++ "~n", Arguments),
    halt(1).
