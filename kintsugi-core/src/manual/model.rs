//! Models: what one may say, how it is asked, and how to know whether it is worth asking.
//!
//! A model is asked about what rules leave open, and only where its word could change the answer. It adds caution or nothing
//! (`decisions::model_adds_caution`). Without one nothing is missing: the heuristic scores.
//!
//! # From a file to a score
//!
//! ```text
//! kintsugi model add qwen2.5-0.5b-instruct-q4_k_m.gguf   checks the file, prints its SHA-256: compare it with the page it came from
//! kintsugi model eval labelled.ndjson --model NAME       what it catches, its false alarms, how long it takes; runs nothing
//! kintsugi model bench --model NAME                      how long it takes to start, and for short and long commands
//! kintsugi model use NAME                                writes model.toml, and has the daemon read it (SIGHUP)
//! kintsugi model status                                  how it is now
//! kintsugi model use heuristic, kintsugi model remove NAME
//! ```
//!
//! A line of the labelled file is `{"command":"…","harmful":true}`, with `cwd` and `shell` where they matter. `eval` counts apart what rules
//! decide alone, and what is ambiguous: by the heuristic, by the model, and by the higher of both, which is what would be decided.
//! `--json` prints the same counts. **No figure for a real model is published here**: none was measured. Whoever recommends one
//! should publish its line of `eval`, the labelled file, and the SHA-256 of the model. `cargo run -p kintsugi-tests --bin tiny-model -- FILE` makes
//! the model of the tests, which shows that everything works and judges nothing.
//!
//! # Backends
//!
//! | `backend` | what it is | what it wants |
//! |---|---|---|
//! | `heuristic` | arithmetic in the daemon; the default | nothing |
//! | `llama` | llama.cpp in the worker, when it is built with `--features llama` (cmake, a C++ compiler, libclang; AVX2) | `path`, `sha256` |
//! | `llama-server` | that program of llama.cpp, started by the worker on a loopback port with a key of its own, and ended with it | `path`, `sha256`, `server` |
//! | `openai` | an endpoint that speaks OpenAI's language: Ollama, LM Studio, vLLM, llama.cpp | `url`, `model`; `key_file` or `key_env` |
//! | `mock` | what a test says | `mock` |
//!
//! Several, `backend = ["llama", "openai"]`, are tried in this order; the heuristic stands behind them all. An endpoint is on this machine
//! unless `allow_remote = true`; what is sent to another one has its secrets masked. Only `http://` is spoken, so a key is never
//! sent to another machine: a proxy on this one does the TLS. No redirect is followed, no proxy of the environment is used, an
//! answer has 64 KiB at most. Where an endpoint shows no probabilities, the word alone counts: `safe` 0, `caution` 50, `danger` 90.
//!
//! # What the model reads
//!
//! Its role in a sentence, what the three answers mean, ten examples in mixed order, then the command between marks and what it
//! would do in the words of the card, then `Answer:` (`kintsugi-core/src/scorer/prompt.rs`; its hash is recorded). The command is one line,
//! everything invisible written out, and is tokenised as text: a control token in it is none. The mark comes from the model's
//! hash, the same at every start so that scores are the same; a command that holds it was written for this guard and has the
//! highest risk. A chat template is used by the endpoints, since they offer nothing else, and by `llama` never.
//!
//! `llama` generates no text. The part before the command is read once and kept; the command is read behind it, in batches of 16
//! tokens with a look at the clock before each, and forgotten again. Of the probabilities of the next token those of the labels
//! count: `safe`, `caution`, `danger`, which must be one token each. Together below 2 % the model is not answering
//! (`not_answering`). A command above 512 bytes is cut behind separators and its worst part counts; above 24 parts or 8 KiB there is
//! no score (`too_long`), never one of the beginning alone.
//!
//! # Calibration
//!
//! A model that likes the word `danger` says it about anything. So it is asked at its start about nothing (`N/A`, `[command]`, `...`), and
//! what it says then is divided out (Zhao and others, 2021), at `temperature_percent`. Risk is the share of `danger` and half of that of
//! `caution`, in whole percent. The three numbers are measured anew at each start rather than read from a file: they take three
//! passes, are the same every time, and whoever could write such a file could say that the model always cries wolf. They are kept all
//! the same, where nobody alters them: the log says at each start of a worker what scores, with the beginnings of the model's and
//! the prompt's hashes and these numbers, so that a score of last year can be computed again. `kintsugi model status` shows them,
//! and the cache of scores goes by them.
//!
//! # What it says about what is held
//!
//! Whoever proposes has been answered before a model hears of it. Then, when no score is waited for, it is asked for one short sentence
//! (`explain_ms`, 5,000 by default; with 0 never), which stands in `kintsugi pending ID` and in `pending --json` (`summary`, `summary_by`),
//! marked as a model's words. Nothing is decided by them, and they stand in no record: after a restart they are asked for anew.
//!
//! | what | bound |
//! |---|---|
//! | what is sent | the command and its effects, secrets masked; not a command that holds the mark |
//! | how it is constrained | `llama`: the likeliest token of those that are `A-Z a-z 0-9 , . ' / -` and spaces, one after another, 64 at most; `llama-server`: a grammar of the same; an endpoint: what else it says becomes spaces |
//! | what is shown | 160 bytes of that, checked again by the daemon and escaped by the card, whoever said it |
//! | whoever wants a score meanwhile | comes first: the model leaves off between two tokens, and is asked again, three times in all. An endpoint cannot be stopped; it goes on on a thread of its own, and until it has answered it is asked for no other words |
//! | one that never answers | costs its words; one that hangs is killed 450 ms after `explain_ms`; one that ended with it is not asked about that again |
//! | holds that wait for words | 32; of more, the first go without |
//!
//! # Files
//!
//! A file counts when it is a GGUF of an architecture that reads from left to right and can forget (`kintsugi-core/src/scorer/gguf.rs` lists
//! them; encoders, recurrent and mixed ones are refused), no one else can write to it, and its SHA-256 is that of the settings. It
//! is opened once, its header is checked by a reader of our own, both hashes are made from that descriptor, and llama.cpp loads
//! `/proc/self/fd/N`. A header that is wrong and passes may still end llama.cpp: that costs one worker.
//!
//! # What the worker may do
//!
//! | | |
//! |---|---|
//! | started | with an empty environment but for the key's variable, a socket as its standard input |
//! | at once | ends with its parent, no new privileges, no core dump, nice 5 |
//! | before it loads a model or reads a command | Landlock: no file but the model's, no port; seccomp: no program, no tracing, no socket (`llama`, `mock`) |
//! | `openai`, `llama-server` | the same, but may open connections, and read what names are resolved with |
//!
//! A kernel without one of the two goes with the other. `llama-server` itself is not confined: it runs as the person who named it, with
//! four threads for requests, and room for two at once, so that words are not in a score's way.
//! `ProtectHome` of the unit for systemd hides a model in a home directory from a daemon of the system: put it below
//! `/var/lib/kintsugi` or `/usr/share`.
//! A worker that has confined itself cannot try the next backend of a list: the daemon starts another for it.
//!
//! # What is not there
//!
//! No second, larger model is asked about what is held. `gpu_layers` is passed on and was not tried on a graphics card.
//! The kept prefix is read again, which takes as long as a start, by a model whose cache cannot be cut.
//!
//! # Tests
//!
//! `tests/tests/model.rs` for files, endpoints and the pass itself, `tests/tests/scoring` for the daemon, `tests/tests/llama_server.rs` for
//! a real `llama-server`. The last is run where `KINTSUGI_LLAMA_SERVER` names one; any build of llama.cpp will do:
//!
//! ```text
//! cmake -B build -DLLAMA_CURL=OFF -DBUILD_SHARED_LIBS=OFF && cmake --build build --target llama-server
//! KINTSUGI_LLAMA_SERVER=$PWD/build/bin/llama-server cargo test -p kintsugi-tests --test llama_server -- --nocapture
//! ```
//!
//! Seen with `llama-server` 0.5.0-dev (build 1, commit 0c1e570, GNU 12.2, Linux on `x86_64`): all three tests pass. Started by the worker
//! it was ready after 0.12 s, with the model of the tests, on a quiet machine. As its child and as an endpoint with a key of its own it
//! showed probabilities, so both were calibrated; the same commands had the same risks (48 to 52, that model has no opinion); words came
//! through its grammar (`safe safe safe…`).
//! A daemon with it raised the risk of `frobnicate --now` from 25 to 51, held it, and showed its words on the card of another hold.
