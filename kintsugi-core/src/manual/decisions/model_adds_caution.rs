//! A model can only add caution, and nobody waits for it but whoever it is about.
//!
//! **Question.** Rules know what a command does, and the heuristic gives a number to what they leave open. A language model may see
//! what neither does. It also takes a tenth of a second to seconds, can be talked to by the very text that it judges, and comes as a
//! library in C++ that ends the process on bad input. How is it asked without any of that mattering?
//!
//! **Considered.** A model that decides: then whoever writes commands writes to the judge. Delimiters and warnings in the prompt
//! make that harder and not impossible. In the daemon, on a thread: one `abort()` takes the gate with it, and a flipped bit in a
//! model file is enough for one. A verdict that waits for the model, however long: then the slowest part says how fast a shell is.
//! Holding what could not be scored in time: then a busy machine, or whoever keeps it busy, stops all work.
//!
//! **Decided.** `risk = max(heuristic, model)`, in one place (`kintsugi-core/src/decide.rs`), read for the ambiguous alone. So the most that
//! an instruction hidden in a command brings about is that the model says nothing, and then the heuristic stands. It is asked
//! only where the worst score would change the answer: not about what is safe, catastrophic, or held by the heuristic.
//!
//! The model lives in `kintsugi-scorer`, a child of the daemon behind a socket pair. The proposal is parked, everybody else is
//! served, and the loop completes that one when the score is there, or its deadline (`deadline_ms`, 300 by default), or the end of the
//! worker. It is then proposed anew, with the score: a panic, a denial, an approval or another policy that came meanwhile counts as for
//! any other. Requests of one connection stay one after another. Nothing is recorded of a client that has gone in the meantime; it
//! was told nothing.
//!
//! | what | bound |
//! |---|---|
//! | questions that the worker has | one; the next is sent when it has answered |
//! | questions that wait | 32, 8 of one process; one more is `queue_full` |
//! | a question | `deadline_ms` from the proposal, then `deadline`; a reply after it answers nothing |
//! | the worker with one question | 450 ms beyond that (750 ms by default), then it is killed |
//! | the worker until it is ready | `ready_timeout_ms`, then it is killed |
//! | from its end to its next start | 0.1 s, doubling up to 30 s; from the beginning again after a minute that went well |
//! | what it says | one reply to one question, 24 KiB; anything else, and it is killed |
//! | scores that are remembered | 4,096, by all that they depend on: backend, model, prompt, calibration, command and effects |
//!
//! Its death costs the question that it had, and those that wait; what comes before the next one is ready is answered by the
//! heuristic at once (`not_ready`). Every verdict about the ambiguous says in `scored` what it comes from and, where the model has no say
//! although it was asked, why. Without `scored` no model was in force. `kintsugi status` and `kintsugi model status` show how it is.
//!
//! **What is approved stays approved.** An approval is bound to the command and to what it would touch, not to a score: proposed again,
//! it is spent without asking anybody. What is held stays held when the model is away.
//!
//! **Settings** stand in `model.toml` beside the policy; over them environment variables (`KINTSUGI_MODEL_PATH`, one for each
//! setting), over these `kintsugi-daemon --model KEY=VALUE`. They are read at the start and on `SIGHUP`, and recorded when they change. A file that
//! cannot be read leaves in force what was. Since a model only adds caution, to take it away or to put another in its place
//! loosens: with a vault, what was in force stays so until `kintsugi model accept`, with the password.
//!
//! **Words** about what is held are asked for after the answer, and shown to the person who decides; a score comes before them. They are
//! kept in memory alone: a log of decisions is no place for what no decision rests on, and what was said can be said again.
//!
//! **Price.** With a model, whoever proposes something unclear for the first time waits for up to its deadline. Whoever floods the
//! worker, or feeds it what it chews on, gets the heuristic in its place, for themselves and for others meanwhile: a guard that must
//! not be evaded is a rule, not a score. One question at a time leaves a graphics card idle that could answer several. A
//! worker whose program was replaced does what it likes with the commands that it is asked about; it has neither network nor files
//! for that, and it raises at worst.
//!
//! The tests play the worker, frame by frame, and run the real one by a script: `tests/tests/scoring`.
