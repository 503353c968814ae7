//! Tests of the fold: what is remembered, for how long, and that a replay and a snapshot remember the same.

use kintsugi_core::audit::record::{Body, Means, Peer, Record};
use kintsugi_core::classify::Class;
use kintsugi_core::decide::Decision;
use kintsugi_core::limits::{APPROVAL_MS_MAX, HOLD_MS_MAX, IDS_MAX, IDS_MS_MAX};
use kintsugi_core::proposal::{PeerCredentials, ProposedCommand};
use kintsugi_core::protocol::{PendingStatus, Resolution};
use uuid::Uuid;

use super::{Standing, State};
use crate::clock::rfc3339;
use crate::store::{LiveState as _, Spot};

fn command(id: u128, raw: &str) -> ProposedCommand {
    let json = serde_json::json!({
        "id": Uuid::from_u128(id), "ts": "", "agent": "codex", "cwd": "/", "raw": raw,
    });
    serde_json::from_value(json).unwrap()
}

fn peer() -> Peer {
    Peer::from(PeerCredentials {
        uid: 1,
        gid: 1,
        pid: 1,
    })
}

fn verdict(id: u128, decision: Decision) -> kintsugi_core::audit::record::Verdict {
    let json = serde_json::json!({
        "id": Uuid::from_u128(id), "class": Class::Catastrophic, "decision": decision, "tier": 1,
    });
    serde_json::from_value(json).unwrap()
}

/// A log that is only folded.
#[derive(Default)]
struct Tape {
    state: State,
    records: Vec<Record>,
    now: u64,
}

impl Tape {
    fn write(&mut self, body: Body) {
        let record = Record {
            seq: u64::try_from(self.records.len()).unwrap(),
            ts: rfc3339(self.now),
            boot: "b".into(),
            body,
            redacted: false,
        };
        if matches!(record.body, Body::State { .. }) {
            // It is only ever read.
            self.state.replay(record.clone(), None, &mut |_, _| {});
        } else {
            self.state.apply(&record);
        }
        self.records.push(record);
    }

    fn propose(&mut self, id: u128, raw: &str, decision: Decision) {
        self.write(Body::Proposal {
            command: command(id, raw).into(),
            peer: peer(),
        });
        self.write(Body::Verdict(verdict(id, decision)));
        if decision == Decision::Hold {
            let until = rfc3339(self.now + HOLD_MS_MAX);
            self.write(Body::Hold {
                id: Uuid::from_u128(id),
                until,
                with: None,
            });
        }
    }

    fn resolve(&mut self, id: u128, decision: Resolution, means: Means) {
        let id = Uuid::from_u128(id);
        self.write(Body::Resolution {
            id,
            decision,
            means,
            peer: None,
            remember: false,
            reason: None,
        });
    }

    /// Returns a log that opens with what is remembered here, and the bytes that takes; every id is remembered as it was.
    fn reopened(&self) -> (Self, usize) {
        let mut again = Self {
            now: self.now,
            ..Self::default()
        };
        let mut bytes = 0;
        for piece in self.state.live_state() {
            let json = serde_json::to_string(&piece).unwrap();
            assert!(json.len() < kintsugi_core::limits::RECORD_BYTES_MAX);
            bytes += json.len();
            again.write(piece);
        }
        for id in self.state.ids.all() {
            assert_eq!(again.state.known(id), self.state.known(id));
        }
        (again, bytes)
    }

    fn stands(&self, id: u128) -> PendingStatus {
        self.state.pending(Uuid::from_u128(id))
    }
}

