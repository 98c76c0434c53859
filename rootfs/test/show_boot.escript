#!/usr/bin/env escript
%% SPDX-License-Identifier: Apache-2.0
%% Prints the instructions of a boot file, in one line: show_boot.escript FILE
main([File]) ->
    {ok, Bin} = file:read_file(File),
    {script, _, Instructions} = binary_to_term(Bin),
    io:format("~0p~n", [Instructions]).
