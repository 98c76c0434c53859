#!/usr/bin/env escript
%% SPDX-License-Identifier: Apache-2.0
%% Writes the file of prepared code of a staged root: what the interpreter's loader makes of the modules that a
%% boot script loads, so that no boot has to make it again (rootfs/patches/otp/prepared_code.c, which has the
%% format).
%%
%%   prepare.escript atoms ROOT FILE        a file with the atoms of these modules and no code
%%   prepare.escript code ROOT FILE         the whole; run by the image's own emulator with +zcode and a file of
%%                                          the atoms, for atoms are numbers in it
%%
%% A module that nothing can be prepared of is left out, and loaded as ever. Standard error is for the error
%% that ended it (status 1).
-mode(compile).

-define(HEADER_SIZE, 56).
-define(ENTRY_SIZE, 16).

main(["atoms", Root, File]) ->
    Atoms = lists:uniq(lists:append([atoms(Beam) || Beam <- beams(Root)])),
    ok = file:write_file(File, whole(<<0:160>>, {0, 0}, Atoms, []));
main(["code", Root, File]) ->
    Beams = beams(Root),
    {BuildId, First, Last} = erts_debug:get_internal_state(prepared_code),
    Atoms = lists:uniq(lists:append([atoms(Beam) || Beam <- Beams])),
    Codes = [Code || Beam <- Beams, Code <- code(Beam)],
    ok = file:write_file(File, whole(BuildId, {First, Last}, Atoms, Codes));
main(_) ->
    io:format(standard_error, "usage: prepare.escript atoms|code ROOT FILE~n", []),
    halt(2).

%% The .beam of each module that a boot script loads whatever the mode, the emulator's own first.
beams(Root) ->
    %% It would warn that this is no interface for programs.
    ok = logger:set_primary_config(level, error),
    erts_debug:set_internal_state(available_internal_state, true),
    Files = #{filename:basename(F, ".beam") => filename:join(Root, F) || F <- filelib:wildcard("**/*.beam", Root)},
    Modules = lists:uniq(lists:append([modules(filename:join(Root, F)) || F <- filelib:wildcard("**/*.boot", Root)])),
    [erts_debug:get_internal_state({prepared_code, M}) || M <- erlang:pre_loaded()] ++
        [element(2, {ok, _} = file:read_file(File)) || M <- Modules,
                                                        {ok, File} <- [maps:find(atom_to_list(M), Files)]].

modules(Boot) ->
    {ok, Bin} = file:read_file(Boot),
    {script, _, Instructions} = binary_to_term(Bin),
    %% In interactive mode it loads nothing behind that.
    First = lists:takewhile(fun(I) -> I =/= {kernel_load_completed} end, Instructions),
    lists:append([Modules || {primLoad, Modules} <- First]).

%% Those of the module's table, and those of its literals, by name: a map's keys come in the order in which this
%% emulator, whose processes start together, happens to have met them.
atoms(Beam) ->
    {ok, {_, [{atoms, Atoms}, {"LitT", Literals}]}} = beam_lib:chunks(Beam, [atoms, "LitT"], [allow_missing_chunks]),
    [atom_to_binary(Atom) || {_, Atom} <- Atoms] ++
        lists:sort([atom_to_binary(Atom) || Term <- literals(Literals), Atom <- atoms_of(Term)]).

literals(missing_chunk) -> [];
literals(<<0:32, _Count:32, Terms/binary>>) -> [binary_to_term(T) || <<Size:32, T:Size/binary>> <= Terms];
literals(<<_Size:32, Packed/binary>>) -> literals(<<0:32, (zlib:uncompress(Packed))/binary>>).

atoms_of(Atom) when is_atom(Atom) -> [Atom];
atoms_of([Head | Tail]) -> atoms_of(Head) ++ atoms_of(Tail);
atoms_of(Tuple) when is_tuple(Tuple) -> atoms_of(tuple_to_list(Tuple));
atoms_of(Map) when is_map(Map) -> atoms_of(maps:to_list(Map));
atoms_of(Fun) when is_function(Fun) -> [element(2, erlang:fun_info(Fun, Key)) || Key <- [module, name]];
atoms_of(_) -> [].

code(Beam) ->
    Module = proplists:get_value(module, beam_lib:info(Beam)),
    Prepared = erlang:prepare_loading(Module, Beam),
    try [erts_debug:get_internal_state({prepared_code, Prepared})]
    catch error:badarg -> [] end.

%% The header, the atoms, the table of the modules, and these.
whole(BuildId, {First, Last}, Atoms, Codes) ->
    Names = padded(iolist_to_binary([[byte_size(A), A] || A <- Atoms])),
    Table = ?HEADER_SIZE + byte_size(Names),
    Sorted = lists:sort([{Module, Code} || <<Module:32/little, _/binary>> = Code <- Codes]),
    {Entries, Size} = lists:mapfoldl(fun({Module, Code}, At) ->
                                             Length = byte_size(Code),
                                             {<<Module:32/little, At:32/little, Length:32/little, 0:32>>, At + Length}
                                     end, Table + ?ENTRY_SIZE * length(Sorted), Sorted),
    Numbers = [Size, First, Last, length(Atoms), ?HEADER_SIZE, length(Sorted), Table],
    [<<"BEAMCODE">>, BuildId, [<<N:32/little>> || N <- Numbers], Names, Entries, [Code || {_, Code} <- Sorted]].

padded(Bin) -> <<Bin/binary, 0:((-byte_size(Bin) band 7) * 8)>>.
