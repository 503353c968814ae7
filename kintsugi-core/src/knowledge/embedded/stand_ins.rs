//! Stand-ins of databases and services: a database in memory, a server that the test starts for itself, a client that speaks to this
//! machine. What is taken away there is gone with the script, or belongs to whoever develops.
//!
//! A value that is a stand-in carries a mark of its own ([`OWN`]), as far as it flows: into variables, members, and what is opened
//! with it. Only what is called on such a value is let go; that a library is brought in, or an address stands somewhere in the text,
//! says nothing. A name that may stand for something else as well settles nothing either.
//!
//! Sources: fakeredis 2.26, mongomock 4.3, moto 5, testcontainers 4.9 (Python) and 10 (Node), mongodb-memory-server 10, `SQLite` 3.47 ("In-Memory
//! Databases"), `SQLAlchemy` 2, Sequelize 6, `TypeORM` 0.3, knex 3, Active Record 7.2, PDO of PHP 8.4, H2 2.3.

use super::effects::Call;
use super::lex::{Part, Token};
use super::script::Script;
use super::value::Value;
use super::{Embedded, soften};
use crate::effect::{Action, Role, Span};
use crate::knowledge::telling::listed;
use crate::shell::{Hole, Piece, Word};

/// Marks a value that is a stand-in.
const OWN: &str = "a stand-in of the script's own";

/// Marks its address, as the library tells it. What a database gives back when it is asked is no address.
const ADDRESS: &str = "the address of a stand-in";

/// Libraries whose every class is a stand-in.
const LIBRARIES: [&str; 6] = [
    "fakeredis",
    "mongomock",
    "testcontainers",
    "@testcontainers",
    "mongodb-memory-server",
    "ioredis-mock",
];

/// Functions that open a database, or make what opens one.
const OPENERS: &str = " connect create_engine create_async_engine create_client createClient createConnection createPool Sequelize \
    SqliteDatabase Database DatabaseSync DataSource knex PDO Open dbConnect establish_connection Pool MongoClient Client client \
    resource Redis StrictRedis from_url fromEnv from_env Elasticsearch OpenSearch init NewClient Dial PrismaClient ";

/// Functions that are given what is open already.
const GIVEN: &str = " drop_all create_all reflect sessionmaker Session AsyncSession async_sessionmaker scoped_session ";

/// Libraries whose classes are mostly no clients.
const OF_CLASSES: &str =
    " sqlalchemy sqlmodel sequelize mongoose typeorm django active_record peewee tortoise ";

/// What the address is called among what a client is told.
const NAMING: &str = " database storage filename connection url uri dsn host hostname server endpoint endpoint_url base_url baseURL api_base \
    NAME dbname db_url path conninfo connectionString connection_string sqlalchemy_url Addr addr address hosts node nodes DATABASES \
    default dbfile ";

/// Methods by which a server that was started tells its address.
const ADDRESSES: &str = " get_connection_url get_connection_string getUri getConnectionUri getConnectionString getConnectionUrl get_uri \
    get_url getUrl getHttpUrl getClientUrl ";

/// Functions by which a whole library is told which database it speaks to.
const OF_LIBRARY: [&str; 4] = [
    "mongoose.connect",
    "ActiveRecord.Base.establish_connection",
    "mongoengine.connect",
    "settings.configure",
];

/// Words by which records go; called on anything else than a stand-in they may mean the real ones.
const TAKERS: &str = " delete_all destroy_all expunge deleteMany delete_many drop_all drop_table drop_collection dropTable dropAllTables \
    dropAllSchemas drop_database dropDatabase flushall flushdb flushAll flushDb destroy sync dropSchema synchronize truncate delete \
    forceDelete deleteAllInBatch drop update_all updateMany update_many ";

/// Most names that are kept in mind.
const NAMES_MAX: usize = 16;

