//! Code whose cloud is a stand-in in its own memory: `with mock_aws(): …` (moto 5).

use crate::knowledge::schema::Language;

/// Whether everything that a text calls stands in a block for which the cloud is a stand-in.
pub(super) fn is_mocked(language: Language, text: &str) -> bool {
    let mut imports = text.lines().map(str::trim_start);
    if language != Language::Python
        || !imports.any(|line| line.starts_with("from moto import mock_"))
    {
        return false;
    }
    let outside = text.lines().filter(|line| !line.starts_with([' ', '\t']));
    let mut blocks = 0;
    let mut rest = outside.filter(|line| {
        let is_block = line.starts_with("with mock_") && line.trim_end().ends_with("):");
        blocks += usize::from(is_block);
        !is_block
    });
    let calls_none = rest
        .all(|line| !line.contains('(') && !line.trim_end().ends_with(':') && !line.contains(';'));
    calls_none && blocks > 0
}

#[cfg(test)]
mod tests {
    use super::is_mocked;
    use crate::knowledge::schema::Language;

    #[test]
    fn only_what_stands_in_the_block_is_about_the_stand_in() {
        let start = "import boto3\nfrom moto import mock_aws\n";
        let inside = "with mock_aws():\n    boto3.client('s3').delete_bucket(Bucket='b')\n";
        let outside = "boto3.client('s3').delete_bucket(Bucket='b')\n";
        let is = |text: &str| is_mocked(Language::Python, text);
        assert!(is(&[start, inside].concat()));
        assert!(!is(&[start, inside, outside].concat()));
        assert!(!is(
            &[start, "with mock_aws():\n    pass\n", outside].concat()
        ));
        assert!(!is(
            &[start, "with mock_aws(): pass; x.delete_bucket()\n"].concat()
        ));
        assert!(!is(&[
            start,
            "with mock_aws():\n    pass\nif True:\n    ",
            outside
        ]
        .concat()));
        assert!(!is(&["import boto3\n", inside].concat()));
    }
}
