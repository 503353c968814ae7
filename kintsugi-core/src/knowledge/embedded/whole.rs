//! What only the whole text of a script tells: processes without end, a shell beside a connection, a decoder beside what is run.

use super::Embedded;
use super::lex::Token;
use super::script::Script;
use super::stand_ins::{all_here, is_here};
use crate::effect::{Action, Feed, Modifier, Modifiers, Role, Span};
use crate::knowledge::schema::Language;
use crate::shell::Word;

/// Words that do something again and again, in one language or another.
const AGAIN: [&str; 10] = [
    "while", "for", "foreach", "until", "loop", "times", "map", "forEach", "goto", "redo",
];

/// Services and classes that carry mail and messages, as code names them.
const SENDERS: [&str; 14] = [
    "twilio",
    "sendgrid",
    "SendGridAPIClient",
    "mailgun",
    "mailgun.js",
    "postmark",
    "resend",
    "nodemailer",
    "messagebird",
    "vonage",
    "plivo",
    "mailjet_rest",
    "Mail",
    "ActionMailer",
];

/// Whether one of these names stands anywhere in a script.
pub(super) fn names_one(tokens: &[Token], names: &[&str]) -> bool {
    let mut all = tokens.iter();
    all.any(|token| matches!(token, Token::Name(name) if names.contains(&name.as_str())))
}

/// Whether a method of one of these names is called anywhere in a script.
pub(super) fn calls_method(tokens: &[Token], names: &[&str]) -> bool {
    tokens.windows(3).any(|three| {
        matches!(three, [dot, Token::Name(name), open]
            if matches!(dot.mark(), "." | "->" | "?." | "::") && open.mark() == "(" && names.contains(&name.as_str()))
    })
}

/// `Mail.deliver { to "…" }` of Ruby's mail (2.8).
fn delivers(tokens: &[Token]) -> bool {
    tokens.windows(3).any(|three| {
        matches!(three, [Token::Name(mail), dot, Token::Name(deliver)]
            if mail == "Mail" && dot.mark() == "." && deliver == "deliver")
    })
}

/// Whether the text of an import is one of code: `data:text/javascript,…`.
fn tokens_begin_with_data(three: &[Token]) -> bool {
    let Some(Token::Text(parts)) = three.last() else {
        return false;
    };
    matches!(parts.first(), Some(super::lex::Part::Text(text)) if text.starts_with("data:"))
}

/// What writes to a pipe.
const SAYING: [&str; 6] = ["fwrite", "fputs", "write", "puts", "print", "syswrite"];

/// Tokens behind `fwrite` within which its text stands.
const SAID_NEAR: usize = 12;

