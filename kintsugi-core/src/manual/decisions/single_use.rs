//! An approval is used up by proposing again.
//!
//! **Question.** A person says yes. When is that yes spent: when the client hears of it, or when the command runs?
//!
//! **Considered.** Spending it with the first `pendingstatus` or `await` that tells of it lets a second window that only
//! looks take it away from the client that waits. Never spending it makes one yes good for any number of runs until it
//! expires. Asking clients to report what they ran leaves it to the one that is not trusted.
//!
//! **Decided.** The client proposes again under the same id and runs only on that `allow`; the record of that verdict
//! names the approval that it uses, so a restart remembers it. An agent that was told to come back has a new id: the same
//! fingerprint (agent, session, directory, shell, words, text) may use an approval that was given from elsewhere, once.
//! What was allowed at a prompt serves that prompt's id alone. A later `record` under the id spends it as well, for
//! clients that know no second proposal.
//!
//! **Price.** An answer that is lost on its way (the daemon dies between record and reply) spends the approval too. The
//! person is asked again; the other way round would run something twice.