/// One of everything.
fn eventful() -> Tape {
    let mut tape = Tape {
        now: 1_767_225_600_000,
        ..Tape::default()
    };
    tape.propose(1, "ls", Decision::Allow);
    tape.propose(2, "rm a", Decision::Hold);
    tape.propose(3, "rm b", Decision::Hold);
    tape.propose(4, "rm c", Decision::Hold);
    tape.propose(5, "rm d", Decision::Hold);
    tape.resolve(3, Resolution::Allow, Means::Person);
    tape.resolve(4, Resolution::Deny, Means::Person);
    tape.resolve(5, Resolution::Allow, Means::Prompt);
    tape.write(Body::Proposal {
        command: command(6, "rm a").into(),
        peer: peer(),
    });
    tape.write(Body::Verdict(verdict(6, Decision::Hold)));
    let until = rfc3339(tape.now + HOLD_MS_MAX);
    let with = Some(Uuid::from_u128(2));
    tape.write(Body::Hold {
        id: Uuid::from_u128(6),
        until,
        with,
    });
    tape
}

fn assert_same(left: &State, right: &State) {
    for id in 0..10 {
        let id = Uuid::from_u128(id);
        assert_eq!(left.known(id), right.known(id), "{id}");
    }
    assert_eq!(left.holds(), right.holds());
    assert_eq!(left.holds_len(), right.holds_len());
    assert_eq!(left.expired(0), right.expired(0));
    assert_eq!(left.waiting, right.waiting);
    assert_eq!(left.live, right.live);
}

#[test]
fn a_replay_remembers_what_the_run_did() {
    let tape = eventful();
    let mut again = State::default();
    tape.records.iter().for_each(|record| again.apply(record));
    assert_same(&tape.state, &again);
}

#[test]
fn a_snapshot_remembers_what_the_run_did() {
    let tape = eventful();
    let mut again = Tape {
        now: tape.now,
        ..Tape::default()
    };
    for piece in tape.state.live_state() {
        let json = serde_json::to_string(&piece).unwrap();
        assert!(json.len() < kintsugi_core::limits::RECORD_BYTES_MAX);
        again.write(serde_json::from_str(&json).unwrap());
    }
    assert_same(&tape.state, &again.state);
}

#[test]
fn everything_stands_as_it_was_left() {
    let tape = eventful();
    let expected = [
        (1, PendingStatus::Approved),
        (2, PendingStatus::Pending),
        (3, PendingStatus::Approved),
        (4, PendingStatus::Denied),
        (6, PendingStatus::Pending),
        (7, PendingStatus::Gone),
    ];
    for (id, status) in expected {
        assert_eq!(tape.stands(id), status, "{id}");
    }
    assert_eq!(tape.state.holds_len(), 1, "an alias is no hold of its own");
}

#[test]
fn an_alias_goes_the_way_of_its_hold() {
    let mut tape = eventful();
    tape.resolve(2, Resolution::Deny, Means::Person);
    assert_eq!(tape.stands(6), PendingStatus::Denied);
}

#[test]
fn an_approval_at_the_prompt_is_not_shared() {
    let tape = eventful();
    let fingerprint = |id| tape.state.known(Uuid::from_u128(id)).unwrap().fingerprint;
    assert!(tape.state.waiting(fingerprint(3)).is_some());
    assert!(tape.state.waiting(fingerprint(5)).is_none());
}

#[test]
fn holds_and_approvals_end_in_time() {
    let tape = eventful();
    let approved_until = tape.now + APPROVAL_MS_MAX;
    assert_eq!(
        tape.state.expired(tape.now),
        (Vec::new(), Some(approved_until))
    );
    let (over, next) = tape.state.expired(approved_until);
    assert_eq!(over, [Uuid::from_u128(3), Uuid::from_u128(5)]);
    assert_eq!(next, Some(tape.now + HOLD_MS_MAX));
    let (over, next) = tape.state.expired(tape.now + HOLD_MS_MAX);
    assert_eq!((over.len(), next), (3, None));
}

#[test]
fn a_denied_or_expired_hold_is_never_reopened() {
    let mut tape = eventful();
    tape.resolve(2, Resolution::Deny, Means::Expired);
    for id in [2, 4] {
        tape.resolve(id, Resolution::Allow, Means::Person);
        assert_eq!(tape.stands(id), PendingStatus::Denied, "{id}");
    }
}

