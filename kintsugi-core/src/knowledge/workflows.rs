//! Rules of workflow managers, whose shell text stands in quotes behind a word: `shell: "rm -rf x"` of Snakemake, `script:` of Nextflow.
//!
//! Sources: Snakemake 8, "Writing Workflows"; Nextflow 24.10, "Processes".

/// Words behind which shell text stands.
const MARKS: [&str; 4] = ["shell:", "script:", "exec:", "shell("];

/// How far behind the word the quote may stand, in bytes.
const NEAR: usize = 64;

/// Most texts of one file.
const TEXTS_MAX: usize = 64;

/// Whether a file is a workflow.
pub(super) fn is_workflow(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let (_, kind) = name.rsplit_once('.').unwrap_or_default();
    name == "Snakefile" || matches!(kind, "smk" | "nf")
}

/// The shell texts of a workflow, one after the other.
pub(super) fn shell_of(text: &str) -> String {
    let mut all = String::new();
    let marks = MARKS
        .iter()
        .flat_map(|mark| text.match_indices(mark).map(|(at, _)| at + mark.len()));
    for at in marks.take(TEXTS_MAX) {
        let behind = text.get(at..).unwrap_or_default();
        if let Some(quoted) = quoted(behind) {
            all.extend([quoted, "\n"]);
        }
    }
    all
}

/// The text in the quotes that stand next, of whatever kind.
fn quoted(text: &str) -> Option<&str> {
    let open = text.find(['"', '\'']).filter(|open| *open < NEAR)?;
    let inside = text.get(open..)?;
    let quote = ["\"\"\"", "'''", "\"", "'"]
        .into_iter()
        .find(|quote| inside.starts_with(quote))?;
    inside.get(quote.len()..)?.split(quote).next()
}

#[cfg(test)]
mod tests {
    use super::shell_of;

    #[test]
    fn what_a_rule_hands_to_a_shell_is_found() {
        let snake = "rule all:\n    output: \"a\"\n    shell:\n        \"\"\"\n        touch {output}\n        \"\"\"\n";
        assert_eq!(shell_of(snake).trim(), "touch {output}");
        assert_eq!(
            shell_of("process X { script: 'rm -rf /data' }"),
            "rm -rf /data\n"
        );
        assert_eq!(shell_of("rule all:\n    input: 'shell'\n"), "");
    }
}
