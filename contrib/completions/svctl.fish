# fish completion of svctl(1) and reeve(8). Services and labels are those of the run directory that the command
# line, REEVE_RUN or the default names.

# The words before the cursor that are no options and no values of options: the command and its
# arguments. With "run": the value of -r instead.
function __svctl_words
    set -l words (commandline -opc)
    set -l command
    set -l option
    set -l plain
    set -l run
    for word in $words[2..-1]
        if set -q option[1]
            string match -q -- -r $option; and set run $word
            set option
        else if not set -q plain[1]; and string match -q -- -- $word
            set plain yes
        else if not set -q plain[1]; and string match -q -- '-?*' $word
            string match -q -- '-r?*' $word; and set run (string sub -s 3 -- $word)
            if contains -- $word $__svctl_with_value; or contains -- "$command[1]$word" $__svctl_with_value
                set option $word
            end
        else
            set -a command $word
        end
    end
    string match -q run "$argv[1]"; and set command $run
    set -q command[1]; and printf '%s\n' $command
end

# Is the command one of these? "": there is none yet.
function __svctl_command_is
    set -l words (__svctl_words)
    contains -- "$words[1]" $argv
end

# What may stand at the cursor.
function __svctl_arguments
    set -l words (__svctl_words)
    set -l count (count $words)
    test $count -gt 0; or return
    set -l kinds (__svctl_arguments_of $words[1])
    if test $count -le (count $kinds)
        __svctl_values (string replace '...' '' -- $kinds[$count])
    else if set -q kinds[1]; and string match -q -- '*...' $kinds[-1]
        __svctl_values (string replace '...' '' -- $kinds[-1])
    end
end

function __svctl_values
    switch "$argv[1]"
        case NAME
            __svctl_names
        case SIG
            printf '%s\n' $__svctl_signals
        case STATE
            printf '%s\n' $__svctl_states
        case KEY
            printf '%s\n' $__svctl_keys
        case 'KEY=VALUE'
            __svctl_key_values
        case DIR RUNDIR
            __fish_complete_directories (commandline -ct)
    end
end

# A key, or what may be its value, behind KEY=, KEY+= or KEY-=.
function __svctl_key_values
    set -l parts (string split -m 1 '=' -- (commandline -ct))
    if not set -q parts[2]
        printf '%s=\n' $__svctl_service_keys
        return
    end
    set -l key (string replace -r '[+-]$' '' -- $parts[1])
    set -l found
    if contains -- $key $__svctl_name_keys
        set found (__svctl_names | string match -v '@*')
    else if contains -- $key $__svctl_signal_keys
        set found $__svctl_signals
    else if contains -- $key $__svctl_file_keys
        set found (__fish_complete_path $parts[2])
    else
        set found (string replace -f -- "$key=" '' $__svctl_key_values)
    end
    set -q found[1]; and printf "$parts[1]=%s\n" $found
end

# Is it reeve's own options that are typed, before -- and without svctl?
function __svctl_in_reeve
    set -l words (commandline -opc)
    not contains -- -- $words; and test "$words[2]" != svctl
end

# The run directory, of -r or as svctl itself chooses it.
function __svctl_run
    set -l given (__svctl_words run)
    if set -q given[1]
        string replace -r '^~/' "$HOME/" -- $given[-1]
    else if test -n "$REEVE_RUN"
        echo -- $REEVE_RUN
    else if test (id -u) = 0
        echo /run/reeve
    else if string match -q -- '/*' "$XDG_RUNTIME_DIR"
        echo -- $XDG_RUNTIME_DIR/reeve
    else
        echo /tmp/reeve-(id -u)
    end
end

# The services and the labels: what has the form of a name, for anybody may have written what stands
# in a run directory.
function __svctl_names
    set -l run (__svctl_run)
    set -l files $run/status/*
    set -q files[1]; or return
    set -l names (string replace -r '.*/' '' -- $files | string match -r '^[A-Za-z0-9_:@-]+$')
    set -a names (string replace -rf '@.*' '' -- $names)
    set -l labels (sed -n 's/^group=//p' $files 2>/dev/null | string split -n ' ')
    set -a names @(string match -r '^[A-Za-z0-9_:-]+$' -- $labels)
    printf '%s\n' $names | sort -u
