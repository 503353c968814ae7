# shellcheck shell=bash
# kintsugi.bash: every interactive line is proposed before it runs. bash 4.4 or newer.
#
# What it promises, what it does not see, and the test behind each: shell-hooks/README.md.
#
# How. PS0 is expanded once for each complete command, after it was read and before it runs; SIGINT during that expansion makes
# bash drop the whole command. So PS0 holds a gate: it asks, and whatever is not a clear yes (the digit 7) ends in SIGINT.
# The text comes from Enter, which here collects the line before readline accepts it; the line itself always takes bash's own
# path, so history, here-documents, `$?` and job control are bash's. A line that is complete is asked about at Enter already,
# through the pipes of a relay (`kintsugi-hook relay`): when it may run, the gate stays open once and nothing is started.

# An older bash has kintsugi-bash3.bash, and reads this all the same: no syntax here is newer than bash 3.2.
# Read twice, it is loaded once. What comes with the environment cannot know the number of this shell.
if [[ $- == *i* && ${_kintsugi_shell-} != "$$" ]] && ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 404)); then
  _kintsugi_shell=$$
  export -n _kintsugi_shell # `set -a` hands it to what `exec` puts in the place of this shell
  _kintsugi_client=@CLIENT@
  _kintsugi_full=@FULL@
  _kintsugi_tty=/dev/tty _kintsugi_keys=/dev/tty # where a person is asked
  { : >/dev/tty; } 2>/dev/null || _kintsugi_tty=/dev/stderr _kintsugi_keys=/dev/null
  _kintsugi_pipes='' # where the pipes to the relay are
  _kintsugi_text='' # what Enter has collected since the prompt
  _kintsugi_passed='' # the text that was allowed at Enter, when the gate cannot stop a line (see _kintsugi_prompt)
  _kintsugi_trapped='' # the user's own INT trap
  _kintsugi_open=0 # 1: the gate lets one command pass
  _kintsugi_said='' # 3 or 4 and an id: what was answered at Enter, when it was not yes
  _kintsugi_client_first='' # set when the relay has left the question to the client
  _kintsugi_tell='' # a line for the person, shown before the command runs
  _kintsugi_held_back='' # set while Enter's last key does not accept the line
  _kintsugi_ran='' # set once a command has passed the gate, or was stopped there
  _kintsugi_v=''
  _kintsugi_none=()
  _kintsugi_is_relayed='' # set while the relay can be asked
  _kintsugi_in_ble='' # set once ble.sh calls us before each line
  declare -A _kintsugi_aliases=() # the aliases of the last prompt, and those whose names are no words
  _kintsugi_odd_aliases=()
  _kintsugi_aliases_then=0
  _kintsugi_aliases_text=''
  _kintsugi_number=0
  _kintsugi_relays=0
  # The gate's answers that stop a line are the indices of this array: 1 no, 0 no answer at all.
  _kintsugi_stops=([0]=x [1]=x)
  _kintsugi_shut=([0]=x)
  _kintsugi_begun='*(\ )?(@(if|for|select|while|until|case|function|time|coproc)?(\ *))'
  _kintsugi_construct=$'\n''[[:space:]]*((time|coproc)[[:space:]]+)?(if|for|select|while|until|case|function)[[:space:]]'
  # shellcheck disable=SC2016 # expanded by bash before each command
  _kintsugi_ps0='${_kintsugi_tell-}${_kintsugi_shut[_kintsugi_open]+${_kintsugi_none[_kintsugi_v=0$(_kintsugi_gate)]-}'
  # shellcheck disable=SC2016
  _kintsugi_ps0+='${_kintsugi_stops[_kintsugi_v]+$(_kintsugi_stop)}}${_kintsugi_none[_kintsugi_open=0,_kintsugi_ran=1]-}'

  # What the relay was started with: with another environment, the client finds its own way.
  _kintsugi_world() {
    _kintsugi_now="${KINTSUGI_SOCKET-}|${HOME-}|${XDG_RUNTIME_DIR-}|${XDG_DATA_HOME-}|${XDG_CONFIG_HOME-}|@MARKS@"
  }

  # Starts the relay; it ends with this shell. Its job is not the user's: no message, no entry in `jobs`.
  _kintsugi_start() {
    ((_kintsugi_relays++ < 20)) || return 0
    _kintsugi_note ! || :
    _kintsugi_pipes=@RUN@/shell-$$-$_kintsugi_relays$RANDOM
    { "$_kintsugi_client" relay bash "$_kintsugi_pipes" $$ </dev/null >/dev/null 2>&1 & } 2>/dev/null
    _kintsugi_relay=$!
    builtin disown "$_kintsugi_relay" 2>/dev/null || :
    _kintsugi_world
    _kintsugi_world_then=$_kintsugi_now _kintsugi_is_relayed=1
  }

  # At each prompt: starts another relay when this one has ended, or something that it was started with has changed.
  _kintsugi_keep() {
    _kintsugi_world
    [[ $_kintsugi_now != "$_kintsugi_world_then" || ! -d /proc/$_kintsugi_relay ]] || return 0
    _kintsugi_is_relayed=''
    _kintsugi_start
  }

  # Tells the relay something that needs no answer.
  _kintsugi_note() {
    [[ -p $_kintsugi_pipes/ask && -d /proc/$_kintsugi_relay ]] && builtin printf '%s\0' "$1" 1<>"$_kintsugi_pipes/ask"
  }

  # Asks the relay about a text and leaves its answer in _kintsugi_answer, without a new process. False: ask in another way.
  _kintsugi_question() {
    local IFS=''
    [[ -n $_kintsugi_is_relayed && -p $_kintsugi_pipes/ask && -d /proc/$_kintsugi_relay ]] || return 1
    _kintsugi_number=$(((_kintsugi_number + 1) % 10))
    if ((${#1} < 15000)); then
      builtin printf '?%d%s\0' "$_kintsugi_number" "$1" 1<>"$_kintsugi_pipes/ask" || return 1
    else
      builtin printf '%s' "$1" >|"$_kintsugi_pipes/text" || return 1
      builtin printf '@%d\0' "$_kintsugi_number" 1<>"$_kintsugi_pipes/ask" || return 1
    fi
    while builtin read -r -t 6 _kintsugi_answer <>"$_kintsugi_pipes/answer"; do
      # What most are answered.
      [[ $_kintsugi_answer != "${_kintsugi_number}0" ]] || { _kintsugi_answer=0; return 0; }
      # An answer to an earlier question, which came too late.
      [[ $_kintsugi_answer == "$_kintsugi_number"* ]] || continue
      _kintsugi_answer=${_kintsugi_answer:1}
      [[ $_kintsugi_answer != 9* ]]
      return
    done
    # One that does not answer is not asked again: the next prompt starts another.
    _kintsugi_is_relayed='' _kintsugi_world_then=''
    return 1
  }

  # Puts in front of a text what the aliases in it stand for, since that is what runs; the result is in _kintsugi_whole.
  _kintsugi_with_aliases() {
    _kintsugi_whole=$1
    local name text=$1 told=' ' words IFS=$' \t\n' count=${#BASH_ALIASES[@]}
    # Without this option `#` begins no comment, but whoever reads the line later would take it for one.
    [[ $1 != *\#* ]] || builtin shopt -q interactive_comments || _kintsugi_whole=${_kintsugi_whole//\#/\\#}
    ((count == _kintsugi_aliases_then)) || _kintsugi_learn_aliases
    ((count)) || return 0
    # What an alias stands for may begin with another.
    while [[ -n $text ]]; do
      # No character is left that stands for files.
      # shellcheck disable=SC2206
      words=(${text//[^[:alnum:]_.+-]/ })
      for name in "${_kintsugi_odd_aliases[@]}"; do
        [[ $text != *"$name"* ]] || words+=("$name")
      done
      text=''
      for name in "${words[@]}"; do
        if [[ -n ${_kintsugi_aliases[$name]+x} && $told != *" $name "* ]]; then
          told+="$name "
          text+=" ${_kintsugi_aliases[$name]}"
          builtin printf -v name 'alias %s=%q' "$name" "${_kintsugi_aliases[$name]}"
          _kintsugi_whole=$name$'\n'$_kintsugi_whole
        fi
      done
    done
  }

  # Copies the aliases, when they are others than before: bash builds its own table of them anew each time that it is looked at.
  _kintsugi_learn_aliases() {
    local name text="${!BASH_ALIASES[*]} ${BASH_ALIASES[*]}"
    [[ $text != "$_kintsugi_aliases_text" ]] || return 0
    _kintsugi_aliases_text=$text _kintsugi_aliases_then=${#BASH_ALIASES[@]}
    _kintsugi_aliases=() _kintsugi_odd_aliases=()
    for name in "${!BASH_ALIASES[@]}"; do
      _kintsugi_aliases[$name]=${BASH_ALIASES[$name]}
      [[ $name != *[^[:alnum:]_.+-]* ]] || _kintsugi_odd_aliases+=("$name")
    done
  }

  # Asks a person about a text that is held as an id. 0 run it, 8 edit it; anything else: do not.
  _kintsugi_person() {
    local id=$1 text=$2 code=0
    if ((${#text} < 30000)); then
      "$_kintsugi_full" hook shell bash --id="$id" --ask "${@:3}" -- "$text" >>"$_kintsugi_tty" 2>&1 <"$_kintsugi_keys" || code=$?
    else
      "$_kintsugi_full" hook shell bash --id="$id" --ask "${@:3}" --stdin >>"$_kintsugi_tty" 2>&1 < <(builtin printf %s "$text") || code=$?
    fi
    if ((code)); then _kintsugi_note - || :; else _kintsugi_note + || :; fi
    return "$code"
  }

  # Asks about a text, at the terminal when it is held. True: run it.
  _kintsugi_ask() {
    local text=$1 id='' code=0
    if [[ -z $_kintsugi_client_first ]] && _kintsugi_question "$text"; then
      case $_kintsugi_answer in
        0) return 0 ;;
        1*) builtin printf '%s\n' "${_kintsugi_answer:2}" >>"$_kintsugi_tty"; return 0 ;;
        4*) _kintsugi_person "${_kintsugi_answer:2}" "$text"; return ;;
        *) builtin printf 'kintsugi: error: %s\n' "${_kintsugi_answer:2}" >>"$_kintsugi_tty"; return 1 ;;
      esac
    fi
    if ((${#text} < 30000)); then
      id=$("$_kintsugi_client" shell bash -- "$text" 2>>"$_kintsugi_tty") || code=$?
    else
      id=$("$_kintsugi_client" shell bash --stdin < <(builtin printf %s "$text") 2>>"$_kintsugi_tty") || code=$?
    fi
    case $code in
      0) _kintsugi_note + || :; return 0 ;;
      4) _kintsugi_person "$id" "$text" ;;
      *) return "$code" ;;
    esac
  }

  # Prints 7 when the command may run. Runs in a subshell; killed, it prints nothing, which stops the line too.
  _kintsugi_gate() {
    [[ $- != *x* ]] || builtin set +x
    builtin trap '' QUIT TSTP
    local text=${_kintsugi_text-} line='[[:space:]]*[0-9]+[* ] ?(.*)'
    if [[ -n ${_kintsugi_passed-} && ${_kintsugi_passed-} == "$text" ]]; then
      builtin echo 7
      return
    fi
    if [[ -n ${_kintsugi_said-} && -z ${_kintsugi_ran-} ]]; then
      builtin echo 1
      return
    fi
    if [[ -n ${_kintsugi_v-} && $text == *$'\n'* ]]; then
      # Several commands of one paste: they were asked about together.
      builtin echo "$((_kintsugi_v == 7 ? 7 : 1))"
      return
    fi
    if [[ -z $text || -n ${_kintsugi_ran-} ]]; then
      # The line was not accepted by Enter, so its text was not collected; only the history can tell it.
      text=''
      if [[ -o history && -z ${HISTCONTROL-}${HISTIGNORE-} && $(HISTTIMEFORMAT='' builtin history 1) =~ $line ]]; then
        text=${BASH_REMATCH[1]}
      fi
      if [[ -z $text ]]; then
        builtin echo 'kintsugi: error: this line came by a key that hides its text; press Enter instead' >>"$_kintsugi_tty"
        builtin echo 1
        return
      fi
    fi
    _kintsugi_with_aliases "$text"
    if _kintsugi_ask "$_kintsugi_whole"; then builtin echo 7; else builtin echo 1; fi
  }

  # Makes bash drop the command that it is about to run.
  _kintsugi_stop() {
    local trapped
    trapped=$(builtin trap -p INT)
    if [[ -n $trapped && $trapped != 'trap -- - '* ]]; then
      # SIGINT would run the user's trap and then the command. Ending the shell is the only way left to stop it.
      builtin echo 'kintsugi: error: the line cannot be stopped while SIGINT is trapped; closing this shell' >>"$_kintsugi_tty"
      builtin kill -HUP $$
    else
      builtin kill -INT $$
    fi
  }

  # Whether a line is surely a complete command: what is not sure is left to the gate, which asks once bash knows.
  _kintsugi_complete() {
    local line=$1 one two
    line=${line%"${line##*[![:space:]]}"}
    ((${#line} < 2000)) || return 1
    case $line in
      *$'\n'* | *'<<'* | *'|' | *'|&' | *'&&' | *'()'* | *'`'* | *\\ | *\\[\'\"]* | *\'*\"* | *\"*\'*) return 1 ;;
    esac
    one=${line//[!\'\"]/}
    ((${#one} % 2 == 0)) || return 1
    case $line in
      *['(){}[]'* | *']'*)
        one=${line//[!(]/} two=${line//[!)]/}
        ((${#one} == ${#two})) || return 1
        one=${line//[!\{]/} two=${line//[!\}]/}
        ((${#one} == ${#two})) || return 1
        one=${line//[!\[]/} two=${line//[!\]]/}
        ((${#one} == ${#two})) || return 1
        ;;
    esac
    # A construct begins where a command does.
    one=$'\n'${line//[;&|\(\{\!]/$'\n'}' '
    [[ ! $one =~ $_kintsugi_construct ]]
  }

  # Enter, before readline accepts the line. Its argument is `$_`, which is so the same behind it as before.
  _kintsugi_enter() {
    [[ $- != *x* ]] || { builtin local -; builtin set +x; }
    # Where the key is one that ble.sh took over (see _kintsugi_beside_ble).
    [[ -z $_kintsugi_in_ble ]] || return 0
    if [[ -n $_kintsugi_held_back ]]; then
      _kintsugi_held_back=''
      _kintsugi_accept accept-line
    fi
    if [[ -n $_kintsugi_ran ]]; then
      # A command ran since, and nobody reset this: PROMPT_COMMAND was changed.
      _kintsugi_prompt_first
      _kintsugi_reset
    fi
    _kintsugi_text+=${_kintsugi_text:+$'\n'}$READLINE_LINE
    if [[ -n $_kintsugi_trapped ]]; then
      _kintsugi_enter_trapped
      return 0
    fi
    # What most lines are: nothing but words, of which the first begins no construct.
    if [[ $_kintsugi_text == *[^[:alnum:]\ _./:=@%+,-]* || ${#_kintsugi_text} -ge 2000 ||
      $_kintsugi_text == $_kintsugi_begun ]]; then
      [[ $_kintsugi_text == *[![:space:]]* ]] && _kintsugi_complete "$_kintsugi_text" || return 0
    fi
    if [[ $_kintsugi_text == *\#* || ${#BASH_ALIASES[@]} -ne 0 || $_kintsugi_aliases_then -ne 0 ]]; then
      _kintsugi_with_aliases "$_kintsugi_text"
    else
      _kintsugi_whole=$_kintsugi_text
    fi
    _kintsugi_question "$_kintsugi_whole" || { _kintsugi_client_first=1; return 0; }
    case $_kintsugi_answer in
      0) _kintsugi_open=1 ;;
      1*) _kintsugi_open=1 _kintsugi_tell=${_kintsugi_answer:2}$'\n' ;;
      4*)
        local edit=''
        _kintsugi_person "${_kintsugi_answer:2}" "$_kintsugi_whole" --edit || edit=$?
        if [[ -z $edit ]]; then
          _kintsugi_open=1
        elif [[ $edit == 8 ]]; then
          # The line stays in the editor: this once, the key behind this one does not accept it.
          _kintsugi_accept redraw-current-line
          _kintsugi_held_back=1 _kintsugi_text=''
        else
          _kintsugi_said=$_kintsugi_answer
        fi
        ;;
      *)
        builtin printf 'kintsugi: error: %s\n' "${_kintsugi_answer:2}" >>"$_kintsugi_tty"
        _kintsugi_said=$_kintsugi_answer
        ;;
    esac
  }

  # Says what the last of Enter's private keys does.
  _kintsugi_accept() {
    local map
    for map in emacs-standard vi-insert vi-command; do
      builtin bind -m "$map" "\"\C-x\C-_2\": $1"
    done
  }

  # Enter while the gate could not stop the line: the question is asked here, once the command is complete.
  _kintsugi_enter_trapped() {
    local complaint
    [[ $_kintsugi_text == *[![:space:]]* ]] || return 0
    if ! complaint=$("$BASH" -n <<<"$_kintsugi_text" 2>&1); then
      [[ $complaint == *'unexpected '*[Ee][Oo][Ff]* || $complaint == *'unexpected end of file'* ]] && return 0
    fi
    _kintsugi_with_aliases "$_kintsugi_text"
    if _kintsugi_ask "$_kintsugi_whole"; then
      _kintsugi_passed=$_kintsugi_text
    else
      _kintsugi_text='' READLINE_LINE='' READLINE_POINT=0
    fi
  }

  # Edits the line in an editor and puts it back; readline's own command would run the result unseen.
  _kintsugi_edit() {
    local file
    file=$(command mktemp) || return 0
    builtin printf '%s\n' "$READLINE_LINE" >|"$file"
    ${VISUAL:-${EDITOR:-vi}} "$file" </dev/tty >/dev/tty && READLINE_LINE=$(<"$file")
    READLINE_POINT=${#READLINE_LINE}
    command rm -f -- "$file"
  }

  # ble.sh reads lines and runs them by itself, and SIGINT does not stop one. Before each it calls this, in the shell itself, and
  # then runs what is in a variable of its own: until the answer is yes, something else is there.
  _kintsugi_before_ble() {
    local line=${_ble_edit_exec_BASH_COMMAND_eval-}
    [[ -n $line ]] || return 0
    _ble_edit_exec_BASH_COMMAND_eval=_kintsugi_refused
    _kintsugi_client_first=''
    _kintsugi_with_aliases "$1"
    if _kintsugi_ask "$_kintsugi_whole"; then _ble_edit_exec_BASH_COMMAND_eval=$line _kintsugi_ran=1; fi
    # Asked about: the gate, which is still in PS0, lets it pass.
    _kintsugi_open=1
  }

  _kintsugi_refused() { return 130; }

  # When ble.sh is there. It takes over the keys that are bound when it takes the terminal; Enter is its own again.
  _kintsugi_beside_ble() {
    local map
    blehook PREEXEC!=_kintsugi_before_ble || return 0
    _kintsugi_in_ble=1
    if [[ -n ${BLE_ATTACHED-} ]]; then
      for map in emacs vi_imap; do
        ble-bind -m "$map" -f C-m accept-single-line-or-newline -f RET accept-single-line-or-newline -f C-j accept-line
      done
    else
      for map in emacs-standard vi-insert vi-command; do
        builtin bind -m "$map" '"\C-m": accept-line'
        builtin bind -m "$map" '"\C-j": accept-line'
      done
    fi
  }

  _kintsugi_reset() {
    _kintsugi_text='' _kintsugi_v='' _kintsugi_passed='' _kintsugi_open=0 _kintsugi_said='' _kintsugi_tell='' _kintsugi_ran=''
    _kintsugi_client_first=''
  }

  # First of PROMPT_COMMAND: the line has ended, a new one begins.
  _kintsugi_prompt() {
    local status=$?
    [[ $- != *x* ]] || { builtin local -; builtin set +x; } # `set -x` shows what the user runs, not what we do
    [[ -z $_kintsugi_ran ]] || _kintsugi_note ".$status" || :
    _kintsugi_reset
    # Who keeps what stood in PROMPT_COMMAND and calls it later (starship) has changed `$?` by then.
    _kintsugi_prompt_first
    _kintsugi_keep
    # By way of a file, since `$( )` would fork.
    if [[ -p $_kintsugi_pipes/ask ]] && builtin trap -p INT >|"$_kintsugi_pipes/trap"; then
      IFS='' builtin read -r -d '' _kintsugi_trapped <"$_kintsugi_pipes/trap" || :
    else
      _kintsugi_trapped=$(builtin trap -p INT)
    fi
    _kintsugi_learn_aliases
    # POSIX mode also prints that there is none.
    [[ $_kintsugi_trapped != 'trap -- - '* ]] || _kintsugi_trapped=''
    if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 501)) && builtin declare -F _direnv_hook >/dev/null; then
      # direnv resets the INT trap at each prompt; before 5.1, a later SIGINT then ends the shell.
      _kintsugi_trapped=direnv
    fi
    [[ -n $_kintsugi_in_ble || -z ${BLE_VERSION-} ]] || _kintsugi_beside_ble
    [[ ${PS0-} == *"$_kintsugi_ps0"* ]] || PS0=$_kintsugi_ps0${PS0-}
    # With errexit, a status that is not 0 would end the shell at its own prompt.
    [[ $- == *e* ]] || return "$status"
  }

  _kintsugi_prompt_first() {
    if [[ ${PROMPT_COMMAND[*]-} != *_kintsugi_prompt* ]]; then
      # An array is not told by a process of its own, since that costs a tenth of loading this.
      if [[ -n ${PROMPT_COMMAND[*]+x} && ${PROMPT_COMMAND[*]@a} == *a* ]]; then
        PROMPT_COMMAND=(_kintsugi_prompt "${PROMPT_COMMAND[@]}")
      else
        # shellcheck disable=SC2178,SC2128 # it is no array here
        PROMPT_COMMAND=_kintsugi_prompt${PROMPT_COMMAND:+$'\n'$PROMPT_COMMAND}
      fi
    fi
  }

  PS0=$_kintsugi_ps0${PS0-}
  _kintsugi_prompt_first
  if [[ -z ${BLE_VERSION-} && (:$SHELLOPTS: == *:emacs:* || :$SHELLOPTS: == *:vi:*) ]]; then
    # Enter becomes three private keys: expand history, collect the line and ask about it, accept it.
    _kintsugi_accept accept-line
    for _kintsugi_map in emacs-standard vi-insert vi-command; do
      builtin bind -m "$_kintsugi_map" '"\C-x\C-_0": history-expand-line'
      # shellcheck disable=SC2016 # expanded by readline when Enter is pressed
      builtin bind -m "$_kintsugi_map" -x '"\C-x\C-_1": _kintsugi_enter "$_"'
      builtin bind -m "$_kintsugi_map" '"\C-m": "\C-x\C-_0\C-x\C-_1\C-x\C-_2"'
      builtin bind -m "$_kintsugi_map" '"\C-j": "\C-x\C-_0\C-x\C-_1\C-x\C-_2"'
    done
    builtin bind -m emacs-standard -x '"\C-x\C-e": _kintsugi_edit'
    builtin bind -m vi-command -x '"v": _kintsugi_edit'
    unset _kintsugi_map
  fi
  [[ -z ${BLE_VERSION-} ]] || _kintsugi_beside_ble
  _kintsugi_start
fi
