# bash completion of svctl(1) and reeve(8). Services and labels are those of the run directory that the command
# line, REEVE_RUN or the default names. bash 4.0 or later; needs nothing else.

# BEGIN TABLES: make completions
_svctl_commands='status list top why up down restart scale run signal reload plan wait next logs input rotate events history graph boot show add set enable disable remove check when keys shutdown exit reexec help'
_svctl_states='stopped waiting starting running stopping backoff done failed invalid unknown'
_svctl_signals='HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS'
_svctl_keys='description exec command type instances enabled group apply_on on_change on_end user workdir umask nice chroot env env_file env_clear limit oom_score_adj no_new_privs capabilities ioprio sched cgroup cgroup_set stdin input_keep listen tty restart success fatal restart_delay restart_delay_max restart_factor reset_after retries stop_signal stop_timeout kill_mode stop_command reload_signal reload_command depends_on after cascade ready start_check start_check_timeout start_check_interval start_timeout check check_interval check_timeout check_retries check_action watchdog max_memory max_cpu max_for limit_action pre_start post_start post_stop on_fail hook_timeout cron every at overlap catch_up jitter timezone max_runtime start_time stop_time week_days log log_max_size log_keep log_time uid format trust default.KEY watch max_starting stop_timeout_total exit_when_idle strict report log_user log_max_total'
_svctl_service_keys='description exec command type instances enabled group apply_on on_change on_end user workdir umask nice chroot env env_file env_clear limit oom_score_adj no_new_privs capabilities ioprio sched cgroup cgroup_set stdin input_keep listen tty restart success fatal restart_delay restart_delay_max restart_factor reset_after retries stop_signal stop_timeout kill_mode stop_command reload_signal reload_command depends_on after cascade ready start_check start_check_timeout start_check_interval start_timeout check check_interval check_timeout check_retries check_action watchdog max_memory max_cpu max_for limit_action pre_start post_start post_stop on_fail hook_timeout cron every at overlap catch_up jitter timezone max_runtime start_time stop_time week_days log log_max_size log_keep log_time'
_svctl_key_values='type=daemon type=oneshot type=fake enabled=yes enabled=no on_change=keep on_change=restart on_end=nothing on_end=shutdown on_end=shutdown-on-failure on_end=reboot on_end=poweroff env_clear=yes env_clear=no limit=nofile limit=core limit=as limit=data limit=stack limit=cpu limit=fsize limit=nproc limit=memlock no_new_privs=yes no_new_privs=no stdin=fifo input_keep=yes input_keep=no restart=always restart=on-failure restart=never retries=unlimited kill_mode=group kill_mode=process cascade=yes cascade=no ready=exec ready=notify ready=fd: check_action=restart check_action=stop check_action=none limit_action=restart limit_action=stop overlap=skip overlap=queue overlap=kill catch_up=yes catch_up=no log=file log=run log=console log=inherit log=null log_time=utc log_time=local log_time=unix log_time=none'
_svctl_name_keys='depends_on after'
_svctl_signal_keys='stop_signal reload_signal'
_svctl_file_keys='exec workdir chroot env_file tty'
_svctl_reeve_values='-d=DIR -r=RUNDIR -l=LOGDIR -s=STATEDIR --trust=DIR'
_svctl_reeve_options='-d -r -l -s -q -g --strict --trust --exit-when-idle --container --machine'

