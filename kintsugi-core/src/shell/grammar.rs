//! Tokens → tree, by the grammar of `brush-parser`: the only file that names it.
//!
//! The parser is given a skeleton in which every word is a number, every redirection is `>`, and every subshell a group, so
//! that its tokenizer meets nothing but reserved words, operators and short names, already counted and nested within bounds.

use std::rc::Rc;

use brush_parser::ast;

use super::Dialect;
use super::guard::Fault;
use super::lexer::{self, Token};
use super::tree::{Node, Raw, Redirection, Simple, Source};

/// Reads the part of `source` from `start` to `end` as tokens.
///
/// # Errors
///
/// What is never closed, and what is over a bound.
pub(super) fn tokens(
    source: &Rc<Source>,
    range: (usize, usize),
    dialect: Dialect,
) -> Result<Vec<Token>, Fault> {
    let (start, end) = range;
    let text = source.text.get(..end).unwrap_or_default();
    lexer::tokens(text, start, dialect)
}

/// Reads the tokens of a part of `source` as commands.
///
/// # Errors
///
/// Where and why it is no text of the dialect.
pub(super) fn parse(source: &Rc<Source>, tokens: Vec<Token>) -> Result<Rc<Node>, Fault> {
    Builder::new(source, tokens).program()
}

/// What the skeleton stands for.
struct Builder<'a> {
    source: &'a Rc<Source>,
    tokens: Vec<Token>,
    skeleton: String,
    /// Where each token begins in the skeleton.
    offsets: Vec<usize>,
}

impl<'a> Builder<'a> {
    fn new(source: &'a Rc<Source>, tokens: Vec<Token>) -> Self {
        let mut skeleton = String::with_capacity(tokens.len() * 4);
        let mut offsets = Vec::with_capacity(tokens.len());
        for (number, token) in tokens.iter().enumerate() {
            offsets.push(skeleton.len());
            match token {
                Token::Word { .. } | Token::Test(_) | Token::Arithmetic(..) => {
                    skeleton.extend(["w", &number.to_string(), " "]);
                }
                Token::Redirection { .. } => {
                    skeleton.extend([">w", &number.to_string(), " "]);
                }
                Token::Mark(mark, _) => {
                    skeleton.push_str(mark);
                    skeleton.push(' ');
                }
                Token::Subshell(_) => skeleton.push_str("{ "),
            }
        }
        Self {
            source,
            tokens,
            skeleton,
            offsets,
        }
    }

    fn program(&self) -> Result<Rc<Node>, Fault> {
        let options = brush_parser::ParserOptions::default();
        let mut parser = brush_parser::Parser::new(self.skeleton.as_bytes(), &options);
        let program = parser.parse_program().map_err(|error| self.fault(&error))?;
        let items = program.complete_commands.iter().flat_map(|list| &list.0);
        self.items(items)
    }

    /// Where the parser stopped.
    fn fault(&self, error: &brush_parser::ParseError) -> Fault {
        let what = "a text that is no valid shell";
        let at = match error {
            brush_parser::ParseError::ParsingNear(position) => position.index,
            brush_parser::ParseError::ParsingAtEndOfInput
            | brush_parser::ParseError::Tokenizing { .. } => usize::MAX,
        };
        let at = match self.token_at(at) {
            Some(
                Token::Word { start, .. }
                | Token::Redirection { start, .. }
                | Token::Arithmetic(start, _)
                | Token::Mark(_, start)
                | Token::Subshell(start),
            ) => *start,
            Some(Token::Test(words)) => words.first().map_or(0, |word| word.0),
            None => self.source.text.len(),
        };
        Fault { what, at }
    }

    /// Returns the token at a byte of the skeleton.
    fn token_at(&self, offset: usize) -> Option<&Token> {
        let number = self.offsets.partition_point(|start| *start <= offset);
        if offset >= self.skeleton.len() {
            return None;
        }
        self.tokens.get(number.checked_sub(1)?)
    }

    /// Returns the token that a word of the skeleton stands for.
    fn token(&self, word: &str) -> Option<&Token> {
        self.tokens
            .get(word.strip_prefix('w')?.parse::<usize>().ok()?)
    }

    fn raw(&self, start: usize, end: usize) -> Raw {
        Raw {
            source: Rc::clone(self.source),
            start,
            end,
        }
    }