end

complete -c svctl -f
complete -c reeve -f
complete -c reeve -n 'test (count (commandline -opc)) = 1' -a 'svctl uid'
complete -c reeve -n 'contains -- -- (commandline -opc)' \
    -a '(__fish_complete_subcommand --commandline (string replace -r -- "^.*? -- " "" (commandline -cp)))'
complete -c reeve -n 'string match -q svctl -- (commandline -opc)[2]' \
    -a '(complete -C (string replace -r -- "^\s*\S+\s+" "" (commandline -cp)))'
complete -c svctl -n 'not __svctl_command_is ""' -a '(__svctl_arguments)'

# BEGIN TABLES: make completions
set -g __svctl_commands status list top why up down restart scale run signal reload plan wait next logs input rotate events history graph boot show add set enable disable remove check when keys shutdown exit reexec help
set -g __svctl_states stopped waiting starting running stopping backoff done failed invalid unknown
set -g __svctl_signals HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS
set -g __svctl_keys description exec command type instances enabled group apply_on on_change on_end user workdir umask nice chroot env env_file env_clear limit oom_score_adj no_new_privs capabilities ioprio sched cgroup cgroup_set stdin input_keep listen tty restart success fatal restart_delay restart_delay_max restart_factor reset_after retries stop_signal stop_timeout kill_mode stop_command reload_signal reload_command depends_on after cascade ready start_check start_check_timeout start_check_interval start_timeout check check_interval check_timeout check_retries check_action watchdog max_memory max_cpu max_for limit_action pre_start post_start post_stop on_fail hook_timeout cron every at overlap catch_up jitter timezone max_runtime start_time stop_time week_days log log_max_size log_keep log_time uid format trust default.KEY watch max_starting stop_timeout_total exit_when_idle strict report log_user log_max_total
set -g __svctl_service_keys description exec command type instances enabled group apply_on on_change on_end user workdir umask nice chroot env env_file env_clear limit oom_score_adj no_new_privs capabilities ioprio sched cgroup cgroup_set stdin input_keep listen tty restart success fatal restart_delay restart_delay_max restart_factor reset_after retries stop_signal stop_timeout kill_mode stop_command reload_signal reload_command depends_on after cascade ready start_check start_check_timeout start_check_interval start_timeout check check_interval check_timeout check_retries check_action watchdog max_memory max_cpu max_for limit_action pre_start post_start post_stop on_fail hook_timeout cron every at overlap catch_up jitter timezone max_runtime start_time stop_time week_days log log_max_size log_keep log_time
set -g __svctl_key_values type=daemon type=oneshot type=fake enabled=yes enabled=no on_change=keep on_change=restart on_end=nothing on_end=shutdown on_end=shutdown-on-failure on_end=reboot on_end=poweroff env_clear=yes env_clear=no limit=nofile limit=core limit=as limit=data limit=stack limit=cpu limit=fsize limit=nproc limit=memlock no_new_privs=yes no_new_privs=no stdin=fifo input_keep=yes input_keep=no restart=always restart=on-failure restart=never retries=unlimited kill_mode=group kill_mode=process cascade=yes cascade=no ready=exec ready=notify ready=fd: check_action=restart check_action=stop check_action=none limit_action=restart limit_action=stop overlap=skip overlap=queue overlap=kill catch_up=yes catch_up=no log=file log=run log=console log=inherit log=null log_time=utc log_time=local log_time=unix log_time=none
set -g __svctl_name_keys depends_on after
set -g __svctl_signal_keys stop_signal reload_signal
set -g __svctl_file_keys exec workdir chroot env_file tty
set -g __svctl_reeve_values -d=DIR -r=RUNDIR -l=LOGDIR -s=STATEDIR --trust=DIR
# Options that take a value: of all commands, or behind the command's name.
set -g __svctl_with_value -r -d -t logs-n logs-l logs--since logs--run when--from when--timezone wait--state

