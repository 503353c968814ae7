//! Pipelines of commands, and what their objects mean for the commands that are given them.

use super::names::{cmdlet, is_named_only, only_looks, parameter};
use super::new_item;
use super::values::Value;
use super::{Fault, Reader, UNREAD, is_cmdlet, push_quoted};

/// Longest constant that is remembered as the name of a command, in bytes.
const NAME_BYTES_MAX: usize = 128;

/// Longest list of files that is followed, in bytes.
const FILES_BYTES_MAX: usize = 512;

/// What the objects in a pipe are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piped {
    /// Something that is not followed.
    Unknown,
    /// Files and directories, as the patterns of bash that name them.
    Files(String),
    /// Every process.
    Processes,
}

/// A command whose words are known.
struct Command {
    name: String,
    words: Vec<String>,
    /// Whether objects come to it through a pipe.
    in_pipe: bool,
}

/// Cmdlets that take the files that a pipe brings them for their own.
const TAKES_FILES: [&str; 6] = [
    "Remove-Item",
    "Clear-Content",
    "Clear-Item",
    "Set-Content",
    "Move-Item",
    "Rename-Item",
];

/// Those of them that leave nothing of what the files held.
const EMPTIES: [&str; 3] = ["Clear-Content", "Clear-Item", "Set-Content"];

