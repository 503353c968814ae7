//! Whether this processor has what `llama.cpp` is built for: it would end by an illegal instruction.

/// Refuses a processor that lacks it, and says what can be used instead.
#[cfg(feature = "llama")]
pub(crate) fn check() -> anyhow::Result<()> {
    #[cfg(target_arch = "x86_64")]
    judge(&[
        ("AVX2", std::is_x86_feature_detected!("avx2")),
        ("FMA", std::is_x86_feature_detected!("fma")),
        ("F16C", std::is_x86_feature_detected!("f16c")),
    ])?;
    Ok(())
}

#[cfg(any(target_arch = "x86_64", test))]
fn judge(features: &[(&str, bool)]) -> anyhow::Result<()> {
    let missing = features.iter().filter(|(_, is_there)| !is_there);
    let missing: Vec<_> = missing.map(|(name, _)| *name).collect();
    anyhow::ensure!(
        missing.is_empty(),
        "this processor has no {}: use `llama-server` or `openai`",
        missing.join(", ")
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_processor_that_lacks_something_is_told_by_its_name() {
        assert!(judge(&[("AVX2", true), ("FMA", true)]).is_ok());
        let why = judge(&[("AVX2", false), ("FMA", true), ("F16C", false)]);
        let why = why.unwrap_err().to_string();
        assert_eq!(
            why,
            "this processor has no AVX2, F16C: use `llama-server` or `openai`"
        );
    }
}
