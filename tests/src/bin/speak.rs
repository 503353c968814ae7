//! Speaks the wire from wherever it was started: for tests in which it matters who asks, such as a process at a terminal.
//!
//! `speak SOCKET MESSAGE…` sends each message when the one before is answered, and prints the answers. `$nonce` in a message is
//! the nonce of the last challenge.

use std::io::Write as _;
use std::path::Path;

use kintsugi_tests::wire::Wire;

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let socket = arguments.next().expect("a socket");
    let mut wire = Wire::connect(Path::new(&socket));
    let mut nonce = String::new();
    for message in arguments {
        let message = message.replace("$nonce", &nonce);
        let answer = wire.ask(&serde_json::from_str(&message).expect("JSON"));
        if let Some(given) = answer["nonce"].as_str() {
            given.clone_into(&mut nonce);
        }
        writeln!(std::io::stdout(), "answer {answer} end")?;
    }
    Ok(())
}