# Sets arguments, options and values, of the command; empty: of none.
_svctl_describe()
{
    case $1 in
    status|list|top|why|up|down|restart|run|reload|wait|logs|rotate|events|history|graph|show|enable|disable|remove) arguments='NAME...' ;;
    scale) arguments='NAME N' ;;
    signal) arguments='SIG NAME...' ;;
    next) arguments='N NAME...' ;;
    input) arguments='NAME TEXT...' ;;
    add|set) arguments='NAME KEY=VALUE...' ;;
    check) arguments='DIR...' ;;
    when) arguments='EXPR N' ;;
    keys) arguments='KEY' ;;
    exit) arguments='CODE' ;;
    help) arguments='COMMAND' ;;
    *) arguments='' ;;
    esac
    case $1 in
    up) options='-r -d -t -n --now --json -h --help -V --version' values='-r=RUNDIR -d=DIR -t=TIMEOUT' ;;
    restart) options='-r -d -t -n --rolling --json -h --help -V --version' values='-r=RUNDIR -d=DIR -t=TIMEOUT' ;;
    wait) options='-r -d -t -n --state --json -h --help -V --version' values='-r=RUNDIR -d=DIR -t=TIMEOUT --state=STATE' ;;
    next) options='-r -d -t -n --week --json -h --help -V --version' values='-r=RUNDIR -d=DIR -t=TIMEOUT' ;;
    logs) options='-r -d -t -n -l --since --run -f --json -h --help -V --version' values='-r=RUNDIR -d=DIR -t=TIMEOUT -n=N -l=LOGDIR --since=TIME --run=N' ;;
    events) options='-r -d -t -n -f --json -h --help -V --version' values='-r=RUNDIR -d=DIR -t=TIMEOUT' ;;
    graph) options='-r -d -t -n --dot --json -h --help -V --version' values='-r=RUNDIR -d=DIR -t=TIMEOUT' ;;
    enable) options='-r -d -t -n --now --json -h --help -V --version' values='-r=RUNDIR -d=DIR -t=TIMEOUT' ;;
    disable) options='-r -d -t -n --now --json -h --help -V --version' values='-r=RUNDIR -d=DIR -t=TIMEOUT' ;;
    check) options='-r -d -t -n -v --json -h --help -V --version' values='-r=RUNDIR -d=DIR -t=TIMEOUT' ;;
    when) options='-r -d -t --from --timezone -n --json -h --help -V --version' values='-r=RUNDIR -d=DIR -t=TIMEOUT --from=TIME --timezone=ZONE' ;;
    *) options='-r -d -t -n --json -h --help -V --version' values='-r=RUNDIR -d=DIR -t=TIMEOUT' ;;
    esac
}
# END TABLES

