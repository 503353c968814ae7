//! Codes: what a person reads on their own terminal and types where they answer.
//!
//! The daemon itself writes a code to the terminal, so that nobody who only talks to the socket ever hears it.

use std::collections::VecDeque;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;

use kintsugi_core::audit::record::Peer;
use rustix::fs::OFlags;
use uuid::Uuid;

use super::examine::path_of;

/// Most codes that wait at once; one more drops the oldest.
const CODES_MAX: usize = 8;

/// Longest that a code waits, in milliseconds.
const CODE_MS_MAX: u64 = 120_000;

/// How often a code may be missed; then it is no more.
const TRIES_MAX: u32 = 3;

/// Digits of a code. With [`TRIES_MAX`] tries, one guess in a third of a million is right.
const DIGITS: u32 = 6;

/// Codes that were shown.
#[derive(Debug, Default)]
pub struct Codes {
    waiting: VecDeque<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    id: Uuid,
    /// The session that asked, and when its leader started.
    session: (Option<u32>, Option<u64>),
    code: String,
    /// When it is over, on the monotonic clock.
    until: u64,
    tries: u32,
}

/// What came of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redeemed {
    /// It was the one that was shown.
    Right,
    /// It was not, or is no more.
    Wrong,
}

impl Codes {
    /// Shows a new code for the hold `id`, asked for by `peer`, on the terminals with these device numbers; returns their names.
    ///
    /// # Errors
    ///
    /// When the system gives no randomness.
    pub fn show(
        &mut self,
        id: Uuid,
        peer: &Peer,
        terminals: &[u32],
        now: u64,
    ) -> rustix::io::Result<Vec<String>> {
        let code = random_code()?;
        let asked_on = peer.tty.and_then(path_of);
        let asked_on = asked_on.map_or_else(
            || "another terminal".to_owned(),
            |path| path.display().to_string(),
        );
        let short: String = id.simple().to_string().chars().take(8).collect();
        let text = format!("kintsugi: code {code} approves {short}, asked for on {asked_on}");
        let shown: Vec<String> = terminals
            .iter()
            .filter_map(|tty| show_on(*tty, &text))
            .collect();
        let session = (peer.session_leader, peer.session_start);
        self.waiting.retain(|waiting| {
            now < waiting.until && (waiting.id, waiting.session) != (id, session)
        });
        if self.waiting.len() >= CODES_MAX {
            self.waiting.pop_front();
        }
        if !shown.is_empty() {
            self.waiting.push_back(Waiting {
                id,
                session,
                code,
                until: now.saturating_add(CODE_MS_MAX),
                tries: 0,
            });
        }
        Ok(shown)
    }

    /// Takes `code` for the hold `id` from whoever asked for it, once.
    pub fn redeem(&mut self, id: Uuid, peer: &Peer, code: &str, now: u64) -> Redeemed {
        self.waiting.retain(|waiting| now < waiting.until);
        let session = (peer.session_leader, peer.session_start);
        let found = self
            .waiting
            .iter_mut()
            .find(|waiting| (waiting.id, waiting.session) == (id, session));
        let Some(waiting) = found else {
            return Redeemed::Wrong;
        };
        let is_right = waiting.code == code.trim();
        waiting.tries += 1;
        if is_right || waiting.tries >= TRIES_MAX {
            waiting.until = 0;
        }
        if is_right {
            Redeemed::Right
        } else {
            Redeemed::Wrong
        }
    }
}

/// Writes a line at the top of a terminal, over what is there, and puts the cursor back; returns the terminal's name.
///
/// The sequences are those that terminals share (ECMA-48, and DECSC and DECRC of the VT100). Never waits: a terminal that takes
/// nothing shows nothing.
fn show_on(tty: u32, text: &str) -> Option<String> {
    let path = path_of(tty)?;
    let flags = OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let mut terminal = OpenOptions::new()
        .write(true)
        .custom_flags(i32::try_from(flags.bits()).ok()?)
        .open(&path)
        .ok()?;
    let line = format!("\x1b7\x1b[1;1H\x1b[2K\x1b[7m {text} \x1b[0m\x1b8");
    terminal.write_all(line.as_bytes()).ok()?;
    Some(path.display().to_string())
}

/// Returns a code, each as likely as any other.
fn random_code() -> rustix::io::Result<String> {
    /// The largest multiple of 10^6 that fits into 32 bits.
    const FAIR: u32 = u32::MAX - u32::MAX % 10_u32.pow(DIGITS);
    loop {
        let mut bytes = [0_u8; 4];
        let read = rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty())?;
        let number = u32::from_ne_bytes(bytes);
        if read == bytes.len() && number < FAIR {
            let code = number % 10_u32.pow(DIGITS);
            return Ok(format!("{code:06}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use kintsugi_core::proposal::PeerCredentials;

    use super::*;

    fn asker(session: u32) -> Peer {
        let credentials = PeerCredentials {
            uid: 1,
            gid: 1,
            pid: session,
        };
        Peer {
            session_leader: Some(session),
            session_start: Some(7),
            ..Peer::from(credentials)
        }
    }

    fn waiting(codes: &mut Codes, id: Uuid, session: u32) -> String {
        let code = random_code().unwrap();
        codes.waiting.push_back(Waiting {
            id,
            session: (Some(session), Some(7)),
            code: code.clone(),
            until: 100,
            tries: 0,
        });
        code
    }

    #[test]
    fn a_code_serves_once_for_its_hold_and_its_session_and_in_time() {
        let mut codes = Codes::default();
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let code = waiting(&mut codes, one, 5);
        assert_eq!(codes.redeem(two, &asker(5), &code, 1), Redeemed::Wrong);
        assert_eq!(codes.redeem(one, &asker(6), &code, 1), Redeemed::Wrong);
        assert_eq!(codes.redeem(one, &asker(5), &code, 1), Redeemed::Right);
        assert_eq!(codes.redeem(one, &asker(5), &code, 1), Redeemed::Wrong);
        let late = waiting(&mut codes, one, 5);
        assert_eq!(codes.redeem(one, &asker(5), &late, 100), Redeemed::Wrong);
    }

    #[test]
    fn three_misses_are_the_end_of_a_code() {
        let mut codes = Codes::default();
        let id = Uuid::from_u128(1);
        let code = waiting(&mut codes, id, 5);
        for _ in 0..TRIES_MAX {
            assert_eq!(codes.redeem(id, &asker(5), "x", 1), Redeemed::Wrong);
        }
        assert_eq!(codes.redeem(id, &asker(5), &code, 1), Redeemed::Wrong);
    }

    #[test]
    fn where_nothing_can_be_shown_nothing_waits() {
        let mut codes = Codes::default();
        let shown = codes.show(Uuid::nil(), &asker(5), &[4_095], 0).unwrap();
        assert!(shown.is_empty() && codes.waiting.is_empty());
        let code = random_code().unwrap();
        assert!(code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()));
    }
}
