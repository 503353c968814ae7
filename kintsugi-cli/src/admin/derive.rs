//! Argon2id, on this side of the socket only.

use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use kintsugi_core::protocol::KdfParameters;
use kintsugi_core::vault::keys::Root;
use kintsugi_core::vault::parameters::{Bounded, DEFAULT, LEAST, T_COST};
use zeroize::{Zeroize as _, Zeroizing};

use crate::exit::{Exit, Failure};

/// How long a derivation should take where the vault is made.
const WANTED: Duration = Duration::from_millis(500);

/// Derives what a password gives. The memory it took is wiped.
///
/// # Errors
/// When this machine has no such memory.
pub fn root(password: &[u8], salt: &[u8], params: Bounded) -> Result<Root, Failure> {
    let failed = |problem: String| {
        Failure::new(Exit::Failed, format!("cannot derive a key: {problem}"))
            .hint("free some memory, and try again")
    };
    let costs = params.get();
    let bytes = Some(32);
    let known = Params::new(costs.m_cost, costs.t_cost, costs.p_cost, bytes)
        .map_err(|error| failed(error.to_string()))?;
    let mut memory: Vec<Block> = Vec::new();
    let blocks = known.block_count();
    if memory.try_reserve_exact(blocks).is_err() {
        return Err(failed(format!(
            "{} MiB of memory are not free",
            costs.m_cost / 1024
        )));
    }
    memory.resize(blocks, Block::default());
    let mut out = Zeroizing::new([0; 32]);
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, known);
    let derived = argon2.hash_password_into_with_memory(password, salt, out.as_mut(), &mut memory);
    for block in &mut memory {
        block.zeroize();
    }
    derived.map_err(|error| failed(error.to_string()))?;
    Ok(Root::of_password(out))
}

/// Returns costs that take about half a second here: the default, or as much of it as fits; more passes where that is quick.
///
/// # Errors
/// When there is no memory for the least.
pub fn calibrate() -> Result<Bounded, Failure> {
    let salt = [0; 16];
    let measured = |costs: KdfParameters| {
        let params = bounded(costs)?;
        let started = Instant::now();
        root(b"how long does it take", &salt, params)?;
        Ok::<_, Failure>(started.elapsed())
    };
    chosen(measured(LEAST)?)
}

/// Returns costs that take about as long as wanted where the least take `least`.
fn chosen(least: Duration) -> Result<Bounded, Failure> {
    let times = WANTED.as_micros() / least.as_micros().max(1);
    let times = u32::try_from(times).unwrap_or(u32::MAX);
    let m_cost = LEAST
        .m_cost
        .saturating_mul(times)
        .clamp(LEAST.m_cost, DEFAULT.m_cost);
    let left = times / (m_cost / LEAST.m_cost).max(1);
    let t_cost = DEFAULT
        .t_cost
        .saturating_mul(left.max(1))
        .min(*T_COST.end());
    bounded(KdfParameters {
        m_cost,
        t_cost,
        ..DEFAULT
    })
}

fn bounded(costs: KdfParameters) -> Result<Bounded, Failure> {
    Bounded::check(costs, &[0; 16]).map_err(|error| Failure::new(Exit::Failed, error.to_string()))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn costs_follow_the_machine_and_stay_within_their_bounds() {
        let costs = |ms| chosen(Duration::from_millis(ms)).unwrap().get();
        assert_eq!(costs(5_000), LEAST);
        assert_eq!(costs(400), LEAST);
        assert_eq!(costs(250).m_cost, 128 * 1024);
        assert_eq!(costs(125), DEFAULT);
        assert_eq!(costs(50).t_cost, 6);
        assert_eq!(costs(0).t_cost, 10);
        assert_eq!(costs(0).m_cost, DEFAULT.m_cost);
    }

    #[test]
    fn a_root_depends_on_password_and_salt() {
        let least = bounded(LEAST).unwrap();
        let id = Uuid::from_u128(1);
        let public = |password: &[u8], salt: u8| {
            let root = root(password, &[salt; 16], least).unwrap();
            root.prover(id).public()
        };
        let one = public(b"one", 1);
        assert_eq!(one, public(b"one", 1));
        assert_ne!(one, public(b"two", 1));
        assert_ne!(one, public(b"one", 2));
    }
}
