%% SPDX-License-Identifier: Apache-2.0
%% The BEAM's own part of being PID 1: boot marks, the host's requests, the end of the machine.
%%
%% One module and one process, because what makes a boot slow is loading code; what is only asked for
%% later is in pid1_info. The rest, the end itself among it, is the NIF: nif.cc and end.cc here.
-module(pid1).
-behaviour(application).
-behaviour(gen_server).

-export([info/0, timeline/0, mark/1, poweroff/0, reboot/0]).
-export([start/2, stop/1, init/1, handle_call/3, handle_cast/2, handle_info/2]).

-nifs([open/1, read/0, write/1, verb/1]).

-record(state, {marks = [] :: [{atom(), integer()}],
                %% What has come from the host without a newline behind it.
                input = <<>> :: binary(),
                %% Whether the host has been told that the system has started, and hears it.
                ready = no :: no | due | told}).

%% A server that is not seen to listen at once is looked for until this many ms have passed.
-define(LOOK_FIRST, 50).
-define(LOOK_LAST, 1600).
%% How long until a host that is not there, or has gone, is looked for again.
-define(HOST_AGAIN, 1000).
%% Longer than any request.
-define(LONGEST, 64).

%%% For everybody

%% What this machine is: a map. See README.md.
-spec info() -> map().
info() -> pid1_info:info().

%% The steps of the boot, in nanoseconds since the kernel's clock began, in their order.
-spec timeline() -> [{atom(), non_neg_integer()}].
timeline() -> pid1_info:timeline(gen_server:call(?MODULE, marks)).

%% Marks that something has happened now; the first mark of a name counts.
-spec mark(atom()) -> ok.
mark(Name) when is_atom(Name) -> gen_server:cast(?MODULE, {mark, Name, now_ns()}).

%% Stop all applications, then switch the machine off, or start it again.
-spec poweroff() -> ok | {error, atom()}.
poweroff() -> stop_and(poweroff).

-spec reboot() -> ok | {error, atom()}.
reboot() -> stop_and(reboot).

stop_and(Verb) ->
    case verb(Verb) of
        ok -> init:stop();
        Error -> Error
    end.

%%% The application

start(_Type, _Arguments) ->
    case erlang:load_nif(code:priv_dir(?MODULE) ++ "/pid1", 0) of
        ok -> ok;
        {error, {Why, Text}} -> say([atom_to_binary(Why), $\s, Text])
    end,
    gen_server:start_link({local, ?MODULE}, ?MODULE, [], []).

%% The last of all applications that is stopped.
stop(_) -> say_modules().

init([]) ->
    Age = erlang:convert_time_unit(
            erlang:monotonic_time() - erlang:system_info(start_time), native, nanosecond),
    State = add(beam, now_ns() - Age, #state{}),
    init:notify_when_started(self()) =:= started andalso (self() ! {init, started}),
    {ok, case os:getenv("BEAM_INIT_CONTROL") of
             false -> State;
             Path -> control(open(Path), State)
         end}.

handle_call(marks, _From, State) -> {reply, State#state.marks, State}.

handle_cast({mark, Name, Ns}, State) -> {noreply, add(Name, Ns, State)}.

handle_info({init, started}, State) ->
    Started = add(application, now_ns(), State),
    handle_info({look, ?LOOK_FIRST}, send(Started#state{ready = due}));
handle_info({look, Delay}, State) ->
    case is_marked(listening, State) orelse listens() of
        true -> {noreply, add(listening, now_ns(), State)};
        false when Delay > ?LOOK_LAST -> {noreply, State};  % nothing ever listens here
        false ->
            erlang:send_after(Delay, self(), {look, Delay * 2}),
            {noreply, State}
    end;
handle_info({select, _, _, ready_input}, State) -> {noreply, control(read(), State)};
handle_info(host_again, State) -> {noreply, control(read(), send(State))};
handle_info(_, State) -> {noreply, State}.

%%% Marks

add(Name, Ns, #state{marks = Marks} = State) ->
    case is_marked(Name, State) of
        true -> State;
        false ->
            say([<<"mark=">>, atom_to_binary(Name), <<" boottime_ns=">>, integer_to_binary(Ns),
                 <<" age_ns=">>, integer_to_binary(now_ns() - Ns)]),
            Name =:= listening andalso say_modules(),
            State#state{marks = [{Name, Ns} | Marks]}
    end.

%% What has been loaded up to here, for the assembly of an image that loads just this.
say_modules() ->
    os:getenv("PID1_MODULES") =:= false orelse
        say([<<"modules=">> | lists:join($,, [atom_to_binary(M) || {M, _} <- code:all_loaded()])]),
    ok.

is_marked(Name, #state{marks = Marks}) -> lists:keymember(Name, 1, Marks).

%% On the system's monotonic clock, which began with the kernel. Erlang's own has another origin in
%% each start.
now_ns() ->
    {time, Time} = lists:keyfind(time, 1, erlang:system_info(os_monotonic_time_source)),
    erlang:convert_time_unit(Time, native, nanosecond).

%% Some socket of this machine is in the state TCP_LISTEN.
listens() -> listens("/proc/net/tcp") orelse listens("/proc/net/tcp6").

listens(File) ->
    case file:read_file(File, [raw]) of
        {ok, Table} -> binary:match(Table, <<" 0A ">>) =/= nomatch;
        {error, _} -> false
    end.

%% One write(2) from this process: io's way through the terminal driver takes its time.
say(Text) -> erlang:display_string(stdout, iolist_to_binary([<<"pid1: ">>, Text, $\n])).

%%% The host

%% Without a host at the other end it stays due.
send(#state{ready = due} = State) ->
    case write(<<"ready\n">>) of
        ok -> State#state{ready = told};
        {error, _} -> State
    end;
send(State) -> State.

%% What a read gave, or the opening; `again`: a message will come when there is more.
control(again, State) -> State;
control(eof, State) ->
    erlang:send_after(?HOST_AGAIN, self(), host_again),
    State;
control(ok, State) -> control(read(), State);
control({error, Why}, State) ->
    say([<<"control port: ">>, atom_to_binary(Why)]),
    State;
control(More, #state{input = Input} = State) ->
    control(read(), State#state{input = lines(<<Input/binary, More/binary>>)}).

%% Does what the whole lines say; the rest.
lines(Text) ->
    case binary:match(Text, <<"\n">>) of
        {At, 1} ->
            <<Line:At/binary, _, Rest/binary>> = Text,
            request(Line),
            lines(Rest);
        nomatch when byte_size(Text) > ?LONGEST -> <<>>;
        nomatch -> Text
    end.

request(<<"stop">>) -> init:stop();
request(<<"poweroff">>) -> poweroff();
request(<<"reboot">>) -> reboot();
request(Line) -> logger:warning("pid1: the host asks for ~0p, which is unknown", [Line]).

%%% The NIF, where it is not loaded

open(_Path) -> {error, no_nif}.
read() -> {error, no_nif}.
write(_Text) -> {error, no_nif}.
verb(_Verb) -> {error, no_nif}.
