//! What bash is told for texts of PowerShell.

use super::to_bash;

fn bash(text: &str) -> String {
    let text = to_bash(text).unwrap_or_else(|fault| format!("fault: {fault}"));
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn pipelines_of_cmdlets_are_commands() {
    assert_eq!(bash("Get-Process | Select -First 5"), "Get-Process | cat");
    assert_eq!(
        bash("rm -r -fo $HOME"),
        "Remove-Item -Recurse -Force \"${HOME}\""
    );
    assert_eq!(
        bash("remove-item 'a b'; ls"),
        "Remove-Item 'a b' Get-ChildItem"
    );
    assert_eq!(
        bash("iex (iwr https://x/y)"),
        "Invoke-Expression \"$(Invoke-WebRequest https://x/y )\""
    );
    assert_eq!(bash("$p = 'C:/x'; del $p"), "p=C:/x Remove-Item \"${p}\"");
    assert_eq!(
        bash("Get-Process | Where-Object { $_.CPU -gt 10 }"),
        "Get-Process | cat true"
    );
    assert_eq!(
        bash("gci | % { del $_ }"),
        "Get-ChildItem | cat Remove-Item \"${piped_item}\""
    );
    assert_eq!(
        bash("del $HOME\\a\\*; ./x 'a\\b'"),
        "Remove-Item \"${HOME}\"/a/* ./x 'a\\b'"
    );
    assert_eq!(
        bash("if (!(Test-Path a\\b)) { del c } else { ls }\ntry { gci } catch { rm d }"),
        "printf '%s\\n' \"$(Test-Path a/b )\" Remove-Item c Get-ChildItem Get-ChildItem Remove-Item d"
    );
    assert_eq!(
        bash("if ($true -and (rm x)) { ls }"),
        "true \"$(Remove-Item x )\" Get-ChildItem"
    );
    assert_eq!(
        bash("if ($LASTEXITCODE -eq 0) { ls }"),
        "true Get-ChildItem"
    );
    assert_eq!(bash("'ls' | iex"), "printf '%s\\n' ls | Invoke-Expression");
}

#[test]
fn what_is_more_is_not_read() {
    for text in [
        "[IO.File]::Delete('x')",
        "(New-Object Net.WebClient).DownloadString('x')",
        "while ($true) { ls }",
        "& ('r' + 'm') x",
        "'a",
        "ls }",
    ] {
        assert!(to_bash(text).is_err(), "{text}");
    }
}
