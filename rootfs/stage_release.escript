#!/usr/bin/env escript
%% SPDX-License-Identifier: Apache-2.0
%% Checks a release and stages what the image takes of it, and the OTP applications it needs,
%% below a root directory.
%%
%%   stage_release.escript OTP RELEASE ROOT
%%
%% OTP holds erts-VERSION/ and lib/. Standard output is what was staged, a line each, fields
%% separated by tabs; standard error is for notes and the error that ended it (status 1):
%%
%%   release NAME VERSION
%%   otp VERSION ERTS_VERSION
%%   app NAME VERSION otp|release PATH        (PATH below ROOT, without a leading slash)
-mode(compile).

%% Always in an image, whatever the release asks for: TLS and HTTP are a matter of code loading then.
-define(BASE, [kernel, stdlib, crypto, asn1, public_key, ssl, inets]).

-define(OTP_LIB, "usr/lib/erlang/lib").

main([Otp, Release, Root]) ->
    try
        Versions = versions(Otp),
        {Name, Vsn, Paths} = release(Release, Versions),
        Otps = otp_apps(Otp, Release, Paths, Versions),
        Apps = release_apps(Release, Paths),
        unreferenced(Release, Otps, Apps),
        env_script(Release, Vsn),
        print(["release", Name, Vsn]),
        print(["otp", maps:get(otp, Versions), maps:get(erts, Versions)]),
        [stage_app(App, Root) || App <- lists:sort(Otps) ++ lists:sort(Apps)],
        stage_releases(Release, Vsn, Root),
        stage_rest(Release, Root)
    catch
        throw:{fail, Text} ->
            io:format(standard_error, "error: ~ts~n", [Text]),
            halt(1)
    end;
main(_) ->
    io:format(standard_error, "usage: stage_release.escript OTP RELEASE ROOT~n", []),
    halt(2).

%%% What the release is

%% The versions of the OTP that goes into the image.
versions(Otp) ->
    [Erts] = filelib:wildcard("erts-*", Otp),
    [File] = filelib:wildcard("releases/*/OTP_VERSION", Otp),
    {ok, Text} = file:read_file(filename:join(Otp, File)),
    #{erts => tl(string:find(Erts, "-")), otp => string:trim(binary_to_list(Text))}.

%% {Name, Version, code path of the boot script}, or a throw that says what is wrong.
release(Dir, Versions) ->
    filelib:is_dir(filename:join(Dir, "releases")) orelse not_a_release(Dir),
    {Erts, Vsn} = start_erl(filename:join(Dir, "releases/start_erl.data")),
    Erts =:= maps:get(erts, Versions) orelse wrong_erts(Dir, Erts, Versions),
    VsnDir = filename:join([Dir, "releases", Vsn]),
    filelib:is_dir(VsnDir) orelse
        fail("~ts says that the current version is ~ts, but there is no ~ts",
             [filename:join(Dir, "releases/start_erl.data"), Vsn, VsnDir]),
    {Name, Paths} = boot(filename:join(VsnDir, "start.boot")),
    {Name, Vsn, Paths}.

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
    Lib = filename:join(Otp, "lib"),
    Own = maps:from_list([name_version(D) || D <- filelib:wildcard("*-*", Lib)]),
    Wanted = [name_version(A) || P <- Paths, A <- under_root(P)],
    Booted = [booted(App, Vsn, Lib, Own, Release, Versions) || {App, Vsn} <- Wanted],
    close(?BASE, Lib, Own, maps:from_list(Booted)).

under_root("$ROOT/lib/" ++ Rest) -> [hd(filename:split(Rest))];
under_root("$ERTS_LIB_DIR/" ++ Rest) -> [hd(filename:split(Rest))];
under_root("$RELEASE_LIB/" ++ _) -> [];
under_root("$" ++ _ = Path) ->
    fail("the boot script has ~ts in its code path; an image knows the variables ROOT, "
         "RELEASE_LIB and ERTS_LIB_DIR only", [Path]);
under_root(Path) ->
    fail("the boot script has ~ts in its code path, a path of the machine that built it: build "
         "the release with Mix, relx or systools' {variables, ...}", [Path]).

