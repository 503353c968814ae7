//! A record is read as it was written, redacted or not.

use super::*;
use crate::audit::line::{Envelope, unsealed};

fn observation() -> Body {
    Body::Observation {
        change: protocol::Change::Removed,
        path: "/home/x/\"secret\"".into(),
        seen: None,
    }
}

fn line_of(body: &Body) -> String {
    let (public, private) = body.members(&[7; 16]).unwrap();
    let envelope = Envelope {
        seq: 3,
        durable: 3,
        ts: "2026-01-01T00:00:00.000000Z",
        boot: "b",
    };
    let seal = crate::audit::chain::Seal::genesis("x").text();
    unsealed(envelope, body.kind(), &public, &private) + &seal
}

#[test]
fn what_is_written_is_read_back() {
    let text = line_of(&observation());
    let record = Record::read(text.as_bytes()).unwrap();
    assert_eq!(record.body, observation());
    assert_eq!((record.seq, record.redacted), (3, false));
}

#[test]
fn a_private_member_is_only_in_the_private_part() {
    let text = line_of(&observation());
    let line = Line::split(text.as_bytes()).unwrap();
    let view = String::from_utf8(line.redacted_view()).unwrap();
    assert!(!view.contains("secret"), "{view}");
}

#[test]
fn a_redacted_record_is_still_read() {
    let text = line_of(&observation());
    let view = Line::split(text.as_bytes()).unwrap().redacted_view();
    let record = Record::read(&view).unwrap();
    assert!(record.redacted);
    assert_eq!(
        record.body,
        Body::Observation {
            change: protocol::Change::Removed,
            path: String::new(),
            seen: None,
        }
    );
}
