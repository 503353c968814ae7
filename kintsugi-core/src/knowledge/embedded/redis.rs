//! Redis commands, one a line or a text of words (<https://redis.io/docs/latest/commands/>, Redis 7.4).

use super::{Embedded, effect, script};
use crate::effect::{Action, Modifier, Modifiers, Role};
use crate::knowledge::schema::Language;
use crate::shell::Budget;

/// Reads Redis commands.
pub(super) fn read(text: &str, budget: &mut Budget) -> Vec<Embedded> {
    let mut found: Vec<Embedded> = text.lines().filter_map(command).collect();
    // A script of Lua: its calls are commands again.
    for line in text.lines().take(64) {
        let mut words = line.trim_start().splitn(2, char::is_whitespace);
        let name = words.next().unwrap_or_default();
        if name.eq_ignore_ascii_case("eval") && line.contains("call") {
            let code = words.next().unwrap_or_default();
            let inside = script::read(Language::Lua, code, budget);
            found.extend(inside);
        }
    }
    found
}

fn command(line: &str) -> Option<Embedded> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let name = words.first()?.to_ascii_uppercase();
    let target = words.get(1).copied().unwrap_or("?");
    let all = Modifiers::NONE.with(Modifier::All);
    let one = Modifiers::NONE;
    Some(match name.as_str() {
        "FLUSHALL" | "FLUSHDB" => effect(Action::Delete, Role::Database, &name.to_lowercase(), all),
        "LTRIM" | "XTRIM" | "ZREMRANGEBYRANK" | "ZREMRANGEBYSCORE" | "EXPIRE" | "PEXPIRE"
        | "EXPIREAT" | "XGROUP"
            if leaves_nothing(&words) =>
        {
            effect(Action::Delete, Role::Table, target, all)
        }
        "DEL" | "UNLINK" | "GETDEL" | "HDEL" | "LTRIM" | "XTRIM" | "ZREMRANGEBYRANK" | "SPOP"
        | "ZREMRANGEBYSCORE" | "ZREM" | "SREM" | "XDEL" | "LREM" | "LPOP" | "RPOP" => {
            effect(Action::Delete, Role::Table, target, one)
        }
        "SHUTDOWN" => effect(Action::StopService, Role::Service, "redis", one),
        "CONFIG" if target.eq_ignore_ascii_case("set") => effect(
            Action::Write,
            Role::Config,
            words.get(2).copied().unwrap_or("?"),
            one,
        ),
        "SLAVEOF" | "REPLICAOF" | "MODULE" | "DEBUG" | "CLUSTER" | "FAILOVER" | "SWAPDB"
        | "MIGRATE" => effect(Action::Write, Role::Config, target, all),
        "ACL" => effect(
            Action::Grant,
            Role::Account,
            words.get(2).copied().unwrap_or("?"),
            one,
        ),
        "EVAL" if line.contains("..") || line.contains("string.char") => {
            Embedded::Hidden("a command that a script puts together".to_owned())
        }
        "EVAL" if loses(line) => effect(Action::Delete, Role::Database, "by a script", all),
        "SCRIPT" | "FUNCTION"
            if matches!(
                target.to_ascii_uppercase().as_str(),
                "FLUSH" | "DELETE" | "KILL"
            ) =>
        {
            effect(Action::Write, Role::Config, target, all)
        }
        "SCRIPT" | "FUNCTION" => return None,
        "EVAL" | "EVALSHA" | "FCALL" => effect(Action::Write, Role::Database, "a script", one),
        "SET" | "SETEX" | "MSET" | "HSET" | "LPUSH" | "RPUSH" | "SADD" | "ZADD" | "INCR"
        | "DECR" | "EXPIRE" | "PEXPIRE" | "EXPIREAT" | "APPEND" | "XGROUP" | "RENAME" | "XADD"
        | "PUBLISH" | "GETSET" => effect(Action::Write, Role::Table, target, one),
        "GET" | "MGET" | "HGET" | "HGETALL" | "KEYS" | "SCAN" | "INFO" | "PING" | "TTL"
        | "TYPE" | "EXISTS" | "LRANGE" | "SMEMBERS" | "ZRANGE" | "DBSIZE" | "CONFIG" | "CLIENT"
        | "MONITOR" | "SELECT" | "AUTH" | "ECHO" | "LLEN" | "STRLEN" | "SLOWLOG" | "MEMORY"
        | "COMMAND" | "SUBSCRIBE" | "TIME" | "LASTSAVE" | "BGSAVE" | "SAVE" | "XRANGE" | "XLEN"
        | "SCARD" => {
            return None;
        }
        _ => Embedded::Unknown(format!("the redis command {name}")),
    })
}

/// Whether a command that cuts a key short leaves nothing of it, or takes who reads it away.
fn leaves_nothing(words: &[&str]) -> bool {
    let words: Vec<String> = words.iter().map(|it| it.to_ascii_uppercase()).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["XTRIM", _, "MAXLEN", rest @ ..] => {
            rest.iter().find(|it| !matches!(**it, "~" | "=")) == Some(&"0")
        }
        ["LTRIM", _, from, to] => match (from.parse::<i64>(), to.parse::<i64>()) {
            (Ok(from), Ok(to)) => to >= 0 && from > to || from > 0 && to == 0,
            _ => false,
        },
        ["ZREMRANGEBYRANK", _, "0", "-1"]
        | ["ZREMRANGEBYSCORE", _, "-INF", "+INF" | "INF"]
        | ["XGROUP", "DESTROY", ..] => true,
        ["EXPIRE" | "PEXPIRE" | "EXPIREAT", _, time, ..] => {
            time.parse::<i64>().is_ok_and(|time| time <= 0)
        }
        _ => false,
    }
}

/// Whether a script calls a command that deletes.
fn loses(script: &str) -> bool {
    let lower = script.to_ascii_lowercase();
    ["del", "unlink", "flushall", "flushdb"]
        .iter()
        .any(|name| lower.contains(&format!("'{name}'")) || lower.contains(&format!("\"{name}\"")))
}