#[test]
fn a_command_that_was_reported_as_run_uses_its_approval() {
    let mut tape = eventful();
    let ran = |id, raw| Body::Recorded {
        command: command(id, raw).into(),
        peer: peer(),
        exit_code: None,
        duration_ms: None,
        spooled: false,
    };
    tape.write(ran(3, "another"));
    assert_eq!(tape.stands(3), PendingStatus::Approved);
    tape.write(ran(3, "rm b"));
    assert_eq!(tape.stands(3), PendingStatus::Denied);
}

#[test]
fn ids_are_forgotten_by_number_and_by_age_and_holds_by_neither() {
    let mut tape = eventful();
    for id in 0..IDS_MAX + 10 {
        tape.propose(100 + u128::try_from(id).unwrap(), "ls", Decision::Allow);
        tape.records.clear();
    }
    assert_eq!(tape.state.ids.len(), IDS_MAX);
    assert_eq!(tape.stands(1), PendingStatus::Gone);
    assert_eq!(tape.stands(2), PendingStatus::Pending);

    tape.now += IDS_MS_MAX + 1;
    for id in 0..200_000 {
        tape.propose(1_000_000 + id, "ls", Decision::Allow);
        tape.records.clear();
        if tape.state.ids.len() < 1_000 {
            break;
        }
    }
    assert!(tape.state.ids.len() <= IDS_MAX);
    assert!(matches!(
        tape.state.known(Uuid::from_u128(2)).unwrap().standing,
        Standing::Held(_)
    ));
}

#[test]
fn of_what_is_closed_only_the_last_reasons_are_remembered_and_it_stays_closed() {
    let mut tape = Tape {
        now: 1_767_225_600_000,
        ..Tape::default()
    };
    for id in 1..=3_000 {
        tape.propose(id, &format!("rm {id}"), Decision::Hold);
        tape.resolve(id, Resolution::Deny, Means::Person);
    }
    tape.propose(4_001, "rm a", Decision::Hold);
    tape.resolve(4_001, Resolution::Allow, Means::Person);
    let (again, bytes) = tape.reopened();
    assert!(bytes < 1_000_000, "{bytes}");
    for id in 1..=3_000 {
        assert_eq!(tape.stands(id), PendingStatus::Denied, "{id}");
        assert_eq!(again.stands(id), PendingStatus::Denied, "{id}");
    }
    let told = |tape: &Tape, id: u128| {
        let known = tape.state.known(Uuid::from_u128(id)).unwrap();
        let Standing::Closed(answered) = known.standing else {
            panic!("{known:?}");
        };
        answered.told()
    };
    assert_eq!(told(&tape, 3_000), "a person denied it");
    assert_eq!(told(&tape, 1), "it was denied");
    assert_eq!(told(&again, 1), "it was denied");
    // A denial can be taken back all the same, and the approval is still there.
    assert_eq!(
        tape.state
            .denials()
            .filter(|denied| denied.id == Uuid::from_u128(2_900))
            .count(),
        1
    );
    tape.resolve(2_900, Resolution::Allow, Means::Person);
    assert_eq!(
        tape.state
            .denials()
            .filter(|denied| denied.id == Uuid::from_u128(2_900))
            .count(),
        0
    );
    assert_eq!(again.stands(4_001), PendingStatus::Approved);
}