function __svctl_arguments_of
    switch "$argv[1]"
        case status
            string split ' ' 'NAME...'
        case list
            string split ' ' 'NAME...'
        case top
            string split ' ' 'NAME...'
        case why
            string split ' ' 'NAME...'
        case up
            string split ' ' 'NAME...'
        case down
            string split ' ' 'NAME...'
        case restart
            string split ' ' 'NAME...'
        case scale
            string split ' ' 'NAME N'
        case run
            string split ' ' 'NAME...'
        case signal
            string split ' ' 'SIG NAME...'
        case reload
            string split ' ' 'NAME...'
        case wait
            string split ' ' 'NAME...'
        case next
            string split ' ' 'N NAME...'
        case logs
            string split ' ' 'NAME...'
        case input
            string split ' ' 'NAME TEXT...'
        case rotate
            string split ' ' 'NAME...'
        case events
            string split ' ' 'NAME...'
        case history
            string split ' ' 'NAME...'
        case graph
            string split ' ' 'NAME...'
        case show
            string split ' ' 'NAME...'
        case add
            string split ' ' 'NAME KEY=VALUE...'
        case set
            string split ' ' 'NAME KEY=VALUE...'
        case enable
            string split ' ' 'NAME...'
        case disable
            string split ' ' 'NAME...'
        case remove
            string split ' ' 'NAME...'
        case check
            string split ' ' 'DIR...'
        case when
            string split ' ' 'EXPR N'
        case keys
            string split ' ' 'KEY'
        case exit
            string split ' ' 'CODE'
        case help
            string split ' ' 'COMMAND'
    end
end

