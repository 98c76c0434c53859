#!/usr/bin/env escript
%% SPDX-License-Identifier: Apache-2.0
%% compile.escript DIRECTORY   compiles what Erlang there is in it.
main([Dir]) ->
    [{ok, _} = compile:file(File, [{outdir, Dir}, report]) || File <- filelib:wildcard(Dir ++ "/*.erl")].