# Sets run: the run directory, of -r or as svctl itself chooses it.
_svctl_find_run()
{
    run=${1:-${REEVE_RUN-}}
    [[ $run == '~/'* ]] && run=$HOME/${run:2}
    [[ $run ]] && return
    if ((EUID == 0)); then
        run=/run/reeve
    elif [[ ${XDG_RUNTIME_DIR-} == /* ]]; then
        run=$XDG_RUNTIME_DIR/reeve
    else
        run=/tmp/reeve-$EUID
    fi
}

# Adds the services and the labels to found: what has the form of a name, for anybody may have
# written what stands in a run directory.
_svctl_add_names()
{
    local file label labels seen=' '
    for file in "$run"/status/*; do
        file=${file##*/}
        [[ $file =~ ^[A-Za-z0-9_:@-]+$ ]] || continue
        found+=("$file")
        [[ $file == *@* && $seen != *" ${file%%@*} "* ]] || continue
        seen+="${file%%@*} "
        found+=("${file%%@*}")
    done
    while read -ra labels; do
        for label in "${labels[@]}"; do
            [[ $label =~ ^[A-Za-z0-9_:-]+$ && $seen != *" @$label "* ]] || continue
            seen+="@$label "
            found+=("@$label")
        done
    done < <(sed -n 's/^group=//p' "$run"/status/* 2>/dev/null)
}

# Adds to found what may be the value of a key, behind KEY=, KEY+= or KEY-=.
_svctl_add_values()
{
    local key=${1%[+-]} word others=("${found[@]}")
    found=()
    if [[ " $_svctl_name_keys " == *" $key "* ]]; then
        _svctl_add_names
    elif [[ " $_svctl_signal_keys " == *" $key "* ]]; then
        found=($_svctl_signals)
    elif [[ " $_svctl_file_keys " == *" $key "* ]]; then
        compopt -o filenames 2>/dev/null
        while IFS= read -r word; do
            found+=("$word")
        done < <(compgen -f -- "${cur#*=}")
    else
        for word in $_svctl_key_values; do
            [[ $word == "$key="* ]] && found+=("${word#*=}")
        done
    fi
    for word in "${found[@]}"; do
        [[ $word == @* ]] || others+=("$1=$word")
    done
    found=("${others[@]}")
}

# Adds to found what an argument or a value of that kind may be.
_svctl_add_kind()
{
    case $1 in
    NAME) _svctl_add_names ;;
    SIG) found+=($_svctl_signals) ;;
    STATE) found+=($_svctl_states) ;;
    KEY) found+=($_svctl_keys) ;;
    KEY=VALUE)
        if [[ $cur == *=* ]]; then
            _svctl_add_values "${cur%%=*}"
        else
            found+=(${_svctl_service_keys// /= }=)
            compopt -o nospace 2>/dev/null
        fi
        ;;
    DIR|RUNDIR)
        compopt -o filenames 2>/dev/null
        local directory
        while IFS= read -r directory; do
            COMPREPLY+=("$directory")
        done < <(compgen -d -- "$cur")
        ;;
    esac
}

# Sets words, cword and cur: the command line in words as svctl sees them. bash breaks its own at
# @ : and = as well; what stands together in COMP_LINE is one word.
_svctl_join_words()
{
    local i word rest=${COMP_LINE-} glued
    words=() cword=0
    for ((i = 0; i < ${#COMP_WORDS[@]}; i++)); do
        word=${COMP_WORDS[i]}
        glued=
        if [[ ${COMP_LINE-} ]]; then
            [[ $i -gt 0 && $rest != [[:blank:]]* ]] && glued=1
            rest=${rest#"${rest%%[![:blank:]]*}"}
            rest=${rest#"$word"}
        fi
        if [[ $glued ]]; then
            words[${#words[@]} - 1]+=$word
        else
            words+=("$word")
        fi
        ((i == COMP_CWORD)) && cword=$((${#words[@]} - 1))
    done
    cur=${words[cword]}
}

_svctl()
{
    local cur cword run= words=() found=() i word command= place=0 given_run= value= plain=
    local arguments options values IFS=$' \t\n'
    COMPREPLY=()
    _svctl_join_words

    _svctl_describe ''
    for ((i = 1; i < cword; i++)); do
        word=${words[i]}
        if [[ $value ]]; then
            [[ $value == RUNDIR ]] && given_run=$word
            value=
        elif [[ ! $plain && $word == -- ]]; then
            plain=1
        elif [[ ! $plain && $word == -r?* ]]; then
            given_run=${word:2}
        elif [[ ! $plain && $word == -?* ]]; then
            [[ " $values " == *" $word="* ]] && value=${values#*"$word="} && value=${value%% *}
        elif [[ $command ]]; then
            ((++place))
        else
            command=$word
            _svctl_describe "$command"
        fi
    done
    _svctl_find_run "$given_run"

    local head=
    if [[ $value ]]; then
        _svctl_add_kind "$value"
    elif [[ ! $plain && $cur == --?*=* ]]; then
        word=${cur%%=*}
        head=$word=
        [[ " $values " == *" $word="* ]] && value=${values#*"$word="} && _svctl_add_kind "${value%% *}"
    elif [[ ! $plain && $cur == -* ]]; then
        found=($options)
    elif [[ ! $command ]]; then
        found=($_svctl_commands)
    else
        local kinds=($arguments) kind=
        ((${#kinds[@]} > 0)) && kind=${kinds[place < ${#kinds[@]} ? place : ${#kinds[@]} - 1]}
        ((place < ${#kinds[@]})) || [[ $kind == *... ]] || kind=
        _svctl_add_kind "${kind%...}"
    fi

    # What bash takes for the word to complete begins behind the last of its breaks; with it, if that
    # is an @.
    local breaks=${COMP_WORDBREAKS//[^@:=]/} before=
    [[ $breaks ]] && before=${cur%"${cur##*["$breaks"]}"}
    before=${before%@}
    for word in "${found[@]}"; do
        word=$head$word
        [[ $word == "$cur"* ]] && COMPREPLY+=("${word#"$before"}")
    done
}

# reeve's own options; behind -- a command, and behind svctl what svctl has.
_reeve()
{
    local i word cur=${COMP_WORDS[COMP_CWORD]} before= IFS=$' \t\n'
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [[ $i == 1 && $word == svctl ]]; then
            COMP_LINE=${COMP_LINE#*[[:blank:]]}
            COMP_LINE=${COMP_LINE#"${COMP_LINE%%[![:blank:]]*}"}
            COMP_WORDS=("${COMP_WORDS[@]:1}")
            ((COMP_CWORD--))
            _svctl
            return
        elif [[ $word == -- ]]; then
            compopt -o filenames 2>/dev/null
            if ((i + 1 == COMP_CWORD)); then
                COMPREPLY=($(compgen -c -- "$cur" | sort -u))
            else
                while IFS= read -r word; do
                    COMPREPLY+=("$word")
                done < <(compgen -f -- "$cur")
            fi
            return
        fi
        before=$word
    done
    if [[ " $_svctl_reeve_values " == *" $before="* ]]; then
        compopt -o filenames 2>/dev/null
        while IFS= read -r word; do
            COMPREPLY+=("$word")
        done < <(compgen -d -- "$cur")
    elif [[ $cur == -* ]]; then
        COMPREPLY=($(compgen -W "$_svctl_reeve_options --" -- "$cur"))
    elif ((COMP_CWORD == 1)); then
        COMPREPLY=($(compgen -W 'svctl uid' -- "$cur"))
    fi
}

complete -F _svctl svctl
complete -F _reeve reeve
