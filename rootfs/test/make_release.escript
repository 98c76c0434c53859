#!/usr/bin/env escript
%% SPDX-License-Identifier: Apache-2.0
%% Makes a release for tests: the application demo, which evaluates what its environment variable DEMO
%% says.
%%
%%   make_release.escript systools|relx DIRECTORY [PID1]
%%
%% systools: what systools:make_tar/2 packs, unpacked. relx: the layout that relx leaves, with its
%% templates and without start.boot. PID1: the directory of the application pid1, which is part of the
%% release then.
-mode(compile).

main([Kind, Dir | Own]) ->
    Ebin = filename:join(Dir, "lib/demo-1.0/ebin"),
    ok = filelib:ensure_path(Ebin),
    {ok, demo, Beam} = compile:forms(forms(), [deterministic]),
    ok = file:write_file(filename:join(Ebin, "demo.beam"), Beam),
    ok = term(filename:join(Ebin, "demo.app"),
              {application, demo, [{description, "For tests"}, {vsn, "1.0"}, {modules, [demo]},
                                   {registered, []}, {applications, [kernel, stdlib]},
                                   {mod, {demo, []}}]}),
    Rel = filename:join(Dir, "demo.rel"),
    ok = term(Rel, {release, {"demo", "1.0"}, {erts, erlang:system_info(version)},
                    [{App, vsn(App)} || App <- [kernel, stdlib]] ++ [{demo, "1.0"}] ++
                        [{pid1, tl(string:find(Path, "-", trailing))} || Path <- Own]}),
    ok = file:write_file(filename:join(Dir, "sys.config"), "[].\n"),
    make(list_to_atom(Kind), Dir, [{path, [Ebin | [filename:join(Path, "ebin") || Path <- Own]]}, {outdir, Dir}, silent,
                                    no_warn_sasl]).

make(systools, Dir, Options) ->
    {ok, _, _} = systools:make_script("demo", script(Dir, Options)),
    {ok, _, _} = systools:make_tar("demo", script(Dir, Options)),
    Tar = filename:join(Dir, "demo.tar.gz"),
    [ok = file:delete(F) || F <- filelib:wildcard(filename:join(Dir, "*.{rel,boot,script,config}"))],
    ok = file:del_dir_r(filename:join(Dir, "lib")),
    ok = erl_tar:extract(Tar, [compressed, {cwd, Dir}]),
    ok = file:delete(Tar);
make(relx, Dir, Options) ->
    {ok, _, _} = systools:make_script("demo", script(Dir, Options)),
    To = filename:join(Dir, "releases/1.0"),
    ok = filelib:ensure_path(To),
    [ok = file:rename(filename:join(Dir, F), filename:join(To, F)) || F <- ["demo.rel", "demo.boot"]],
    ok = file:delete(filename:join(Dir, "demo.script")),
    ok = file:rename(filename:join(Dir, "sys.config"), filename:join(To, "sys.config.src")),
    ok = file:write_file(filename:join(To, "vm.args.src"), "+A ${ASYNC:-1}\n-kernel demo here\n"),
    ok = file:write_file(filename:join(Dir, "releases/start_erl.data"),
                         [erlang:system_info(version), " 1.0"]).

%% systools looks for NAME.rel in the working directory.
script(Dir, Options) ->
    ok = file:set_cwd(Dir),
    Options.

term(File, Term) -> file:write_file(File, io_lib:format("~p.~n", [Term])).

vsn(App) ->
    _ = application:load(App),
    {ok, Vsn} = application:get_key(App, vsn),
    Vsn.

forms() ->
    [begin
         {ok, Tokens, _} = erl_scan:string(Text),
         {ok, Form} = erl_parse:parse_form(Tokens),
         Form
     end || Text <- ["-module(demo).",
                     "-export([start/2, stop/1]).",
                     "start(_, _) -> {ok, spawn_link(fun run/0)}.",
                     "stop(_) -> io:put_chars(\"demo: stopped\\n\").",
                     "run() -> {ok, Tokens, _} = erl_scan:string(os:getenv(\"DEMO\", \"ok\") ++ \".\"),"
                     " {ok, Program} = erl_parse:parse_exprs(Tokens),"
                     " {value, _, _} = erl_eval:exprs(Program, []),"
                     " receive after infinity -> ok end."]].