    fn word(&self, word: &str) -> Result<Raw, Fault> {
        match self.token(word) {
            Some(
                Token::Word { start, end }
                | Token::Redirection { start, end, .. }
                | Token::Arithmetic(start, end),
            ) => Ok(self.raw(*start, *end)),
            Some(Token::Test(_) | Token::Mark(..) | Token::Subshell(_)) | None => Err(Fault {
                what: "a test where a word belongs",
                at: 0,
            }),
        }
    }

    fn list(&self, list: &ast::CompoundList) -> Result<Rc<Node>, Fault> {
        self.items(list.0.iter())
    }

    fn items<'b>(
        &self,
        items: impl Iterator<Item = &'b ast::CompoundListItem>,
    ) -> Result<Rc<Node>, Fault> {
        let mut nodes = Vec::new();
        for ast::CompoundListItem(chain, separator) in items {
            let background = matches!(separator, ast::SeparatorOperator::Async);
            nodes.push((self.chain(chain)?, background));
        }
        if let [(_, false)] = nodes.as_slice()
            && let Some((node, _)) = nodes.pop()
        {
            return Ok(node);
        }
        Ok(Rc::new(Node::List(nodes)))
    }

    fn chain(&self, chain: &ast::AndOrList) -> Result<Rc<Node>, Fault> {
        let first = self.pipeline(&chain.first)?;
        if chain.additional.is_empty() {
            return Ok(first);
        }
        let rest = chain
            .additional
            .iter()
            .map(|next| match next {
                ast::AndOr::And(pipeline) => Ok((true, self.pipeline(pipeline)?)),
                ast::AndOr::Or(pipeline) => Ok((false, self.pipeline(pipeline)?)),
            })
            .collect::<Result<_, Fault>>()?;
        Ok(Rc::new(Node::Chain(first, rest)))
    }

    fn pipeline(&self, pipeline: &ast::Pipeline) -> Result<Rc<Node>, Fault> {
        let mut commands = pipeline
            .seq
            .iter()
            .map(|command| self.command(command))
            .collect::<Result<Vec<_>, Fault>>()?;
        let node = match commands.pop() {
            Some(only) if commands.is_empty() => only,
            last => {
                commands.extend(last);
                Rc::new(Node::Pipeline(commands))
            }
        };
        Ok(if pipeline.bang {
            Rc::new(Node::Not(node))
        } else {
            node
        })
    }

    fn command(&self, command: &ast::Command) -> Result<Rc<Node>, Fault> {
        match command {
            ast::Command::Simple(simple) => self.simple(simple),
            ast::Command::Compound(compound, redirects) => {
                self.compound(compound, redirects.as_ref())
            }
            ast::Command::Function(function) => {
                let ast::FunctionBody(compound, redirects) = &function.body;
                Ok(Rc::new(Node::Function {
                    name: self.word(&function.fname.value)?,
                    body: self.compound(compound, redirects.as_ref())?,
                }))
            }
            ast::Command::ExtendedTest(..) => Err(Fault {
                what: "a test where a command belongs",
                at: 0,
            }),
        }
    }

    fn simple(&self, simple: &ast::SimpleCommand) -> Result<Rc<Node>, Fault> {
        use ast::CommandPrefixOrSuffixItem as Item;
        let mut words = Vec::new();
        let mut redirections = Vec::new();
        let mut test = None;
        let prefix = simple.prefix.iter().flat_map(|prefix| &prefix.0);
        let suffix = simple.suffix.iter().flat_map(|suffix| &suffix.0);
        for item in prefix {
            if let Item::IoRedirect(redirect) = item {
                redirections.push(self.redirection(redirect)?);
            }
        }
        if let Some(word) = &simple.word_or_name {
            match self.token(&word.value) {
                Some(Token::Test(ranges)) => {
                    let ranges = ranges.iter().map(|(start, end)| self.raw(*start, *end));
                    test = Some(Node::Test(ranges.collect()));
                }
                Some(Token::Arithmetic(start, end)) => {
                    test = Some(Node::Arithmetic(self.raw(*start, *end)));
                }
                Some(_) | None => words.push(self.word(&word.value)?),
            }
        }
        for item in suffix {
            match item {
                Item::IoRedirect(redirect) => redirections.push(self.redirection(redirect)?),
                Item::Word(word) | Item::AssignmentWord(_, word) => {
                    words.push(self.word(&word.value)?);
                }
                Item::ProcessSubstitution(..) => {}
            }
        }
        let Some(test) = test else {
            return Ok(Rc::new(Node::Simple(Simple {
                words,
                redirections,
            })));
        };
        if let Some(word) = words.first() {
            let what = "a word behind a test";
            return Err(Fault {
                what,
                at: word.start,
            });
        }
        Ok(redirected(Rc::new(test), redirections, false))
    }

    fn redirection(&self, redirect: &ast::IoRedirect) -> Result<Redirection, Fault> {
        if let ast::IoRedirect::File(_, _, ast::IoFileRedirectTarget::Filename(word)) = redirect
            && let Some(Token::Redirection {
                descriptor,
                operator,
                start,
                end,
            }) = self.token(&word.value)
        {
            return Ok(Redirection {
                descriptor: *descriptor,
                operator: *operator,
                target: self.raw(*start, *end),
            });
        }
        let what = "a redirection that is not known";
        Err(Fault { what, at: 0 })
    }

    fn compound(
        &self,
        compound: &ast::CompoundCommand,
        redirects: Option<&ast::RedirectList>,
    ) -> Result<Rc<Node>, Fault> {
        let redirections = redirects
            .iter()
            .flat_map(|list| &list.0)
            .map(|redirect| self.redirection(redirect))
            .collect::<Result<Vec<_>, Fault>>()?;
        let mut subshell = false;
        let node = match compound {
            ast::CompoundCommand::BraceGroup(group) => {
                subshell = matches!(
                    self.token_at(group.loc.start.index),
                    Some(Token::Subshell(_))
                );
                let body = self.list(&group.list)?;
                if subshell {
                    return Ok(Rc::new(Node::Group {
                        body,
                        redirections,
                        subshell,
                    }));
                }
                body
            }
            ast::CompoundCommand::ForClause(clause) => Rc::new(self.for_clause(clause)?),
            ast::CompoundCommand::CaseClause(clause) => Rc::new(self.case_clause(clause)?),
            ast::CompoundCommand::IfClause(clause) => Rc::new(self.if_clause(clause)?),
            ast::CompoundCommand::WhileClause(clause)
            | ast::CompoundCommand::UntilClause(clause) => Rc::new(Node::While {
                condition: self.list(&clause.0)?,
                body: self.list(&clause.1.list)?,
            }),
            ast::CompoundCommand::Arithmetic(_)
            | ast::CompoundCommand::ArithmeticForClause(_)
            | ast::CompoundCommand::Subshell(_)
            | ast::CompoundCommand::Coprocess(_) => {
                let what = "a construct that is not read";
                return Err(Fault { what, at: 0 });
            }
        };
        Ok(redirected(node, redirections, subshell))
    }

    fn for_clause(&self, clause: &ast::ForClauseCommand) -> Result<Node, Fault> {
        let body = self.list(&clause.body.list)?;
        if let Some(Token::Arithmetic(start, end)) = self.token(&clause.variable_name) {
            return Ok(Node::While {
                condition: Rc::new(Node::Arithmetic(self.raw(*start, *end))),
                body,
            });
        }
        let words = clause.values.as_ref().map(|words| {
            words
                .iter()
                .map(|word| self.word(&word.value))
                .collect::<Result<Vec<_>, Fault>>()
        });
        Ok(Node::For {
            name: self.word(&clause.variable_name)?,
            words: words.transpose()?,
            body,
        })
    }

    fn case_clause(&self, clause: &ast::CaseClauseCommand) -> Result<Node, Fault> {
        let mut arms = Vec::new();
        for case in &clause.cases {
            let patterns = case
                .patterns
                .iter()
                .map(|pattern| self.word(&pattern.value))
                .collect::<Result<Vec<_>, Fault>>()?;
            let body = case.cmd.as_ref().map(|list| self.list(list)).transpose()?;
            arms.push((patterns, body));
        }
        let word = self.word(&clause.value.value)?;
        Ok(Node::Case { word, arms })
    }

    fn if_clause(&self, clause: &ast::IfClauseCommand) -> Result<Node, Fault> {
        let mut branches = vec![(
            Some(self.list(&clause.condition)?),
            self.list(&clause.then)?,
        )];
        for branch in clause.elses.iter().flatten() {
            let condition = branch.condition.as_ref();
            let condition = condition.map(|list| self.list(list)).transpose()?;
            branches.push((condition, self.list(&branch.body)?));
        }
        Ok(Node::If(branches))
    }
}

/// Wraps `body` when it has redirections or a shell of its own.
fn redirected(body: Rc<Node>, redirections: Vec<Redirection>, subshell: bool) -> Rc<Node> {
    if redirections.is_empty() && !subshell {
        return body;
    }
    Rc::new(Node::Group {
        body,
        redirections,
        subshell,
    })
}