impl Reader<'_> {
    /// A pipeline, an assignment of one, or control flow.
    pub(super) fn statement(&mut self, out: &mut String) -> Result<(), Fault> {
        if self.branches(out)? {
            return Ok(());
        }
        if !self.begins_value() {
            return self.pipeline(None, out);
        }
        let mut blocks = String::new();
        let value = self.expression(&mut blocks)?;
        self.skip_blanks();
        if self.assigns(&value, out)? {
            out.push('\n');
            out.push_str(&blocks);
            return self.ends();
        }
        let done = self.pipeline(Some(value), out);
        out.push_str(&blocks);
        done
    }

    /// Whether a value is next, and no command.
    pub(super) fn begins_value(&self) -> bool {
        let rest = self.rest();
        rest.starts_with(['\'', '"', '$', '(', '@', '[', '!', ',', '+', '{'])
            || rest.starts_with(|letter: char| letter.is_ascii_digit())
            || self.unary().is_some()
    }

    pub(super) fn ends(&self) -> Result<(), Fault> {
        match self.next() {
            None | Some(';' | '\n' | '}' | ')') => Ok(()),
            Some(_) => Err(UNREAD),
        }
    }

    /// The value of a statement: an expression, or what its commands print.
    pub(super) fn statement_value(&mut self, blocks: &mut String) -> Result<Value, Fault> {
        self.skip_blanks();
        let mut inner = String::new();
        if self.begins_value() {
            let value = self.expression(blocks)?;
            self.skip_blanks();
            if self.ends().is_ok() {
                return Ok(value);
            }
            self.pipeline(Some(value), &mut inner)?;
        } else {
            self.statement(&mut inner)?;
        }
        Ok(Value::printed(&inner))
    }

    /// `= 'text'`, `= command`, `+= …` behind what may be assigned to.
    fn assigns(&mut self, target: &Value, out: &mut String) -> Result<bool, Fault> {
        const MARKS: [&str; 7] = ["??=", "+=", "-=", "*=", "/=", "%=", "="];
        let rest = self.rest();
        let Some(mark) = MARKS.into_iter().find(|mark| rest.starts_with(mark)) else {
            return Ok(false);
        };
        let Some(name) = &target.assigned else {
            return Err(UNREAD);
        };
        self.at += mark.len();
        self.skip_blanks();
        while self.next() == Some('\n') {
            self.at += 1;
            self.skip_blanks();
        }
        let mut blocks = String::new();
        // What is kept is a path, if it holds what parts one; a command reads its own words.
        let outside = std::mem::replace(&mut self.parts_paths, true);
        let mut value = self.statement_value(&mut blocks)?;
        self.name_new_item(&mut value, out);
        self.parts_paths = outside;
        let plain = name.strip_prefix("export ").unwrap_or(name).to_owned();
        self.lists.remove(&plain);
        self.hashes.remove(&plain);
        let is_new = !self.constants.contains_key(&plain);
        self.constants.insert(plain.clone(), None);
        if mark == "=" && !target.is_part {
            if value.is_list {
                self.lists.insert(plain.clone());
                out.push_str(&[name, "=(", &value.word, ")"].concat());
            } else {
                out.push_str(&[name, "=", &value.word].concat());
            }
            if let Some(hash) = value.hash {
                self.hashes.insert(plain.clone(), hash);
            }
            let constant = value.constant.filter(|it| it.len() <= NAME_BYTES_MAX);
            if is_new && constant.is_some() {
                self.constants.insert(plain, constant);
            }
        } else if target.is_part || value.is_list {
            // What is in it now is not followed.
            out.push_str(&[": ", &value.word, "\n", name, "=\"${changed_value}\""].concat());
        } else {
            out.push_str(&[name, "=\"${", &plain, "}\"", &value.word].concat());
        }
        out.push('\n');
        out.push_str(&blocks);
        Ok(true)
    }

    /// Commands with `|` between them, `&&` and `||`; a value may stand in front.
    pub(super) fn pipeline(&mut self, first: Option<Value>, out: &mut String) -> Result<(), Fault> {
        let mut blocks = String::new();
        let mut piped = Piped::Unknown;
        let mut in_pipe = false;
        let mut value = first;
        loop {
            self.skip_blanks();
            if value.is_none() && !in_pipe && self.begins_value() {
                value = Some(self.expression(&mut blocks)?);
                self.skip_blanks();
            }
            if let Some(value) = value.take() {
                // `'text' | iex`: what is printed.
                out.push_str(&["printf '%s\\n' ", &value.word].concat());
                if !value.word.contains("$(") && value.word.len() <= NAME_BYTES_MAX {
                    piped = Piped::Files(value.word);
                }
            } else {
                self.command(out, &mut blocks, &mut piped, in_pipe)?;
            }
            self.skip_blanks();
            let rest = self.rest();
            let joined = ["&&", "||", "|"]
                .into_iter()
                .find(|mark| rest.starts_with(mark));
            let Some(mark) = joined else { break };
            self.at += mark.len();
            in_pipe = mark == "|";
            if !in_pipe {
                piped = Piped::Unknown;
            }
            out.push_str(&[" ", mark, " "].concat());
            self.skip_blanks();
            while self.rest().starts_with('\n') {
                self.at += 1;
                self.skip_blanks();
            }
        }
        if self.rest().starts_with('&') {
            self.at += 1;
            out.push_str(" &");
        }
        out.push('\n');
        out.push_str(&blocks);
        self.ends()
    }

    /// A command with its arguments.
    fn command(
        &mut self,
        out: &mut String,
        blocks: &mut String,
        piped: &mut Piped,
        in_pipe: bool,
    ) -> Result<(), Fault> {
        let called = self.rest().starts_with(['&', '.'])
            && !self.rest().starts_with("./")
            && !self.rest().starts_with(".\\")
            && !self.rest().starts_with("..");
        let mut inside = String::new();
        let outside = self.parts_paths;
        self.parts_paths = false;
        let name = if called {
            self.at += 1;
            self.skip_blanks();
            self.called(&mut inside)?
        } else {
            let mut word = String::new();
            if !self.word(&mut word, &mut inside)? {
                return Err(UNREAD);
            }
            let known = word.trim_matches('\'').to_ascii_lowercase();
            match self.aliases.get(&known) {
                Some(full) => full.clone(),
                None => cmdlet(&word)?,
            }
        };
        self.parts_paths = is_cmdlet(&name);
        let mut words: Vec<String> = Vec::new();
        loop {
            self.skip_blanks();
            let mut word = String::new();
            if !self.redirection(&mut word)? && !self.word(&mut word, &mut inside)? {
                break;
            }
            if !word.is_empty() {
                words.push(word);
            }
        }
        self.parts_paths = outside;
        if is_cmdlet(&name) {
            words = words.iter().map(|word| parameter(word)).collect();
        }
        if !inside.is_empty() {
            if let Piped::Files(files) = &*piped {
                blocks.push_str(&["for piped_item in ", files, "; do\n"].concat());
                blocks.push_str(&[&inside, "\ndone\n"].concat());
            } else {
                blocks.push_str(&inside);
            }
        }
        let command = Command {
            name,
            words,
            in_pipe,
        };
        self.written(command, out, blocks, piped)
    }

    /// Writes a command whose words are known.
    fn written(
        &mut self,
        command: Command,
        out: &mut String,
        blocks: &mut String,
        piped: &mut Piped,
    ) -> Result<(), Fault> {
        let Command {
            name,
            mut words,
            in_pipe,
        } = command;
        let name = name.as_str();
        if only_looks(name) || is_named_only(name) {
            // What is looked at is what was listed: only script blocks and commands among its words run.
            out.push_str(if only_looks(name) { "cat" } else { name });
            words.retain(|word| word.contains("$("));
            if !words.is_empty() {
                blocks.push_str(&[": ", &words.join(" "), "\n"].concat());
            }
            if *piped == Piped::Processes {
                *piped = Piped::Unknown;
            }
            return Ok(());
        }
        if matches!(name, "Set-Alias" | "New-Alias") {
            return self.aliased(&words, out);
        }
        let compiles = |word: &String| {
            let lower = word.to_ascii_lowercase();
            ["-typedef", "-memberdef", "-path", "-literalpath"]
                .iter()
                .any(|option| lower.starts_with(option))
        };
        if name == "Add-Type" && words.iter().any(compiles) {
            return Err("code that PowerShell compiles");
        }
        if in_pipe && *piped == Piped::Processes && name == "Stop-Process" {
            out.push_str("kill -9 -1");
            return Ok(());
        }
        if in_pipe
            && let Piped::Files(files) = &*piped
            && TAKES_FILES.contains(&name)
            // Whatever a pattern finds anywhere below stays all that is piped.
            && !files.contains("**/*")
        {
            if EMPTIES.contains(&name) {
                // What was in each of them is gone.
                out.push_str(&["truncate -s 0 ", files].concat());
                return Ok(());
            }
            if name != "Remove-Item" {
                words.push("-Path".to_owned());
            }
            words.push(files.clone());
        }
        *piped = match name {
            "Get-Process" if words.is_empty() => Piped::Processes,
            "Get-ChildItem" | "Get-Item" => listed(name, &words),
            _ => Piped::Unknown,
        };
        if self.listed.is_none()
            && let Piped::Files(files) = &*piped
        {
            self.listed = Some(files.clone());
        }
        if name == "Join-Path" {
            let parts: Vec<&str> = words
                .iter()
                .map(String::as_str)
                .filter(|word| !word.starts_with('-'))
                .collect();
            out.push_str(&["printf '%s\\n' ", &parts.join("/")].concat());
            return Ok(());
        }
        let written = [name, " ", &words.join(" ")].concat();
        if let Some(path) = new_item::path_of(name, &words) {
            self.new_item = Some((written.clone(), path));
        }
        out.push_str(&written);
        Ok(())
    }

    /// `Set-Alias name command`: the name is another word for it from here on.
    fn aliased(&mut self, words: &[String], out: &mut String) -> Result<(), Fault> {
        let plain: Vec<&str> = words
            .iter()
            .map(|word| word.trim_matches('\''))
            .filter(|word| !word.starts_with('-'))
            .collect();
        let [name, full] = plain.as_slice() else {
            return Err(UNREAD);
        };
        if full.contains(['$', '\'', '"']) || full.len() > NAME_BYTES_MAX {
            return Err(UNREAD);
        }
        let full = cmdlet(full)?;
        self.aliases.insert(name.to_ascii_lowercase(), full);
        out.push(':');
        Ok(())
    }

    /// The name behind `&` and `.`: known, a path, or a script block.
    fn called(&mut self, inside: &mut String) -> Result<String, Fault> {
        if self.next() == Some('{') {
            let mut word = String::new();
            let _ = self.word(&mut word, inside)?;
            return Ok(":".to_owned());
        }
        if !matches!(self.next(), Some('\'' | '"' | '$' | '(')) {
            let mut word = String::new();
            return if self.word(&mut word, inside)? {
                cmdlet(&word)
            } else {
                Err(UNREAD)
            };
        }
        let value = self.operand(inside)?;
        let known = match &value.assigned {
            Some(name) if !value.is_part => match self.constants.get(name) {
                Some(Some(known)) => Some(known.clone()),
                // Assigned here, and what to is not known.
                Some(None) => return Err(UNREAD),
                None => None,
            },
            Some(_) | None => value.constant.clone(),
        };
        if let Some(known) = known {
            if known.contains(['/', '\\', ' ']) {
                let mut word = String::new();
                push_quoted(&mut word, &known);
                return Ok(word);
            }
            return cmdlet(&known);
        }
        // A variable from elsewhere, or a path that holds one.
        if value.assigned.is_some() || value.word.contains(['/', '\\']) && value.is_text {
            return Ok(value.word);
        }
        Err(UNREAD)
    }
}

