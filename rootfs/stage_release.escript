#!/usr/bin/env escript
%% SPDX-License-Identifier: Apache-2.0
%% Checks a release and stages what the image takes of it, the OTP applications it needs, and the
%% application pid1, below a root directory.
%%
%%   stage_release.escript OTP RELEASE ROOT PID1|none emu|jit [MODULES]
%%
%% OTP holds erts-VERSION/ and lib/. RELEASE is a release of Mix, relx or systools, or `none`: then
%% OTP's own boot scripts are staged, for `-- ARGUMENTS` of the kernel's command line. PID1 is the
%% directory pid1-VERSION, which is made part of every boot script. Standard output is what was
%% staged, a line each, fields separated by tabs; standard error is for notes and the error that
%% ended it (status 1):
%%
%%   release NAME VERSION                     (of `none`: erlang, and OTP's version)
%%   otp VERSION ERTS_VERSION
%%   app NAME VERSION otp|release|own PATH    (PATH below ROOT, without a leading slash)
%%   first PATH                               (of the modules that the boot scripts load, in that order)
-mode(compile).

%% Always in an image, whatever the release asks for: TLS and HTTP are a matter of code loading then.
-define(BASE, [kernel, stdlib, crypto, asn1, public_key, ssl, inets]).

-define(OTP_LIB, "usr/lib/erlang/lib").

%% Every boot script loads these before all else (systools_make:mandatory_modules/0), and no boot calls
%% them unless -eval is given, or there is a file of terms to be read: they come with all others in embedded
%% mode, else when first called.
-define(LATE, [erl_eval, erl_lint, erl_parse]).

%% What every boot comes to load, of whatever release, and every boot of a Mix release: without a boot profile,
%% that is all that is known to be loaded first. Such modules have prepared code, and are neighbours in a squashfs.
-define(ALWAYS, [beam_lib, binary, erl_distribution, erl_features, erl_signal_handler, erpc, gb_sets, gb_trees,
                 gen_statem, global, global_group, group, inet, inet_config, inet_db, inet_parse, inet_udp, io,
                 kernel_config, kernel_refc, logger_formatter, logger_h_common, logger_handler_watcher, logger_olp,
                 logger_proxy, logger_std_h, logger_sup, maps, net_kernel, os, prim_tty, proplists, queue, rpc,
                 standard_error, string, supervisor_bridge, unicode, unicode_util, user_drv, user_sup,
                 elixir, elixir_code_server, elixir_config, elixir_sup, 'Elixir.Kernel', 'Elixir.Macro.Env',
                 'Elixir.String.Tokenizer', 'Elixir.System']).

%% What OTP's resolver is told: /etc/hosts first and the BEAM's own DNS client next. The default is to start
%% a program that asks libc, which waits 5 s where no name server answers.
-define(INETRC, [{lookup, [file, dns]}, {hosts_file, "/etc/hosts"}, {resolv_conf, "/etc/resolv.conf"}]).

main([Otp, Release, Root, Pid1, Vm]) -> main([Otp, Release, Root, Pid1, Vm, []]);
main([Otp, Release, Root, Pid1, Vm, Modules]) ->
    put(chunks, chunks(Vm)),
    try
        Versions = versions(Otp),
        {Name, Vsn, Apps} =
            case Release of
                "none" -> {"erlang", maps:get(otp, Versions), close(?BASE, own(Otp), #{})};
                _ -> apps(Otp, Release, Versions)
            end,
        print(["release", Name, Vsn]),
        print(["otp", maps:get(otp, Versions), maps:get(erts, Versions)]),
        Added = [pid1_app(Pid1) || Pid1 =/= "none", not lists:keymember("pid1", 1, Apps)],
        [stage_app(App, Root) || App <- lists:sort(Apps) ++ Added],
        Boots = case Release of
                    "none" -> stage_boots(Otp, Root);
                    _ ->
                        stage_rest(Release, Root),
                        stage_releases(Release, Vsn, Versions, Root)
                end,
        [add_pid1(Boot, App) || Boot <- Boots, App <- Added],
        write_inetrc(filename:join(Root, "etc/erl_inetrc"), ?INETRC, Apps),
        [config_as_term(filename:join(filename:dirname(Boot), "sys.config"), Apps) || Boot <- Boots],
        [load_first(Boot, modules(Modules), Root) || Boot <- Boots],
        [print(["first", File]) || File <- lists:uniq(lists:append([loaded(Boot, Root) || Boot <- Boots]))]
    catch
        throw:{fail, Text} ->
            io:format(standard_error, "error: ~ts~n", [Text]),
            halt(1)
    end;
main(_) ->
    io:format(standard_error, "usage: stage_release.escript OTP RELEASE|none ROOT PID1|none emu|jit [MODULES]~n", []),
    halt(2).

%%% What the release is

%% The versions of the OTP that goes into the image.
versions(Otp) ->
    [Erts] = filelib:wildcard("erts-*", Otp),
    [File] = filelib:wildcard("releases/*/OTP_VERSION", Otp),
    {ok, Text} = file:read_file(filename:join(Otp, File)),
    #{erts => tl(string:find(Erts, "-")), otp => string:trim(binary_to_list(Text))}.

%% {Name, Version, applications}, or a throw that says what is wrong.
apps(Otp, Release, Versions) ->
    {Name, Vsn, Paths} = release(Release, Versions),
    Otps = otp_apps(Otp, Release, Paths, Versions),
    Apps = release_apps(Release, Paths),
    unreferenced(Release, Otps ++ Apps),
    env_script(Release, Vsn),
    {Name, Vsn, Otps ++ Apps}.

%% {Name, Version, code path of the boot script}.
release(Dir, Versions) ->
    filelib:is_dir(filename:join(Dir, "releases")) orelse not_a_release(Dir),
    {Erts, Vsn} = version(Dir),
    Erts =:= maps:get(erts, Versions) orelse wrong_erts(Dir, Erts, Versions),
    VsnDir = filename:join([Dir, "releases", Vsn]),
    filelib:is_dir(VsnDir) orelse
        fail("~ts says that the current version is ~ts, but there is no ~ts",
             [filename:join(Dir, "releases/start_erl.data"), Vsn, VsnDir]),
    {Name, Paths} = boot(boot_file(VsnDir)),
    {Name, Vsn, Paths}.

%% Mix and relx name the current version. systools does not: then there must be one only, and its
%% .rel file has the version of the ERTS.
version(Dir) ->
    File = filename:join(Dir, "releases/start_erl.data"),
    case filelib:is_file(File) orelse filelib:wildcard("releases/*/*.rel", Dir) of
        [Rel] ->
            case file:consult(filename:join(Dir, Rel)) of
                {ok, [{release, {_, Vsn}, {erts, Erts}, _}]} ->
                    filename:basename(filename:dirname(Rel)) =:= Vsn orelse
                        fail("~ts describes version ~ts: the directory must have that name",
                             [filename:join(Dir, Rel), Vsn]),
                    {Erts, Vsn};
                _ -> fail("~ts is not a release description", [filename:join(Dir, Rel)])
            end;
        [_, _ | _] = Rels ->
            fail("~ts is missing, and there is more than one release to choose from (~ts): write "
                 "'ERTS_VERSION RELEASE_VERSION' to it", [File, lists:join(", ", Rels)]);
        _ -> start_erl(File)
    end.

%% relx may leave NAME.boot only.
boot_file(Dir) ->
    Start = filename:join(Dir, "start.boot"),
    Others = filelib:wildcard("*.boot", Dir) -- ["start_clean.boot", "no_dot_erlang.boot"],
    case {filelib:is_file(Start), Others} of
        {false, [Other]} -> filename:join(Dir, Other);
        _ -> Start
    end.

not_a_release(Dir) ->
    Hint = case filelib:wildcard("_build/prod/rel/*", Dir) of
               [Found | _] -> "; did you mean " ++ filename:join(Dir, Found) ++ "?";
               [] -> "; make one with `MIX_ENV=prod mix release` and give the directory it names"
           end,
    fail("~ts is not a release: it has no releases/~ts", [Dir, Hint]).

start_erl(File) ->
    case file:read_file(File) of
        {ok, Bin} ->
            case string:lexemes(binary_to_list(Bin), " \t\r\n") of
                [Erts, Vsn] -> {Erts, Vsn};
                _ -> fail("~ts must hold an ERTS version and a release version, it holds ~tp: "
                          "build the release again", [File, Bin])
            end;
        {error, Reason} ->
            fail("cannot read ~ts: ~ts. It names the release's current version; build the release "
                 "again", [File, file:format_error(Reason)])
    end.

wrong_erts(Dir, Erts, #{erts := Ours, otp := Otp}) ->
    fail("the release ~ts was made for erts ~ts, the image has erts ~ts (OTP ~ts): build the "
         "release with OTP ~ts", [Dir, Erts, Ours, Otp, Otp]).

%% A boot file is one term; its {path, Dirs} instructions are the code path the release will have.
boot(File) ->
    Bin = case file:read_file(File) of
              {ok, Read} -> Read;
              {error, Reason} -> fail("cannot read ~ts: ~ts. The release cannot start without it",
                                      [File, file:format_error(Reason)])
          end,
    try binary_to_term(Bin) of
        {script, {Name, _Vsn}, Instructions} ->
            {Name, lists:usort(lists:append([Dirs || {path, Dirs} <- Instructions]))}
    catch
        _:_ -> fail("~ts is damaged: it is not a boot script. Build the release again", [File])
    end.

%%% Which applications

%% [{Name, Version, otp, Source, Target}] of what belongs below /usr/lib/erlang/lib: what the boot
%% script expects there, what an image always has, and what these depend on.
otp_apps(Otp, Release, Paths, Versions) ->
    {Lib, Own} = own(Otp),
    Wanted = [{name_version(A), Target} || P <- Paths, {A, Target} <- under_root(P, root_lib(Release))],
    Booted = [booted(App, Vsn, Target, Lib, Own, Release, Versions) || {{App, Vsn}, Target} <- Wanted],
    close(?BASE, {Lib, Own}, maps:from_list(Booted)).

%% Where OTP's applications are, and the version of each.
own(Otp) ->
    Lib = filename:join(Otp, "lib"),
    {Lib, maps:from_list([name_version(D) || D <- filelib:wildcard("*-*", Lib)])}.

%% Where the root of the emulator will be: beam-init does as the release's own start script would,
%% and that of relx says the release.
root_lib(Release) ->
    {_, Vsn} = version(Release),
    case is_relx(filename:join([Release, "releases", Vsn])) of
        true -> "app/lib";
        false -> ?OTP_LIB
    end.

%% relx before 4 leaves NAME.boot in place of start.boot; since then it leaves no_dot_erlang.boot too.
is_relx(VsnDir) ->
    filelib:is_file(filename:join(VsnDir, "no_dot_erlang.boot")) orelse
        filename:basename(boot_file(VsnDir)) =/= "start.boot".

under_root("$ROOT/lib/" ++ Rest, RootLib) -> [{hd(filename:split(Rest)), RootLib}];
under_root("$ERTS_LIB_DIR/" ++ Rest, _) -> [{hd(filename:split(Rest)), ?OTP_LIB}];
under_root("$SYSTEM_LIB_DIR/" ++ Rest, _) -> [{hd(filename:split(Rest)), ?OTP_LIB}];
under_root("$RELEASE_LIB/" ++ _, _) -> [];
under_root("$" ++ _ = Path, _) ->
    fail("the boot script has ~ts in its code path; an image knows the variables ROOT, "
         "RELEASE_LIB, ERTS_LIB_DIR and SYSTEM_LIB_DIR only", [Path]);
under_root(Path, _) ->
    fail("the boot script has ~ts in its code path, a path of the machine that built it: build "
         "the release with Mix, relx or systools' {variables, ...}", [Path]).

%% Ours if we have that version: a release made with its own ERTS has a copy, and of a NIF in it
%% one built for another libc. Otherwise the release's copy.
booted(App, Vsn, Target, Lib, Own, Release, #{otp := OtpVsn}) ->
    Dir = App ++ "-" ++ Vsn,
    Copy = filename:join([Release, "lib", Dir]),
    case {Own, filelib:is_dir(Copy)} of
        {#{App := Vsn}, _} -> {App, {App, Vsn, otp, filename:join(Lib, Dir), Target}};
        {_, true} -> {App, {App, Vsn, release, Copy, Target}};
        {#{App := Ours}, false} ->
            fail("the release wants ~ts ~ts, the image's OTP ~ts has ~ts ~ts: build the release "
                 "with OTP ~ts", [App, Vsn, OtpVsn, App, Ours, OtpVsn]);
        {_, false} ->
            fail("the release wants the OTP application ~ts ~ts, which the image's OTP ~ts was "
                 "built without; include it in the release (include_erts: true)",
                 [App, Vsn, OtpVsn])
    end.

%% Adds Names and what they and everything in Have depend on.
close(Names, {Lib, Own}, Have) ->
    Missing = lists:usort([N || N <- names(Names) ++ needs(maps:values(Have)),
                                not is_map_key(N, Have), is_map_key(N, Own)]),
    case Missing of
        [] -> maps:values(Have);
        _ ->
            More = [{N, {N, V, otp, filename:join(Lib, N ++ "-" ++ V), ?OTP_LIB}}
                    || N <- Missing, V <- [maps:get(N, Own)]],
            close([], {Lib, Own}, maps:merge(Have, maps:from_list(More)))
    end.

needs(Apps) ->
    lists:append([names(proplists:get_value(Key, Properties, []))
                  || {Name, _, _, Source, _} <- Apps,
                     {application, _, Properties} <- app_file(Source, Name),
                     Key <- [applications, included_applications]]).

app_file(Dir, Name) ->
    case file:consult(filename:join([Dir, "ebin", Name ++ ".app"])) of
        {ok, Terms} -> Terms;
        {error, Reason} -> fail("cannot read the .app file of ~ts: ~ts",
                                [Dir, file:format_error(Reason)])
    end.

names(Atoms) -> [atom_to_list(A) || A <- Atoms].

%% [{Name, Version, release, Source, Target}] of what the boot script expects in the release's lib/.
release_apps(Release, Paths) ->
    Dirs = lists:usort([hd(filename:split(Rest)) || "$RELEASE_LIB/" ++ Rest <- Paths]) -- [".."],
    [begin
         {App, Vsn} = name_version(Dir),
         Source = filename:join([Release, "lib", Dir]),
         filelib:is_dir(Source) orelse
             fail("the boot script wants ~ts, but the release has no such directory: build the "
                  "release again", [Source]),
         {App, Vsn, release, Source, "app/lib"}
     end || Dir <- Dirs].

%% ssl-11.2.12 and my_app-1.0.0-rc.1 alike: an application's name has no "-".
name_version(Dir) ->
    case string:split(Dir, "-") of
        [Name, Vsn] -> {Name, Vsn};
        [Name] -> fail("~ts in the boot script's code path has no version", [Name])
    end.

%% Left-overs of earlier builds in the same directory are not the release's.
unreferenced(Release, Apps) ->
    Used = [Name ++ "-" ++ Vsn || {Name, Vsn, _, _, _} <- Apps],
    [note("lib/~ts is not in the boot script: left out", [Dir])
     || Dir <- filelib:wildcard("*", filename:join(Release, "lib")), not lists:member(Dir, Used)].

%% Without a shell nobody runs env.sh.
env_script(Release, Vsn) ->
    case file:read_file(filename:join([Release, "releases", Vsn, "env.sh"])) of
        {ok, Text} ->
            case [L || L <- string:lexemes(binary_to_list(Text), "\n"),
                       [C | _] <- [string:trim(L)], C =/= $#] of
                [] -> ok;
                Lines -> note("releases/~ts/env.sh is a shell script and is not run. Give what it "
                              "sets as beam.env.NAME=VALUE instead:~n~ts",
                              [Vsn, lists:join("\n", ["  " ++ L || L <- Lines])])
            end;
        {error, enoent} -> ok
    end.

%%% Staging

stage_app({Name, Vsn, Origin, Source, Target}, Root) ->
    Path = filename:join(Target, Name ++ "-" ++ Vsn),
    To = filename:join(Root, Path),
    stage(filename:join(Source, "ebin"), filename:join(To, "ebin"), fun ebin_file/1),
    Priv = filename:join(Source, "priv"),
    filelib:is_dir(Priv) andalso
        stage(Priv, filename:join(To, "priv"),
              fun(File) -> Origin =/= otp orelse otp_priv_file(File) end),
    print(["app", Name, Vsn, atom_to_list(Origin), Path]).

ebin_file(Name) -> filename:extension(Name) =/= ".appup".

%% OTP installs a test engine and build left-overs beside its NIFs, and scripts for a shell.
otp_priv_file("otp_test_engine.so") -> false;
otp_priv_file(Name) -> not lists:member(filename:extension(Name), [".a", ".o", ".sh"]).

%% Of releases/: the current version only, without what needs a shell and without the sources of
%% the boot scripts. The boot scripts that were staged.
stage_releases(Release, Vsn, #{erts := Erts}, Root) ->
    From = filename:join(Release, "releases"),
    To = filename:join(Root, "app/releases"),
    [stage_file(filename:join(From, F), filename:join(To, F))
     || F <- ["COOKIE", "RELEASES"], filelib:is_file(filename:join(From, F))],
    write(filename:join(To, "start_erl.data"), [Erts, " ", Vsn, "\n"]),
    VsnDir = filename:join(To, Vsn),
    stage(filename:join(From, Vsn), VsnDir, fun version_file/1),
    [filename:join(VsnDir, F) || F <- filelib:wildcard("*.boot", VsnDir)].

%% Of an ERTS without a release: what `-boot NAME` finds.
stage_boots(Otp, Root) ->
    To = filename:join(Root, "usr/lib/erlang/bin"),
    [begin
         Boot = filename:join(To, Name),
         stage_file(filename:join([Otp, "bin", Name]), Boot),
         Boot
     end || Name <- ["start.boot", "start_clean.boot", "no_dot_erlang.boot"]].

version_file(Name) ->
    not lists:member(Name, ["elixir", "iex", "env.sh", "remote.vm.args"]) andalso
        not lists:member(filename:extension(Name), [".bat", ".script"]).

%% What else the release has at its top (Mix calls it overlays). bin/ is scripts for a shell, and
%% the ERTS is the image's own.
stage_rest(Release, Root) ->
    {ok, Names} = file:list_dir(Release),
    [stage_entry(filename:join(Release, N), filename:join([Root, "app", N]), fun(_) -> true end)
     || N <- lists:sort(Names), not lists:member(N, ["bin", "lib", "releases", "tmp"]),
        not lists:prefix("erts-", N)].

%%% Files of terms

%% The kernel application of our OTP takes a term in the external format where it would read a text: that
%% spares every boot the parser, 260 KB of code. Text stays what somebody has to fill in, or complain about.
config_as_term(File, Apps) ->
    case file:read_file(File) of
        {ok, Text} ->
            case binary:match(Text, <<"RUNTIME_CONFIG=true">>) =:= nomatch andalso file:consult(File) of
                {ok, [Config]} when is_list(Config) ->
                    is_ours(Apps) andalso write(File, external(Config));
                _ -> ok
            end;
        {error, _} -> ok
    end.

write_inetrc(File, Terms, Apps) ->
    case is_ours(Apps) of
        true -> write(File, external(Terms));
        false -> write(File, [io_lib:format("~p.~n", [Term]) || Term <- Terms])
    end.

external(Term) -> term_to_binary(Term, [deterministic]).

is_ours(Apps) -> element(3, lists:keyfind("kernel", 1, Apps)) =:= otp.

%%% The application pid1

pid1_app(Dir) ->
    {Name, Vsn} = name_version(filename:basename(Dir)),
    {Name, Vsn, own, Dir, ?OTP_LIB}.

%% Makes pid1 a part of a boot script: its module is loaded together with those of the kernel, all at
%% once, in whatever mode; it is started next after kernel and stdlib, to be stopped last.
add_pid1(Boot, {Name, Vsn, _, Dir, _}) ->
    [{application, pid1, Properties}] = app_file(Dir, Name),
    [Main | Others] = proplists:get_value(modules, Properties),
    Ebin = filename:join(["/", ?OTP_LIB, Name ++ "-" ++ Vsn, "ebin"]),
    {script, Id, Instructions} = script(Boot),
    {First, Then} = lists:splitwith(fun(I) -> I =/= {progress, kernel_load_completed} end,
                                    Instructions),
    [Path] = [Dirs || {path, Dirs} <- First],
    Late = [{path, Path}, {primLoad, ?LATE}],
    Script = [with_main(I, Ebin, Main) || I <- First] ++
        lists:append([with_pid1(I, Ebin, Others, Properties, Late) || I <- code_path(Then, Ebin)]),
    write(Boot, term_to_binary({script, Id, started_early(Script)})).

with_main({path, Dirs}, Ebin, _) -> {path, Dirs ++ [Ebin]};
with_main({primLoad, Modules}, _, Main) -> {primLoad, (Modules -- ?LATE) ++ [Main]};
with_main(Instruction, _, _) -> Instruction.

%% The path of everything comes when all modules are loaded; those before are each of one
%% application.
code_path([{progress, modules_loaded} = Loaded, {path, Dirs} | Rest], Ebin) ->
    [Loaded, {path, Dirs ++ [Ebin]} | Rest];
code_path([Instruction | Rest], Ebin) -> [Instruction | code_path(Rest, Ebin)];
code_path([], _) -> [].

with_pid1({progress, modules_loaded} = I, Ebin, Others, _, Late) ->
    Late ++ [{path, [Ebin]}, {primLoad, Others}, I];
with_pid1({progress, applications_loaded} = I, _, _, Properties, _) ->
    [{apply, {application, load, [{application, pid1, Properties}]}}, I];
with_pid1(I, _, _, _, _) -> [I].

started_early(Script) ->
    IsBase = fun({apply, {application, start_boot, [App | _]}}) -> App =:= kernel orelse App =:= stdlib;
                (_) -> false
             end,
    {After, Before} = lists:splitwith(fun(I) -> not IsBase(I) end, lists:reverse(Script)),
    lists:reverse(Before) ++ [{apply, {application, start_boot, [pid1, permanent]}}] ++
        lists:reverse(After).

%%% The boot profile

%% The names in a file, one a line: what a boot has loaded.
modules([]) -> ?ALWAYS;
modules(File) ->
    {ok, Names} = file:read_file(File),
    [binary_to_atom(Name) || Name <- binary:split(Names, <<"\n">>, [global, trim_all])] -- erlang:pre_loaded().

%% Makes the boot script load these first, whatever the mode: application by application, each all at once, and
%% none by the search through the code path that a module goes through which is loaded when first called. What
%% the script loads before there is a code server stays where it is.
load_first(Boot, Modules, Root) ->
    {script, Id, Instructions} = script(Boot),
    {First, Then} = lists:splitwith(fun(I) -> I =/= {kernel_load_completed} end, Instructions),
    Loaded = lists:append([Ms || {primLoad, Ms} <- First]),
    Dirs = lists:append([Ds || {path, Ds} <- Instructions]),
    {New, _} = lists:mapfoldl(fun(Dir, Left) -> in_directory(Dir, Left, Root) end, Modules -- Loaded,
                              lists:uniq(Dirs)),
    Early = [I || {Dir, [_ | _] = Ms} <- New, I <- [{path, [Dir]}, {primLoad, Ms}]],
    Rest = [without(I, Modules) || I <- Then],
    write(Boot, term_to_binary({script, Id, First ++ Early ++ Rest})).

in_directory(Dir, Modules, Root) ->
    {Here, Left} = lists:partition(fun(M) -> filelib:is_file(filename:join(Root, beam(Dir, M, Root))) end, Modules),
    {{Dir, Here}, Left}.

without({primLoad, Ms}, Modules) -> {primLoad, Ms -- Modules};
without(I, _) -> I.

%%% What a boot loads

%% The files of the modules that a boot script loads, in the order in which they are read: of what is loaded at
%% once, those of the first directory of the path, then those that are left of the next (prim_loader's get_modules).
loaded(Boot, Root) ->
    {script, _, Instructions} = script(Boot),
    {Files, _} = lists:mapfoldl(fun({path, Dirs}, _) -> {[], Dirs};
                                   ({primLoad, Modules}, Dirs) -> {found(Dirs, Modules, Root), Dirs};
                                   (_, Dirs) -> {[], Dirs}
                                end, [], Instructions),
    lists:append(Files).

found(Dirs, Modules, Root) ->
    {Found, _} = lists:mapfoldl(fun(Dir, Left) -> in_directory(Dir, Left, Root) end, Modules, Dirs),
    [beam(Dir, Module, Root) || {Dir, Here} <- Found, Module <- Here].

script(Boot) ->
    {ok, Bin} = file:read_file(Boot),
    binary_to_term(Bin).

%% Where a module of a directory of a code path is below Root.
beam(Dir, Module, Root) -> filename:join(staged(Dir, Root), atom_to_list(Module) ++ ".beam").

staged("$ROOT/" ++ Rest, Root) ->
    Own = filename:join("app", Rest),
    case filelib:is_dir(filename:join(Root, Own)) of
        true -> Own;
        false -> filename:join("usr/lib/erlang", Rest)
    end;
staged("$RELEASE_LIB/" ++ Rest, _) -> filename:join("app/lib", Rest);
staged([$/ | Rest], _) -> Rest;
staged(Other, _) -> filename:join("app", Other).

%%% Files

%% Copies a tree, following links; Keep decides on the names of files.
stage(From, To, Keep) ->
    case file:list_dir(From) of
        {ok, Names} ->
            ok = filelib:ensure_path(To),
            [stage_entry(filename:join(From, N), filename:join(To, N), Keep)
             || N <- lists:sort(Names)];
        {error, Reason} -> fail("cannot read ~ts: ~ts", [From, file:format_error(Reason)])
    end.

stage_entry(From, To, Keep) ->
    case filelib:is_dir(From) of
        true -> stage(From, To, Keep);
        false -> Keep(filename:basename(From)) andalso stage_file(From, To)
    end.

stage_file(From, To) ->
    ok = filelib:ensure_dir(To),
    case {file:read_file(From), filename:extension(From)} of
        {{ok, Bin}, ".beam"} -> ok = file:write_file(To, stripped(Bin));
        {{ok, Bin}, _} -> ok = file:write_file(To, Bin);
        {{error, Reason}, _} -> fail("cannot read ~ts: ~ts", [From, file:format_error(Reason)])
    end,
    ok = file:change_mode(To, mode(From)).

write(File, Content) ->
    ok = filelib:ensure_dir(File),
    ok = file:write_file(File, Content),
    ok = file:change_mode(File, 8#644).

%% Same bytes from same bytes: who built the release, under which umask, does not show.
mode(From) ->
    {ok, Info} = file:read_file_info(From),
    case {element(8, Info) band 8#111, filename:basename(From)} of
        {0, "COOKIE"} -> 8#400;
        {0, _} -> 8#644;
        _ -> 8#755
    end.

%% What the VM needs, and the attributes, which programs read. beam_lib:strip/1 would compress the
%% result: that makes the compressed image larger and each load slower. So do compressed literals, and the
%% MD5 of a module is not computed at each load: our emulator takes both as they are written here.
stripped(Bin) ->
    case beam_lib:chunks(Bin, get(chunks), [allow_missing_chunks]) of
        {ok, {_, Found}} ->
            {ok, {_, Md5}} = beam_lib:md5(Bin),
            {ok, New} = beam_lib:build_module([unpacked(C) || {_, Data} = C <- Found, is_binary(Data)] ++
                                              [{"CkSm", Md5}]),
            New;
        {error, beam_lib, _} -> Bin
    end.

%% The types are for the JIT, and for nobody else.
chunks("emu") -> chunks("jit") -- ["Type"];
chunks("jit") -> ["Attr" | beam_lib:significant_chunks()].

unpacked({"LitT", <<Size:32, Packed/binary>>}) when Size > 0 -> {"LitT", <<0:32, (zlib:uncompress(Packed))/binary>>};
unpacked(Chunk) -> Chunk.

%%% Words

print(Fields) -> io:format("~ts~n", [lists:join("\t", Fields)]).

note(Format, Args) -> io:format(standard_error, "note: " ++ Format ++ "~n", Args).

-spec fail(string(), [term()]) -> no_return().
fail(Format, Args) -> throw({fail, io_lib:format(Format, Args)}).
