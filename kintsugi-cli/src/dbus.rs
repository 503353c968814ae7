//! As much of D-Bus as a notification takes: a connection to the session's bus, and messages of texts and numbers.
//!
//! Source: "D-Bus Specification" 0.43 (dbus.freedesktop.org). Written here because a library for it is larger than everything
//! else this program links. Nothing here knows what the messages mean.

use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::process::geteuid;

/// Longest message that is read, in bytes. The bus allows 128 MiB; nothing that is asked here is answered with more.
const MESSAGE_BYTES_MAX: usize = 256 * 1024;

/// Longest line of the greeting, in bytes.
const LINE_BYTES_MAX: usize = 4_096;

/// Longest that the bus may take for the greeting, and for taking a message.
const PATIENCE: Duration = Duration::from_secs(5);

/// The kinds of messages, by their numbers on the wire.
pub mod kind {
    /// A method is called.
    pub const CALL: u8 = 1;
    /// It was done.
    pub const RETURN: u8 = 2;
    /// It was not.
    pub const ERROR: u8 = 3;
    /// Something happened.
    pub const SIGNAL: u8 = 4;
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Message {
    /// One of [`kind`].
    pub kind: u8,
    /// Its number, given by who sent it; not 0.
    pub serial: u32,
    /// The number of the call that it answers.
    pub reply_to: u32,
    /// The object.
    pub path: String,
    /// The interface.
    pub interface: String,
    /// The method, or what happened.
    pub member: String,
    /// For whom it is.
    pub destination: String,
    /// Whom it is from; the bus says so, and not the sender.
    pub sender: String,
    /// The types of the body.
    pub signature: String,
    /// The body.
    pub body: Body,
}

/// Values in a row, each at its alignment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Body {
    bytes: Vec<u8>,
}

impl Body {
    /// Adds zeros up to a multiple of `to`.
    fn align(mut self, to: usize) -> Self {
        let length = self.bytes.len().next_multiple_of(to.max(1));
        self.bytes.resize(length, 0);
        self
    }

    /// Adds one byte.
    #[must_use]
    pub fn byte(mut self, byte: u8) -> Self {
        self.bytes.push(byte);
        self
    }

    /// Adds a number of 32 bits.
    #[must_use]
    pub fn number(self, number: u32) -> Self {
        let mut body = self.align(4);
        body.bytes.extend(number.to_le_bytes());
        body
    }

    /// Adds a text. NUL, which ends one there, becomes a replacement character.
    #[must_use]
    pub fn text(self, text: &str) -> Self {
        let text = text.replace('\0', "\u{fffd}");
        let mut body = self.number(u32::try_from(text.len()).unwrap_or(u32::MAX));
        body.bytes.extend(text.as_bytes());
        body.byte(0)
    }

    /// Adds a signature.
    #[must_use]
    pub fn signature(self, signature: &str) -> Self {
        let mut body = self.byte(u8::try_from(signature.len()).unwrap_or(u8::MAX));
        body.bytes.extend(signature.as_bytes());
        body.byte(0)
    }

    /// Adds an array of texts.
    #[must_use]
    pub fn texts(self, texts: &[&str]) -> Self {
        let inner = texts
            .iter()
            .fold(Self::default(), |inner, text| inner.text(text));
        // Both begin at a multiple of 4, so what is aligned within is aligned in the whole.
        let mut body = self.number(u32::try_from(inner.bytes.len()).unwrap_or(u32::MAX));
        body.bytes.extend(inner.bytes);
        body
    }

    /// Adds a dictionary (`a{sv}`) with one byte in it.
    #[must_use]
    pub fn byte_by_name(self, name: &str, value: u8) -> Self {
        let inner = Self::default().text(name).signature("y").byte(value);
        let body = self.number(u32::try_from(inner.bytes.len()).unwrap_or(u32::MAX));
        // The padding before the first entry does not count.
        let mut body = body.align(8);
        body.bytes.extend(inner.bytes);
        body
    }

    /// Reads it from the front.
    #[must_use]
    pub fn read(&self) -> Reader<'_> {
        Reader {
            bytes: &self.bytes,
            at: 0,
        }
    }
}