/// What a script speaks to, as far as its calls tell.
#[derive(Debug, Default)]
pub(super) struct Servers {
    /// Stand-ins that it opens.
    stand_ins: u32,
    /// Clients that it tells an address of this machine.
    here: u32,
    /// Clients that speak to something else, or to nobody knows what.
    foreign: u32,
    /// A whole library speaks to a stand-in.
    library: bool,
    /// A value that is a stand-in or something else.
    pub(super) chosen: bool,
    /// Calls that take records away from something that is no stand-in.
    strangers: u32,
    /// Names of variables that hold a stand-in.
    names: Vec<String>,
    /// What was let go, in case a name stands for something else as well.
    let_go: Vec<Embedded>,
}

/// A value that is one of those.
fn marked(mark: &'static str) -> Value {
    Value::word(Word {
        pieces: vec![Piece::Hole(Hole::Other(mark))],
        span: Span::default(),
    })
}

/// Whether a value is one of those, whatever it may be.
fn is(value: &Value, mark: &str) -> bool {
    let is_marked = |word: &Word| matches!(word.pieces.as_slice(), [Piece::Hole(Hole::Other(name))] if *name == mark);
    !value.words.is_empty() && value.words.iter().all(is_marked)
}

/// The value itself, when it is a stand-in that is called like a function: `knex("users")`.
pub(super) fn itself(value: &Value) -> Option<Value> {
    (value.path.is_none() && is(value, OWN)).then(|| value.clone())
}

impl Value {
    /// The same value, a stand-in if `whole`, of which it is a part, is one.
    pub(super) fn part_of(mut self, whole: &Self) -> Self {
        if is(whole, OWN) && self.known().is_none() {
            self.words = marked(OWN).words;
        }
        self
    }
}

impl Script<'_> {
    /// The same value, unless what follows says that it may be something else: `own() if test else other()`.
    pub(super) fn unless_chosen(&mut self, value: Value, next: Option<&Token>) -> Value {
        let is_choice = match next {
            Some(Token::Name(word)) => {
                matches!(word.as_str(), "if" | "or" | "and" | "unless" | "else")
            }
            Some(Token::Mark(mark)) => matches!(*mark, "?" | "||" | "&&" | "??"),
            _ => false,
        };
        if is_choice && (is(&value, OWN) || is(&value, ADDRESS)) {
            self.servers.chosen = true;
            return Value::unknown(value.feed);
        }
        value
    }
}

/// Whether a text is the address of this machine: the host in full, whatever stands in front of it.
pub(in crate::knowledge) fn is_here(text: &str) -> bool {
    let behind = text.split_once("://").map_or(text, |(_, rest)| rest);
    let server = behind
        .split(['/', '?', '#', ',', ';'])
        .next()
        .unwrap_or_default();
    let host = server.rsplit('@').next().unwrap_or_default();
    let host = host.split_once(':').map_or(host, |(name, port)| {
        if port.bytes().all(|it| it.is_ascii_digit()) {
            name
        } else {
            ""
        }
    });
    matches!(host, "localhost" | "127.0.0.1" | "localstack" | "0.0.0.0")
}

/// Whether a text names a database in memory.
fn is_in_memory(text: &str) -> bool {
    matches!(
        text,
        ":memory:" | "sqlite::memory:" | "sqlite://" | "sqlite+pysqlite://" | "sqlite+aiosqlite://"
    ) || [
        "sqlite:///:memory:",
        "sqlite+pysqlite:///:memory:",
        "sqlite+aiosqlite:///:memory:",
        "file::memory:",
        "jdbc:h2:mem:",
        "jdbc:sqlite::memory:",
        "jdbc:hsqldb:mem:",
        "sqlite3::memory:",
        "sqlite://:memory:",
        "mongomock://",
    ]
    .iter()
    .any(|start| text.starts_with(start))
}

