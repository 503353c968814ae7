# kintsugi.zsh: every interactive line is proposed before it runs. zsh 5.3 or newer.
#
# What it promises, what it does not see, and the test behind each: shell-hooks/README.md.
#
# How. zsh calls preexec with the full text (aliases expanded) once a line has been read and before it runs; SIGINT there makes
# zsh drop the whole line. The line itself always takes zsh's own path, so history, here-documents and job control are zsh's.

if [[ -o interactive && -z ${_kintsugi_client-} ]]; then
  typeset -g _kintsugi_client=@CLIENT@
  typeset -g _kintsugi_full=@FULL@
  typeset -g _kintsugi_trap=''
  typeset -gi _kintsugi_refused=0

  _kintsugi_preexec() {
    emulate -L zsh
    local text=$3 id='' code=0
    if (( $#text < 30000 )); then
      id=$("$_kintsugi_client" shell zsh -- "$text" 2>/dev/tty) || code=$?
    else
      id=$("$_kintsugi_client" shell zsh --stdin <<<"$text" 2>/dev/tty) || code=$?
    fi
    (( code )) || return 0
    if (( code == 4 )); then
      if (( $#text < 30000 )); then
        "$_kintsugi_full" hook shell zsh --id=$id --ask -- "$text" </dev/tty >/dev/tty 2>&1 && return 0
      else
        "$_kintsugi_full" hook shell zsh --id=$id --ask --stdin <<<"$text" >/dev/tty 2>&1 && return 0
      fi
    fi
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
fi