impl Script<'_> {
    /// A tree that is walked and deleted, and a module whose text comes from the network.
    fn walked_and_imported(&mut self, tokens: &[Token]) {
        let named = |names: &[&str]| names_one(tokens, names);
        // Java: `Files.walk(home).forEach(p -> p.toFile().delete())`.
        if self.language == Language::Other
            && (named(&["walk", "walkFileTree"]) && named(&["delete", "deleteIfExists"])
                || named(&[
                    "nftw",
                    "ftw",
                    "fts_open",
                    "readdir",
                    "recursive_directory_iterator",
                    "directory_iterator",
                ]) && named(&["remove", "unlink", "unlinkat", "rmdir", "remove_all"]))
        {
            self.found.push(Embedded::Effect {
                action: Action::Delete,
                role: Role::Path,
                target: super::value::hole(),
                modifiers: Modifiers::NONE.with(Modifier::Recursive),
                feed: Feed::Text,
            });
        }
        // `import('data:text/javascript,' + await (await fetch(…)).text())`: a module from an address runs as it comes.
        let imports = tokens.windows(3).any(|three| {
            matches!(three, [Token::Name(name), open, Token::Text(_)] if name == "import" && open.mark() == "(")
                && tokens_begin_with_data(three)
        });
        if self.language == Language::Javascript && imports && named(&["fetch", "get", "request"]) {
            self.found.push(Embedded::Effect {
                action: Action::Interpret,
                role: Role::Code,
                target: Word::text("a module from the network", Span::default()),
                modifiers: Modifiers::NONE,
                feed: Feed::Network,
            });
        }
    }

    /// What only the whole text tells: processes without end, and a shell beside a connection.
    pub(super) fn whole(&mut self, tokens: &[Token]) {
        let named = |names: &[&str]| names_one(tokens, names);
        let forks = if self.language == Language::Javascript {
            named(&["fork"]) && named(&["__filename", "argv"])
        } else {
            // Not Lua, R and their like: they have no such word.
            named(&["fork", "forkpty", "pcntl_fork"]) && self.language != Language::Other
        };
        if forks && named(&AGAIN) {
            self.found.push(Embedded::Effect {
                action: Action::Spend,
                role: Role::Process,
                target: Word::text("processes without end", Span::default()),
                modifiers: Modifiers::NONE.with(Modifier::All),
                feed: Feed::Text,
            });
        }
        self.restored_objects(tokens);
        self.walked_and_imported(tokens);
        self.sends_to_many(tokens);
        self.says_to_people(tokens);
        self.cuts_opened(tokens);
        self.set_piecewise(tokens);
        self.kills_processes(tokens);
        self.run_texts(tokens);
        self.ends_each(tokens);
        self.roundabout(tokens);
        self.opened_by_options(tokens);
        self.tagged_shells(tokens);
        self.sends_environment(tokens);
        self.empties_by_opening(tokens);
        self.listed(tokens);
        self.deletes_by_option(tokens);
        // A statement is executed on a connection as well (sqlx 0.8, tokio-postgres 0.7, rusqlite 0.32).
        let asks = named(&[
            "sqlx",
            "tokio_postgres",
            "rusqlite",
            "sea_orm",
            "deadpool_postgres",
        ]);
        let shells = |found: &Embedded| match found {
            Embedded::Shell(word) => is_shell(word) && !(asks && is_unknown(word)),
            Embedded::Command(words) => words.first().is_some_and(is_shell),
            Embedded::Effect { .. }
            | Embedded::Unknown(_)
            | Embedded::Hidden(_)
            | Embedded::Undescribed(_) => false,
        };
        if self.found.iter().any(shells) {
            self.rewire();
        }
        let unknown = |found: &Embedded| match found {
            Embedded::Shell(word) => is_unknown(word),
            Embedded::Command(words) => words.first().is_some_and(is_unknown),
            Embedded::Effect { .. }
            | Embedded::Unknown(_)
            | Embedded::Hidden(_)
            | Embedded::Undescribed(_) => false,
        };
        // In source that is compiled nobody works out a plain command letter by letter.
        let is_compiled = self.language == Language::Other
            && named(&["main"])
            && named(&["int", "void", "char", "argc"]);
        if is_compiled && self.found.iter().any(unknown) {
            self.hidden("a command that compiled code works out");
        }
        if self.hides && (self.computes || self.found.iter().any(unknown)) {
            self.hidden("what comes out of a decoder");
        }
    }
}

