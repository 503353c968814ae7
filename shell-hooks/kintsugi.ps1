# kintsugi.ps1: every interactive line is proposed before it runs. PowerShell 7.2 or newer, on Linux and macOS. Untested.
#
# What it promises, what it does not see, and the test behind each: shell-hooks/README.md.
#
# How. The host reads a line by calling PSConsoleHostReadLine, which is wrapped here: what it returns has been read whole, however many
# lines it has, and what is returned in its place runs. A line that may not run stays in the history of the editor, and an
# empty one is returned. The original function reads on, so that PSReadLine and its keys are as before.

if ($Host.Name -eq 'ConsoleHost' -and -not (Test-Path Variable:Global:KintsugiReadLine)) {
    $Global:KintsugiReadLine = $Function:PSConsoleHostReadLine

    function Global:KintsugiMayRun([string] $Line) {
        $id = & @CLIENT@ shell powershell -- $Line 2>/dev/tty
        if ($LASTEXITCODE -eq 0) { return $true }
        if ($LASTEXITCODE -ne 4) { return $false }
        & @FULL@ hook shell powershell "--id=$id" --ask -- $Line | Out-Host
        return $LASTEXITCODE -eq 0
    }

    function Global:PSConsoleHostReadLine {
        # `$?` and `$LASTEXITCODE` are the line's before: whoever asks must not change what the next line sees.
        $code = $Global:LASTEXITCODE
        $line = if ($Global:KintsugiReadLine) { & $Global:KintsugiReadLine } else { [Console]::In.ReadLine() }
        try {
            if ([string]::IsNullOrWhiteSpace($line)) { return $line }
            # An error of any kind is no yes.
            if (KintsugiMayRun $line) { return $line }
        } catch {
            [Console]::Error.WriteLine("kintsugi: error: $_")
        } finally {
            $Global:LASTEXITCODE = $code
        }
        return ''
    }
}