%% Ours if we have that version: a release made with its own ERTS has a copy, and of a NIF in it
%% one built for another libc. Otherwise the release's copy.
booted(App, Vsn, Lib, Own, Release, #{otp := OtpVsn}) ->
    Dir = App ++ "-" ++ Vsn,
    Copy = filename:join([Release, "lib", Dir]),
    case {Own, filelib:is_dir(Copy)} of
        {#{App := Vsn}, _} -> {App, {App, Vsn, otp, filename:join(Lib, Dir), ?OTP_LIB}};
        {_, true} -> {App, {App, Vsn, release, Copy, ?OTP_LIB}};
        {#{App := Ours}, false} ->
            fail("the release wants ~ts ~ts, the image's OTP ~ts has ~ts ~ts: build the release "
                 "with OTP ~ts", [App, Vsn, OtpVsn, App, Ours, OtpVsn]);
        {_, false} ->
            fail("the release wants the OTP application ~ts ~ts, which the image's OTP ~ts was "
                 "built without; include it in the release (include_erts: true)",
                 [App, Vsn, OtpVsn])
    end.

%% Adds Names and what they and everything in Have depend on.
close(Names, Lib, Own, Have) ->
    Missing = lists:usort([N || N <- names(Names) ++ needs(maps:values(Have)),
                                not is_map_key(N, Have), is_map_key(N, Own)]),
    case Missing of
        [] -> maps:values(Have);
        _ ->
            More = [{N, {N, V, otp, filename:join(Lib, N ++ "-" ++ V), ?OTP_LIB}}
                    || N <- Missing, V <- [maps:get(N, Own)]],
            close([], Lib, Own, maps:merge(Have, maps:from_list(More)))
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
unreferenced(Release, Otps, Apps) ->
    Used = [Name ++ "-" ++ Vsn || {Name, Vsn, _, _, _} <- Otps ++ Apps],
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
              fun(File) -> Origin =:= release orelse otp_priv_file(File) end),
    print(["app", Name, Vsn, atom_to_list(Origin), Path]).

ebin_file(Name) -> filename:extension(Name) =/= ".appup".

%% OTP installs a test engine and build left-overs beside its NIFs, and scripts for a shell.
otp_priv_file("otp_test_engine.so") -> false;
otp_priv_file(Name) -> not lists:member(filename:extension(Name), [".a", ".o", ".sh"]).

%% Of releases/: the current version only, without what needs a shell and without the sources of
%% the boot scripts.
stage_releases(Release, Vsn, Root) ->
    From = filename:join(Release, "releases"),
    To = filename:join(Root, "app/releases"),
    [stage_file(filename:join(From, F), filename:join(To, F))
     || F <- ["start_erl.data", "COOKIE", "RELEASES"], filelib:is_file(filename:join(From, F))],
    stage(filename:join(From, Vsn), filename:join(To, Vsn), fun version_file/1).

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

%% Same bytes from same bytes: who built the release, under which umask, does not show.
mode(From) ->
    {ok, Info} = file:read_file_info(From),
    case {element(8, Info) band 8#111, filename:basename(From)} of
        {0, "COOKIE"} -> 8#400;
        {0, _} -> 8#644;
        _ -> 8#755
    end.

%% What the VM needs, and the attributes, which programs read. beam_lib:strip/1 would compress the
%% result: that makes the compressed image larger and each load slower.
stripped(Bin) ->
    Chunks = ["Attr" | beam_lib:significant_chunks()],
    case beam_lib:chunks(Bin, Chunks, [allow_missing_chunks]) of
        {ok, {_, Found}} ->
            {ok, New} = beam_lib:build_module([C || {_, Data} = C <- Found, is_binary(Data)]),
            New;
        {error, beam_lib, _} -> Bin
    end.

%%% Words

print(Fields) -> io:format("~ts~n", [lists:join("\t", Fields)]).

note(Format, Args) -> io:format(standard_error, "note: " ++ Format ++ "~n", Args).

-spec fail(string(), [term()]) -> no_return().
fail(Format, Args) -> throw({fail, io_lib:format(Format, Args)}).