/// What a client is told of where its server is: its first argument, and what is called so.
fn addresses<'a>(call: &'a Call<'_>) -> Vec<&'a Value> {
    let is_named = |name: &str| listed(NAMING, name);
    let keyed = call.arguments.iter();
    let keyed = keyed.filter(|(name, _)| name.as_deref().is_some_and(is_named));
    let mut values: Vec<&Value> = keyed.map(|(_, value)| value).collect();
    let last = call.path.rsplit('.').next().unwrap_or(call.path);
    // The driver comes first: `sql.Open("sqlite3", ":memory:")`, `dbConnect(RSQLite::SQLite(), ":memory:")`.
    let at = usize::from(matches!(last, "Open" | "dbConnect"));
    values.extend(call.positional().nth(at));
    let mut found = Vec::new();
    for value in values {
        within(value, 3, &mut found);
    }
    found
}

/// A value, or the fields of an object that are called so.
fn within<'a>(value: &'a Value, depth: u32, found: &mut Vec<&'a Value>) {
    let fields = value.fields.iter();
    let named = fields.filter(|(name, _)| listed(NAMING, name));
    let before = found.len();
    if depth > 0 {
        for (_, field) in named {
            within(field, depth - 1, found);
        }
    }
    if found.len() == before {
        found.push(value);
    }
}

/// The library that a function belongs to.
fn library(path: &str) -> &str {
    let first = path.split('/').next().unwrap_or(path);
    first.split('.').next().unwrap_or(first)
}

/// Whether a function makes a client, by its name.
fn is_opener(path: &str) -> bool {
    let last = path.rsplit('.').next().unwrap_or(path);
    let is_class = last.starts_with(|it: char| it.is_ascii_uppercase())
        && super::brings::is_library(library(path))
        && !listed(OF_CLASSES, library(path))
        && ![
            "Command",
            "Error",
            "Exception",
            "Config",
            "Credential",
            "Request",
            "Options",
            "Input",
        ]
        .iter()
        .any(|end| last.ends_with(end));
    is_class || last.ends_with("Client") || listed(OPENERS, last)
}

impl Script<'_> {
    /// Begins to count anew, for the second reading.
    pub(super) fn forget_servers(&mut self) {
        self.servers = Servers::default();
        self.elsewhere.clear();
    }

    /// Notes with whom a call speaks, lets go what it takes away from a stand-in, and returns what it gives back.
    pub(super) fn with_server(
        &mut self,
        call: &Call<'_>,
        before: (usize, usize),
        value: Value,
    ) -> Value {
        let last = call.path.rsplit('.').next().unwrap_or(call.path);
        let opens = is_opener(call.path);
        let told = addresses(call);
        let all =
            |test: &dyn Fn(&Value) -> bool| !told.is_empty() && told.iter().all(|it| test(it));
        let says = |value: &Value, test: &dyn Fn(&str) -> bool| {
            value.known().is_some_and(|text| test(&text))
        };
        let is_made = LIBRARIES.contains(&library(call.path))
            || opens && (all(&|it| says(it, &is_in_memory)) || all(&|it| is(it, ADDRESS)));
        let of_own = call.object.as_ref().is_some_and(|it| is(it, OWN));
        let is_given = listed(GIVEN, last) && call.arguments.iter().any(|(_, it)| is(it, OWN));
        if !(is_made || of_own || is_given) {
            if opens {
                let is_told = |it: &&&Value| {
                    it.known()
                        .is_none_or(|text| text.contains([':', '.', '/']) || is_here(&text))
                };
                let mut known = told.iter().filter(is_told).peekable();
                if known.peek().is_some() && known.all(|it| says(it, &is_here)) {
                    self.servers.here += 1;
                } else {
                    self.servers.foreign += 1;
                }
            } else if call.object.is_some() && listed(TAKERS, last) {
                self.servers.strangers += 1;
            }
            return value;
        }
        if is_made {
            self.servers.stand_ins += 1;
            self.servers.library |= OF_LIBRARY.iter().any(|it| call.path.ends_with(it));
        }
        let found = self.found.split_off(before.0.min(self.found.len()));
        let elsewhere = self.elsewhere.split_off(before.1.min(self.elsewhere.len()));
        for it in found.into_iter().chain(elsewhere) {
            if takes_records(&it) {
                self.servers.let_go.push(it);
            } else {
                self.found.push(it);
            }
        }
        if value.known().is_some() || value.items.is_some() {
            value
        } else if of_own
            && listed(ADDRESSES, last)
            && call
                .arguments
                .iter()
                .all(|(name, _)| name.as_deref() == Some("driver"))
        {
            marked(ADDRESS)
        } else {
            marked(OWN)
        }
    }

    /// Notes that a name stands for a value.
    pub(super) fn bind(&mut self, name: &str, value: Value) {
        if is(&value, OWN) && self.servers.names.len() < NAMES_MAX {
            self.servers.names.push(name.to_owned());
        }
        self.names.insert(name.to_owned(), value);
    }

    /// What the whole text says of its servers; whether the words by which records go are all about stand-ins.
    pub(super) fn settle_servers(&mut self, tokens: &[Token]) -> bool {
        let servers = std::mem::take(&mut self.servers);
        let is_steady = servers.names.iter().all(|name| is_bound_once(tokens, name));
        if !is_steady || servers.foreign > 0 {
            self.found.extend(servers.let_go);
            self.found.append(&mut self.elsewhere);
            return false;
        }
        let is_one = self.brings.libraries < 2;
        let is_here = servers.here > 0 && servers.foreign == 0 && is_one && all_here(tokens);
        if is_here {
            self.elsewhere.clear();
        }
        self.found.append(&mut self.elsewhere);
        let is_own_only = servers.stand_ins > 0 && servers.foreign == 0 && servers.here == 0;
        if is_own_only && servers.library {
            self.found.iter_mut().for_each(soften);
            return true;
        }
        is_own_only && servers.strangers == 0
    }
}

