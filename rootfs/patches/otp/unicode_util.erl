%% SPDX-License-Identifier: Apache-2.0
%% What of Unicode needs no table: ASCII, and Latin-1 where that is enough. The tables (290 KB of
%% code, a sixth of what a small system loads at its start) are in unicode_util_tables, which is the
%% module that OTP generates under the name of this one; it is called for everything else, so that
%% it is loaded when the first text comes that needs it. Every function gives what the one there
%% gives.
-module(unicode_util).
-moduledoc false.
-export([cp/1, gc/1]).
-export([nfd/1, nfc/1, nfkd/1, nfkc/1]).
-export([whitespace/0, is_whitespace/1]).
-export([uppercase/1, lowercase/1, titlecase/1, casefold/1]).
-export([spec_version/0, lookup/1, get_case/1]).
-export([is_wide/1]).
-dialyzer({no_improper_lists, [cp/1, gc/1, uppercase/1, lowercase/1, titlecase/1, casefold/1]}).

-type gc() :: char()|[char()].

-define(IS_CP(CP), (is_integer(CP) andalso 0 =< CP andalso CP < 16#110000)).
-define(IS_LATIN1(CP), (is_integer(CP) andalso 0 =< CP andalso CP < 256)).
-define(IS_ASCII(CP), (is_integer(CP) andalso 0 =< CP andalso CP < 128)).

-spec cp(String::unicode:chardata()) -> maybe_improper_list() | {error, unicode:chardata()}.
cp([C|_]=L) when ?IS_CP(C) -> L;
cp([]) -> [];
cp(<<C/utf8, R/binary>>) -> [C|R];
cp(<<>>) -> [];
cp(Str) -> unicode_util_tables:cp(Str).

-spec gc(String::unicode:chardata()) -> maybe_improper_list() | {error, unicode:chardata()}.
gc([]=R) -> R;
gc([CP]=R) when ?IS_CP(CP) -> R;
gc([$\r,$\n|R]) -> [[$\r,$\n]|R];
gc([CP1,CP2|_]=T) when ?IS_LATIN1(CP1), ?IS_LATIN1(CP2), CP1 =/= $\r -> T;
gc(<<>>) -> [];
gc(<<CP>>) when CP < 128, CP =/= $\r -> [CP|<<>>];
gc(<<CP1, CP2, _/binary>> = T) when CP1 < 128, CP2 < 128, CP1 =/= $\r ->
    <<_, R/binary>> = T,
    [CP1|R];
gc(Str) -> unicode_util_tables:gc(Str).

-spec nfd(unicode:chardata()) -> maybe_improper_list(gc(),unicode:chardata()) | {error, unicode:chardata()}.
nfd(Str) -> unicode_util_tables:nfd(Str).

-spec nfkd(unicode:chardata()) -> maybe_improper_list(gc(),unicode:chardata()) | {error, unicode:chardata()}.
nfkd(Str) -> unicode_util_tables:nfkd(Str).

-spec nfc(unicode:chardata()) -> maybe_improper_list(gc(),unicode:chardata()) | {error, unicode:chardata()}.
nfc(Str) ->
    case gc(Str) of
        [GC|_]=R when ?IS_LATIN1(GC) -> R;
        _ -> unicode_util_tables:nfc(Str)
    end.

-spec nfkc(unicode:chardata()) -> maybe_improper_list(gc(),unicode:chardata()) | {error, unicode:chardata()}.
nfkc(Str) ->
    case gc(Str) of
        [GC|_]=R when ?IS_ASCII(GC) -> R;
        _ -> unicode_util_tables:nfkc(Str)
    end.

-spec whitespace() -> [gc()].
whitespace() -> [[13,10],9,10,11,12,13,32,133,8206,8207,8232,8233].

-spec is_whitespace(gc()) -> boolean().
is_whitespace(C) -> lists:member(C, whitespace()).

-spec uppercase(unicode:chardata()) -> maybe_improper_list(gc(),unicode:chardata()).
uppercase(Str) ->
    case cp(Str) of
        [CP|R] when $a =< CP, CP =< $z -> [CP - 32|R];
        [CP|_]=R when ?IS_ASCII(CP) -> R;
        _ -> unicode_util_tables:uppercase(Str)
    end.

-spec lowercase(unicode:chardata()) -> maybe_improper_list(gc(),unicode:chardata()).
lowercase(Str) ->
    case cp(Str) of
        [CP|R] when $A =< CP, CP =< $Z -> [CP + 32|R];
        [CP|_]=R when ?IS_ASCII(CP) -> R;
        _ -> unicode_util_tables:lowercase(Str)
    end.

-spec titlecase(unicode:chardata()) -> maybe_improper_list(gc(),unicode:chardata()).
titlecase(Str) ->
    case cp(Str) of
        [CP|R] when $a =< CP, CP =< $z -> [CP - 32|R];
        [CP|_]=R when ?IS_ASCII(CP) -> R;
        _ -> unicode_util_tables:titlecase(Str)
    end.

-spec casefold(unicode:chardata()) -> maybe_improper_list(gc(),unicode:chardata()).
casefold(Str) ->
    case cp(Str) of
        [CP|R] when $A =< CP, CP =< $Z -> [CP + 32|R];
        [CP|_]=R when ?IS_ASCII(CP) -> R;
        _ -> unicode_util_tables:casefold(Str)
    end.

-spec spec_version() -> {byte(),byte()} | {byte(),byte(),byte()}.
spec_version() -> unicode_util_tables:spec_version().

-spec lookup(char()) -> map().
lookup(CP) -> unicode_util_tables:lookup(CP).

-spec get_case(char()) -> map().
get_case(CP) -> unicode_util_tables:get_case(CP).

%% The first wide characters are those of Hangul.
-spec is_wide(gc()) -> boolean().
is_wide(C) when is_integer(C), 0 =< C, C < 16#1100 -> false;
is_wide(GC) -> unicode_util_tables:is_wide(GC).