/// The same answer again, however long ago: only where its words stand is remembered, also over a start.
#[test]
fn the_words_of_what_was_closed_long_ago_are_found_in_the_record_that_closed_it() {
    let mut tape = Tape {
        now: 1_767_225_600_000,
        ..Tape::default()
    };
    let ends = [
        (None, Means::Person, "a person denied it"),
        (None, Means::Admin, "the admin denied it"),
        (None, Means::Expired, "nobody answered in time"),
        (None, Means::Gone, "the terminal went away at the prompt"),
        (None, Means::Changed, "what it would touch has changed"),
        (
            Some(Means::Person),
            Means::Person,
            "a person took the approval back",
        ),
        (
            Some(Means::Person),
            Means::Expired,
            "the approval was not used in time",
        ),
    ];
    for id in 0..1_000 {
        let (approved, ended, _) = ends[id % ends.len()];
        let id = u128::try_from(id).unwrap();
        tape.propose(id, &format!("rm {id}"), Decision::Hold);
        if let Some(means) = approved {
            tape.resolve(id, Resolution::Allow, means);
        }
        tape.resolve(id, Resolution::Deny, ended);
    }
    let (again, _) = tape.reopened();
    let told = |state: &State, id: usize| {
        let known = state.known(Uuid::from_u128(u128::try_from(id).unwrap()));
        let Some(Standing::Closed(answered)) = known.map(|known| known.standing) else {
            panic!("{id}");
        };
        let id = Uuid::from_u128(u128::try_from(id).unwrap());
        let Some(ending) = answered.ending() else {
            return answered.reason().to_owned();
        };
        let record = &tape.records[usize::try_from(ending.seq()).unwrap()];
        assert_eq!(ending.words(Uuid::max(), record), None, "of another id");
        ending.words(id, record).unwrap()
    };
    let is_short = |id: u128| {
        let known = tape.state.known(Uuid::from_u128(id)).unwrap();
        matches!(known.standing, Standing::Closed(answered) if answered.ending().is_some())
    };
    assert!(is_short(743) && !is_short(744));
    for id in 0..1_000 {
        let (_, _, words) = ends[id % ends.len()];
        assert_eq!(told(&tape.state, id), words, "{id}");
        assert_eq!(told(&again.state, id), words, "{id} behind a start");
    }
}

/// Returns where each piece would stand, and what stands there.
fn kept(pieces: &[Body], segment: u64) -> Vec<(Spot, serde_json::Value)> {
    let spot = |(seq, piece): (usize, &Body)| {
        let Body::State { value, .. } = piece else {
            panic!("{piece:?}");
        };
        let spot = serde_json::json!({
            "segment": segment, "seq": seq, "offset": 0, "bytes": 0, "commitment": "",
        });
        (serde_json::from_value(spot).unwrap(), value.clone())
    };
    pieces.iter().enumerate().map(spot).collect()
}

/// Hands on what stands at `spot`, as it stands in a record.
fn hand(log: &[(Spot, serde_json::Value)], spot: &Spot, take: &mut dyn FnMut(&[u8])) {
    if let Some((_, value)) = log.iter().find(|(known, _)| known == spot) {
        take(format!("{{\"n\":\"00\",\"value\":{value}}}").as_bytes());
    }
}

fn json_bytes(pieces: &[Body]) -> usize {
    let lengths = pieces
        .iter()
        .map(|piece| serde_json::to_string(piece).unwrap().len());
    lengths.sum()
}

/// A day of ids is megabytes, and nobody is answered while a segment is begun: so each is written when it is new, and then named.
#[test]
fn ids_that_stand_in_the_log_are_named_by_the_next_segment_and_not_written_again() {
    let mut tape = eventful();
    let (mut log, mut most) = (Vec::new(), 0);
    let mut id = 100;
    for segment in 0..40 {
        for _ in 0..1_900 {
            tape.propose(id, "ls", Decision::Allow);
            id += 1;
        }
        tape.records.clear();
        // One of them is held after all: its piece is not what it was.
        tape.propose(id - 1_500, "rm late", Decision::Hold);
        let pieces = tape.state.live_state();
        most = most.max(json_bytes(&pieces));
        let spots = kept(&pieces, segment);
        let told: Vec<_> = spots.iter().map(|(spot, _)| spot.clone()).collect();
        tape.state.opened(&told);
        log.extend(spots);
        // A start in between knows the same, and goes on naming them.
        if segment % 13 == 12 {
            let mut again = Tape {
                now: tape.now,
                ..Tape::default()
            };
            for (piece, spot) in pieces.into_iter().zip(&told) {
                let record = Record {
                    seq: 0,
                    ts: rfc3339(tape.now),
                    boot: "b".into(),
                    body: piece,
                    redacted: false,
                };
                let mut read = |spot: &Spot, take: &mut dyn FnMut(&[u8])| hand(&log, spot, take);
                again.state.replay(record, Some(spot.clone()), &mut read);
            }
            assert_eq!(again.state.ids.len(), tape.state.ids.len());
            for id in tape.state.ids.all() {
                assert_eq!(again.state.known(id), tape.state.known(id));
            }
            assert!(json_bytes(&again.state.live_state()) < 200_000);
            tape = again;
        }
    }
    assert_eq!(tape.state.ids.len(), IDS_MAX);
    assert!(most < 600_000, "{most}");
    // After a sync that failed nothing is named.
    tape.state.write_whole();
    assert!(json_bytes(&tape.state.live_state()) > 5_000_000);
}

