//! What bash is told for texts of cmd.

use super::to_bash;
use crate::shell::translated::{becomes, refuses};

#[test]
fn texts_are_commands_of_bash() {
    let table = [
        (
            "if exist dist rd /s /q dist & npm run build",
            "if :; then rm -rf -- dist npm run build fi",
        ),
        (
            "if /i not \"%X%\"==\"a b\" (del x) else dir",
            "if :; then { : rm -f -- x } else ls -- fi",
        ),
        (
            "for %f in (src\\*.py) do @python -m py_compile %f",
            "for for_f in src/*.py ; do : python -m py_compile ${for_f} done",
        ),
        (
            "for /f \"tokens=*\" %i in ('dir /b ^| find \"x\"') do echo %~nxi",
            "for for_i in $(ls -- | grep -- x ); do : echo ${for_i} done",
        ),
        (
            "for /f \"tokens=2 delims=,\" %i in (a.txt) do del %i",
            "for for_i in \"$(printf '%s\\n' $(cat a.txt ) | paste)\"; do : rm -f -- ${for_i} done",
        ),
        (
            "for /r C:\\Users\\u %%f in (*.tmp) do del \"%%f\"",
            "for for_f in /Users/u/*.tmp ; do : rm -f -- \"${for_f}\" done",
        ),
        (
            "for /l %i in (1,1,3) do echo %i",
            "for for_i in 1 1 3 \"${counted}\"; do : echo ${for_i} done",
        ),
        ("set X=a b&& echo %X%", "export X='a b' && echo ${X}"),
        (
            "set \"P=a&b\" & set /a N=1+2 & set /p Q=name?",
            "export P='a&b' export N=\"${computed_value}\" export Q=\"${computed_value}\"",
        ),
        ("r^d /s^ /q C:\\Users\\u\\x", "rm -rf -- /Users/u/x"),
        (
            "set x=xrdx& call %%x:~1,2%% /s a",
            "export X=xrdx ${X: 1:2} /s a",
        ),
        ("set c=rxd& %c:x=% a", "export C=rxd ${C//x/} a"),
        (
            "set a=d& set b=el& !a!!b! x",
            "export A=d export B=el ${A}${B} x",
        ),
        (
            "cd /d %USERPROFILE%\\x & del/f/s/q *",
            "cd -- \"${HOME}\"/x rm -rf -- *",
        ),
        ("start \"\" /b cmd /c del x", "cmd /c del x"),
        (
            "start \"\" https://example.org",
            "xdg-open https://example.org",
        ),
        (
            "type a.txt | findstr /i b > nul 2>&1",
            "cat -- a.txt | grep -- b > /dev/null 2>&1",
        ),
        ("@echo off", ":"),
        ("rem a", ":"),
        (":label", ":"),
        ("(echo a & echo b) > c.txt", "{ : echo a echo b } > c.txt"),
        ("rmdir a || md b", "rmdir -- a || mkdir -p -- b"),
        (
            "python -c \"print('a\\b')\"",
            "python -c 'print('\\''a\\b'\\'')'",
        ),
        ("%COMSPEC% /c del x", "cmd /c del x"),
        ("copy /y \"C:\\a b\\c.txt\" d", "cp -- '/a b/c.txt' d"),
    ];
    becomes(to_bash, &table);
}

#[test]
fn what_cmd_itself_would_refuse_is_not_read() {
    let texts = [
        "if exist a (del b",
        "for %f in (a do del b",
        "for %f (a) do del b",
        "%X:~0,2% /s a",
        "a &&",
        "for /q %f in (a) do del b",
        "if a b del c",
    ];
    refuses(to_bash, &texts);
    assert!(to_bash(&"(".repeat(60)).is_err());
}

#[test]
fn lines_that_only_cmd_reads_are_told_from_those_of_unix() {
    use super::{Likeness, likeness};
    for (text, expected) in [
        ("if exist a del b", Likeness::Only),
        ("for %f in (*.o) do del %f", Likeness::Only),
        ("del /q *.o", Likeness::Only),
        ("@echo off", Likeness::Only),
        // A shell of Unix would start what stands in these.
        ("if exist a; then rm b; fi", Likeness::None),
        ("if exist a del b\nrm -rf x", Likeness::None),
        ("del /q $(rm b)", Likeness::None),
        ("r^d /s a", Likeness::Either),
        ("set x=rd& %x% /s a", Likeness::Either),
        ("rmdir/s/q a", Likeness::Either),
        ("git show HEAD^", Likeness::None),
        ("date +%Y%m%d", Likeness::None),
        ("git log --format='%h|%s%d'", Likeness::None),
        ("dir /usr/share", Likeness::None),
        ("echo $((2**3%5))${v:1:2}${v%b}", Likeness::None),
        ("echo $((a%b%c))", Likeness::None),
        (
            "cat > a.py <<'E'\nprint('x'\n%a%)\nE\npython3 a.py",
            Likeness::None,
        ),
    ] {
        assert_eq!(likeness(text), expected, "{text}");
    }
}
