%% SPDX-License-Identifier: Apache-2.0
%% Does nothing, until it is told to stop.
-module(sample).
-behaviour(application).
-export([start/2, stop/1]).

start(_Type, _Arguments) ->
    {ok, spawn_link(fun() -> receive stop -> ok end end)}.

stop(_State) ->
    ok.
