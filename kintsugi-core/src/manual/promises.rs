//! What may be relied on, and the test that fails when it is broken.