/// Whether it is the loss of something that a stand-in keeps.
const fn takes_records(found: &Embedded) -> bool {
    matches!(
        found,
        Embedded::Effect {
            action: Action::Delete
                | Action::Truncate
                | Action::Write
                | Action::Overwrite
                | Action::StopService,
            role: Role::Table | Role::Database | Role::Resource | Role::Remote,
            ..
        }
    )
}

/// Whether every address in the text is one of this machine.
pub(super) fn all_here(tokens: &[Token]) -> bool {
    let texts = tokens.iter().filter_map(|token| {
        if let Token::Text(parts) = token {
            Some(parts)
        } else {
            None
        }
    });
    texts.flatten().all(|part| match part {
        Part::Text(text) => text
            .split_whitespace()
            .filter(|word| word.contains("://"))
            .all(|word| is_here(word) || is_in_memory(word)),
        Part::Code(_) | Part::Aside(_) => true,
    })
}

/// Whether the text says in one place only what a name stands for.
fn is_bound_once(tokens: &[Token], name: &str) -> bool {
    let is_name = |token: Option<&Token>| matches!(token, Some(Token::Name(it)) if it == name);
    let is_word = |token: Option<&Token>, words: &[&str]| matches!(token, Some(Token::Name(it)) if words.contains(&it.as_str()));
    let places = (0..tokens.len()).filter(|at| {
        let behind = tokens.get(at + 1).map_or("", Token::mark);
        let before = at.checked_sub(1).and_then(|it| tokens.get(it));
        is_name(tokens.get(*at))
            && (matches!(behind, "=" | ":=" | "+=" | "," | "<-") && !is_argument(tokens, *at)
                || is_word(
                    before,
                    &["as", "for", "global", "nonlocal", "def", "class", "del"],
                ))
    });
    places.count() < 2
}

/// Whether a token stands inside round brackets, as an argument does.
fn is_argument(tokens: &[Token], at: usize) -> bool {
    let mut open = 0_i32;
    for token in tokens.get(..at).unwrap_or_default().iter().rev().take(64) {
        match token.mark() {
            ")" => open += 1,
            "(" if open == 0 => return true,
            "(" => open -= 1,
            _ if *token == Token::Line && open == 0 => return false,
            _ => {}
        }
    }
    false
}
