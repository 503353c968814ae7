//! Code whose cloud, or whose network, is a stand-in in its own memory: `with mock_aws(): …`, `@mock_aws`, `@responses.activate`.
//!
//! A stand-in is in force inside a block or a function. So everything that the text calls has to stand inside one; what the file does
//! itself may only start those functions. Sources: moto 5, responses 0.25, requests-mock 1.12, respx 0.22, httpretty 1.1.

use super::Embedded;
use crate::effect::Role;
use crate::knowledge::schema::Language;

/// What is a stand-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mocked {
    /// Nothing.
    Nothing,
    /// What boto3 speaks to.
    Cloud,
    /// Whatever requests are sent to.
    Requests,
}

/// Beginnings of blocks and decorators, and what is a stand-in within.
const MANAGERS: [(&str, Mocked); 8] = [
    ("responses.RequestsMock()", Mocked::Requests),
    ("responses.activate", Mocked::Requests),
    ("requests_mock.Mocker()", Mocked::Requests),
    ("requests_mock.mock()", Mocked::Requests),
    ("respx.mock", Mocked::Requests),
    (
        "httpretty.activate(allow_net_connect=False)",
        Mocked::Requests,
    ),
    (
        "httpretty.enabled(allow_net_connect=False)",
        Mocked::Requests,
    ),
    ("moto.mock_aws()", Mocked::Cloud),
];

/// Words by which a stand-in lets requests through, or is no longer what it was.
const LEAKS: [&str; 18] = [
    "passthru",
    "passthrough",
    "pass_through",
    "PassthroughResponse",
    "real_http",
    "allow_net_connect=True",
    "assert_all_mocked",
    "mock_aws =",
    "mock_aws=",
    "def mock_",
    "class ",
    "as mock_",
    ".stop()",
    "responses =",
    "requests_mock =",
    "respx =",
    "atexit",
    "__del__",
];

impl Mocked {
    /// What is a stand-in for everything that a text calls.
    pub(super) fn of(language: Language, text: &str) -> Self {
        let is_known = ["moto", "responses", "requests_mock", "respx", "httpretty"]
            .iter()
            .any(|name| text.contains(name));
        if language != Language::Python || !is_known || LEAKS.iter().any(|leak| text.contains(leak))
        {
            return Self::Nothing;
        }
        Reading::default().of(text)
    }

    /// Lets go what is said of others when requests go nowhere.
    pub(super) fn settle(self, found: &mut Vec<Embedded>) {
        if self == Self::Requests {
            found.retain(|it| {
                !matches!(
                    it,
                    Embedded::Effect {
                        role: Role::Remote,
                        ..
                    }
                )
            });
        }
    }
}

/// The state of reading the lines of a text.
#[derive(Debug, Default)]
struct Reading {
    /// What is a stand-in; none yet.
    kind: Option<Mocked>,
    /// Functions within which it is one.
    functions: Vec<String>,
    /// `m = mock_aws()`, and whether it was started.
    named: Option<String>,
    is_started: bool,
    /// The next function is one of those.
    is_decorated: bool,
}

impl Reading {
    fn of(mut self, text: &str) -> Mocked {
        let mut open = 0_i32;
        let mut in_main = false;
        for line in text.lines() {
            let is_indented = line.starts_with([' ', '\t']);
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if open > 0 {
                // A statement of the file itself over several lines.
                let Some(depth) = depth(line).filter(|_| self.calls_only_own(line)) else {
                    return Mocked::Nothing;
                };
                open += depth;
                continue;
            }
            in_main &= is_indented;
            if is_indented && !in_main || self.is_started {
                continue;
            }
            if line.starts_with("if __name__ ==") && line.ends_with(':') {
                in_main = true;
                continue;
            }
            let Some(depth) = depth(line).filter(|_| self.takes(line)) else {
                return Mocked::Nothing;
            };
            open = depth;
        }
        let is_brought =
            |line: &str| line.starts_with("from moto import ") || line == "import moto";
        match self.kind {
            Some(Mocked::Cloud) if !text.lines().any(is_brought) => Mocked::Nothing,
            kind => kind.unwrap_or(Mocked::Nothing),
        }
    }

    /// Reads a line of the file itself; false when it may do something where nothing is a stand-in.
    fn takes(&mut self, line: &str) -> bool {
        if let Some(decorator) = line.strip_prefix('@') {
            let kind = manager(decorator);
            self.is_decorated = kind.is_some();
            return kind.is_some_and(|kind| self.agrees(kind));
        }
        let is_decorated = std::mem::take(&mut self.is_decorated);
        if let Some(head) = line
            .strip_prefix("def ")
            .or_else(|| line.strip_prefix("async def "))
        {
            let name = head.split('(').next().unwrap_or_default();
            if is_decorated {
                self.functions.push(name.to_owned());
            }
            return head.matches('(').count() == 1 && line.ends_with(':');
        }
        if let Some(head) = line.strip_prefix("with ") {
            let head = head.strip_suffix(':').unwrap_or_default();
            let head = head.split(" as ").next().unwrap_or_default();
            return manager(head).is_some_and(|kind| self.agrees(kind));
        }
        if let Some((name, value)) = line.split_once(" = ")
            && is_identifier(name)
            && manager(value) == Some(Mocked::Cloud)
            && value.ends_with(')')
        {
            self.named = Some(name.to_owned());
            return true;
        }
        if let Some(named) = &self.named
            && line == [named.as_str(), ".start()"].concat()
        {
            self.is_started = true;
            return self.agrees(Mocked::Cloud);
        }
        !line.contains(';') && !line.ends_with(':') && self.calls_only_own(line)
    }

    /// Whether it is a stand-in of the same kind as before.
    fn agrees(&mut self, kind: Mocked) -> bool {
        *self.kind.get_or_insert(kind) == kind
    }