impl Script<'_> {
    /// Objects that run something when they are read again.
    fn restored_objects(&mut self, tokens: &[Token]) {
        let named = |names: &[&str]| names_one(tokens, names);
        // An object that is restored by a call of what starts programs (pickle of Python 3.13, "object.__reduce__").
        let starters = [
            "os.system",
            "system",
            "subprocess",
            "popen",
            "Popen",
            "exec",
            "eval",
            "check_output",
            "execvp",
            "rmtree",
        ];
        if self.language == Language::Python
            && named(&["__reduce__", "__reduce_ex__"])
            && named(&starters)
        {
            self.hidden("an object that runs something when it is read again");
        }
    }

    /// Texts that run by what stands behind them.
    fn run_texts(&mut self, tokens: &[Token]) {
        // What is written to a shell that was opened: `popen("sh", "w")`, `proc_open("bash", …)` of PHP, `IO.popen("sh", "w")` of Ruby.
        let opens = |found: &Embedded| match found {
            Embedded::Shell(word) => is_shell(word),
            Embedded::Command(words) => words.len() == 1 && words.iter().all(is_shell),
            Embedded::Effect { .. }
            | Embedded::Unknown(_)
            | Embedded::Hidden(_)
            | Embedded::Undescribed(_) => false,
        };
        if names_one(tokens, &["popen", "proc_open"]) && self.found.iter().any(opens) {
            let says =
                |it: &Token| matches!(it, Token::Name(name) if SAYING.contains(&name.as_str()));
            let mut rest = tokens;
            while let Some(at) = rest.iter().position(says) {
                rest = rest.get(at + 1..).unwrap_or_default();
                let said = rest.iter().take(SAID_NEAR).find_map(Token::text);
                self.found.extend(said.map(super::shell));
            }
        }
        // Scala: `"rm -rf x".!` and `.!!` run the text (`scala.sys.process`, 2.13).
        if self.language == Language::Other && names_one(tokens, &["process"]) {
            for pair in tokens.windows(3) {
                if let [text, dot, bang] = pair
                    && dot.mark() == "."
                    && bang.mark().starts_with('!')
                    && let Some(text) = text.text()
                {
                    self.found.push(super::shell(text));
                }
            }
        }
    }
}

