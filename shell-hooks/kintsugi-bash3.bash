# shellcheck shell=bash
# kintsugi-bash3.bash: bash 3.2 to 4.3, as far as they can be guarded. Nothing here is newer than bash 3.2.
#
# What it promises, what it does not see, and the test behind each: shell-hooks/README.md.
#
# How. There is no PS0 and no key that tells its line. DEBUG runs before each simple command, and SIGINT there makes bash drop the line. At
# the first command the history has the whole line, which is asked about once; where the history hides it, each command is.

# Read twice, it is loaded once. What comes with the environment cannot know the number of this shell.
if [[ $- == *i* && ${_kintsugi_shell-} != "$$" ]] && ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 404)); then
  _kintsugi_shell=$$
  export -n _kintsugi_shell # `set -a` hands it to what `exec` puts in the place of this shell
  _kintsugi_client=@CLIENT@
  _kintsugi_full=@FULL@
  _kintsugi_quiet=1 # set while nothing is asked: between the answer to a line and the next prompt
  _kintsugi_seen='' # what the history ended with at the prompt
  _kintsugi_ran='' # the line that was let pass
  _kintsugi_since=0

  # Asks about a text, at the terminal when it is held. True: run it.
  _kintsugi_ask() {
    local id code=0
    id=$("$_kintsugi_client" shell bash -- "$1" 2>/dev/tty) || code=$?
    ((code == 4)) || return "$code"
    "$_kintsugi_full" hook shell bash --id="$id" --ask -- "$1" </dev/tty >/dev/tty 2>&1
  }

  # DEBUG: before each simple command. Its second argument is `$_`, which is so the same behind it as before.
  _kintsugi_before() {
    [[ -z $_kintsugi_quiet && -z ${COMP_LINE-} && $1 != _kintsugi_prompt && ${FUNCNAME[1]-} != _kintsugi_* ]] || return 0
    local line text=$1
    line=$(HISTTIMEFORMAT='' builtin history 1)
    if [[ $line != "$_kintsugi_seen" ]]; then
      text=${line#*[0-9][* ] }
    elif ((BASH_SUBSHELL)); then
      # A command of the prompt itself, or of a line that the history hides.
      return 0
    fi
    if _kintsugi_ask "$text"; then
      [[ $line == "$_kintsugi_seen" ]] || _kintsugi_quiet=1
      _kintsugi_ran=$text _kintsugi_since=$SECONDS
      return 0
    fi
    _kintsugi_quiet=1
    _kintsugi_refuse
  }

  # Makes bash drop the line that it is about to run.
  _kintsugi_refuse() {
    if [[ -n $(builtin trap -p INT) ]]; then
      # SIGINT would run the user's trap and then the command. Ending the shell is the only way left to stop it.
      builtin echo 'kintsugi: error: the line cannot be stopped while SIGINT is trapped; closing this shell' >/dev/tty
      builtin kill -HUP $$
    fi
    builtin kill -INT $$
    # The shell that waits for a subshell drops its line when that one ends by the same signal.
    ((BASH_SUBSHELL == 0)) || { command sh -c 'kill -INT $PPID'; builtin exit 130; }
  }

  # First of PROMPT_COMMAND: the line has ended.
  _kintsugi_prompt() {
    local status=$? lasted
    _kintsugi_quiet=1
    if [[ -n $_kintsugi_ran ]]; then
      lasted=$(((SECONDS - _kintsugi_since) * 1000))
      ("$_kintsugi_full" hook shell bash --ended="$status" --lasted="$lasted" -- "$_kintsugi_ran" </dev/null >/dev/null 2>&1 &)
      _kintsugi_ran=''
    fi
    [[ $- == *e* ]] || return "$status"
  }

  # Last of PROMPT_COMMAND: from now on, a command is the user's.
  _kintsugi_arm() {
    _kintsugi_seen=$(HISTTIMEFORMAT='' builtin history 1)
    _kintsugi_quiet=''
  }

  # What the user's own DEBUG trap does, as it was given to `trap`.
  _kintsugi_debug() {
    builtin eval "builtin set -- $(builtin trap -p DEBUG)"
    builtin printf '%s' "${3-}"
  }

  PROMPT_COMMAND="_kintsugi_prompt${PROMPT_COMMAND:+; $PROMPT_COMMAND}"$'\n''_kintsugi_arm'
  _kintsugi_theirs=$(_kintsugi_debug)
  # shellcheck disable=SC2064 # theirs is put in as it is now
  builtin trap '_kintsugi_before "$BASH_COMMAND" "$_"'"${_kintsugi_theirs:+; $_kintsugi_theirs}" DEBUG
  # The subshells of a line have the trap as well.
  builtin set -o functrace
  builtin echo "kintsugi: warning: bash $BASH_VERSION is guarded in part; bash 4.4 or newer, or zsh, is in whole" >&2
fi
