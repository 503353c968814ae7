# shellcheck shell=bash
# kintsugi.bash: every interactive line is proposed before it runs. bash 4.4 or newer.
#
# What it promises, what it does not see, and the test behind each: shell-hooks/README.md.
#
# How. PS0 is expanded once for each complete command, after it was read and before it runs; SIGINT during that expansion makes
# bash drop the whole command. So PS0 holds a gate: it asks, and whatever is not a clear yes (the digit 7) ends in SIGINT.
# The text comes from Enter, which here collects the line before readline accepts it; the line itself always takes bash's own
# path, so history, here-documents, `$?` and job control are bash's.

if [[ $- == *i* && -z ${_kintsugi_client-} ]]; then
  _kintsugi_client=@CLIENT@
  _kintsugi_full=@FULL@
  _kintsugi_text='' # what Enter has collected since the prompt
  _kintsugi_passed='' # the text that was allowed at Enter, when the gate cannot stop a line (see _kintsugi_prompt)
  _kintsugi_trapped='' # the user's own INT trap
  _kintsugi_v=''
  _kintsugi_none=()
  # The gate's answers that stop a line are the indices of this array: 1 no, 0 no answer at all.
  _kintsugi_stops=([0]=x [1]=x)
  # shellcheck disable=SC2016 # expanded by bash before each command
  _kintsugi_ps0='${_kintsugi_none[_kintsugi_v=0$(_kintsugi_gate)]-}${_kintsugi_stops[_kintsugi_v]+$(_kintsugi_stop)}'

  # Asks about a text, at the terminal when it is held. True: run it.
  _kintsugi_ask() {
    local text=$1 id='' code=0 name aliases=''
    for name in "${!BASH_ALIASES[@]}"; do
      # The text is what was typed; what an alias in it stands for must be judged with it.
      if [[ " ${text//[^[:alnum:]_.+-]/ } " == *" $name "* ]]; then
        builtin printf -v aliases '%salias %s=%q\n' "$aliases" "$name" "${BASH_ALIASES[$name]}"
      fi
    done
    text=$aliases$text
    if ((${#text} < 30000)); then
      id=$("$_kintsugi_client" shell bash -- "$text" 2>/dev/tty) || code=$?
    else
      id=$("$_kintsugi_client" shell bash --stdin <<<"$text" 2>/dev/tty) || code=$?
    fi
    [[ $code == 4 ]] || return "$code"
    if ((${#text} < 30000)); then
      "$_kintsugi_full" hook shell bash --id="$id" --ask -- "$text" &>/dev/tty </dev/tty
    else
      "$_kintsugi_full" hook shell bash --id="$id" --ask --stdin &>/dev/tty <<<"$text"
    fi
  }

  # Prints 7 when the command may run. Runs in a subshell; killed, it prints nothing, which stops the line too.
  _kintsugi_gate() {
    builtin trap '' QUIT TSTP
    local text=${_kintsugi_text-} line='[[:space:]]*[0-9]+[* ] ?(.*)'
    if [[ -n ${_kintsugi_passed-} && ${_kintsugi_passed-} == "$text" ]]; then
      builtin echo 7
      return
    fi
    if [[ -n ${_kintsugi_v-} && $text == *$'\n'* ]]; then
      # Several commands of one paste: they were asked about together.
      builtin echo "$((_kintsugi_v == 7 ? 7 : 1))"
      return
    fi
    if [[ -z $text || -n ${_kintsugi_v-} ]]; then
      # The line was not accepted by Enter, so its text was not collected; only the history can tell it.
      text=''
      if [[ -o history && -z ${HISTCONTROL-}${HISTIGNORE-} && $(HISTTIMEFORMAT='' builtin history 1) =~ $line ]]; then
        text=${BASH_REMATCH[1]}
      fi
      if [[ -z $text ]]; then
        builtin echo 'kintsugi: error: this line came by a key that hides its text; press Enter instead' >/dev/tty
        builtin echo 1
        return
      fi
    fi
    if _kintsugi_ask "$text"; then builtin echo 7; else builtin echo 1; fi
  }

  # Makes bash drop the command that it is about to run.
  _kintsugi_stop() {
    if [[ -n $(builtin trap -p INT) ]]; then
      # SIGINT would run the user's trap and then the command. Ending the shell is the only way left to stop it.
      builtin echo 'kintsugi: error: the line cannot be stopped while SIGINT is trapped; closing this shell' >/dev/tty
      builtin kill -HUP $$
    else
      builtin kill -INT $$
    fi
  }

  # Enter, before readline accepts the line.
  _kintsugi_enter() {
    if [[ -n ${_kintsugi_v-} ]]; then
      # A command ran since, and nobody reset this: PROMPT_COMMAND was changed.
      _kintsugi_prompt_first
      _kintsugi_v='' _kintsugi_text=''
    fi
    _kintsugi_text+=${_kintsugi_text:+$'\n'}$READLINE_LINE
    [[ -n $_kintsugi_trapped && -n ${_kintsugi_text//[[:space:]]/} ]] || return 0
    # The gate could not stop this line, so the question is asked here, once the command is complete.
    if ! "$BASH" -n <<<"$_kintsugi_text" 2>/dev/null; then
      [[ $("$BASH" -n <<<"$_kintsugi_text" 2>&1) == *'unexpected '*[Ee][Oo][Ff]* ]] && return 0
      [[ $("$BASH" -n <<<"$_kintsugi_text" 2>&1) == *'unexpected end of file'* ]] && return 0
    fi
    if _kintsugi_ask "$_kintsugi_text"; then
      _kintsugi_passed=$_kintsugi_text
    else
      _kintsugi_text='' READLINE_LINE='' READLINE_POINT=0
    fi
  }

  # Edits the line in an editor and puts it back; readline's own command would run the result unseen.
  _kintsugi_edit() {
    local file
    file=$(command mktemp) || return 0
    builtin printf '%s\n' "$READLINE_LINE" >"$file"
    ${VISUAL:-${EDITOR:-vi}} "$file" </dev/tty >/dev/tty && READLINE_LINE=$(<"$file")
    READLINE_POINT=${#READLINE_LINE}
    command rm -f -- "$file"
  }

  # First of PROMPT_COMMAND: a new line begins.
  _kintsugi_prompt() {
    local status=$?
    _kintsugi_text='' _kintsugi_v='' _kintsugi_passed=''
    _kintsugi_trapped=$(builtin trap -p INT)
    if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 501)) && builtin declare -F _direnv_hook >/dev/null; then
      # direnv resets the INT trap at each prompt; before 5.1, a later SIGINT then ends the shell.
      _kintsugi_trapped=direnv
    fi
    [[ ${PS0-} == *"$_kintsugi_ps0"* ]] || PS0=$_kintsugi_ps0${PS0-}
    # With errexit, a status that is not 0 would end the shell at its own prompt.
    [[ $- == *e* ]] || return "$status"
  }

  _kintsugi_prompt_first() {
    if [[ ${PROMPT_COMMAND[*]-} != *_kintsugi_prompt* ]]; then
      if [[ $(builtin declare -p PROMPT_COMMAND 2>/dev/null) == 'declare -a'* ]]; then
        PROMPT_COMMAND=(_kintsugi_prompt "${PROMPT_COMMAND[@]}")
      else
        # shellcheck disable=SC2178,SC2128 # it is no array here
        PROMPT_COMMAND=_kintsugi_prompt${PROMPT_COMMAND:+$'\n'$PROMPT_COMMAND}
      fi
    fi
  }

  PS0=$_kintsugi_ps0${PS0-}
  _kintsugi_prompt_first
  if [[ :$SHELLOPTS: == *:emacs:* || :$SHELLOPTS: == *:vi:* ]]; then
    # Enter becomes three private keys: expand history, collect the line, accept it.
    for _kintsugi_map in emacs-standard vi-insert vi-command; do
      builtin bind -m "$_kintsugi_map" '"\C-x\C-_0": history-expand-line'
      builtin bind -m "$_kintsugi_map" -x '"\C-x\C-_1": _kintsugi_enter'
      builtin bind -m "$_kintsugi_map" '"\C-x\C-_2": accept-line'
      builtin bind -m "$_kintsugi_map" '"\C-m": "\C-x\C-_0\C-x\C-_1\C-x\C-_2"'
      builtin bind -m "$_kintsugi_map" '"\C-j": "\C-x\C-_0\C-x\C-_1\C-x\C-_2"'
    done
    builtin bind -m emacs-standard -x '"\C-x\C-e": _kintsugi_edit'
    builtin bind -m vi-command -x '"v": _kintsugi_edit'
    unset _kintsugi_map
  fi
  if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 404)); then
    builtin echo "kintsugi: error: bash $BASH_VERSION cannot be guarded; use bash 4.4 or newer, or zsh" >&2
  fi
fi
