//! Whose home is where: `~` in a command is that of whoever proposes it.

use std::collections::BTreeMap;

/// The homes of this machine's users.
#[derive(Debug, Default)]
pub struct Homes {
    /// Of the user that the daemon runs as: number, and home as its environment says.
    own: Option<(u32, String)>,
    others: BTreeMap<u32, String>,
}

impl Homes {
    /// Reads `passwd(5)`; the home of this process's own user is what its environment says.
    #[must_use]
    pub fn read() -> Self {
        let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        let uid = rustix::process::geteuid().as_raw();
        let own = std::env::home_dir().map(|home| (uid, home.display().to_string()));
        Self {
            own,
            others: parse(&passwd),
        }
    }

    /// Returns the home of user `uid`, where it is known.
    #[must_use]
    pub fn of(&self, uid: u32) -> Option<&str> {
        match &self.own {
            Some((own, home)) if *own == uid => Some(home),
            Some(_) | None => self.others.get(&uid).map(String::as_str),
        }
    }
}

fn parse(passwd: &str) -> BTreeMap<u32, String> {
    let line = |line: &str| {
        let mut fields = line.split(':');
        let uid = fields.nth(2)?.parse().ok()?;
        let home = fields.nth(2).filter(|home| home.starts_with('/'))?;
        Some((uid, home.to_owned()))
    };
    // Of two names with one number the first counts, as for `getpwuid(3)`.
    passwd.lines().rev().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_has_their_own_home() {
        let others = parse(
            "root:x:0:0:root:/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/zsh\n\
             eve:x:1000:1000::/home/eve:/bin/sh\nbroken:x\nodd:x:7:7::none:/bin/sh\n",
        );
        let own = Some((970, "/var/lib/kintsugi".to_owned()));
        let homes = Homes { own, others };
        assert_eq!(homes.of(1000), Some("/home/ada"));
        assert_eq!(homes.of(970), Some("/var/lib/kintsugi"));
        assert_eq!((homes.of(7), homes.of(8)), (None, None));
    }
}
