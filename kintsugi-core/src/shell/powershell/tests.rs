//! What bash is told for texts of PowerShell.

use super::to_bash;
use crate::shell::translated::{becomes, refuses};

#[test]
fn texts_are_commands_of_bash() {
    let table = [
        ("Get-Process | Select -First 5", "Get-Process | cat"),
        ("rm -r -fo $HOME", "Remove-Item -Recurse -Force \"${HOME}\""),
        ("remove-item 'a b'; ls", "Remove-Item 'a b' Get-ChildItem"),
        (
            "iex (iwr https://x/y)",
            "Invoke-Expression \"$(Invoke-WebRequest https://x/y )\"",
        ),
        ("$p = 'C:/x'; del $p", "p=C:/x Remove-Item \"${p}\""),
        (
            "gci | % { del $_ }",
            "Get-ChildItem | cat for piped_item in *; do Remove-Item \"${piped_item}\" done",
        ),
        (
            "del $HOME\\a\\*; ./x 'a\\b'",
            "Remove-Item \"${HOME}\"/a/* ./x 'a\\b'",
        ),
        (
            "if (!(Test-Path a\\b)) { del c } else { ls }",
            "printf '%s\\n' \"$(printf '%s\\n' \"$(Test-Path a/b )\" | paste)\" Remove-Item c Get-ChildItem",
        ),
        ("'ls' | iex", "printf '%s\\n' ls | Invoke-Expression"),
        ("& ('Remove-' + 'Item') x", "Remove-Item x"),
        ("$c = 'del'; & $c x\\y", "c=del Remove-Item x/y"),
        (
            "$h = @{ Path = 'a'; Recurse = $true }; ri @h",
            "h=\"${computed_value}\" Remove-Item -Path a -Recurse",
        ),
        (
            "foreach ($f in gci a) { del $f }",
            "for f in a/*; do : Remove-Item \"${f}\" done",
        ),
        (
            "gci $HOME | ri -r",
            "Get-ChildItem \"${HOME}\" | Remove-Item -Recurse \"${HOME}\"/*",
        ),
        ("gps | kill", "Get-Process | kill -9 -1"),
        (
            "function f($p) { del $p }; f x",
            "function f { : p=(\"$@\") Remove-Item \"${p[@]}\" } f x",
        ),
        (
            "$x.Trim().Split(' ')[0]",
            "printf '%s\\n' \"$(printf '%s\\n' \"${x}\" | paste)\"",
        ),
        (
            "[math]::Max((del x), 1)",
            "printf '%s\\n' \"$(printf '%s\\n' \"$(Remove-Item x )\" 1 | paste)\"",
        ),
        (
            "switch ($x) { 'a' { del x } default { ls } }",
            "printf '%s\\n' \"${x}\" : a Remove-Item x Get-ChildItem",
        ),
        (
            "\"a $(del x) $y.txt\"",
            "printf '%s\\n' a' '\"$(Remove-Item x )\"' '\"${y}\".txt''",
        ),
        ("Get-Help Clear-Disk", "Get-Help"),
        ("$a = 'x', 'y'; del $a", "a=(x y) Remove-Item \"${a[@]}\""),
        ("sal x del; x y", ": Remove-Item y"),
        (
            "for ($i = 0; $i -lt 3; $i++) { del x }",
            "i=0 printf '%s\\n' \"$(printf '%s\\n' \"${i}\" | paste)\" printf '%s\\n' \"$(printf '%s\\n' \"${i}\" | paste)\" Remove-Item x",
        ),
        ("[string](del x)", "printf '%s\\n' \"$(Remove-Item x )\""),
    ];
    becomes(to_bash, &table);
}

#[test]
fn what_does_more_than_compute_is_not_read() {
    let texts = [
        "[IO.File]::Delete('x')",
        "(New-Object Net.WebClient).DownloadString('x')",
        "& ('{1}{0}' -f 'em', 'R') x",
        "$_.Delete()",
        "(Get-Item x).Replace('a', 'b')",
        "[wmi]'x'",
        "[scriptblock]::Create('x')",
        "$c = 'a'; $c = Get-Content x; & $c",
        "Remove-Item @unknown",
        "Set-Alias x $y",
        "Add-Type -TypeDefinition 'class X { }'",
        "class X { }",
        "'a",
        "ls }",
    ];
    refuses(to_bash, &texts);
}
