//! A place in the tokens of a script, and the small forms that are read as a whole.

use super::lex::Token;

/// The tokens that are left.
pub(super) struct Cursor<'t> {
    pub(super) tokens: &'t [Token],
    pub(super) at: usize,
}

impl<'t> Cursor<'t> {
    pub(super) fn peek(&self) -> Option<&'t Token> {
        self.tokens.get(self.at)
    }

    pub(super) fn ahead(&self, by: usize) -> Option<&'t Token> {
        self.tokens.get(self.at + by)
    }

    pub(super) fn take(&mut self) -> Option<&'t Token> {
        let token = self.tokens.get(self.at);
        self.at += 1;
        token
    }

    pub(super) fn is(&self, mark: &str) -> bool {
        matches!(self.peek(), Some(Token::Mark(found)) if *found == mark)
    }

    pub(super) fn accept(&mut self, mark: &str) -> bool {
        let found = self.is(mark);
        self.at += usize::from(found);
        found
    }

    pub(super) fn skip_lines(&mut self) {
        while matches!(self.peek(), Some(Token::Line)) {
            self.at += 1;
        }
    }

    pub(super) fn name(&self) -> Option<&'t str> {
        match self.peek() {
            Some(Token::Name(name)) => Some(name),
            _ => None,
        }
    }

    /// `shell=` or `shell:`, consumed when it is there.
    pub(super) fn keyword(&mut self) -> Option<String> {
        let name = self.name()?;
        let separator = matches!(self.ahead(1), Some(Token::Mark("=" | ":" | "=>")));
        separator.then(|| {
            self.at += 2;
            name.to_owned()
        })
    }

    /// Whether a token that can begin an argument stands here.
    pub(super) fn at_argument(&self) -> bool {
        match self.peek() {
            Some(Token::Text(_) | Token::Words(_) | Token::Shell(_)) => true,
            Some(Token::Name(name)) => !matches!(
                name.as_str(),
                "if" | "unless" | "or" | "and" | "do" | "while" | "for"
            ),
            Some(Token::Mark(mark)) => *mark == "[",
            Some(
                Token::Number(_)
                | Token::Pattern(_)
                | Token::Change(_)
                | Token::Unclear
                | Token::Line,
            )
            | None => false,
        }
    }

    /// Whether a list stands here that is given as so many arguments: `system *words` of Ruby.
    pub(super) fn at_splat(&self) -> bool {
        self.is("*")
            && matches!(
                self.ahead(1),
                Some(Token::Name(_) | Token::Words(_) | Token::Mark("["))
            )
    }

    /// `{ a, b as c, d: e }`; nothing is consumed when it is something else.
    pub(super) fn braced_names(&mut self) -> Vec<(String, String)> {
        let start = self.at;
        let mut names: Vec<(String, String)> = Vec::new();
        if !self.accept("{") {
            return names;
        }
        let mut renamed = false;
        loop {
            match self.take() {
                Some(Token::Name(name)) if name == "as" => renamed = true,
                Some(Token::Mark(":")) => renamed = true,
                Some(Token::Name(name)) => match names.last_mut() {
                    Some(last) if renamed => {
                        last.1.clone_from(name);
                        renamed = false;
                    }
                    _ => names.push((name.clone(), name.clone())),
                },
                Some(Token::Mark(",") | Token::Line) => {}
                Some(Token::Mark("}")) => return names,
                _ => {
                    self.at = start;
                    return Vec::new();
                }
            }
        }
    }

    /// A module in full: `os.path`; the empty text when there is none.
    pub(super) fn dotted(&mut self) -> String {
        let mut path = String::new();
        self.accept("*");
        while let Some(name) = self
            .name()
            .filter(|name| !matches!(*name, "import" | "as" | "from"))
        {
            path.push_str(name);
            self.at += 1;
            if !(self.accept(".") || self.accept("::")) {
                break;
            }
            path.push('.');
        }
        path
    }
}
