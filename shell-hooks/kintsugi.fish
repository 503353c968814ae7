# kintsugi.fish: every interactive line is proposed before it runs. fish 3.6 or newer.
#
# What it promises, what it does not see, and the test behind each: shell-hooks/README.md.
#
# How. fish_preexec cannot stop a line, so Enter asks before it accepts one. What may run takes fish's own path; what may not
# stays in the editor. The question goes through the pipes of a relay (`kintsugi-hook relay`), so that nothing is started for a
# line that may run.

# Read twice, it is loaded once. What comes with the environment, or stands in a universal variable, cannot know the number of this shell.
if status is-interactive; and test "$_kintsugi_shell" != $fish_pid
    set -g _kintsugi_shell $fish_pid
    set -g _kintsugi_client @CLIENT@
    set -g _kintsugi_full @FULL@
    set -g _kintsugi_pipes
    # A digit stands in front of each question and its answer, and which comes behind it in a list, since a sum costs a process's worth.
    set -g _kintsugi_number 1
    set -g _kintsugi_next 2 3 4 5 6 7 8 9 1
    # Where the relay can be looked at, once it was seen with its pipes.
    set -g _kintsugi_alive
    set -g _kintsugi_is_relayed
    set -g _kintsugi_relays 0
    set -g _kintsugi_open 0
    set -g _kintsugi_expanded
    # 1: from fish 4 on, Enter can expand and then ask; before, its own function would run first.
    set -g _kintsugi_expands (string match -rq '^[4-9]' -- $version; and echo 1; or echo 0)

    # What the relay was started with: with another environment, the client finds its own way.
    function _kintsugi_world
        set -g _kintsugi_now "$KINTSUGI_SOCKET|$HOME|$XDG_RUNTIME_DIR|$XDG_DATA_HOME|$XDG_CONFIG_HOME|@MARKS@"
    end

    # Starts the relay; it ends with this shell and is no job of the user's.
    function _kintsugi_start
        set -g _kintsugi_relays (math $_kintsugi_relays + 1)
        test $_kintsugi_relays -le 20; or return 0
        _kintsugi_note !
        set -g _kintsugi_pipes @RUN@/shell-$fish_pid-$_kintsugi_relays(random)
        command $_kintsugi_client relay fish $_kintsugi_pipes $fish_pid </dev/null >/dev/null 2>&1 &
        set -g _kintsugi_relay $last_pid
        disown $_kintsugi_relay 2>/dev/null
        _kintsugi_world
        set -g _kintsugi_then $_kintsugi_now
        set -g _kintsugi_alive
        set -g _kintsugi_is_relayed 1
    end

    # At each prompt: starts another relay when this one has ended, or something that it was started with has changed.
    function _kintsugi_keep --on-event fish_prompt
        _kintsugi_world
        test "$_kintsugi_now" = "$_kintsugi_then" -a -d "/proc/$_kintsugi_relay"; and return
        set -g _kintsugi_is_relayed
        _kintsugi_start
    end

    # Tells the relay something that needs no answer.
    function _kintsugi_note
        test -p "$_kintsugi_pipes/ask" -a -d "/proc/$_kintsugi_relay"
        and printf '%s\0' $argv[1] >$_kintsugi_pipes/ask
    end

    # Notes where the relay can be looked at, once it is there with its pipes.
    function _kintsugi_connect
        test -n "$_kintsugi_is_relayed" -a -p "$_kintsugi_pipes/ask" -a -d "/proc/$_kintsugi_relay/root"
        and set -g _kintsugi_alive /proc/$_kintsugi_relay/root
    end

    # Asks about a text, at the terminal when it is held; with a second argument it is long. True: run it.
    #
    # First the relay, without a new process. No `( )` there: fish starts a thread for each. `switch` is a third of a `test`.
    function _kintsugi_ask
        # Its own, whatever has that name elsewhere.
        set -l _kintsugi_answer
        # One that has ended has no root any more, and who opens its pipe would wait for ever.
        if test -d "$_kintsugi_alive"; or _kintsugi_connect
            set -g _kintsugi_number $_kintsugi_next[$_kintsugi_number]
            if set -q argv[2]
                printf '%s' $argv[1] >$_kintsugi_pipes/text
                and printf '@%d\0' $_kintsugi_number >$_kintsugi_pipes/ask
            else
                printf '?%s\0' $_kintsugi_number$argv[1] >$_kintsugi_pipes/ask
            end
            # The relay ends each answer with NUL. What is read from ends the wait by itself when none comes: see relay/pipes.rs.
            and while read -lz line <$_kintsugi_pipes/answer
                switch $line
                    case $_kintsugi_number'0'
                        # What most are answered.
                        return 0
                    case $_kintsugi_number'*'
                        string match -qr '^.(?<_kintsugi_answer>.*)$' -- $line
                        break
                end
                # Else an answer to an earlier question, which came too late.
            end
            if not set -q _kintsugi_answer[1]
                # One that does not answer is not asked again: the next prompt starts another.
                set -g _kintsugi_is_relayed
                set -g _kintsugi_alive
                set -g _kintsugi_then
            end
        end
        switch "$_kintsugi_answer"
            case '1*'
                echo
                string sub -s 3 -- $_kintsugi_answer
                return 0
            case '4*'
                set -f id (string sub -s 3 -- $_kintsugi_answer)
            case '' '9*'
                set -f id ($_kintsugi_client shell fish -- $argv[1])
                switch $status
                    case 0
                        _kintsugi_note +
                        return 0
                    case 4
                    case '*'
                        return 1
                end
            case '*'
                echo
                echo kintsugi: error: (string sub -s 3 -- $_kintsugi_answer) >&2
                return 1
        end
        echo
        if $_kintsugi_full hook shell fish --id=$id --ask -- $argv[1] </dev/tty >/dev/tty 2>&1
            _kintsugi_note +
            return 0
        end
        _kintsugi_note -
        return 1
    end

    # Enter.
    function _kintsugi_enter
        if commandline --paging-mode; or commandline --search-mode
            commandline -f execute
            return
        end
        commandline -b | read -lz text
        # 2: the command is not complete, and Enter makes a new line.
        if not commandline --is-valid
            commandline -f execute
            return
        end
        set -l _kintsugi_line
        set -l _kintsugi_long
        # Nearly always: not blank, and it fits into the pipe. The newline at its end is not the line's. What matches is set as a variable.
        if not string match -qr '(?s)^(?<_kintsugi_line>(?=\s*\S).{1,15000})\n\z' -- "$text"
            if not string match -qr '\S' -- "$text"
                commandline -f execute
                return
            end
            string sub -e -1 -- "$text" | string collect | read -z _kintsugi_line
            set _kintsugi_long 1
        end
        # Abbreviations are expanded when the line is accepted, which is too late to ask about what they stand for.
        if set -q _kintsugi_abbreviations[1]; and test "$_kintsugi_line" != "$_kintsugi_expanded"; and _kintsugi_abbreviates
            set -g _kintsugi_expanded $_kintsugi_line
            commandline -f expand-abbr
            return
        end
        if _kintsugi_ask $_kintsugi_line $_kintsugi_long
            set -g _kintsugi_open 1
            commandline -f execute
        else
            commandline -f repaint
        end
    end

    # Whether Enter would expand the word before the cursor: Enter then only expands it, and a second Enter asks and runs.
    function _kintsugi_abbreviates
        # One word, however many lines it has.
        set -l word (commandline -t | string collect)
        test -n "$word"; or return 1
        contains -- "$word" (abbr --list); or abbr --show | string match -q -- '*--regex*'; or return 1
        set -l before (commandline -poc | string match -rv -- '^(and|or|not|!|time|command|builtin|exec|if|while|else|begin)$')
        for line in (abbr --show)
            # abbr -a [--position anywhere] [--regex PATTERN] [--function NAME] -- NAME [EXPANSION]
            echo $line | read -lat words
            set -l end (contains -i -- -- $words); or continue
            test (count $before) = 0; or contains -- anywhere $words[1..$end]; or continue
            if set -l at (contains -i -- --regex $words[1..$end])
                set at (math $at + 1)
                string match -rq -- "^(?:$words[$at])\$" "$word"; and return 0
            else
                set at (math $end + 1)
                test "$words[$at]" = "$word"; and return 0
            end
        end
        return 1
    end

    function _kintsugi_after --on-event fish_postexec
        set -l code $status
        test $_kintsugi_open = 1; or return
        set -g _kintsugi_open 0
        _kintsugi_note .$code
    end

    # What Enter would expand by itself, before fish 4.
    function _kintsugi_learn --on-event fish_prompt
        test $_kintsugi_expands = 1; or set -g _kintsugi_abbreviations (abbr --list)
    end

    # Key bindings are laid by fish_user_key_bindings and by themes, all before the first prompt.
    function _kintsugi_bind --on-event fish_prompt
        for mode in default insert
            for key in \r \n
                bind -M $mode $key 2>/dev/null | string match -q '*_kintsugi_enter*'; and continue
                if test $_kintsugi_expands = 1
                    bind -M $mode $key expand-abbr _kintsugi_enter
                else
                    bind -M $mode $key _kintsugi_enter
                end
            end
        end
    end

    _kintsugi_start
end
