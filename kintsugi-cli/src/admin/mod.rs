//! The admin's side of a privileged operation: the password at a terminal, the key out of it, the proof to the daemon.
//!
//! Password, root and seed stay in this process and are wiped. Nothing is derived before the challenge was checked.

pub mod derive;
pub mod files;
pub mod making;
pub mod passphrase;
pub mod prompt;
pub mod wrap;

use data_encoding::HEXLOWER;
use kintsugi_core::paths::Paths;
use kintsugi_core::protocol::{Binding, ErrorCode, KdfParameters, Request, Response};
use kintsugi_core::vault::Credential;
use kintsugi_core::vault::challenge::{Checked, Received, Wanted};
use kintsugi_core::vault::keys::{RecoveryKey, Root};
use kintsugi_core::vault::operation::{Named, Operation};
use kintsugi_core::vault::transcript::arguments_hash;
use uuid::Uuid;

use crate::client::{Client, ClientError};
use crate::exit::{Exit, Failure};
use crate::gate;
use crate::terminal::Terminal;

/// A challenge, as far as it matters here.
#[derive(Debug)]
pub struct Challenge {
    nonce: String,
    salt: String,
    params: KdfParameters,
    /// Whether a proof is needed, and what it binds then.
    lock: Lock,
}

#[derive(Debug)]
enum Lock {
    Open,
    Locked(Box<Binding>),
    /// A proof is needed, and there is nothing to prove it to.
    Degraded,
}

/// Has the daemon do `operation`, with the admin's password where one is needed.
///
/// # Errors
/// When it was not done: no daemon, no terminal, not the password.
pub fn authorize(paths: &Paths, operation: &Operation) -> Result<(), Failure> {
    let mut client = gate::reconnect(paths)?;
    authorize_on(&mut client, paths, operation)
}

/// Asks the admin before hooks are taken out by `what`, as [`permit`].
///
/// # Errors
/// As [`permit`].
pub fn permit_unhooking(what: &str) -> Result<(), Failure> {
    let what = what.to_owned();
    permit(
        &crate::surroundings::paths()?,
        &Operation::Unhook(Named { what }),
    )
}

/// Asks the admin before something is taken away that this account could take away by itself; does nothing where there is no
/// vault.
///
/// That a daemon cannot be reached opens nothing: where the file of a vault is, one is started.
///
/// # Errors
/// When the admin does not want it, or nobody can be asked.
pub fn permit(paths: &Paths, operation: &Operation) -> Result<(), Failure> {
    let mut client = match Client::connect(&paths.socket) {
        Ok(client) => client,
        Err(_) if !files::vault_path(paths).exists() => return Ok(()),
        Err(_) => gate::reconnect(paths)?,
    };
    match begin(&mut client, operation)?.lock {
        Lock::Open => Ok(()),
        Lock::Locked(_) | Lock::Degraded => authorize_on(&mut client, paths, operation),
    }
}

/// Has the daemon do `operation` on a connection that is there.
///
/// # Errors
/// As [`authorize`].
pub fn authorize_on(
    client: &mut Client,
    paths: &Paths,
    operation: &Operation,
) -> Result<(), Failure> {
    let challenge = begin(client, operation)?;
    let wanted = |pinned| Wanted {
        op: operation.name(),
        arguments: arguments_hash(&operation.arguments()),
        uid: rustix::process::geteuid().as_raw(),
        pinned,
    };
    let pinned = files::pinned(paths)?;
    let Some(checked) = check(&challenge, &wanted(pinned))? else {
        return send(client, operation, &challenge.nonce, None);
    };
    let mut terminal = prompt::open()?;
    let root = match operation.credential() {
        Credential::Password => ask_root(&mut terminal, "admin password: ", &checked)?,
        Credential::Recovery => Root::of_recovery(&ask_recovery_key(&mut terminal)?),
    };
    prove(client, operation, &wanted(pinned), (&checked, &root))
}

/// Proves and sends an operation with a key that is there already: on a challenge of its own, since deriving took a while.
///
/// # Errors
/// When it was not done.
pub fn prove(
    client: &mut Client,
    operation: &Operation,
    wanted: &Wanted<'_>,
    (first, root): (&Checked, &Root),
) -> Result<(), Failure> {
    let challenge = begin(client, operation)?;
    let Some(checked) = check(&challenge, wanted)? else {
        return Err(changed());
    };
    let same = checked.transcript.vault == first.transcript.vault
        && checked.transcript.daemon == first.transcript.daemon
        && checked.salt == first.salt
        && checked.params == first.params;
    if !same {
        return Err(changed());
    }
    let prover = root.prover(checked.transcript.vault);
    let proof = HEXLOWER.encode(&checked.transcript.prove(&prover));
    send(client, operation, &challenge.nonce, Some(&proof))
}

fn changed() -> Failure {
    Failure::new(Exit::VaultRefused, "the admin vault changed in between").hint("try again")
}

