# kintsugi.zsh: every interactive line is proposed before it runs. zsh 5.3 or newer.
#
# What it promises, what it does not see, and the test behind each: shell-hooks/README.md.
#
# How. zsh calls preexec with the full text (aliases expanded) once a line has been read and before it runs; SIGINT there makes
# zsh drop the whole line. The line itself always takes zsh's own path, so history, here-documents and job control are zsh's.
# The question goes through the pipes of a relay (`kintsugi-hook relay`), so that nothing is started for a line that may run.

# Read twice, it is loaded once. What comes with the environment cannot know the number of this shell.
if [[ -o interactive && ${_kintsugi_shell-} != $$ ]]; then
  typeset -g _kintsugi_shell=$$
  typeset -g +x _kintsugi_shell # allexport hands it to what `exec` puts in the place of this shell
  typeset -g _kintsugi_client=@CLIENT@
  typeset -g _kintsugi_full=@FULL@
  typeset -g _kintsugi_pipes='' _kintsugi_trap='' _kintsugi_now='' _kintsugi_then='' _kintsugi_answer='' _kintsugi_is_relayed='' _kintsugi_part=''
  # Where a person is asked.
  typeset -g _kintsugi_tty=/dev/tty _kintsugi_keys=/dev/tty
  { : >>/dev/tty } 2>/dev/null || _kintsugi_tty=/dev/stderr _kintsugi_keys=/dev/null
  typeset -gi _kintsugi_refused=0 _kintsugi_ran=0 _kintsugi_number=0 _kintsugi_relays=0 _kintsugi_relay=0
  typeset -gi _kintsugi_asks=-1 _kintsugi_answers=-1

  # What the relay was started with: with another environment, the client finds its own way.
  _kintsugi_world() {
    _kintsugi_now="${KINTSUGI_SOCKET-}|${HOME-}|${XDG_RUNTIME_DIR-}|${XDG_DATA_HOME-}|${XDG_CONFIG_HOME-}|@MARKS@"
  }

  # Starts the relay; it ends with this shell and is no job of the user's.
  _kintsugi_start() {
    emulate -L zsh
    setopt no_bg_nice
    (( _kintsugi_relays++ < 20 )) || return 0
    _kintsugi_note ! || :
    _kintsugi_pipes=@RUN@/shell-$$-$_kintsugi_relays$RANDOM
    "$_kintsugi_client" relay zsh $_kintsugi_pipes $$ </dev/null >/dev/null 2>&1 &!
    _kintsugi_relay=$!
    _kintsugi_world
    _kintsugi_then=$_kintsugi_now _kintsugi_is_relayed=1
  }

  # At each prompt: starts another relay when this one has ended, or something that it was started with has changed.
  _kintsugi_keep() {
    _kintsugi_world
    [[ $_kintsugi_now != $_kintsugi_then || ! -d /proc/$_kintsugi_relay ]] || return 0
    _kintsugi_is_relayed=''
    _kintsugi_start
  }

  # Tells the relay something that needs no answer.
  _kintsugi_note() {
    [[ -p $_kintsugi_pipes/ask && -d /proc/$_kintsugi_relay ]] && builtin print -rn -- "$1"$'\0' 1<>$_kintsugi_pipes/ask
  }

  # Opens the pipes to the relay. They stay open, which saves zsh a dozen system calls for each line; no program that the shell starts
  # has them.
  _kintsugi_connect() {
    emulate -L zsh
    local at
    for at in $_kintsugi_asks $_kintsugi_answers; do
      # The user may have closed them, and what has their number now is not ours to close.
      [[ ${${:-/proc/self/fd/$at}:A} == */shell-$$-*/(ask|answer)* ]] && builtin exec {at}>&-
    done
    _kintsugi_asks=-1 _kintsugi_answers=-1
    [[ -p $_kintsugi_pipes/ask && -p $_kintsugi_pipes/answer ]] && builtin zmodload zsh/system 2>/dev/null &&
      builtin sysopen -rw -o cloexec -u _kintsugi_asks $_kintsugi_pipes/ask &&
      builtin sysopen -rw -o cloexec -u _kintsugi_answers $_kintsugi_pipes/answer
  }

  _kintsugi_preexec() {
    local text=$3 id='' answer='' code=0 comments=0
    [[ -o interactive_comments ]] && comments=1
    emulate -L zsh -o no_xtrace
    # Without that option `#` begins no comment, but whoever reads the line later would take it for one.
    (( comments )) || [[ $text != (*[[:space:]\;\|\&\(]|)\#* ]] || text=${text//\#/\\#}
    # Our own `r` runs nothing: the line that it recalls is asked about at the next prompt.
    [[ $text == r(| *) && $text =~ '^r( [A-Za-z0-9_=-]+)*$' && ${functions[r]-} == $'\t_kintsugi_recall "$@"' ]] && return 0
    # A message and an argument end at a NUL, and the line does not.
    [[ $text != *$'\0'* ]] || answer='3 denied: the line holds a NUL, so it cannot be judged'
    # The relay, without a new process; and here, since calling a function takes zsh a third of all this.
    if [[ -z $answer && -n $_kintsugi_is_relayed && -d /proc/$_kintsugi_relay ]] &&
      { [[ /proc/self/fd/$_kintsugi_asks -ef $_kintsugi_pipes/ask ]] || _kintsugi_connect }; then
      _kintsugi_number=$(( (_kintsugi_number + 1) % 10 )) _kintsugi_answer=''
      if (( $#text < 15000 )); then
        builtin print -rnu $_kintsugi_asks -- "?$_kintsugi_number$text"$'\0'
      else
        builtin print -rn -- "$text" >|$_kintsugi_pipes/text && builtin print -rnu $_kintsugi_asks -- "@$_kintsugi_number"$'\0'
      fi && while builtin sysread -t 6 -i $_kintsugi_answers _kintsugi_part; do
        _kintsugi_answer+=$_kintsugi_part
        # What most are answered.
        [[ $_kintsugi_answer == ${_kintsugi_number}0$'\n' ]] && { _kintsugi_ran=1; return 0 }
        [[ $_kintsugi_answer == *$'\n' ]] || continue
        # In front of it may be an answer to an earlier question, which came too late.
        _kintsugi_answer=${${_kintsugi_answer%$'\n'}##*$'\n'}
        [[ $_kintsugi_answer == $_kintsugi_number?* ]] && { answer=${_kintsugi_answer#?}; break }
        _kintsugi_answer=''
      done
      # One that does not answer is not asked again: the next prompt starts another.
      [[ -n $answer ]] || _kintsugi_is_relayed='' _kintsugi_then=''
    fi
    case $answer in
      (0) _kintsugi_ran=1; return 0 ;;
      (1*) _kintsugi_ran=1; builtin print -r -- "${answer#??}" >>$_kintsugi_tty; return 0 ;;
      (4*) id=${answer#??} code=4 ;;
      # Without an answer, or when the relay leaves it to the client.
      (|9*)
        if (( $#text < 30000 )); then
          id=$("$_kintsugi_client" shell zsh -- "$text" 2>>$_kintsugi_tty) || code=$?
        else
          id=$("$_kintsugi_client" shell zsh --stdin < <(builtin print -rn -- "$text") 2>>$_kintsugi_tty) || code=$?
        fi ;;
      (*) builtin print -r -- "kintsugi: error: ${answer#??}" >>$_kintsugi_tty; code=1 ;;
    esac
    if (( code == 4 )); then
      code=0
      if (( $#text < 30000 )); then
        "$_kintsugi_full" hook shell zsh --id=$id --ask --edit -- "$text" <$_kintsugi_keys >>$_kintsugi_tty 2>&1 || code=$?
      else
        "$_kintsugi_full" hook shell zsh --id=$id --ask --edit --stdin < <(builtin print -rn -- "$text") >>$_kintsugi_tty 2>&1 ||
          code=$?
      fi
    fi
    if (( code == 0 )); then
      _kintsugi_ran=1
      _kintsugi_note + || :
      return 0
    fi
    _kintsugi_note - || :
    # The person wants to change it: it comes back to the next prompt, as it was typed.
    (( code == 8 )) && builtin print -rz -- "$1"
    _kintsugi_refuse
  }

  # Makes zsh drop the line that it is about to run.
  _kintsugi_refuse() {
    # The user's own trap on INT would run instead; precmd puts it back.
    _kintsugi_trap=${(M)${(f)"$(builtin trap)"}:#*INT}
    builtin trap - INT
    (( $+functions[TRAPINT] )) && {
      functions[_kintsugi_trapint]=$functions[TRAPINT]
      unfunction TRAPINT
    }
    _kintsugi_refused=1
    builtin kill -INT $$
  }

  _kintsugi_precmd() {
    local code=$?
    [[ ! -o xtrace ]] || builtin setopt local_options no_xtrace # it shows what the user runs, not what we do
    if (( _kintsugi_ran )); then
      _kintsugi_ran=0
      _kintsugi_note ".$code" || :
    fi
    _kintsugi_keep
    if (( _kintsugi_refused )); then
      _kintsugi_refused=0
      (( $+functions[_kintsugi_trapint] )) && {
        functions[TRAPINT]=$functions[_kintsugi_trapint]
        unfunction _kintsugi_trapint
      }
      [[ -n $_kintsugi_trap ]] && builtin eval "$_kintsugi_trap"
      _kintsugi_trap=''
      # zsh keeps the old `$?` after an interrupted preexec. With errexit, 130 would end the shell at its own prompt.
      [[ -o errexit ]] || { zmodload zsh/sched && sched +0 _kintsugi_interrupted }
    fi
    # Plugins put themselves first as well; a refusal must come before anything they do.
    [[ ${preexec_functions[1]-} == _kintsugi_preexec ]] ||
      preexec_functions=(_kintsugi_preexec ${preexec_functions:#_kintsugi_preexec})
  }

  # zsh's own `r` runs a line of the history without preexec. This one puts the line back to the prompt, where Enter asks.
  _kintsugi_recall() {
    emulate -L zsh
    zmodload zsh/parameter
    local change='' text=''
    [[ ${1-} == ?*=* ]] && { change=$1; shift }
    case ${1--1} in
      (<->) text=${history[$1]-} ;;
      (-<->) text=${history[$((HISTCMD + ${1--1}))]-} ;;
      (*)
        for text in "${(@f)$(builtin fc -lnr 1)}"; do
          [[ $text == "$1"* ]] && break
          text=''
        done ;;
    esac
    [[ -n $text ]] || {
      builtin print -u2 "kintsugi: error: the history has no such line"
      return 1
    }
    [[ -n $change ]] && text=${text//${(b)change%%=*}/${change#*=}}
    builtin print -rz -- "$text"
  }

  _kintsugi_interrupted() { return 130 }

  typeset -ga preexec_functions precmd_functions
  preexec_functions=(_kintsugi_preexec ${preexec_functions:#_kintsugi_preexec})
  precmd_functions=(_kintsugi_precmd ${precmd_functions:#_kintsugi_precmd})
  (( $+functions[r] || $+aliases[r] )) || function r { _kintsugi_recall "$@" }
  _kintsugi_start
fi
