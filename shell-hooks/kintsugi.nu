# kintsugi.nu: every interactive line is proposed before it runs. nushell 0.115 or newer.
#
# What it promises, what it does not see, and the test behind each: shell-hooks/README.md.
#
# How. No hook of nushell can stop a line, so Enter runs a command of its own before it accepts one: it asks, and what may run is
# accepted as it was typed. What may not stays in the editor. A client is started for each line, since nushell opens no pipe
# without reading it to its end.

def --env _kintsugi_enter [] {
  let line = (commandline)
  # A line that is not whole goes on below, as it does without this hook.
  if ($line | str trim | is-empty) or (_kintsugi_is_whole $line) == false {
    if ($line | str trim | is-empty) { commandline edit --accept $line } else { commandline edit --replace $"($line)\n" }
    return
  }
  let id = (random uuid)
  let asked = (do { ^@CLIENT@ shell nu $"--id=($id)" -- $line } | complete)
  let may_run = if $asked.exit_code == 4 {
    ^@FULL@ hook shell nu $"--id=($id)" --ask -- $line
    $env.LAST_EXIT_CODE == 0
  } else {
    print -n -e $asked.stderr
    $asked.exit_code == 0
  }
  if $may_run {
    $env._kintsugi_accepted = {id: $id, line: $line}
    commandline edit --accept $line
  }
}

# A line that was accepted begins; and, at the prompt behind it, has ended.
def --env _kintsugi_begin [] {
  $env._kintsugi_ran = $env._kintsugi_accepted?
  $env._kintsugi_accepted = null
}

def --env _kintsugi_end [] {
  let ran = $env._kintsugi_ran?
  if $ran == null { return }
  $env._kintsugi_ran = null
  let told = [$"--id=($ran.id)" $"--ended=($env.LAST_EXIT_CODE)" $"--lasted=($env.CMD_DURATION_MS)"]
  # Beside this shell: nobody waits for it, and it leaves `$env.LAST_EXIT_CODE` alone.
  job spawn { do { ^@FULL@ hook shell nu ...$told -- $ran.line } | complete | ignore } | ignore
}

# Whether a line can run as it is. What does not parse for another reason is nushell's to say.
def _kintsugi_is_whole [line: string]: nothing -> bool {
  let said = (ast --json $line | get error? | default '' | into string)
  not ($said =~ 'Unclosed' or $said =~ 'UnexpectedEof' or $said =~ 'Unbalanced')
}

$env.config.keybindings = ($env.config.keybindings | default [] | append (
  [emacs vi_insert vi_normal] | each {|mode|
    [enter char_j] | each {|key| {
      name: $"kintsugi_($mode)_($key)"
      modifier: (if $key == 'enter' { 'none' } else { 'control' })
      keycode: $key
      mode: $mode
      event: { send: executehostcommand cmd: '_kintsugi_enter' }
    } }
  } | flatten
))

$env.config.hooks.pre_execution = ($env.config.hooks.pre_execution? | default [] | append {|| _kintsugi_begin })
$env.config.hooks.pre_prompt = ($env.config.hooks.pre_prompt? | default [] | append {|| _kintsugi_end })