#[test]
fn ids_in_a_piece_that_is_gone_are_forgotten_and_no_others() {
    let mut tape = Tape {
        now: 1_767_225_600_000,
        ..Tape::default()
    };
    for id in 0..2_000 {
        tape.propose(id, "ls", Decision::Allow);
    }
    let spots = kept(&tape.state.live_state(), 0);
    let told: Vec<_> = spots.iter().map(|(spot, _)| spot.clone()).collect();
    let pieces = tape.state.live_state();
    let is_past = |piece: &&Body| matches!(piece, Body::State { what, .. } if what == "past");
    let others = pieces.len() - pieces.iter().filter(is_past).count();
    let gone = &told[others + 1];
    tape.state.opened(&told);
    let mut again = State::default();
    for body in tape.state.live_state() {
        let record = Record {
            seq: 0,
            ts: rfc3339(tape.now),
            boot: "b".into(),
            body,
            redacted: false,
        };
        let mut read = |spot: &Spot, take: &mut dyn FnMut(&[u8])| {
            if spot != gone {
                hand(&spots, spot, take);
            }
        };
        again.replay(record, None, &mut read);
    }
    assert_eq!(again.ids.len(), 2_000 - 512);
    assert_eq!(again.pending(Uuid::from_u128(0)), PendingStatus::Approved);
    assert_eq!(again.pending(Uuid::from_u128(600)), PendingStatus::Gone);
    assert_eq!(
        again.pending(Uuid::from_u128(1_100)),
        PendingStatus::Approved
    );
}

#[test]
fn a_day_of_ids_that_are_held_as_another_is_little_enough_too() {
    let mut tape = Tape {
        now: 1_767_225_600_000,
        ..Tape::default()
    };
    tape.propose(1, "rm a", Decision::Hold);
    let until = rfc3339(tape.now + HOLD_MS_MAX);
    for id in 2..=u128::try_from(IDS_MAX).unwrap() + 9 {
        tape.write(Body::Proposal {
            command: command(id, "rm a").into(),
            peer: peer(),
        });
        tape.write(Body::Verdict(verdict(id, Decision::Hold)));
        tape.write(Body::Hold {
            id: Uuid::from_u128(id),
            until: until.clone(),
            with: Some(Uuid::from_u128(1)),
        });
        tape.records.clear();
    }
    assert_eq!(tape.state.ids.len(), IDS_MAX);
    let (again, bytes) = tape.reopened();
    assert!(bytes < 6_500_000, "{bytes}");
    assert_eq!(again.state.ids.len(), IDS_MAX);
    assert_eq!(again.stands(1), PendingStatus::Pending);
    assert_eq!(again.stands(9), PendingStatus::Gone, "the oldest go first");
    assert_eq!(again.stands(100), PendingStatus::Pending);
}

#[test]
fn a_day_of_ids_is_little_enough_for_every_segment_to_open_with_it() {
    let mut tape = eventful();
    for id in 0..IDS_MAX {
        tape.propose(100 + u128::try_from(id).unwrap(), "ls", Decision::Allow);
        tape.records.truncate(1_000);
    }
    let (again, bytes) = tape.reopened();
    assert!(bytes < 6_000_000, "{bytes}");
    assert_eq!(again.state.ids.len(), IDS_MAX);
}
