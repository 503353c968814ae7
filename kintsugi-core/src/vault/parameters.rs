//! The costs of Argon2id within which a client derives a key at all.
//!
//! Proof by type: the client's derivation takes a [`Bounded`], and only [`Bounded::check`] makes one. A daemon that is not the
//! real one can so neither have a cheap derivation, to try passwords against its result, nor an endless one.

use crate::protocol::KdfParameters;

/// Least memory, in KiB (RFC 9106, section 4: the second recommended option).
pub const M_COST_MIN: u32 = 64 * 1024;

/// Most memory, in KiB.
pub const M_COST_MAX: u32 = 1024 * 1024;

/// Passes.
pub const T_COST: std::ops::RangeInclusive<u32> = 3..=10;

/// Lanes.
pub const P_COST: std::ops::RangeInclusive<u32> = 1..=8;

/// Lengths of a salt, in bytes.
pub const SALT_BYTES: std::ops::RangeInclusive<usize> = 16..=64;

/// Least costs.
pub const LEAST: KdfParameters = KdfParameters {
    m_cost: M_COST_MIN,
    t_cost: 3,
    p_cost: 4,
};

/// The costs of a vault whose maker had no time to measure.
pub const DEFAULT: KdfParameters = KdfParameters {
    m_cost: 256 * 1024,
    t_cost: 3,
    p_cost: 4,
};

/// Why costs are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParameterError {
    /// Cheap to guess, or too much for this machine.
    #[error("{0} KiB of memory are outside {M_COST_MIN} to {M_COST_MAX}")]
    Memory(u32),
    /// Likewise.
    #[error("{0} passes are outside {lo} to {hi}", lo = T_COST.start(), hi = T_COST.end())]
    Passes(u32),
    /// Likewise.
    #[error("{0} lanes are outside {lo} to {hi}", lo = P_COST.start(), hi = P_COST.end())]
    Lanes(u32),
    /// A salt that others may share, or an odd one.
    #[error("a salt of {0} bytes is outside {lo} to {hi}", lo = SALT_BYTES.start(), hi = SALT_BYTES.end())]
    Salt(usize),
}

/// Costs within the bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounded(KdfParameters);

impl Bounded {
    /// Checks costs and the salt they come with.
    ///
    /// # Errors
    /// When a client must not derive anything with them.
    pub fn check(params: KdfParameters, salt: &[u8]) -> Result<Self, ParameterError> {
        if !(M_COST_MIN..=M_COST_MAX).contains(&params.m_cost) {
            return Err(ParameterError::Memory(params.m_cost));
        }
        if !T_COST.contains(&params.t_cost) {
            return Err(ParameterError::Passes(params.t_cost));
        }
        if !P_COST.contains(&params.p_cost) {
            return Err(ParameterError::Lanes(params.p_cost));
        }
        if !SALT_BYTES.contains(&salt.len()) {
            return Err(ParameterError::Salt(salt.len()));
        }
        Ok(Self(params))
    }

    /// Returns them.
    #[must_use]
    pub const fn get(self) -> KdfParameters {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_recommended_costs_are_within_the_bounds() {
        for params in [LEAST, DEFAULT] {
            assert_eq!(Bounded::check(params, &[0; 16]).unwrap().get(), params);
        }
        let lanes = KdfParameters { p_cost: 9, ..LEAST };
        assert_eq!(
            Bounded::check(lanes, &[0; 16]),
            Err(ParameterError::Lanes(9))
        );
    }

    proptest! {
        #[test]
        fn nothing_outside_the_bounds_passes(
            m_cost in prop_oneof![any::<u32>(), M_COST_MIN - 2..M_COST_MIN + 2, M_COST_MAX - 2..M_COST_MAX + 2],
            t_cost in prop_oneof![any::<u32>(), 0..13_u32],
            p_cost in prop_oneof![any::<u32>(), 0..11_u32],
            salt in 0..80_usize,
        ) {
            let params = KdfParameters { m_cost, t_cost, p_cost };
            let inside = (64 * 1024..=1024 * 1024).contains(&m_cost)
                && (3..=10).contains(&t_cost)
                && (1..=8).contains(&p_cost)
                && (16..=64).contains(&salt);
            prop_assert_eq!(Bounded::check(params, &vec![7; salt]).is_ok(), inside);
        }
    }
}