    /// Whether a line calls nothing but functions within which it is a stand-in.
    fn calls_only_own(&self, line: &str) -> bool {
        let is_part = |it: char| it.is_alphanumeric() || matches!(it, '_' | '.');
        let mut rest = line;
        while let Some((before, behind)) = rest.split_once('(') {
            let name = before.rsplit(|it| !is_part(it)).next().unwrap_or_default();
            let is_own = self.functions.iter().any(|it| it == name);
            if !is_own && !matches!(name, "print" | "len" | "asyncio.run") {
                return false;
            }
            rest = behind;
        }
        true
    }
}

/// What is a stand-in in a block with that head, or a function with that decorator.
fn manager(head: &str) -> Option<Mocked> {
    let head = head.trim();
    let of_moto = |name: &str| {
        name.strip_prefix("mock_").is_some_and(|rest| {
            rest.bytes()
                .all(|it| it.is_ascii_lowercase() || it.is_ascii_digit())
        })
    };
    if of_moto(head.strip_suffix("()").unwrap_or(head)) {
        return Some(Mocked::Cloud);
    }
    MANAGERS
        .iter()
        .find(|(name, _)| {
            *name == head
                || name.strip_suffix("()") == Some(head)
                || head.strip_suffix("()") == Some(name)
        })
        .map(|(_, kind)| *kind)
}

/// How many brackets a line leaves open; none where a text or a line goes on that is not followed.
fn depth(line: &str) -> Option<i32> {
    if line.ends_with('\\') || line.contains("\"\"\"") || line.contains("'''") {
        return None;
    }
    let mut open = 0_i32;
    let mut quote = None;
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(_), '\\') => {
                letters.next();
            }
            (Some(mark), _) if letter == mark => quote = None,
            (None, '"' | '\'') => quote = Some(letter),
            (None, '#') => break,
            (None, '(' | '[' | '{') => open += 1,
            (None, ')' | ']' | '}') => open -= 1,
            (Some(_) | None, _) => {}
        }
    }
    quote.is_none().then_some(open)
}

fn is_identifier(name: &str) -> bool {
    name.chars().all(|it| it.is_alphanumeric() || it == '_')
}

#[cfg(test)]
mod tests {
    use super::Mocked;
    use crate::knowledge::schema::Language;

    fn of(parts: &[&str]) -> Mocked {
        Mocked::of(Language::Python, &parts.concat())
    }

    #[test]
    fn only_what_stands_in_the_block_is_about_the_stand_in() {
        let start = "import boto3\nfrom moto import mock_aws\n";
        let inside = "with mock_aws():\n    boto3.client('s3').delete_bucket(Bucket='b')\n";
        let outside = "boto3.client('s3').delete_bucket(Bucket='b')\n";
        assert_eq!(of(&[start, inside]), Mocked::Cloud);
        for text in [
            [start, inside, outside].concat(),
            [start, "with mock_aws():\n    pass\n", outside].concat(),
            [start, "with mock_aws(): pass; x.delete_bucket()\n"].concat(),
            [start, "with mock_aws():\n    pass\nif True:\n    ", outside].concat(),
            [
                start,
                "with mock_aws():\n    pass\nx = [\n    ",
                outside,
                "]\n",
            ]
            .concat(),
            [
                start,
                "with mock_aws():\n    pass\nx = [\")\",\n    ",
                outside,
                "]\n",
            ]
            .concat(),
            [
                start,
                "with mock_aws():\n    pass\nx = 1 + \\\n    ",
                outside,
            ]
            .concat(),
            [start, "with mock_aws(config=c):\n    ", outside].concat(),
            ["import boto3\n", outside].concat(),
        ] {
            assert_eq!(of(&[&text]), Mocked::Nothing, "{text}");
        }
    }

    #[test]
    fn functions_are_within_when_they_are_decorated_and_nothing_else_is_called() {
        let start = "import boto3\nfrom moto import mock_aws\n";
        let own = "@mock_aws\ndef t():\n    boto3.client('s3').delete_bucket(Bucket='b')\n";
        let free = "def u():\n    boto3.client('s3').delete_bucket(Bucket='b')\n";
        assert_eq!(of(&[start, own, "t()\n"]), Mocked::Cloud);
        assert_eq!(
            of(&[start, own, "if __name__ == '__main__':\n    print(t())\n"]),
            Mocked::Cloud
        );
        assert_eq!(
            of(&[start, "m = mock_aws()\nm.start()\n", free, "u()\n"]),
            Mocked::Cloud
        );
        assert_eq!(of(&[start, free, own, "u()\n"]), Mocked::Nothing);
        assert_eq!(
            of(&[start, own, "if __name__ == '__main__':\n    u()\n"]),
            Mocked::Nothing
        );
        assert_eq!(
            of(&[start, "m = mock_aws()\n", free, "u()\n"]),
            Mocked::Nothing
        );
        assert_eq!(
            of(&[
                start,
                "m = mock_aws()\nm.start()\nm.stop()\n",
                free,
                "u()\n"
            ]),
            Mocked::Nothing
        );
    }

    #[test]
    fn requests_go_nowhere_unless_they_are_let_through() {
        let start = "import responses, requests\n";
        let inside = "with responses.RequestsMock() as m:\n    m.delete('https://example.org/1')\n    requests.delete('https://example.org/1')\n";
        assert_eq!(of(&[start, inside]), Mocked::Requests);
        assert_eq!(
            of(&[start, inside, "    m.add_passthru('https://')\n"]),
            Mocked::Nothing
        );
        assert_eq!(
            of(&[start, inside, "requests.delete('https://example.org/1')\n"]),
            Mocked::Nothing
        );
    }
}