/// The files that `Get-ChildItem` lists, as patterns.
fn listed(name: &str, words: &[String]) -> Piped {
    const FLAGS: [&str; 8] = [
        "-Recurse",
        "-Force",
        "-File",
        "-Directory",
        "-Name",
        "-Hidden",
        "-ReadOnly",
        "-System",
    ];
    let mut paths: Vec<&str> = Vec::new();
    let mut filters: Vec<&str> = Vec::new();
    let mut option = "";
    for word in words {
        if word.contains("$(") || word.len() > NAME_BYTES_MAX {
            return Piped::Unknown;
        }
        if word.starts_with('-') {
            let is_flag = FLAGS.iter().any(|flag| flag.eq_ignore_ascii_case(word));
            option = if is_flag { "" } else { word };
            continue;
        }
        // Several values stand behind one another where commas were.
        match option {
            "-Filter" | "-Include" => filters.extend(word.split(' ')),
            "" | "-Path" | "-LiteralPath" => paths.extend(word.split(' ')),
            _ => {}
        }
        option = "";
    }
    if name == "Get-Item" {
        return Piped::Files(paths.iter().take(4).copied().collect::<Vec<_>>().join(" "));
    }
    if filters.is_empty() {
        filters.push("*");
    }
    if paths.is_empty() {
        paths.push("");
    }
    let is_deep = words
        .iter()
        .any(|word| word.eq_ignore_ascii_case("-Recurse"));
    let mut items = Vec::new();
    for path in paths.iter().take(8) {
        if path.contains(['*', '?']) {
            items.push((*path).to_owned());
            continue;
        }
        for filter in filters.iter().take(8) {
            let filter = filter.trim_matches('\'');
            let parted = if path.is_empty() { "" } else { "/" };
            // All of a directory is what is in it; what has a name may be anywhere below.
            let below = if is_deep && filter != "*" { "**/" } else { "" };
            items.push([path, parted, below, filter].concat());
        }
    }
    let items = items.join(" ");
    if items.len() > FILES_BYTES_MAX {
        return Piped::Files("\"${piped_files}\"".to_owned());
    }
    Piped::Files(items)
}
