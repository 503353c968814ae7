//! `kintsugi mcp`, spoken to as a client of the protocol does.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use kintsugi_tests::machine::Machine;
use serde_json::{Value, json};

/// A client and its server.
struct Client {
    server: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    last: u64,
}

impl Client {
    fn start(machine: &Machine) -> Self {
        let mut server = machine
            .kintsugi(&["mcp"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(server.stdout.take().unwrap());
        Self {
            input: server.stdin.take(),
            server,
            output,
            last: 0,
        }
    }

    fn send(&mut self, line: &str) {
        writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
    }

    fn hear(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    fn request(&mut self, method: &str, params: &Value) -> u64 {
        self.last += 1;
        let message =
            json!({"jsonrpc": "2.0", "id": self.last, "method": method, "params": params});
        self.send(&message.to_string());
        self.last
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        let id = self.request(method, params);
        let answer = self.hear();
        assert_eq!(answer["id"], id, "{answer}");
        answer["result"].clone()
    }

    fn call(&mut self, tool: &str, arguments: &Value) -> Value {
        self.ask("tools/call", &json!({"name": tool, "arguments": arguments}))
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // The end of its input ends the server.
        drop(self.input.take());
        assert!(self.server.wait().unwrap().success());
    }
}

#[test]
fn a_command_runs_is_held_or_is_explained_and_nothing_approves() {
    let machine = Machine::new();
    let mut client = Client::start(&machine);
    let hello = client.ask(
        "initialize",
        &json!({"protocolVersion": "2025-06-18", "capabilities": {}}),
    );
    assert_eq!(hello["protocolVersion"], "2025-06-18");
    client.send(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
    let tools = client.ask("tools/list", &json!({}));
    let names: Vec<&str> = tools["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| tool["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["run_command", "explain_command", "list_held"]);

    let ran = client.call(
        "run_command",
        &json!({"command": "printf out; ls /none >&2; true"}),
    );
    assert_eq!(ran["isError"], false, "{ran}");
    assert_eq!(ran["structuredContent"]["exit_code"], 0);
    assert_eq!(ran["structuredContent"]["stdout"], "out");

    let held = client.call(
        "run_command",
        &json!({"command": "git push --force origin main"}),
    );
    assert_eq!(held["isError"], true, "{held}");
    let id = held["structuredContent"]["id"].as_str().unwrap().to_owned();
    let waiting = client.call("list_held", &json!({}));
    assert_eq!(waiting["structuredContent"]["held"][0]["id"], id);

    let explained = client.call("explain_command", &json!({"command": "rm -rf ~/"}));
    assert_eq!(
        explained["structuredContent"]["decision"], "hold",
        "{explained}"
    );
}

#[test]
fn output_and_time_are_bounded_and_a_command_can_be_cancelled() {
    let machine = Machine::new();
    let mut client = Client::start(&machine);
    let long = client.call("run_command", &json!({"command": "seq 1 200000"}));
    assert_eq!(
        long["structuredContent"]["stdout"].as_str().unwrap().len(),
        64 * 1024
    );

    let late = client.call(
        "run_command",
        &json!({"command": "sleep 100", "timeout_seconds": 1}),
    );
    assert!(
        late["content"][0]["text"]
            .as_str()
            .unwrap()
            .starts_with("stopped after 1 s"),
        "{late}"
    );

    let id = client.request(
        "tools/call",
        &json!({"name": "run_command", "arguments": {"command": "sleep 100"}}),
    );
    client.send(&json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": id}}).to_string());
    let cancelled = client.hear();
    assert_eq!(cancelled["id"], id);
    assert!(
        cancelled["result"]["content"][0]["text"]
            .as_str()
            .unwrap()
            .starts_with("cancelled"),
        "{cancelled}"
    );
}

#[test]
fn what_is_no_request_is_answered_with_an_error_and_the_next_one_is_served() {
    let machine = Machine::new();
    let mut client = Client::start(&machine);
    for (line, code) in [
        ("{", -32700),
        ("[1]", -32600),
        ("{\"id\":1}", -32600),
        ("{\"id\":1,\"method\":\"no/such\"}", -32601),
        (
            "{\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"approve\"}}",
            -32602,
        ),
        (
            "{\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"run_command\",\"arguments\":{\"command\":[\"ls\"]}}}",
            -32602,
        ),
        (
            "{\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"run_command\",\"arguments\":{\"command\":\"ls\",\"cwd\":\"..\"}}}",
            -32602,
        ),
    ] {
        client.send(line);
        assert_eq!(client.hear()["error"]["code"], code, "{line}");
    }
    assert_eq!(client.ask("ping", &json!({})), json!({}));
}

#[test]
fn every_revision_is_spoken_and_batches_where_there_are_any() {
    let machine = Machine::new();
    for (asked, spoken) in [
        ("2024-11-05", "2024-11-05"),
        ("2025-03-26", "2025-03-26"),
        ("2025-06-18", "2025-06-18"),
        ("2025-11-25", "2025-11-25"),
        ("2099-01-01", "2025-11-25"),
        ("", "2025-11-25"),
    ] {
        let mut client = Client::start(&machine);
        let hello = client.ask(
            "initialize",
            &json!({"protocolVersion": asked, "capabilities": {}}),
        );
        assert_eq!(hello["protocolVersion"], spoken, "{asked}");
        client.send(
            r#"[{"jsonrpc":"2.0","method":"notifications/initialized"},{"jsonrpc":"2.0","id":7,"method":"ping"},3,{"jsonrpc":"2.0","id":8,"method":"x"}]"#,
        );
        let answers = client.hear();
        if spoken == "2025-03-26" {
            assert_eq!(answers[0], json!({"jsonrpc": "2.0", "id": 7, "result": {}}));
            assert_eq!(answers[1]["error"]["code"], -32600, "{answers}");
            assert_eq!(answers[2]["error"]["code"], -32601, "{answers}");
            client.send("[]");
        } else {
            assert_eq!(answers["error"]["code"], -32600, "{asked}: {answers}");
            client.send("[]");
        }
        assert_eq!(client.hear()["error"]["code"], -32600, "{asked}");
    }
}

#[test]
fn a_client_that_asks_its_person_waits_for_them_and_approves_nothing_itself() {
    let machine = Machine::new();
    let work = machine.diverged().work;
    let mut client = Client::start(&machine);
    client.ask(
        "initialize",
        &json!({"protocolVersion": "2025-06-18", "capabilities": {"elicitation": {}}}),
    );
    let push = json!({"command": "git push --force origin main", "cwd": work});
    for action in ["accept", "decline", "cancel"] {
        let id = client.request(
            "tools/call",
            &json!({"name": "run_command", "arguments": push}),
        );
        let question = client.hear();
        assert_eq!(question["method"], "elicitation/create", "{question}");
        let words = question["params"]["message"].as_str().unwrap();
        assert!(words.contains("git push --force origin main"), "{words}");
        client.send(
            &json!({"jsonrpc": "2.0", "id": question["id"], "result": {"action": action, "content": {}}})
                .to_string(),
        );
        let answer = client.hear();
        assert_eq!(answer["id"], id, "{answer}");
        assert_eq!(
            answer["result"]["structuredContent"]["decision"], "hold",
            "{answer}"
        );
    }
    // An answer that nobody waits for is no request.
    client.send(r#"{"jsonrpc":"2.0","id":"kintsugi-1","result":{"action":"accept"}}"#);
    assert_eq!(client.ask("ping", &json!({})), json!({}));
}