/// Reads values, each at its alignment; nothing where there is none.
#[derive(Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(count)?;
        let taken = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    fn align(&mut self, to: usize) {
        self.at = self.at.next_multiple_of(to);
    }

    /// Returns the next byte.
    pub fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    /// Returns the next number of 32 bits.
    pub fn number(&mut self) -> Option<u32> {
        self.align(4);
        let bytes: [u8; 4] = self.take(4)?.try_into().ok()?;
        Some(u32::from_le_bytes(bytes))
    }

    /// Returns the next text.
    pub fn text(&mut self) -> Option<&'a str> {
        let length = usize::try_from(self.number()?).ok()?;
        let text = self.take(length)?;
        self.byte()?;
        std::str::from_utf8(text).ok()
    }

    /// Returns the next signature.
    pub fn signature(&mut self) -> Option<&'a str> {
        let length = usize::from(self.byte()?);
        let text = self.take(length)?;
        self.byte()?;
        std::str::from_utf8(text).ok()
    }

    /// Returns the next array of texts.
    pub fn texts(&mut self) -> Option<Vec<&'a str>> {
        let length = usize::try_from(self.number()?).ok()?;
        let end = self.at.checked_add(length)?;
        let mut texts = Vec::new();
        while self.at < end {
            texts.push(self.text()?);
        }
        Some(texts)
    }
}

impl Message {
    /// A call of `member` of `interface`.
    #[must_use]
    pub fn call(destination: &str, path: &str, (interface, member): (&str, &str)) -> Self {
        Self {
            kind: kind::CALL,
            path: path.to_owned(),
            interface: interface.to_owned(),
            member: member.to_owned(),
            destination: destination.to_owned(),
            ..Self::default()
        }
    }

    /// The same with a body of the types `signature`.
    #[must_use]
    pub fn with(mut self, signature: &str, body: Body) -> Self {
        signature.clone_into(&mut self.signature);
        self.body = body;
        self
    }

    fn bytes(&self) -> Vec<u8> {
        let mut fields = Body::default();
        for (code, signature, text) in [
            (1, "o", &self.path),
            (2, "s", &self.interface),
            (3, "s", &self.member),
            (6, "s", &self.destination),
        ] {
            if !text.is_empty() {
                fields = fields.align(8).byte(code).signature(signature).text(text);
            }
        }
        if self.reply_to != 0 {
            fields = fields.align(8).byte(5).signature("u").number(self.reply_to);
        }
        if !self.signature.is_empty() {
            let with = fields.align(8).byte(8).signature("g");
            fields = with.signature(&self.signature);
        }
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        // Little-endian, its kind, no flags, version 1.
        let mut whole = Body::default().byte(b'l').byte(self.kind).byte(0).byte(1);
        whole = whole.number(length(&self.body.bytes)).number(self.serial);
        whole = whole.number(length(&fields.bytes));
        whole.bytes.extend(fields.bytes);
        let mut whole = whole.align(8);
        whole.bytes.extend(&self.body.bytes);
        whole.bytes
    }

    /// Reads the fields of a message whose first 16 bytes are `head`, and whose rest is `rest`.
    fn parse(head: &[u8], rest: &[u8], fields: usize) -> Option<Self> {
        let mut message = Self {
            kind: *head.get(1)?,
            ..Self::default()
        };
        let mut first = Reader { bytes: head, at: 8 };
        message.serial = first.number()?;
        let mut reader = Reader {
            bytes: rest.get(..fields)?,
            at: 0,
        };
        while reader.at < fields {
            reader.align(8);
            let code = reader.byte()?;
            let mut text = String::new();
            let mut number = 0;
            match reader.signature()? {
                "s" | "o" => reader.text()?.clone_into(&mut text),
                "g" => reader.signature()?.clone_into(&mut text),
                "u" => number = reader.number()?,
                _ => return None,
            }
            match code {
                1 => message.path = text,
                2 => message.interface = text,
                3 => message.member = text,
                5 => message.reply_to = number,
                6 => message.destination = text,
                7 => message.sender = text,
                8 => message.signature = text,
                // What newer versions add.
                _ => {}
            }
        }
        message.body.bytes = rest.get(fields.next_multiple_of(8)..)?.to_vec();
        Some(message)
    }
}

/// A connection to a bus.
#[derive(Debug)]
pub struct Bus {
    stream: UnixStream,
    last: u32,
}

impl Bus {
    /// Connects to the bus of the session and greets it.
    ///
    /// # Errors
    /// When there is none, or it does not let this user in.
    pub fn connect() -> io::Result<Self> {
        let address = std::env::var("DBUS_SESSION_BUS_ADDRESS").ok();
        let runtime = std::env::var("XDG_RUNTIME_DIR").ok();
        let address = address.or(runtime.map(|directory| format!("unix:path={directory}/bus")));
        let address = address.ok_or_else(|| io::Error::other("no bus of a session is named"))?;
        Self::connect_at(&address)
    }

    /// Connects to the bus at one of the addresses in `address`.
    ///
    /// # Errors
    /// As [`Bus::connect`].
    pub fn connect_at(address: &str) -> io::Result<Self> {
        let stream = address
            .split(';')
            .find_map(connect_to)
            .ok_or_else(|| io::Error::other(format!("nobody listens at `{address}`")))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut bus = Self { stream, last: 0 };
        bus.greet()?;
        bus.send(Message::call(
            "org.freedesktop.DBus",
            "/org/freedesktop/DBus",
            ("org.freedesktop.DBus", "Hello"),
        ))?;
        Ok(bus)
    }