complete -c svctl -n '__svctl_command_is ""' -a status -d 'everything about these; without a name the table'
complete -c svctl -n '__svctl_command_is ""' -a list -d 'the table'
complete -c svctl -n '__svctl_command_is ""' -a top -d 'the table, live, with keys to act on it'
complete -c svctl -n '__svctl_command_is ""' -a why -d 'the chain of causes of its state; without a name of all that is amiss'
complete -c svctl -n '__svctl_command_is ""' -a up -d 'start, with what it depends on'
complete -c svctl -n '__svctl_command_is ""' -a down -d 'stop, what depends on it first'
complete -c svctl -n '__svctl_command_is ""' -a restart -d 'stop and start'
complete -c svctl -n '__svctl_command_is ""' -a scale -d 'have N instances of it'
complete -c svctl -n '__svctl_command_is ""' -a run -d 'run a oneshot now, and wait for its end'
complete -c svctl -n '__svctl_command_is ""' -a signal -d 'send a signal'
complete -c svctl -n '__svctl_command_is ""' -a reload -d 'read the service files again; NAME: its own reload'
complete -c svctl -n '__svctl_command_is ""' -a plan -d 'what reload would do'
complete -c svctl -n '__svctl_command_is ""' -a wait -d 'until it is running or done, or in the --state'
complete -c svctl -n '__svctl_command_is ""' -a next -d 'the N coming starts, stops and versions (10)'
complete -c svctl -n '__svctl_command_is ""' -a logs -d 'what it has written; without a name all, as it comes'
complete -c svctl -n '__svctl_command_is ""' -a input -d 'a line, or standard input, to stdin = fifo'
complete -c svctl -n '__svctl_command_is ""' -a rotate -d 'begin a new log file'
complete -c svctl -n '__svctl_command_is ""' -a events -d 'the latest changes of state'
complete -c svctl -n '__svctl_command_is ""' -a history -d 'its past runs, and how they ended'
complete -c svctl -n '__svctl_command_is ""' -a graph -d 'the tree of dependencies'
complete -c svctl -n '__svctl_command_is ""' -a boot -d 'what the bring-up spent its time on'
complete -c svctl -n '__svctl_command_is ""' -a show -d 'its service files, as they are'
complete -c svctl -n '__svctl_command_is ""' -a add -d 'a new service file'
complete -c svctl -n '__svctl_command_is ""' -a set -d 'change it; KEY+=VALUE, KEY-=VALUE: one line of several'
complete -c svctl -n '__svctl_command_is ""' -a enable -d 'start it when reeve starts'
complete -c svctl -n '__svctl_command_is ""' -a disable -d 'do not start it'
complete -c svctl -n '__svctl_command_is ""' -a remove -d 'delete its service files, and stop it'
complete -c svctl -n '__svctl_command_is ""' -a check -d 'the errors in service files'
complete -c svctl -n '__svctl_command_is ""' -a when -d 'the next N dates (5) of a cron expression in quotes, an interval, a date'
complete -c svctl -n '__svctl_command_is ""' -a keys -d 'the keys of service files'
complete -c svctl -n '__svctl_command_is ""' -a shutdown -d 'stop everything; reeve exits with 0'
complete -c svctl -n '__svctl_command_is ""' -a exit -d 'stop everything; reeve exits with CODE'
complete -c svctl -n '__svctl_command_is ""' -a reexec -d 'execute reeve\'s program again, with all that runs'
complete -c svctl -n '__svctl_command_is ""' -a help -d 'this list'
complete -c svctl -s r -x -a '(__svctl_values RUNDIR)' -d 'which reeve: its run directory'
complete -c svctl -s d -x -a '(__svctl_values DIR)' -d 'where the service files are, if not where reeve has them'
complete -c svctl -s t -x -a '(__svctl_values TIMEOUT)' -d 'how long to wait for the outcome; 1m'
complete -c svctl -n '__svctl_command_is logs' -s n -x -a '(__svctl_values N)' -d 'the last N lines only'
complete -c svctl -n '__svctl_command_is logs' -s l -x -a '(__svctl_values LOGDIR)' -d 'read there, and ask no reeve'
complete -c svctl -n '__svctl_command_is logs' -l since -x -a '(__svctl_values TIME)' -d 'from then on: a duration back from now, or a date'
complete -c svctl -n '__svctl_command_is logs' -l run -x -a '(__svctl_values N)' -d 'of one run only: last or 1, 2 for the one before, ...'
complete -c svctl -n '__svctl_command_is when' -l from -x -a '(__svctl_values TIME)' -d 'those after it, not after now'
complete -c svctl -n '__svctl_command_is when' -l timezone -x -a '(__svctl_values ZONE)' -d 'there, and not in the machine\'s own zone'
complete -c svctl -n 'not __svctl_command_is logs' -s n -d 'do not wait for the outcome'
complete -c svctl -n '__svctl_command_is logs events' -s f -d 'go on with what comes'
complete -c svctl -n '__svctl_command_is next' -l week -d 'a calendar of the coming seven days'
complete -c svctl -n '__svctl_command_is check' -s v -d 'also what is to come of each schedule'
complete -c svctl -n '__svctl_command_is up enable disable' -l now -d 'up: outside its window as well; else start or stop it too'
complete -c svctl -n '__svctl_command_is restart' -l rolling -d 'one at a time, as long as each becomes ready'
complete -c svctl -n '__svctl_command_is wait' -l state -x -a '(__svctl_values STATE)' -d 'until it is in this state'
complete -c svctl -n '__svctl_command_is graph' -l dot -d 'for Graphviz'
complete -c svctl -l json -d 'one JSON array; logs and events: an object a line'
complete -c svctl -s h -d 'the list of commands'
complete -c svctl -l help -d 'the list of commands'
complete -c svctl -s V -d 'the version'
complete -c svctl -l version -d 'the version'
complete -c reeve -n __svctl_in_reeve -s d -x -a '(__svctl_values DIR)' -d 'a directory of service files; a later one\'s files replace'
complete -c reeve -n __svctl_in_reeve -s r -x -a '(__svctl_values DIR)' -d 'state and control socket'
complete -c reeve -n __svctl_in_reeve -s l -x -a '(__svctl_values DIR)' -d 'output of services'
complete -c reeve -n __svctl_in_reeve -s s -x -a '(__svctl_values DIR)' -d 'what is remembered over a reboot: starts of schedules'
complete -c reeve -n __svctl_in_reeve -s q -d 'exit 0 silently where another reeve has RUNDIR'
complete -c reeve -n __svctl_in_reeve -s g -d 'with CMD: send signals to its whole process group'
complete -c reeve -n __svctl_in_reeve -l strict -d 'do not start where a definition has errors'
complete -c reeve -n __svctl_in_reeve -l trust -x -a '(__svctl_values DIR)' -d 'take the files of this service directory whatever their mode'
complete -c reeve -n __svctl_in_reeve -l exit-when-idle -d 'end once nothing runs, is wanted or is scheduled'
complete -c reeve -n __svctl_in_reeve -l container -d 'as PID 1: which of the two this is'
complete -c reeve -n __svctl_in_reeve -l machine -d 'as PID 1: which of the two this is'
# END TABLES
