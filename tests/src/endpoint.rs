//! An endpoint that speaks OpenAI's language, or anything else, played by a test.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use kintsugi_core::scorer::settings::{Backend, ModelSettings};

/// Answers one HTTP request after another with `answer`, on a thread of its own; returns where.
#[must_use]
pub fn endpoint(answer: impl Fn(&str) -> Vec<u8> + Send + 'static) -> ModelSettings {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = Vec::new();
            let mut bytes = [0; 4_096];
            loop {
                let read = stream.read(&mut bytes).unwrap_or(0);
                request.extend(&bytes[..read]);
                let text = String::from_utf8_lossy(&request).into_owned();
                let whole = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
                    let length = head.to_ascii_lowercase();
                    let length = length.split("content-length: ").nth(1).unwrap_or("0");
                    let length = length.lines().next().unwrap_or("0").parse().unwrap_or(0);
                    body.len() >= length
                });
                if whole || read == 0 {
                    break;
                }
            }
            let answer = answer(&String::from_utf8_lossy(&request));
            drop(stream.write_all(&answer));
        }
    });
    ModelSettings {
        backend: vec![Backend::Openai],
        url: Some(url),
        model: Some("a-model".to_owned()),
        ready_timeout_ms: 20_000,
        ..ModelSettings::default()
    }
}

/// Returns an answer with this body.
#[must_use]
pub fn ok(body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}").into()
}

/// Returns what an endpoint answers that says a word.
#[must_use]
pub fn says(word: &str) -> Vec<u8> {
    ok(&format!(
        r#"{{"choices":[{{"message":{{"content":"{word}"}}}}]}}"#
    ))
}
