//! What the program of an image is given: `docker run curlimages/curl -s URL` is what `curl -s URL` is.

use super::grammar;
use super::program::Task;
use super::schema::Wraps;
use crate::shell::Word;

/// What stands behind an image and begins with an option, as arguments of the program that the image is named after:
/// `docker run curlimages/curl -s URL` (docker-run(1), "ENTRYPOINT").
pub(super) fn arguments(task: &Task<'_, '_>, wrapped: &grammar::Wrapped) -> Option<Vec<Word>> {
    let first = wrapped.words.first()?.known()?;
    if wrapped.how != Wraps::Contained || !first.starts_with('-') {
        return None;
    }
    let image = task
        .parsed
        .values
        .iter()
        .find(|value| value.role == "image")?;
    let name = image.word.known()?;
    let name = name.rsplit('/').next()?;
    let name = name
        .split([':', '@'])
        .next()
        .filter(|name| !name.is_empty())?;
    let mut words = vec![Word::text(name, image.word.span)];
    words.extend(wrapped.words.iter().cloned());
    Some(words)
}

#[cfg(test)]
mod tests {
    use crate::knowledge::testing::tells_apart;

    #[test]
    fn arguments_of_an_image_are_those_of_the_program_that_it_is_named_after() {
        tells_apart(
            "delete remote",
            &["docker run --rm curlimages/curl:8.9.1 -X DELETE https://api.example.org/users/1"],
            &["docker run --rm curlimages/curl -s https://api.example.org/users/1"],
        );
    }
}