/// Asks for a challenge.
///
/// # Errors
/// When none is given.
pub fn begin(client: &mut Client, operation: &Operation) -> Result<Challenge, Failure> {
    let request = Request::AuthBegin {
        op: operation.name().to_owned(),
        args_hash: Some(HEXLOWER.encode(&arguments_hash(&operation.arguments()))),
    };
    match client.ask(&request) {
        Ok(Response::Challenge {
            locked,
            nonce,
            salt,
            params,
            binding,
        }) => Ok(Challenge {
            nonce,
            salt,
            params,
            lock: match (locked, binding) {
                (false, _) => Lock::Open,
                (true, Some(binding)) => Lock::Locked(binding),
                (true, None) => Lock::Degraded,
            },
        }),
        Ok(other) => Err(gate::unexpected(&other)),
        Err(error @ ClientError::TimedOut(_)) => Err(gate::late(&error, client.daemon_pid())),
        Err(error) => Err(gate::refused(&error)),
    }
}

/// Checks a challenge; nothing when it needs no proof.
///
/// # Errors
/// When nothing must be derived for it.
pub fn check(challenge: &Challenge, wanted: &Wanted<'_>) -> Result<Option<Checked>, Failure> {
    let binding = match &challenge.lock {
        Lock::Open => return Ok(None),
        Lock::Locked(binding) => binding.as_ref().clone(),
        Lock::Degraded => {
            let message = "the admin vault is not usable, so nothing privileged can be done";
            return Err(Failure::new(Exit::VaultRefused, message).hint(
                "`kintsugi status` says what is wrong with it; put its file back from a backup",
            ));
        }
    };
    let received = Received {
        nonce: challenge.nonce.clone(),
        salt: challenge.salt.clone(),
        params: challenge.params,
        binding,
    };
    received.check(wanted).map(Some).map_err(|error| {
        Failure::new(Exit::VaultRefused, error.to_string())
            .hint("no password was asked for; find out who serves the socket that `kintsugi status` names")
    })
}

/// Asks for the password and derives what it gives.
///
/// # Errors
/// When nobody answers, or there is no memory for it.
pub fn ask_root(
    terminal: &mut Terminal,
    question: &str,
    checked: &Checked,
) -> Result<Root, Failure> {
    let password = prompt::secret(terminal, question)?;
    derive::root(&password, &checked.salt, checked.params)
}

/// Asks for the recovery key.
///
/// # Errors
/// When it is none.
pub fn ask_recovery_key(terminal: &mut Terminal) -> Result<RecoveryKey, Failure> {
    let typed = prompt::secret(terminal, "recovery key: ")?;
    let text = std::str::from_utf8(&typed).unwrap_or_default();
    RecoveryKey::parse(text).map_err(|error| {
        Failure::new(Exit::VaultRefused, error.to_string())
            .hint("it was shown once, when the vault was made or recovered")
    })
}

fn send(
    client: &mut Client,
    operation: &Operation,
    nonce: &str,
    proof: Option<&str>,
) -> Result<(), Failure> {
    let has_proof = proof.is_some();
    let op = operation.name().to_owned();
    let request = |code| {
        let (op, nonce) = (op.clone(), nonce.to_owned());
        let proof = proof.map(str::to_owned);
        if *operation == Operation::Shutdown {
            return Request::Shutdown { op, nonce, proof };
        }
        Request::Authorize {
            op,
            args: operation.arguments(),
            nonce,
            proof,
            code,
        }
    };
    match gate::ask_with_code(|code| client.ask(&request(code)))? {
        Ok(Response::Ack) => Ok(()),
        Ok(other) => Err(gate::unexpected(&other)),
        Err(error) => Err(refused(&error, has_proof)),
    }
}

/// The failure of a proof that was not accepted.
fn refused(error: &ClientError, has_proof: bool) -> Failure {
    let ClientError::Refused {
        code: Some(ErrorCode::AuthFailed),
        retry_after_ms,
        ..
    } = error
    else {
        return gate::refused(error);
    };
    let wait = retry_after_ms.map(|wait| wait.div_ceil(1_000));
    let (message, hint) = match (has_proof, wait) {
        (false, _) => (
            "this is not done from here".to_owned(),
            "answer at a terminal of your own, not through an agent".to_owned(),
        ),
        (true, None) => (
            "that is not the admin's secret".to_owned(),
            "try again; with the recovery key: `kintsugi admin recover`".to_owned(),
        ),
        (true, Some(wait)) => (
            "it was not accepted, after too many wrong ones by anybody".to_owned(),
            format!("the next is looked at in {wait} s; `kintsugi admin log` shows who tried"),
        ),
    };
    Failure::new(Exit::VaultRefused, message).hint(hint)
}

/// Returns random bytes.
///
/// # Errors
/// When the system has none to give.
pub fn random<const N: usize>() -> Result<zeroize::Zeroizing<[u8; N]>, Failure> {
    let mut bytes = zeroize::Zeroizing::new([0; N]);
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        let given = rustix::rand::getrandom(rest, rustix::rand::GetRandomFlags::empty());
        filled += given.map_err(|error| Failure::from(std::io::Error::from(error)))?;
    }
    Ok(bytes)
}

/// Returns a new random name.
///
/// # Errors
/// When the system has no randomness to give.
pub fn random_id() -> Result<Uuid, Failure> {
    Ok(uuid::Builder::from_random_bytes(*random::<16>()?).into_uuid())
}
