//! Literals of scripting languages with code in them, opened and not closed, closed and not opened, inside each other.

use super::{Killer, around, beside};

/// Its seeds.
pub(super) const SEEDS: &[Killer] = &[
    beside("texts in code of node", "node -e '", "`${\"", "'"),
    around("templates that end", "node -e '`${", "1", "}`'"),
    beside(
        "quotes that this line does not close",
        "node -e '",
        "\\\"",
        "\n'",
    ),
    beside("classes of a pattern", "node -e '", "=/[", "'"),
    beside("patterns behind blocks", "node -e '", "f(){}/\"/;", "'"),
    beside("keys in a text of perl", "perl -e '\"", "$x[", "\"'"),
    beside(
        "keys of keys in a text of perl",
        "perl -e '\"",
        "$x{$y",
        "\"'",
    ),
    beside("lists in a text of perl", "perl -e '\"", "@{[", "\"'"),
    around(
        "lists that end in a text of perl",
        "perl -e 'qq{@{[",
        "1",
        "]}}'",
    ),
    beside("code in a pattern of perl", "perl -e 'm{", "(?{", "}'"),
    beside("documents of perl", "perl -e '", "<<E;\n", "'"),
    beside(
        "documents of perl that end",
        "perl -e '",
        "<<E#;\nx\nE#\n",
        "'",
    ),
    beside(
        "documents of one line of perl",
        "perl -e '",
        "<<E,",
        "\nE\n'",
    ),
    beside("names that may take a pattern", "perl -e '", "f /\"/;", "'"),
    beside("pages of perl", "perl -e '", "\n=pod\n", "'"),
    beside("patterns of ruby with code", "ruby -e '", "x = /#{", "'"),
    beside("percent and code of ruby", "ruby -e '", "%W[#{", "'"),
    around("texts in code of ruby", "ruby -e '\"#{", "1", "}\"'"),
    beside("documents of ruby", "ruby -e '", "x <<E\n", "'"),
    beside("tags of php", "php -r '", "?><?php ", "'"),
    beside("braces in a text of php", "php -r '\"", "{$a[\"", "\"'"),
    beside("documents of php", "php -r '", "$x = <<<E\n", "'"),
    beside("braces in a formatted text", "python3 -c 'f\"", "{f\"", "'"),
    around("formatted texts that end", "python3 -c 'f\"{", "1", "}\"'"),
    beside("long brackets of lua", "lua -e '", "[=[", "'"),
    beside("texts of groovy in texts", "groovy -e '", "\"${", "'"),
    beside("texts of groovy in calls", "groovy -e '", "\"${f(\"", "'"),
    beside("quotes in a text of julia", "julia -e '", "\"$(\"\")", "'"),
    beside(
        "lifetimes",
        "cat > m.rs <<E\nfn main() {",
        "&'a ",
        "\nE\nrustc m.rs",
    ),
];