impl Script<'_> {
    /// One mail or message for each line of a list.
    fn sends_to_many(&mut self, tokens: &[Token]) {
        let named = |names: &[&str]| names_one(tokens, names);
        let is_sender = |name: &str| SENDERS.iter().any(|it| name.eq_ignore_ascii_case(it));
        let brings = |token: &Token| {
            if let Token::Name(name) = token {
                return is_sender(name);
            }
            let package = |text: &str| {
                text.trim_start_matches('@')
                    .split('/')
                    .next()
                    .is_some_and(is_sender)
            };
            token.text().is_some_and(package)
        };
        let by_service = tokens.iter().any(brings)
            && named(&[
                "send",
                "create",
                "sendEmail",
                "send_email",
                "queue",
                "sendMessage",
            ]);
        let sends = by_service || named(&["sendmail", "send_message", "sendMail"]);
        if sends && (named(&AGAIN) || named(&["each"])) {
            self.found.push(Embedded::Effect {
                action: Action::Send,
                role: Role::Account,
                target: Word::text("everybody on a list", Span::default()),
                modifiers: Modifiers::NONE.with(Modifier::All),
                feed: Feed::Text,
            });
        }
    }

    /// `open("a.db", "r+b").truncate(0)`.
    fn cuts_opened(&mut self, tokens: &[Token]) {
        if !calls_method(tokens, &["truncate"]) {
            return;
        }
        for five in tokens.windows(5) {
            if let [Token::Name(open), bracket, path, comma, mode] = five
                && open == "open"
                && bracket.mark() == "("
                && comma.mark() == ","
                && mode.text().is_some_and(|mode| mode.contains('+'))
                && let Some(path) = path.text()
            {
                self.path(Action::Truncate, &super::value::Value::text(path), None);
            }
        }
    }

    /// A mail, a message in a room, a post, as `mail` and its like send one: not to a server here, and not by a stand-in.
    fn says_to_people(&mut self, tokens: &[Token]) {
        let calls = |names: &[&str]| calls_method(tokens, names);
        let is_tried = names_one(
            tokens,
            &[
                "mock",
                "Mock",
                "MagicMock",
                "patch",
                "monkeypatch",
                "jest",
                "vi",
            ],
        );
        let by_mail = calls(&["sendmail", "sendMail"])
            || calls(&["send_message"]) && names_one(tokens, &["smtplib", "telegram", "telebot"]);
        let by_service = self.brings.clients
            && calls(&[
                "send_email",
                "send_raw_email",
                "send_templated_email",
                "send_bulk_email",
                "send_bulk_templated_email",
                "sendEmail",
            ]);
        let is_local = all_here(tokens) && tokens.iter().filter_map(Token::text).any(is_here);
        let by_room = calls(&[
            "chat_postMessage",
            "create_tweet",
            "createTweet",
            "status_post",
            "gm_send_message",
            "gm_send_draft",
            "smtp_send",
            "sendwhatmsg",
            "sendwhatmsg_instantly",
            "sendwhatmsg_to_group",
        ]) || calls(&["send"]) && names_one(tokens, &["yagmail"])
            || delivers(tokens);
        if is_tried || !(by_mail || by_service || by_room) || is_local {
            return;
        }
        let people = "a message to people, by a library";
        self.found.push(super::effect(
            Action::Publish,
            Role::Resource,
            people,
            Modifiers::NONE,
        ));
    }

    /// Ways to a function that nobody takes who may name it: the classes of Python, and code for a worker of Node.
    fn roundabout(&mut self, tokens: &[Token]) {
        let named = |names: &[&str]| names_one(tokens, names);
        if self.language == Language::Python
            && named(&["__subclasses__"])
            && named(&["__base__", "__bases__", "__mro__", "mro"])
        {
            self.hidden("a class that is looked for among all");
        }
        let evaluates = |three: &[Token]| {
            matches!(three, [Token::Name(key), colon, Token::Name(value)]
                if key == "eval" && colon.mark() == ":" && value == "true")
        };
        if self.language == Language::Javascript
            && named(&["Worker"])
            && tokens.windows(3).any(evaluates)
        {
            self.hidden("code for a worker");
        }
    }

    /// `servers.each(&:destroy)` of Ruby.
    fn ends_each(&mut self, tokens: &[Token]) {
        if self.language != Language::Ruby {
            return;
        }
        for pair in tokens.windows(2) {
            if let [and, name] = pair
                && and.mark() == "&"
                && let Some(name) = name.text()
            {
                self.ends_elsewhere(name);
            }
        }
    }

    /// `OpenOptions::new().write(true).open("/dev/sdb")` of Rust: what stands between them is not bound to the call.
    fn opened_by_options(&mut self, tokens: &[Token]) {
        let named = |names: &[&str]| names_one(tokens, names);
        if self.language != Language::Other
            || !named(&["OpenOptions"])
            || !named(&["write", "append"])
        {
            return;
        }
        for three in tokens.windows(3) {
            if let [Token::Name(name), open, path] = three
                && name == "open"
                && open.mark() == "("
                && let Some(path) = path.text()
            {
                let found = super::effect(Action::Write, Role::Path, path, Modifiers::NONE);
                self.found.push(found);
            }
        }
    }

    /// A text behind a lone `$`, as Bun 1.1 and zx 8 give it to a shell.
    fn tagged_shells(&mut self, tokens: &[Token]) {
        if self.language != Language::Javascript {
            return;
        }
        for pair in tokens.windows(2) {
            let [tag, text] = pair else { continue };
            let Some(text) = text.text() else { continue };
            let is_tag = tag.mark() == "$" || matches!(tag, Token::Name(name) if name == "$");
            if is_tag {
                self.found.push(super::shell(text));
            }
            // `` prisma.$executeRaw`TRUNCATE t` ``
            if matches!(tag, Token::Name(name) if matches!(name.as_str(), "$executeRaw" | "sql")) {
                let found = super::sql::read(text, self.budget);
                self.found.extend(found);
            }
        }
    }

    /// `fetch(url, { body: JSON.stringify(process.env) })`: every variable, in what goes out.
    fn sends_environment(&mut self, tokens: &[Token]) {
        let at = |index: usize, name: &str| matches!(tokens.get(index), Some(Token::Name(found)) if found == name);
        let (module, member) = if self.language == Language::Python {
            ("os", "environ")
        } else {
            ("process", "env")
        };
        if !matches!(self.language, Language::Python | Language::Javascript) {
            return;
        }
        let whole = (0..tokens.len()).any(|index| {
            let mark = |offset: usize| tokens.get(index + offset).map_or("", Token::mark);
            at(index, module)
                && mark(1) == "."
                && at(index + 2, member)
                && !matches!(mark(3), "." | "[" | "?." | "=")
        });
        if !whole {
            return;
        }
        // A client that knows where it sends: `httpx.Client(base_url=u).post("/x", json=dict(os.environ))`.
        let is_remote = |it: &Embedded| {
            matches!(
                it,
                Embedded::Effect {
                    role: Role::Remote,
                    ..
                }
            )
        };
        if names_one(tokens, &["base_url", "baseURL"])
            && names_one(tokens, &["post", "put", "patch"])
            && !self.found.iter().any(is_remote)
        {
            let target = Word::text("where a client sends", Span::default());
            self.found.push(Embedded::Effect {
                action: Action::Send,
                role: Role::Remote,
                target,
                modifiers: Modifiers::NONE,
                feed: Feed::Secret,
            });
        }
        for found in &mut self.found {
            if let Embedded::Effect {
                action,
                role: Role::Remote,
                feed,
                ..
            } = found
                && matches!(action, Action::Fetch | Action::Send)
            {
                *action = Action::Send;
                *feed = Feed::Secret;
            }
        }
    }

    /// `open(".env", "w").close()`: nothing in the text writes what the file is opened for.
    fn empties_by_opening(&mut self, tokens: &[Token]) {
        let writes = |name: &String| {
            [
                "write", "dump", "save", "print", "copy", "to_", "put", "send", "log", "pipe",
            ]
            .iter()
            .any(|verb| name.contains(verb))
        };
        let mut names = tokens.iter().filter_map(|token| {
            if let Token::Name(name) = token {
                Some(name)
            } else {
                None
            }
        });
        let opens = names_one(
            tokens,
            &[
                "open",
                "File.open",
                "fopen",
                "openSync",
                "createWriteStream",
            ],
        );
        let is_known = matches!(
            self.language,
            Language::Python | Language::Perl | Language::Php | Language::Javascript
        );
        if !is_known || !opens || names.any(writes) {
            return;
        }
        for found in &mut self.found {
            if let Embedded::Effect {
                action,
                role: Role::Path,
                ..
            } = found
                && *action == Action::Overwrite
            {
                *action = Action::Truncate;
            }
        }
    }

    /// `fetch(url, { method: "DELETE" })`: what stands in braces is not bound to the call.
    fn deletes_by_option(&mut self, tokens: &[Token]) {
        let asks = tokens.windows(3).any(|three| {
            matches!(three, [Token::Name(name), colon, verb] if name == "method"
                && colon.mark() == ":"
                && verb.text().is_some_and(|verb| verb.eq_ignore_ascii_case("delete")))
        });
        if !asks || self.language != Language::Javascript {
            return;
        }
        let mut deleted = Vec::new();
        for found in &self.found {
            if let Embedded::Effect {
                action: Action::Fetch | Action::Send,
                role: Role::Remote,
                target,
                ..
            } = found
            {
                deleted.push(Embedded::Effect {
                    action: Action::Delete,
                    role: Role::Remote,
                    target: target.clone(),
                    modifiers: Modifiers::NONE,
                    feed: Feed::Text,
                });
            }
        }
        self.found.extend(deleted);
    }
}

/// Whether a command starts a shell that is told nothing to do, or is not known at all.
fn is_shell(command: &Word) -> bool {
    let prefix = command.known_prefix();
    let mut words = prefix.split_whitespace();
    let name = words.next().unwrap_or_default();
    let name = name.rsplit('/').next().unwrap_or_default();
    let shell = matches!(
        name,
        "sh" | "bash" | "zsh" | "dash" | "ksh" | "ash" | "cmd.exe"
    );
    prefix.is_empty() || shell && words.next() != Some("-c")
}

/// Whether nothing of a word is known.
fn is_unknown(word: &Word) -> bool {
    word.known_prefix().trim().is_empty() && word.holes().next().is_some()
}