    /// `EXTERNAL`: the kernel tells the bus which user this is.
    fn greet(&mut self) -> io::Result<()> {
        let uid = geteuid().as_raw().to_string();
        let uid = data_encoding::HEXLOWER.encode(uid.as_bytes());
        write!(self.stream, "\0AUTH EXTERNAL {uid}\r\n")?;
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") && line.len() < LINE_BYTES_MAX {
            let mut byte = [0];
            self.stream.read_exact(&mut byte)?;
            line.extend(byte);
        }
        if !line.starts_with(b"OK ") {
            return Err(io::Error::other("the bus does not let this user in"));
        }
        self.stream.write_all(b"BEGIN\r\n")
    }

    /// Sends a message, and returns its number.
    ///
    /// # Errors
    /// When the bus is gone or does not take it.
    pub fn send(&mut self, message: Message) -> io::Result<u32> {
        self.last += 1;
        let message = Message {
            serial: self.last,
            ..message
        };
        self.stream.write_all(&message.bytes())?;
        Ok(self.last)
    }

    /// Waits for the next message; as long as the bus lives, when no `patience` is named.
    ///
    /// # Errors
    /// When the bus is gone, the time is over, or what came is no message.
    pub fn receive(&mut self, patience: Option<Duration>) -> io::Result<Message> {
        self.stream.set_read_timeout(patience)?;
        let mut head = [0; 16];
        self.stream.read_exact(&mut head)?;
        let broken = || io::Error::new(ErrorKind::InvalidData, "what the bus sent is no message");
        let mut lengths = Reader {
            bytes: &head,
            at: 4,
        };
        let mut length = || usize::try_from(lengths.number().unwrap_or(u32::MAX)).ok();
        let (body, _serial, fields) = (length(), length(), length());
        let (body, fields) = body.zip(fields).ok_or_else(broken)?;
        if head.first() != Some(&b'l') || body.max(fields) > MESSAGE_BYTES_MAX {
            return Err(broken());
        }
        let mut rest = vec![0; fields.next_multiple_of(8) + body];
        self.stream.read_exact(&mut rest)?;
        Message::parse(&head, &rest, fields).ok_or_else(broken)
    }

    /// Returns a second handle to the same connection, to read from while this one writes.
    ///
    /// # Errors
    /// When no descriptor is left.
    pub fn reader(&self) -> io::Result<Self> {
        Ok(Self {
            stream: self.stream.try_clone()?,
            last: 0,
        })
    }
}

/// Connects to one address of a list (`unix:path=…` or `unix:abstract=…`); nothing when that is not possible.
fn connect_to(address: &str) -> Option<UnixStream> {
    let keys = address.strip_prefix("unix:")?;
    keys.split(',').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        let value = unescaped(value)?;
        match key {
            "path" => UnixStream::connect(value).ok(),
            #[cfg(target_os = "linux")]
            "abstract" => {
                use std::os::linux::net::SocketAddrExt as _;
                let address = std::os::unix::net::SocketAddr::from_abstract_name(value).ok()?;
                UnixStream::connect_addr(&address).ok()
            }
            _ => None,
        }
    })
}

/// Takes `%2F` and the like for the bytes that they stand for.
fn unescaped(value: &str) -> Option<String> {
    let mut parts = value.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_read_as_it_was_written_and_a_broken_one_is_none() {
        let body = Body::default()
            .number(7)
            .texts(&["a", "bcd"])
            .text("\u{1f3fa}");
        let message = Message {
            serial: 9,
            reply_to: 3,
            ..Message::call("a.b", "/c", ("d.e", "F")).with("uass", body)
        };
        let bytes = message.bytes();
        let fields =
            usize::try_from(u32::from_le_bytes(bytes[12..16].try_into().unwrap())).unwrap();
        assert_eq!(
            Message::parse(&bytes[..16], &bytes[16..], fields),
            Some(message.clone())
        );
        let mut read = message.body.read();
        assert_eq!(read.number(), Some(7));
        assert_eq!(read.texts(), Some(vec!["a", "bcd"]));
        assert_eq!(read.text(), Some("\u{1f3fa}"));
        assert_eq!(read.number(), None);
        for cut in 16..16 + fields {
            assert_eq!(Message::parse(&bytes[..16], &bytes[16..cut], fields), None);
        }
    }

    #[test]
    fn an_address_is_unescaped() {
        assert_eq!(unescaped("/a%20b%2fc").as_deref(), Some("/a b/c"));
        assert_eq!(unescaped("/a%2"), None);
        assert_eq!(unescaped("/a%zz"), None);
        assert!(connect_to("tcp:host=x").is_none());
    }
}
